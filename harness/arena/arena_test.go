//go:build linux || darwin

package arena

import (
	"errors"
	"math"
	"os"
	"runtime"
	"syscall"
	"testing"
)

func newArena(t *testing.T, requests ...Request) *Arena {
	t.Helper()
	a, err := Create()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	if err := a.Layout(requests); err != nil {
		t.Fatal(err)
	}
	return a
}

// again opens the file behind a, as the plugin does with the descriptor it inherits.
func again(t *testing.T, a *Arena) *Arena {
	t.Helper()
	fd, err := syscall.Dup(int(a.File().Fd()))
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(os.NewFile(uintptr(fd), "dup"), a.Bytes(), a.Slots())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

func TestBothSidesSeeTheSameSlots(t *testing.T) {
	page := int(pageSize())
	a := newArena(t, Request{"params", 5}, Request{"grad", page / 4}, Request{"small", 1})
	b := again(t, a)
	for i, s := range a.Slots() {
		if s.Offset%64 != 0 {
			t.Errorf("slot %q at offset %d", s.Name, s.Offset)
		}
		for j := range a.Slot(i) {
			if v := a.Slot(i)[j]; v != 0 {
				t.Fatalf("slot %q element %d is %v at the start", s.Name, j, v)
			}
			a.Slot(i)[j] = float32(1000*i + j)
		}
	}
	for i := range b.Slots() {
		for j, v := range b.Slot(i) {
			if v != float32(1000*i+j) {
				t.Fatalf("the other side reads %v in slot %d element %d", v, i, j)
			}
		}
	}
	b.Slot(2)[0] = -1
	if a.Slot(2)[0] != -1 {
		t.Error("a write of the other side is not seen")
	}
	if err := a.CheckGuards(); err != nil {
		t.Error(err)
	}
}

// Slots that are used together begin at different places of their pages, at least 256 bytes apart, and the first four, which
// most optimizers have, a quarter of a page.
func TestSlotsAreStaggered(t *testing.T) {
	requests := make([]Request, 16)
	for i := range requests {
		requests[i] = Request{"slot", 264 * 1024}
	}
	a := newArena(t, requests...)
	for i, s := range a.Slots() {
		for j, other := range a.Slots()[:i] {
			distance := int(s.Offset%4096) - int(other.Offset%4096)
			if distance = max(distance, -distance); distance < 256 || i < 4 && distance < 1024 {
				t.Errorf("slots %d and %d begin %d bytes apart within their pages", j, i, distance)
			}
		}
		if i > 0 && s.Offset/4096 < (a.Slots()[i-1].Offset+4*a.Slots()[i-1].Len+4095)/4096 {
			t.Errorf("slot %d begins on the last page of the one before", i)
		}
	}
}

// The slot of exactly one page is the one whose guard word needs a page of its own.
func TestGuardsCatchWritesBeyondEverySlot(t *testing.T) {
	page := int(pageSize())
	for _, n := range []int{1, 17, page/4 - 1, page / 4, page/4 + 1} {
		a := newArena(t, Request{"first", n}, Request{"second", 3})
		for i, s := range a.Slots() {
			for _, beyond := range []int{0, len(a.guards(i)) - 1} {
				g := &a.guards(i)[beyond]
				*g = math.Float32bits(1)
				var over *Overrun
				err := a.CheckGuards()
				if !errors.As(err, &over) || over.Slot != s.Name || over.At != int(s.Len)+beyond {
					t.Errorf("%d elements: damaged guard %d of %q gave %v", n, beyond, s.Name, err)
				}
				*g = guard
			}
		}
	}
}

func TestSizeIsSealed(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("seals exist on Linux only")
	}
	a := newArena(t, Request{"params", 1000})
	for _, size := range []int64{0, 1 << 30} {
		if err := a.File().Truncate(size); !errors.Is(err, syscall.EPERM) {
			t.Errorf("truncating to %d bytes: %v, want EPERM", size, err)
		}
	}
	a.Slot(0)[999] = 1
}

func TestLayoutErrors(t *testing.T) {
	for name, r := range map[string][]Request{
		"none": nil, "empty slot": {{"a", 0}}, "negative": {{"a", -1}}, "absurd": {{"a", math.MaxInt}},
		"absurd sum": {{"a", 1 << 37}, {"b", 1 << 37}, {"c", 1 << 37}},
	} {
		a, err := Create()
		if err != nil {
			t.Fatal(err)
		}
		if err := a.Layout(r); err == nil {
			t.Errorf("%s: accepted", name)
		}
		a.Close()
	}
	a := newArena(t, Request{"a", 1})
	if err := a.Layout([]Request{{"a", 1}}); err == nil {
		t.Error("a second layout was accepted")
	}
}

func TestOpenChecksWhatItIsTold(t *testing.T) {
	a := newArena(t, Request{"a", 10})
	size := a.Bytes()
	for name, c := range map[string]struct {
		size  uint64
		slots []Slot
	}{
		"larger than the file": {size + 1, nil},
		"no size":              {0, nil},
		"slot beyond the end":  {size, []Slot{{"a", 0, size/4 + 1}}},
		"overflowing slot":     {size, []Slot{{"a", 4, math.MaxUint64/4 + 1}}},
		"offset beyond":        {size, []Slot{{"a", size + 4, 1}}},
		"unaligned":            {size, []Slot{{"a", 2, 1}}},
		"empty slot":           {size, []Slot{{"a", 0, 0}}},
	} {
		fd, err := syscall.Dup(int(a.File().Fd()))
		if err != nil {
			t.Fatal(err)
		}
		if b, err := Open(os.NewFile(uintptr(fd), "dup"), c.size, c.slots); err == nil {
			b.Close()
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestSnapshotAndRestore(t *testing.T) {
	a := newArena(t, Request{"params", 3}, Request{"m", 2})
	copy(a.Slot(1), []float32{1, 2})
	s := a.Snapshot([]int{1})
	a.Poison(1)
	if v := a.Slot(1)[0]; v == v {
		t.Errorf("poison is %v", v)
	}
	if s["m"][1] != 2 || len(s) != 1 {
		t.Errorf("snapshot %v follows the arena", s)
	}
	if err := a.Restore(map[string][]float32{"m": {3}}); err == nil {
		t.Error("a short slot was restored")
	}
	if err := a.Restore(map[string][]float32{"v": {3}}); err == nil {
		t.Error("an unknown slot was restored")
	}
	if err := a.Restore(s); err != nil || a.Slot(1)[0] != 1 {
		t.Errorf("restored %v, %v", a.Slot(1), err)
	}
	if err := a.CheckGuards(); err != nil {
		t.Error(err)
	}
}
