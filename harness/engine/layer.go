package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// need says what a layer's working memory must serve besides forward.
type need uint8

const (
	needBackward need = 1 << iota // backward
	needTangent                   // jvp and jvpBackward; comes with needBackward
	needEach                      // backwardEach; comes with needBackward
)

// layer is one step of a chain. Layers are immutable; everything that changes is in the workspace and the activations.
type layer interface {
	shape() Shape // of the output
	// pads says how many pixels of zeros the layer needs around its input and around the gradient of its output, and so
	// around their tangents. There may be more around the input.
	pads() (x, dy int)
	// scratch makes the layer's working memory for up to n examples. old is what an earlier call made, or nil: what still
	// fits is kept. Neither n nor what ever falls.
	scratch(old any, n int, what need) any
	forward(ws *workspace, x, y *activation)
	// backward gets what forward got and made. It overwrites the layer's part of ws.grad, unless that is nil, and dx,
	// unless that is nil. It modifies nothing else: not dy either.
	backward(ws *workspace, x, y, dy, dx *activation)

	// The next two are derivatives along a direction: the parameters are ws.w + t·ws.v, the inputs x + t·rx.

	// jvp computes ry, the derivative of the output at t = 0. rx nil stands for 0. forward was called before with the same
	// x, parameters and mode, and ws.keep set.
	jvp(ws *workspace, x, rx, y, ry *activation)
	// jvpBackward computes the derivative of what backward computes, along the same direction. It overwrites the layer's
	// part of ws.rgrad, and rdx unless that is nil. forward, backward (with the same dy) and jvp were called before. It
	// modifies nothing else.
	jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation)

	// backwardEach is backward where dy holds the gradient of each example's own loss. It stores the gradient of example i
	// with respect to the n parameters from an offset in ws.each.of(i, offset, n), instead of ws.grad.
	backwardEach(ws *workspace, x, y, dy, dx *activation)
}

// workspace is what a layer sees of the call it runs in.
type workspace struct {
	w, buf      []float32
	grad        []float32 // nil: the gradient of the parameters is not wanted
	keep        bool      // forward must keep what backward needs
	mode        Mode
	updateStats bool
	v           []float32  // direction of the tangents
	rgrad       []float32  // derivative of grad along it
	each        *eachStore // for the gradients of single examples
	scratch     any        // the layer's; composite layers change it
}

// activation is a batch of NHWC examples with pad pixels of zeros around each, which nobody writes.
type activation struct {
	Shape
	n, pad int
	data   []float32
	add    bool // as dx: backward adds to it. Only for layers whose addsInput says that they can
}

func newActivation(s Shape, pad, n int) *activation {
	a := &activation{Shape: s, pad: pad, n: n}
	a.data = kernel.Alloc(n * a.stride())
	return a
}

// fit returns a when it has room for n examples, else a new activation.
func fit(a *activation, s Shape, pad, n int) *activation {
	if a != nil && len(a.data) >= n*a.stride() {
		return a
	}
	return newActivation(s, pad, n)
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

// spans says in how many pieces of which length, a line or all of it, an example lies without gaps in all of the activations
// of one shape.
func spans(all ...*activation) (pieces, size int) {
	for _, a := range all {
		if a.pad != 0 {
			return a.H, a.W * a.C
		}
	}
	return 1, all[0].Len()
}

// piece returns piece h, as spans counts them, of example i.
func (a *activation) piece(i, h, size int) []float32 {
	return a.inner(i)[h*a.row():][:size]
}

// grow returns x when it has n elements, else new zeroed memory.
func grow(x []float32, n int) []float32 {
	if len(x) >= n {
		return x
	}
	return kernel.Alloc(n)
}
