package arena

import "fmt"

// Snapshot returns copies of the slots numbered, by name.
func (a *Arena) Snapshot(slots []int) map[string][]float32 {
	m := make(map[string][]float32, len(slots))
	for _, i := range slots {
		m[a.slots[i].Name] = append([]float32(nil), a.Slot(i)...)
	}
	return m
}

// Restore fills slots from values by name. A name without a slot, or a wrong length, is an error, found before
// anything is written.
func (a *Arena) Restore(values map[string][]float32) error {
	for name, v := range values {
		i, ok := a.Find(name)
		if !ok {
			return fmt.Errorf("no slot %q to restore", name)
		}
		if n := a.slots[i].Len; uint64(len(v)) != n {
			return fmt.Errorf("slot %q: %d values to restore, expected %d", name, len(v), n)
		}
	}
	for name, v := range values {
		i, _ := a.Find(name)
		copy(a.Slot(i), v)
	}
	return nil
}
