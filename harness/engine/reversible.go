package engine

import (
	"math"
)

// reversible standardises every position of every example over its channels, lets its body work on the result, and undoes
// the standardisation on what comes out. With x̂ = (x - μ)/σ for a position p,
//
//	u = x̂ γ_p + β_p,  v = body(u),  y = (v - β_p) σ/(γ_p + 1e-10) + μ.
//
// It is the first layer of a network, so its input has no tangent.
type reversible struct {
	name         string
	body         chain
	scale, shift int // offsets of γ and β, one element a position
}

// leastScale is what the way back adds to γ, the square of the 1e-5 under the root.
const leastScale = normEpsilon * normEpsilon

// Reversible adds reversible instance normalisation around a body (Kim et al., "Reversible Instance Normalization for
// Accurate Time-Series Forecasting against Distribution Shift", 2022): positions are series, channels their times. body adds
// the layers between, which keep the positions and may change the channels. The parameters are name.scale and name.shift,
// one element a position, the same for both ways. The standardisation divides by sqrt(variance + 1e-5), the variance without
// Bessel's correction. It has to be the first layer.
func (b *Builder) Reversible(name string, body func(*Builder)) {
	outer := b.net.chain
	in := outer.shape()
	if len(outer.layers) > 0 {
		b.fail(name, "reversible normalisation is for the network's inputs: expected the first layer")
	}
	weight := b.weight
	l := &reversible{name: name}
	l.scale = b.tensor(name+".scale", NormScale, 0, in.H*in.W)
	l.shift = b.tensor(name+".shift", NormShift, 0, in.H*in.W)
	b.weight = weight
	b.net.chain = chain{input: in}
	body(b)
	b.net.layers = fuse(b.net.layers)
	l.body = b.net.chain
	b.net.chain = outer
	if out := l.body.shape(); len(l.body.layers) == 0 {
		b.fail(name, "its body has no layers")
	} else if out.H != in.H || out.W != in.W {
		b.fail(name, "its body gives %d×%d positions, its input has %d×%d", out.H, out.W, in.H, in.W)
	}
	b.net.layers = append(b.net.layers, l)
}

func (l *reversible) parts() []layer { return []layer{&l.body} }

func (l *reversible) shape() Shape { return l.body.shape() }

func (l *reversible) pads() (int, int) { return 0, 0 }

func (l *reversible) initBuffers(buf []float32) { l.body.initBuffers(buf) }

func (l *reversible) inspect(ws *workspace, p *probe, scratch any, x, y *activation) {
	s := scratch.(*reversibleScratch)
	l.body.inspect(ws, p, s.body, s.u, s.v)
}

type reversibleScratch struct {
	room           int
	body           any
	mean, sigma    []float64   // one element a position of the batch
	u, v           *activation // what the body gets and gives
	du, dv         *activation
	ru, rv         *activation // tangents
	rdu, rdv       *activation
	dscale, dshift []float64 // one element a position
}

func (l *reversible) scratch(old any, n int, what need) any {
	s, _ := old.(*reversibleScratch)
	positions := l.body.input.H * l.body.input.W
	if s == nil {
		s = &reversibleScratch{dscale: make([]float64, positions), dshift: make([]float64, positions)}
	}
	if n > s.room {
		s.room = n
		s.mean, s.sigma = make([]float64, n*positions), make([]float64, n*positions)
	}
	s.body = l.body.scratch(s.body, n, what)
	return s
}

// inner makes a of the shape of the body's input or output, with the padding that the body needs around it.
func (l *reversible) inner(s *reversibleScratch, a *activation, n int, output, gradient bool) *activation {
	shape, pad := l.body.input, 0
	if output {
		shape = l.body.shape()
	}
	x, dy := l.body.pads()
	switch {
	case !output && !gradient:
		pad = x
	case output && gradient:
		pad = dy
	}
	a = fit(a, shape, pad, s.room)
	a.n = n
	return a
}

// position returns the channels of position p of example i.
func (a *activation) position(i, p int) []float32 {
	return a.inner(i)[p/a.W*a.row()+p%a.W*a.C:][:a.C]
}

func (l *reversible) params(w []float32) (scale, shift []float32) {
	k := l.body.input.H * l.body.input.W
	return w[l.scale : l.scale+k], w[l.shift : l.shift+k]
}

func (l *reversible) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*reversibleScratch)
	s.u, s.v = l.inner(s, s.u, x.n, false, false), l.inner(s, s.v, x.n, true, false)
	scale, shift := l.params(ws.w)
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			in := x.position(i, p)
			mean, variance := 0.0, 0.0
			for _, v := range in {
				mean += float64(v)
			}
			mean /= float64(len(in))
			for _, v := range in {
				d := float64(v) - mean
				variance += float64(d * d)
			}
			sigma := math.Sqrt(variance/float64(len(in)) + normEpsilon)
			s.mean[at], s.sigma[at] = mean, sigma
			to, g, b := s.u.position(i, p), float64(scale[p])/sigma, float64(shift[p])
			for k, v := range in {
				to[k] = float32(float64((float64(v)-mean)*g) + b)
			}
		}
	}
	ws.scratch = s.body
	l.body.forward(ws, s.u, s.v)
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			from, to := s.v.position(i, p), y.position(i, p)
			back, b := s.sigma[at]/l.divisor(scale[p]), float64(shift[p])
			for k, v := range from {
				to[k] = float32(float64((float64(v)-b)*back) + s.mean[at])
			}
		}
	}
}

