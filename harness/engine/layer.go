package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// layer is one step of the chain. Layers are immutable; everything that changes is in the workspace.
//
// Backward gets what Forward got and made, overwrites the layer's part of ws.grad and, unless dx is nil, dx.
type layer interface {
	shape() Shape // of the output
	// pads says how many pixels of zeros the layer needs around its input and around the gradient of its output.
	pads() (x, dy int)
	// scratch makes the layer's working memory for up to n examples; backward says whether Backward will be called.
	// old is what an earlier call made, or nil: what still fits is kept.
	scratch(old any, n int, backward bool) any
	forward(ws *workspace, x, y *activation)
	backward(ws *workspace, x, y, dy, dx *activation)
}

// workspace is what a layer sees of the call it runs in.
type workspace struct {
	w, buf      []float32
	grad        []float32
	mode        Mode
	updateStats bool
	scratch     any // the layer's
}

// activation is a batch of NHWC examples with pad pixels of zeros around each, which nobody writes.
type activation struct {
	Shape
	n, pad int
	data   []float32
}

func newActivation(s Shape, pad, n int) *activation {
	a := &activation{Shape: s, pad: pad, n: n}
	a.data = kernel.Alloc(n * a.stride())
	return a
}

// row is the distance between two rows of an example.
func (a *activation) row() int { return (a.W + 2*a.pad) * a.C }

// stride is the distance between two examples.
func (a *activation) stride() int { return (a.H + 2*a.pad) * a.row() }

// example returns example i including its padding.
func (a *activation) example(i int) []float32 {
	s := a.stride()
	return a.data[i*s : (i+1)*s]
}

// inner returns example i from its first pixel that is not padding; rows are row() apart.
func (a *activation) inner(i int) []float32 {
	return a.example(i)[a.pad*(a.row()+a.C):]
}

// flat returns all examples of an activation without padding.
func (a *activation) flat() []float32 {
	if a.pad != 0 {
		panic("engine: padded activation used as a matrix")
	}
	return a.data[:a.n*a.Len()]
}

// grow returns x when it has n elements, else new zeroed memory.
func grow(x []float32, n int) []float32 {
	if len(x) >= n {
		return x
	}
	return kernel.Alloc(n)
}
