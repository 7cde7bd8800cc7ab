package engine

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

// residual is y = act(body(x) + shortcut(x)). Where the body ends in a stage without activation, that stage adds the
// shortcut and applies the activation in its own pass, so that the body's output is never stored.
type residual struct {
	body, shortcut chain // a shortcut without layers is the identity
	act            Activation
	joint          bool // the body's last stage takes the sum
}

// newResidual joins two branches, whose shapes fit.
func newResidual(body, shortcut chain, act Activation) *residual {
	r := &residual{body: body, shortcut: shortcut, act: act}
	if last, ok := body.layers[len(body.layers)-1].(*stage); ok && (act == ReLU || act == Identity) {
		r.joint = last.norm.act == Identity && !last.norm.pool
	}
	return r
}

func (r *residual) parts() []layer { return []layer{&r.body, &r.shortcut} }

// inspect shows what the branches have computed. What a branch ends with is shown before the sum.
func (r *residual) inspect(ws *workspace, p *probe, scratch any, x, y *activation) {
	s := scratch.(*residualScratch)
	r.body.inspect(ws, p, s.body, x, r.mainOf(s.main, y))
	if !r.identity() {
		r.shortcut.inspect(ws, p, s.shortcut, x, s.short)
	}
}

func (r *residual) identity() bool { return len(r.shortcut.layers) == 0 }

func (r *residual) shape() Shape { return r.body.shape() }

func (r *residual) pads() (x, dy int) {
	bodyX, bodyDy := r.body.pads()
	shortX, shortDy := r.shortcut.pads()
	if r.act != Identity {
		return max(bodyX, shortX), 0
	}
	return max(bodyX, shortX), max(bodyDy, shortDy)
}

func (r *residual) initBuffers(buf []float32) {
	r.body.initBuffers(buf)
	r.shortcut.initBuffers(buf)
}

// residualScratch holds what lies between the branches and the sum. Each is made when first used.
type residualScratch struct {
	room           int
	body, shortcut any
	main, short    *activation // outputs of the branches
	d              *activation // gradient of their sum
	dx             *activation // gradient of the input by one branch
	rmain, rshort  *activation // tangents
	rd, rdx        *activation
	factor         []float32 // of the line in hand
}

func (s *residualScratch) factors(n int) []float32 {
	s.factor = grow(s.factor, n)
	return s.factor[:n]
}

func (r *residual) scratch(old any, n int, what need) any {
	s, _ := old.(*residualScratch)
	if s == nil {
		s = new(residualScratch)
	}
	s.room = max(n, s.room)
	s.body = r.body.scratch(s.body, n, what)
	if !r.identity() {
		s.shortcut = r.shortcut.scratch(s.shortcut, n, what)
	}
	return s
}

// inner makes a of the shape of the sum, without padding unless the branches' gradients need it.
func (r *residual) inner(s *residualScratch, a *activation, n int, gradient bool) *activation {
	pad := 0
	if gradient {
		_, body := r.body.pads()
		_, shortcut := r.shortcut.pads()
		pad = max(body, shortcut)
	}
	a = fit(a, r.shape(), pad, s.room)
	a.n = n
	return a
}

// ofInput makes a of the shape of dx.
func (r *residual) ofInput(s *residualScratch, a, dx *activation) *activation {
	a = fit(a, dx.Shape, dx.pad, s.room)
	a.n = dx.n
	return a
}

func (r *residual) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*residualScratch)
	short := x
	if !r.identity() {
		s.short = r.inner(s, s.short, x.n, false)
		short = s.short
		ws.scratch = s.shortcut
		r.shortcut.forward(ws, x, short)
	}
	ws.scratch = s.body
	if r.joint {
		last := s.body.(*chainScratch).layers[len(r.body.layers)-1].(*stageScratch)
		last.norm.addend, last.norm.joint = short, r.act
		r.body.forward(ws, x, y)
		return
	}
	s.main = r.inner(s, s.main, x.n, false)
	r.body.forward(ws, x, s.main)
	lines, size := spans(s.main, short, y)
	for i := range x.n {
		for h := range lines {
			to := y.piece(i, h, size)
			copy(to, s.main.piece(i, h, size))
			kernel.Accumulate(to, short.piece(i, h, size))
			if r.act == ReLU {
				kernel.ReLU(to)
			} else {
				r.act.of(to, to)
			}
		}
	}
}

// shortOf is the shortcut's output, or its tangent, of the last call.
func (r *residual) shortOf(of, x *activation) *activation {
	if r.identity() {
		return x
	}
	return of
}