func (l *reversible) divisor(scale float32) float64 { return float64(scale) + leastScale }

// gradOutput computes dv = dy σ/γ' with γ' = γ + 1e-10 for example i, and adds to the sums what the way back says of β and γ:
// dβ = -Σ dv and dγ = -Σ dv (v - β)/γ'.
func (l *reversible) gradOutput(s *reversibleScratch, w []float32, i int, dy *activation) {
	scale, shift := l.params(w)
	for p := range scale {
		at := i*len(scale) + p
		from, to, v := dy.position(i, p), s.dv.position(i, p), s.v.position(i, p)
		divisor, b := l.divisor(scale[p]), float64(shift[p])
		back := s.sigma[at] / divisor
		var sum, product float64
		for k, d := range from {
			e := float64(d) * back
			to[k] = float32(e)
			sum += e
			product += float64(e * (float64(v[k]) - b))
		}
		s.dshift[p] -= sum
		s.dscale[p] -= product / divisor
	}
}

// gradInput adds what the way in says, dβ = Σ du and dγ = Σ du x̂, and computes dx unless that is nil: with a = du γ,
//
//	dx = (a - mean(a) - x̂ mean(a x̂))/σ + x̂ Σ(dy (v-β)/γ')/C + Σ dy/C.
func (l *reversible) gradInput(s *reversibleScratch, w []float32, i int, x, dy, dx *activation) {
	scale, shift := l.params(w)
	for p := range scale {
		at := i*len(scale) + p
		in, du := x.position(i, p), s.du.position(i, p)
		mean, inv := s.mean[at], 1/s.sigma[at]
		var sum, product float64
		for k, d := range du {
			sum += float64(d)
			product += float64(float64(d) * ((float64(in[k]) - mean) * inv))
		}
		s.dshift[p] += sum
		s.dscale[p] += product
		if dx == nil {
			continue
		}
		g, c := float64(scale[p]), float64(len(in))
		var level, spread float64 // derivatives by μ and σ of the way back
		v, b, divisor := s.v.position(i, p), float64(shift[p]), l.divisor(scale[p])
		for k, d := range dy.position(i, p) {
			level += float64(d)
			spread += float64(float64(d) * ((float64(v[k]) - b) / divisor))
		}
		to := dx.position(i, p)
		for k, d := range du {
			hat := (float64(in[k]) - mean) * inv
			a := g * (float64(d) - sum/c - float64(hat*(product/c)))
			to[k] = float32(float64(a*inv) + float64(hat*(spread/c)) + level/c)
		}
	}
}

// clearSums begins the sums of the parameters' gradients, storeSums puts them into a part of a gradient.
func (s *reversibleScratch) clearSums() {
	clear(s.dscale)
	clear(s.dshift)
}

func (s *reversibleScratch) storeSums(scale, shift []float32) {
	for p := range scale {
		scale[p], shift[p] = float32(s.dscale[p]), float32(s.dshift[p])
	}
}

func (l *reversible) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*reversibleScratch)
	s.du, s.dv = l.inner(s, s.du, x.n, false, true), l.inner(s, s.dv, x.n, true, true)
	s.clearSums()
	for i := range x.n {
		l.gradOutput(s, ws.w, i, dy)
	}
	ws.scratch = s.body
	l.body.backward(ws, s.u, s.v, s.dv, s.du)
	for i := range x.n {
		l.gradInput(s, ws.w, i, x, dy, dx)
	}
	if ws.grad != nil {
		s.storeSums(l.params(ws.grad))
	}
}

// backwardEach has the sums of one example at a time, so both ways are gone for each: dv of all first, then the sums anew.
func (l *reversible) backwardEach(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*reversibleScratch)
	s.du, s.dv = l.inner(s, s.du, x.n, false, true), l.inner(s, s.dv, x.n, true, true)
	for i := range x.n {
		l.gradOutput(s, ws.w, i, dy)
	}
	ws.scratch = s.body
	l.body.backwardEach(ws, s.u, s.v, s.dv, s.du)
	k := len(s.dscale)
	for i := range x.n {
		s.clearSums()
		l.gradOutput(s, ws.w, i, dy)
		l.gradInput(s, ws.w, i, x, dy, dx)
		s.storeSums(ws.each.of(i, l.scale, k), ws.each.of(i, l.shift, k))
	}
}
