package direct

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// Processors are those that a thread may run on. A thread that waits for another process, and that process, lose least
// when both stay on one: what the one has written is in its caches, and a processor that sleeps takes long to wake up.
type Processors struct {
	all   unix.CPUSet
	bound uint32 // 1 + the number of the one that the thread is bound to, 0: none
}

// Mine returns the processors of the calling thread, or nil when there is no choice. The goroutine must be locked to the
// thread, and the methods be called by it.
func Mine() *Processors {
	p := &Processors{}
	if unix.SchedGetaffinity(0, &p.all) != nil || p.all.Count() < 2 {
		return nil
	}
	return p
}

// Stay binds the thread to the processor it is running on and returns 1 + its number; 0 when that is impossible.
func (p *Processors) Stay() uint32 {
	if p == nil {
		return 0
	}
	var n uint32
	if _, _, errno := unix.RawSyscall(unix.SYS_GETCPU, uintptr(unsafe.Pointer(&n)), 0, 0); errno != 0 {
		return 0
	}
	p.Bind(n + 1)
	return p.bound
}

// Bind binds the thread to a processor, 1 + its number, or to none: 0. A processor that it may not run on is none.
func (p *Processors) Bind(processor uint32) {
	if p == nil || processor == p.bound {
		return
	}
	set, bound := p.all, uint32(0)
	if processor != 0 && p.all.IsSet(int(processor-1)) {
		set, bound = unix.CPUSet{}, processor
		set.Set(int(processor - 1))
	}
	if bound != p.bound && unix.SchedSetaffinity(0, &set) == nil {
		p.bound = bound
	}
}
