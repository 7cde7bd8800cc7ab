package pluginhost

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// killKin kills what the program has started outside its process group: every process of this user whose environment
// names the program's private directory, as that of a child does unless the program has changed it. Only the kernel's
// own view is asked; a process that appears while it is read is found the next time around.
func killKin(dir string) {
	mark := []byte("=" + dir + string(filepath.Separator))
	for range 3 {
		found := false
		entries, err := os.ReadDir("/proc")
		if err != nil {
			return
		}
		for _, e := range entries {
			pid, err := strconv.Atoi(e.Name())
			if err != nil || pid == os.Getpid() {
				continue
			}
			// Not readable, as those of other users are not, or gone: none of ours.
			environment, err := os.ReadFile(filepath.Join("/proc", e.Name(), "environ"))
			if err == nil && bytes.Contains(environment, mark) && syscall.Kill(pid, syscall.SIGKILL) == nil {
				found = true
			}
		}
		if !found {
			return
		}
	}
}
