// Package arena is the memory that the host and one plugin process share: a file, mapped by both, cut into slots of
// float32 in the byte order of the machine, which is little-endian wherever bench runs.
//
// The host creates the arena before it starts the plugin, because the plugin inherits the file, and sizes it when the
// plugin has said which slots it needs. Each slot has pages of its own and is followed by guard words up to the next one.
// Who may touch a slot when is a matter of the protocol; nothing here synchronises anything.
package arena

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"os"
	"unsafe"
)

// Slot is a stretch of the arena.
type Slot struct {
	Name   string
	Offset uint64 // bytes, a multiple of 64
	Len    uint64 // float32 elements
}

// Request asks for a slot.
type Request struct {
	Name string
	Len  int // at least 1
}

// Arena is a set of slots. It is not safe for concurrent use.
type Arena struct {
	file  *os.File // nil once mapped by Open
	mem   []byte   // nil before Layout
	slots []Slot
}

// guard is what the words between slots hold: a NaN with a pattern no computation produces.
const guard uint32 = 0x7fb16a5d

// maxBytes keeps offsets within int on every platform and finds absurd requests before the kernel does.
const maxBytes = 1 << 40

// Create makes an arena without slots. Its file can be passed to a process at once.
func Create() (*Arena, error) {
	f, err := create()
	if err != nil {
		return nil, fmt.Errorf("shared memory: %w", err)
	}
	return &Arena{file: f}, nil
}

// File is the file behind an arena made by Create, to be inherited by the plugin.
func (a *Arena) File() *os.File { return a.file }

// Layout sizes the arena for the slots asked for, in their order, fills them with zeros and writes the guards. All
// memory is allocated now, so that a shortage is an error here and not a crash later. It can be called once.
func (a *Arena) Layout(requests []Request) error {
	if a.mem != nil {
		return errors.New("arena: laid out twice")
	}
	slots, size, err := plan(requests, pageSize())
	if err != nil {
		return err
	}
	mem, err := grow(a.file, size)
	if err != nil {
		return fmt.Errorf("shared memory for %d slots, %d bytes: %w", len(slots), size, err)
	}
	a.mem, a.slots = mem, slots
	for i := range a.slots {
		g := a.guards(i)
		for j := range g {
			g[j] = guard
		}
	}
	return nil
}

// Stagger is how many bytes slot i begins after the beginning of a page. Update rules walk through several vectors at the same
// pace. Where all of them began at a page, the elements at one index would compete for the same set of the first cache; with
// some lengths, AMD's prediction of the way within the set then fails every time, and an update takes three times as long. Neighbouring
// numbers are far apart: the reversed bits of i.
func Stagger(i int) int { return int(bits.Reverse8(uint8(i))>>4) * 256 }

// plan places slots behind each other, each on pages of its own with at least one guard word after it.
func plan(requests []Request, page uint64) ([]Slot, uint64, error) {
	var slots []Slot
	var end uint64
	for _, r := range requests {
		if r.Len < 1 || uint64(r.Len) > maxBytes/4 {
			return nil, 0, fmt.Errorf("slot %q: %d elements: expected at least 1 and at most %d", r.Name, r.Len, uint64(maxBytes/4))
		}
		stagger := uint64(Stagger(len(slots)))
		slots = append(slots, Slot{Name: r.Name, Offset: end + stagger, Len: uint64(r.Len)})
		bytes := stagger + 4*uint64(r.Len) + 4
		end += (bytes + page - 1) / page * page
		if end > maxBytes {
			return nil, 0, fmt.Errorf("slots of more than %d bytes in all", uint64(maxBytes))
		}
	}
	if end == 0 {
		return nil, 0, errors.New("an arena without slots")
	}
	return slots, end, nil
}

// Open maps the arena that the host has laid out. f is closed; size and slots are what the host has announced. They
// are checked against the file.
func Open(f *os.File, size uint64, slots []Slot) (*Arena, error) {
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("arena: %w", err)
	}
	if size == 0 || size > maxBytes || uint64(info.Size()) < size {
		return nil, fmt.Errorf("arena: the file has %d bytes, expected %d", info.Size(), size)
	}
	for _, s := range slots {
		if s.Len == 0 || s.Offset%4 != 0 || s.Offset > size || s.Len > (size-s.Offset)/4 {
			return nil, fmt.Errorf("arena: slot %q (offset %d, %d elements) is not within %d bytes", s.Name, s.Offset, s.Len, size)
		}
	}
	mem, err := mapShared(f, size)
	if err != nil {
		return nil, fmt.Errorf("arena: %w", err)
	}
	return &Arena{mem: mem, slots: append([]Slot(nil), slots...)}, nil
}

// Bytes is the size of the file, 0 before Layout.
func (a *Arena) Bytes() uint64 { return uint64(len(a.mem)) }

// Slots lists the slots; a slot's number is its place in the list.
func (a *Arena) Slots() []Slot { return a.slots }

// Slot returns the memory of slot i, a view that is valid until Close.
func (a *Arena) Slot(i int) []float32 {
	s := a.slots[i]
	return unsafe.Slice((*float32)(unsafe.Pointer(&a.mem[s.Offset])), s.Len)
}

// Find returns the number of the slot with a name.
func (a *Arena) Find(name string) (int, bool) {
	for i, s := range a.slots {
		if s.Name == name {
			return i, true
		}
	}
	return 0, false
}

// guards are the words between the end of slot i and the next slot, or the end of the arena.
func (a *Arena) guards(i int) []uint32 {
	from := a.slots[i].Offset + 4*a.slots[i].Len
	to := uint64(len(a.mem))
	if i+1 < len(a.slots) {
		to = a.slots[i+1].Offset
	}
	return unsafe.Slice((*uint32)(unsafe.Pointer(&a.mem[from])), (to-from)/4)
}

// Overrun is the error of CheckGuards: somebody wrote beyond the end of a slot.
type Overrun struct {
	Slot string
	At   int // element index counted from the beginning of the slot; its length or more
	Len  int
}

func (e *Overrun) Error() string {
	return fmt.Sprintf("wrote beyond the end of slot %q: element %d of %d", e.Slot, e.At, e.Len)
}

// CheckGuards returns an *Overrun when a guard word is damaged.
func (a *Arena) CheckGuards() error {
	for i, s := range a.slots {
		for j, g := range a.guards(i) {
			if g != guard {
				return &Overrun{Slot: s.Name, At: int(s.Len) + j, Len: int(s.Len)}
			}
		}
	}
	return nil
}

// Poison fills slot i with NaN, so that whoever reads it before writing it finds out.
func (a *Arena) Poison(i int) {
	x := a.Slot(i)
	for j := range x {
		x[j] = float32(math.NaN())
	}
}

// Close unmaps the memory and closes the file. Slices that Slot returned must not be used afterwards. It can be called
// more than once.
func (a *Arena) Close() error {
	var errs []error
	if a.mem != nil {
		errs = append(errs, unmap(a.mem))
		a.mem, a.slots = nil, nil
	}
	if a.file != nil {
		errs = append(errs, a.file.Close())
		a.file = nil
	}
	return errors.Join(errs...)
}

func pageSize() uint64 { return uint64(max(os.Getpagesize(), 4096)) }
