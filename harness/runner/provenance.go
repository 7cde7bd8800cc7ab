package runner

import (
	"bufio"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/store"
)

// provenance says what computed a record, from started until now.
func (r *Runner) provenance(started time.Time) store.Provenance {
	host, _ := os.Hostname() // a record without it is still a record
	return store.Provenance{
		Version: r.Release, GoVersion: runtime.Version(), Host: host, CPU: cpu(), OS: runtime.GOOS + "/" + runtime.GOARCH,
		Started: started.UTC(), Ended: time.Now().UTC(),
	}
}

// cpu is the processor's name where the system tells it, otherwise empty.
var cpu = sync.OnceValue(func() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for s := bufio.NewScanner(f); s.Scan(); {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
})
