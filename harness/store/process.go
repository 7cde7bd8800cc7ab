package store

import (
	"os"
	"strconv"
	"strings"
	"sync"
)

// self describes this process for a lease.
var self = sync.OnceValue(func() holder {
	h := holder{PID: os.Getpid()}
	h.Host, _ = os.Hostname()
	// Host names repeat: containers, clusters of clones, a machine after a reboot. Process numbers can be compared only
	// within one boot and one namespace.
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err == nil {
		space, _ := os.Readlink("/proc/self/ns/pid")
		h.Machine = strings.TrimSpace(string(boot)) + " " + space
	} else {
		h.Machine = machineWithoutProc(h.Host)
	}
	h.Birth, _ = processBirth(h.PID)
	return h
})

// processBirth reports whether a process of this machine is alive and, where the system tells, when it started. A zombie
// is dead: it holds nothing and does nothing.
func processBirth(pid int) (birth string, alive bool) {
	if pid <= 0 {
		return "", false
	}
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err == nil {
		// The command, field 2, is in parentheses and may contain anything.
		_, rest, ok := strings.Cut(string(stat[max(0, strings.LastIndexByte(string(stat), ')')):]), ") ")
		fields := strings.Fields(rest)
		if ok && len(fields) > 19 {
			return fields[19], fields[0] != "Z" && fields[0] != "X"
		}
	}
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		return "", false // there is a /proc, and the process is not in it
	}
	return "", processExists(pid)
}