// mainOf is the body's. A joint stage, having no activation of its own, looks at neither: it gets those of the sum.
func (r *residual) mainOf(of, y *activation) *activation {
	if r.joint {
		return y
	}
	return of
}

// finer is spans of what has the shape of the sum, and of what slope looks at.
func (r *residual) finer(s *residualScratch, x, a, b, c *activation) (pieces, size int) {
	if r.act != Identity && r.act != ReLU {
		if pieces, size = spans(s.main, r.shortOf(s.short, x)); pieces > 1 {
			return pieces, size
		}
	}
	return spans(a, b, c)
}

// slope stores f = act'(sum) of line h of example i, for activations that are neither Identity nor ReLU.
func (r *residual) slope(s *residualScratch, x *activation, i, h int, f []float32) {
	copy(f, s.main.piece(i, h, len(f)))
	kernel.Accumulate(f, r.shortOf(s.short, x).piece(i, h, len(f)))
	r.act.grad(f, f)
}

// gradSum computes the gradient of the sum, or its first-order part along a direction: d = act'(sum) dy.
func (r *residual) gradSum(s *residualScratch, x, y, dy, d *activation) {
	lines, size := r.finer(s, x, y, dy, d)
	for i := range y.n {
		for h := range lines {
			from, to := dy.piece(i, h, size), d.piece(i, h, size)
			if r.act == ReLU {
				kernel.MaskGrad(y.piece(i, h, size), from, to)
				continue
			}
			r.slope(s, x, i, h, to)
			kernel.Multiply(to, from)
		}
	}
}

func (r *residual) backward(ws *workspace, x, y, dy, dx *activation) {
	r.back(ws, x, y, dy, dx, (*chain).backward)
}

func (r *residual) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	r.back(ws, x, y, dy, dx, (*chain).backwardEach)
}

// back is backward with either pass through the branches.
func (r *residual) back(ws *workspace, x, y, dy, dx *activation, pass func(c *chain, ws *workspace, x, y, dy, dx *activation)) {
	s := ws.scratch.(*residualScratch)
	main := r.mainOf(s.main, y)
	d := dy
	// With an identity shortcut the gradient of the sum is a part of dx: it is made there, and the body adds the rest.
	inPlace := r.act == ReLU && r.identity() && dx != nil && r.body.addsInput()
	switch {
	case inPlace:
		d = dx
	case r.act != Identity:
		s.d = r.inner(s, s.d, x.n, true)
		d = s.d
	}
	if d != dy {
		r.gradSum(s, x, y, dy, d)
	}
	ws.scratch = s.body
	if inPlace {
		dx.add = true
		pass(&r.body, ws, x, main, d, dx)
		dx.add = false
		return
	}
	pass(&r.body, ws, x, main, d, dx)
	if r.identity() {
		if dx != nil {
			accumulate(dx, d)
		}
		return
	}
	ws.scratch = s.shortcut
	switch {
	case dx == nil:
		pass(&r.shortcut, ws, x, s.short, d, nil)
	case r.shortcut.addsInput():
		dx.add = true
		pass(&r.shortcut, ws, x, s.short, d, dx)
		dx.add = false
	default:
		s.dx = r.ofInput(s, s.dx, dx)
		pass(&r.shortcut, ws, x, s.short, d, s.dx)
		accumulate(dx, s.dx)
	}
}

func (r *residual) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*residualScratch)
	rshort := rx
	if !r.identity() {
		s.rshort = r.inner(s, s.rshort, x.n, false)
		rshort = s.rshort
		ws.scratch = s.shortcut
		r.shortcut.jvp(ws, x, rx, s.short, rshort)
	}
	rmain := ry
	if !r.joint {
		s.rmain = r.inner(s, s.rmain, x.n, false)
		rmain = s.rmain
	}
	ws.scratch = s.body
	r.body.jvp(ws, x, rx, r.mainOf(s.main, y), rmain)

	lines, size := r.finer(s, x, rmain, y, ry)
	if rshort != nil && rshort.pad != 0 {
		lines, size = spans(rshort)
	}
	for i := range x.n {
		for h := range lines {
			to := ry.piece(i, h, size)
			if rmain != ry {
				copy(to, rmain.piece(i, h, size))
			}
			if rshort != nil {
				kernel.Accumulate(to, rshort.piece(i, h, size))
			}
			switch r.act {
			case Identity:
			case ReLU:
				kernel.MaskGrad(y.piece(i, h, size), to, to)
			default:
				f := s.factors(size)
				r.slope(s, x, i, h, f)
				kernel.Multiply(to, f)
			}
		}
	}
}

