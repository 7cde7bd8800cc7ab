package runner

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/store"
)

// provenance says what computed a record, from started until now.
func (r *Runner) provenance(started time.Time) store.Provenance {
	host, _ := os.Hostname() // a record without it is still a record
	r.once.Do(func() { r.suiteCommit = suiteCommit(r.Suite.File) })
	return store.Provenance{
		Version: r.Release, GoVersion: runtime.Version(), Host: host, CPU: cpu()["model name"], OS: runtime.GOOS + "/" + runtime.GOARCH,
		Started: started.UTC(), Ended: time.Now().UTC(),
		Commit: commit(), SuiteCommit: r.suiteCommit, Features: features(), Kernels: engine.ISA(), Cores: runtime.NumCPU(), Job: r.Store.Job(),
	}
}

// of adds the plugin that a record is the work of.
func of(p store.Provenance, plugin *Plugin) store.Provenance {
	p.Plugin = plugin.Info.Name + " " + plugin.Version()
	return p
}

// cpu is what Linux says of the first processor; empty elsewhere.
var cpu = sync.OnceValue(func() map[string]string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return nil
	}
	defer f.Close()
	out := map[string]string{}
	for s := bufio.NewScanner(f); s.Scan() && s.Text() != ""; {
		if key, value, ok := strings.Cut(s.Text(), ":"); ok {
			out[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return out
})

// features are those of the processor's that make a difference to kernels.
func features() string {
	var out []string
	have := strings.Fields(cpu()["flags"])
	for _, f := range []string{"sse4_2", "avx", "fma", "avx2", "avx512f", "avx512bw", "avx512vl", "avx512_bf16", "amx_tile"} {
		if slices.Contains(have, f) {
			out = append(out, f)
		}
	}
	return strings.Join(out, " ")
}

// commit is the source revision that this program was built from, where the build has recorded it.
var commit = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return ""
	}
	revision, changed := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+changes"
		}
	}
	if revision == "" {
		return ""
	}
	return revision + changed
})

// suiteCommit is the git revision of the folder of a suite; empty when it is not in a repository, or there is no git.
func suiteCommit(file string) string {
	dir, name := filepath.Dir(file), filepath.Base(file)
	out, err := exec.Command("git", "-C", dir, "rev-parse", "HEAD").Output()
	if err != nil {
		return ""
	}
	revision := strings.TrimSpace(string(out))
	if out, err := exec.Command("git", "-C", dir, "status", "--porcelain", "--", name).Output(); err != nil || len(out) > 0 {
		revision += "+changes"
	}
	return revision
}
