package engine

// dense gives layers that work on whole sequences of positions an example without the zeros around it: the activation's
// own memory where there are none, else a copy, which a store brings back. It holds one example at a time.
type dense struct{ copy []float32 }

// load returns the elements of example i of a, or nil for no activation.
func (d *dense) load(a *activation, i int) []float32 {
	x := d.room(a, i)
	if a != nil && a.pad != 0 {
		line := a.W * a.C
		for h := range a.H {
			copy(x[h*line:(h+1)*line], a.inner(i)[h*a.row():])
		}
	}
	return x
}

// room returns memory for the elements of example i of a, whose content is of no use, or nil for no activation.
func (d *dense) room(a *activation, i int) []float32 {
	if a == nil {
		return nil
	}
	if a.pad == 0 {
		return a.example(i)
	}
	d.copy = grow(d.copy, a.Len())
	return d.copy[:a.Len()]
}

// store puts what room returned into example i of a.
func (d *dense) store(a *activation, i int, x []float32) {
	if a == nil || a.pad == 0 {
		return
	}
	line := a.W * a.C
	for h := range a.H {
		copy(a.inner(i)[h*a.row():], x[h*line:(h+1)*line])
	}
}