func (r *residual) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*residualScratch)
	d, rd := dy, rdy
	if r.act != Identity {
		s.d, s.rd = r.inner(s, s.d, x.n, true), r.inner(s, s.rd, x.n, true)
		d, rd = s.d, s.rd
		r.gradSum(s, x, y, dy, d)
		r.gradSum(s, x, y, rdy, rd)
		if r.act != ReLU {
			r.curve(s, x, rx, dy, rd)
		}
	}
	main, rmain := r.mainOf(s.main, y), r.mainOf(s.rmain, ry)
	ws.scratch = s.body
	r.body.jvpBackward(ws, x, rx, main, rmain, d, rd, dx, rdx)
	if r.identity() {
		if rdx != nil {
			accumulate(rdx, rd)
		}
		return
	}
	ws.scratch = s.shortcut
	if rdx == nil {
		r.shortcut.jvpBackward(ws, x, rx, s.short, s.rshort, d, rd, dx, nil)
		return
	}
	s.rdx = r.ofInput(s, s.rdx, rdx)
	r.shortcut.jvpBackward(ws, x, rx, s.short, s.rshort, d, rd, dx, s.rdx)
	accumulate(rdx, s.rdx)
}

// curve adds act”(sum) r(sum) dy to rd, for activations that are neither Identity nor ReLU.
func (r *residual) curve(s *residualScratch, x, rx, dy, rd *activation) {
	short, rshort := r.shortOf(s.short, x), r.shortOf(s.rshort, rx)
	size := rd.W * rd.C
	f := s.factors(2 * size)
	f, rz := f[:size], f[size:]
	for i := range x.n {
		for h := range rd.H {
			copy(f, s.main.piece(i, h, size))
			kernel.Accumulate(f, short.piece(i, h, size))
			r.act.second(f, f)
			copy(rz, s.rmain.piece(i, h, size))
			if rshort != nil {
				kernel.Accumulate(rz, rshort.piece(i, h, size))
			}
			kernel.Multiply(f, rz)
			kernel.Multiply(f, dy.piece(i, h, size))
			kernel.Accumulate(rd.piece(i, h, size), f)
		}
	}
}

// accumulate adds from to a gradient of the same shape.
func accumulate(to, from *activation) {
	lines, size := spans(to, from)
	for i := range to.n {
		for h := range lines {
			kernel.Accumulate(to.piece(i, h, size), from.piece(i, h, size))
		}
	}
}

// Residual adds y = act(body(x) + shortcut(x)) (He et al., "Deep Residual Learning for Image Recognition", 2016). body and
// shortcut add the layers of the two branches, which must end in the same shape; shortcut nil is the identity.
func (b *Builder) Residual(body, shortcut func(*Builder), act Activation) {
	outer, first := b.net.chain, len(b.net.layout)
	branch := func(add func(*Builder)) chain {
		b.net.chain = chain{input: outer.shape()}
		if add != nil {
			add(b)
		}
		b.net.layers = fuse(b.net.layers)
		return b.net.chain
	}
	r := newResidual(branch(body), branch(shortcut), act)
	b.net.chain = outer
	name := "residual"
	if first < len(b.net.layout) {
		name = fmt.Sprintf("residual with %s", b.net.layout[first].Name)
	}
	switch {
	case len(r.body.layers) == 0:
		b.fail(name, "its body has no layers")
	case r.shape() != r.shortcut.shape():
		b.fail(name, "its body gives %v, its shortcut %v", r.shape(), r.shortcut.shape())
	}
	switch act {
	case Identity, ReLU, Tanh, GELU:
	default:
		b.fail(name, "unknown activation %q", act)
	}
	x, _ := r.pads()
	for _, c := range []*chain{&r.body, &r.shortcut} {
		if len(c.layers) > 0 && !takesPadding(c.layers[0], x) {
			b.fail(name, "a branch begins with a %T, which cannot share its input with a convolution of 3×3 kernels", c.layers[0])
		}
	}
	b.net.layers = append(b.net.layers, r)
}

// takesPadding says whether l can read an input with that much padding.
func takesPadding(l layer, pad int) bool {
	if x, _ := l.pads(); x == pad {
		return true
	}
	switch l.(type) {
	case *conv, *stage:
		return true
	}
	return false
}
