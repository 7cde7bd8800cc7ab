package engine

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/engine/internal/kernel"
)

const (
	normEpsilon  = 1e-5
	normMomentum = 0.1
)

// normAct is normalisation, activation and optional pooling in one pass over the data: between a convolution and the
// next only the pooled activation is written.
type normAct struct {
	name         string
	in, out      Shape
	kind         Norm
	act          Activation
	pool         bool
	scale, shift int // offsets of the parameters; scale -1: none
	buffer       int // offset of running mean and variance; -1: none
	group        int // channels of a group
}

func (l *normAct) shape() Shape { return l.out }

func (l *normAct) pads() (int, int) { return 0, 0 }

func (l *normAct) initBuffers(buf []float32) {
	if l.kind != BatchNorm {
		return
	}
	c := l.in.C
	clear(buf[l.buffer : l.buffer+c])
	for i := range c {
		buf[l.buffer+c+i] = 1
	}
}

// normActScratch holds vectors of one element a channel, one after the other: a single one where all examples share
// the statistics, one an example for group normalisation.
type normActScratch struct {
	mean, inv        []float64 // statistics; inv is 1/sqrt(variance + epsilon)
	mean32, scale    []float32 // of the forward pass, with the layer's shift
	gain, off, slope []float32 // of the backward pass
	seen             float64   // values a channel observed so far by batch normalisation,
	square           []float64 // and the sum of their squared deviations from mean
	sum1, sum2       []float64
	dscale, dshift   []float64
	at               []float32   // the inputs the pooled maxima come from
	which            []uint8     // and their places
	z                []float32   // some rows before the activation, where it is not ReLU
	d                []float32   // the gradient before the activation, where it is kept
	addend           *activation // see residual: what is added to the normalised values,
	joint            Activation  // and the activation of the sum
	tangent          *normActTangent
}

func (l *normAct) scratch(old any, n int, what need) any {
	c := l.in.C
	s, _ := old.(*normActScratch)
	if s == nil {
		s = new(normActScratch)
	}
	if s.sum1 == nil {
		s.sum1, s.sum2 = make([]float64, c), make([]float64, c)
		s.dscale, s.dshift, s.square = make([]float64, c), make([]float64, c), make([]float64, c)
	}
	sets := 1
	if l.kind == GroupNorm {
		sets = n
	}
	if len(s.mean) < sets*c {
		s.mean, s.inv = make([]float64, sets*c), make([]float64, sets*c)
		s.mean32, s.scale = grow(nil, sets*c), grow(nil, sets*c)
		s.gain, s.off, s.slope = grow(nil, sets*c), grow(nil, sets*c), grow(nil, sets*c)
	}
	if l.act != ReLU {
		s.z = grow(s.z, 3*l.in.W*c)
	}
	if l.pool {
		s.at = grow(s.at, n*l.out.Len())
		if len(s.which) < n*l.out.Len() {
			s.which = make([]uint8, n*l.out.Len())
		}
	}
	if what&needTangent != 0 || what&needBackward != 0 && !l.simple() {
		s.d = grow(s.d, n*l.out.Len())
	}
	if what&needTangent != 0 {
		l.tangentScratch(s, n)
	}
	return s
}

// set is where example i finds its channel vectors.
func (l *normAct) set(i int) (from, to int) {
	if l.kind != GroupNorm {
		i = 0
	}
	return i * l.in.C, (i + 1) * l.in.C
}

// A forward pass is begin, observe for all pixels in order, conclude, apply for each example. Where nothing depends on
// the other examples (shared reports false), apply may follow observe at once and conclude does nothing.

// shared says whether the statistics of the batch are needed.
func (l *normAct) shared(ws *workspace) bool { return l.kind == BatchNorm && ws.mode == Train }

func (l *normAct) begin(ws *workspace, s *normActScratch) {
	c := l.in.C
	switch {
	case l.shared(ws):
		s.seen = 0
		clear(s.mean)
		clear(s.square)
		return
	case l.kind == BatchNorm:
		for j := range c {
			s.mean[j] = float64(ws.buf[l.buffer+j])
			s.inv[j] = 1 / math.Sqrt(float64(ws.buf[l.buffer+c+j])+normEpsilon)
		}
	case l.kind == NoNorm:
		clear(s.mean)
		fill(s.inv[:c], 1)
	case l.kind == GroupNorm:
		return
	}
	l.coefficients(ws, s, 0, c)
}

// observe takes the statistics of pixels: those of example i for group normalisation, any part of the batch for batch
// normalisation. Means and variances are those of two passes over the part. Parts of a batch are merged as in Chan,
// Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances" (1979), which is as
// accurate, and lets each part be observed while it is in the cache.
func (l *normAct) observe(ws *workspace, s *normActScratch, i int, pixels []float32) {
	c := l.in.C
	switch {
	case l.shared(ws):
		now := float64(len(pixels) / c)
		clear(s.sum1)
		kernel.Sums(pixels, c, s.sum1)
		for j := range s.sum1 {
			s.sum1[j] /= now
		}
		clear(s.sum2)
		kernel.SquaredDeviations(pixels, c, s.sum1, s.sum2)
		all := s.seen + now
		for j := range c {
			delta := s.sum1[j] - s.mean[j]
			s.mean[j] += float64(delta * (now / all))
			s.square[j] += s.sum2[j] + float64(delta*delta*(s.seen*now/all))
		}
		s.seen = all
	case l.kind == GroupNorm:
		from, to := l.set(i)
		mean, inv := s.mean[from:to], s.inv[from:to]
		count := float64(len(pixels) / c * l.group)
		clear(s.sum1)
		kernel.Sums(pixels, c, s.sum1)
		for g := 0; g < c; g += l.group {
			fill(mean[g:g+l.group], total(s.sum1[g:g+l.group])/count)
		}
		clear(s.sum2)
		kernel.SquaredDeviations(pixels, c, mean, s.sum2)
		for g := 0; g < c; g += l.group {
			fill(inv[g:g+l.group], 1/math.Sqrt(total(s.sum2[g:g+l.group])/count+normEpsilon))
		}
		l.coefficients(ws, s, from, to)
	}
}

func (l *normAct) conclude(ws *workspace, s *normActScratch) {
	if !l.shared(ws) {
		return
	}
	c := l.in.C
	for j := range c {
		s.inv[j] = 1 / math.Sqrt(s.square[j]/s.seen+normEpsilon)
	}
	if ws.updateStats {
		// A batch with one value a channel has no unbiased variance; its 0 is folded in as it is.
		unbiased := max(s.seen-1, 1)
		for j := range c {
			fold(&ws.buf[l.buffer+j], s.mean[j])
			fold(&ws.buf[l.buffer+c+j], s.square[j]/unbiased)
		}
	}
	l.coefficients(ws, s, 0, c)
}

// coefficients rounds the statistics from..to to those of the forward pass.
func (l *normAct) coefficients(ws *workspace, s *normActScratch, from, to int) {
	for k := from; k < to; k++ {
		gamma := 1.0
		if l.scale >= 0 {
			gamma = float64(ws.w[l.scale+k-from])
		}
		s.mean32[k] = float32(s.mean[k])
		s.scale[k] = float32(gamma * s.inv[k])
	}
}

func fold(running *float32, now float64) {
	*running = float32(float64((1-normMomentum)*float64(*running)) + float64(normMomentum*now))
}

func total(x []float64) float64 {
	var s float64
	for _, v := range x {
		s += v
	}
	return s
}

func fill[T float32 | float64](x []T, v T) {
	for i := range x {
		x[i] = v
	}
}

func (l *normAct) affine(ws *workspace, s *normActScratch, i int) kernel.Affine {
	from, to := l.set(i)
	return kernel.Affine{Mean: s.mean32[from:to], Scale: s.scale[from:to], Shift: ws.w[l.shift : l.shift+l.in.C]}
}

// apply computes example i of y from its pixels.
func (l *normAct) apply(ws *workspace, s *normActScratch, i int, pixels []float32, y *activation) {
	f := l.affine(ws, s, i)
	out := y.inner(i)
	line, outLine, pooled := l.in.W*l.in.C, l.out.W*l.in.C, l.out.Len()
	switch {
	case s.addend != nil:
		lines, size := spans(y, s.addend)
		for h := range lines {
			from, add, to := pixels[h*size:(h+1)*size], s.addend.piece(i, h, size), y.piece(i, h, size)
			if s.joint == ReLU {
				f.SumReLU(from, add, to)
			} else {
				f.Sum(from, add, to)
			}
		}
	case l.act != ReLU:
		l.activate(s, &f, pixels, i, y)
	case l.pool:
		at, which := s.at[i*pooled:], s.which[i*pooled:]
		for h := range l.out.H {
			top := pixels[2*h*line:]
			f.ReLUPool(top[:line], top[line:2*line], out[h*y.row():], at[h*outLine:], which[h*outLine:])
		}
	case y.pad == 0:
		f.ReLU(pixels, out)
	default:
		for h := range l.in.H {
			f.ReLU(pixels[h*line:(h+1)*line], out[h*y.row():])
		}
	}
}

func (l *normAct) forward(ws *workspace, x, y *activation) {
	s := ws.scratch.(*normActScratch)
	data, size := x.flat(), l.in.Len()
	l.begin(ws, s)
	if l.kind == GroupNorm {
		for i := range x.n {
			l.observe(ws, s, i, data[i*size:(i+1)*size])
		}
	} else {
		l.observe(ws, s, 0, data)
	}
	l.conclude(ws, s)
	for i := range x.n {
		l.apply(ws, s, i, data[i*size:(i+1)*size], y)
	}
}

// A backward pass is gradBegin, gradSums for each example, gradEnd, gradInput for each example.

func (l *normAct) gradBegin(s *normActScratch) {
	clear(s.dscale)
	clear(s.dshift)
	clear(s.sum1)
	clear(s.sum2)
}

// simple says whether the gradient before the activation is quickly computed from that behind it and the inputs, so that a
// backward pass does it twice rather than keep it.
func (l *normAct) simple() bool { return !l.pool && (l.act == ReLU || l.act == Identity) }

// keeps says whether the gradient before the activation is kept: tangents need it once more.
func (l *normAct) keeps(ws *workspace) bool { return ws.v != nil || !l.simple() }

// gradSums computes the gradient before the activation of example i and its sums: sum1 of d, sum2 of d*(x-mean).
func (l *normAct) gradSums(ws *workspace, s *normActScratch, i int, pixels []float32, y, dy *activation) {
	if l.kind == GroupNorm {
		clear(s.sum1)
		clear(s.sum2)
	}
	from, to := l.set(i)
	mean := s.mean[from:to]
	if l.keeps(ws) {
		at := l.gradKept(ws, s, i, pixels, y, dy)
		kernel.GradSums(s.d[i*len(at):(i+1)*len(at)], at, l.in.C, mean, s.sum1, s.sum2)
	} else {
		f := l.affine(ws, s, i)
		lines, size := spans(dy)
		for h := range lines {
			x, d := pixels[h*size:(h+1)*size], dy.piece(i, h, size)
			if l.act == ReLU {
				f.ReLUGradSums(d, x, mean, s.sum1, s.sum2)
			} else {
				kernel.GradSums(d, x, l.in.C, mean, s.sum1, s.sum2)
			}
		}
	}
	if l.kind == GroupNorm {
		l.settleGroup(ws, s, from, to)
	}
}

// gradKept stores the gradient before the activation of example i, and returns the inputs that its outputs come from.
func (l *normAct) gradKept(ws *workspace, s *normActScratch, i int, pixels []float32, y, dy *activation) []float32 {
	pooled, outLine := l.out.Len(), l.out.W*l.in.C
	d := s.d[i*pooled : (i+1)*pooled]
	at := pixels
	if l.pool {
		at = s.at[i*pooled : (i+1)*pooled]
	}
	out, grad := y.inner(i), dy.inner(i)
	lines := l.out.H
	if y.pad == 0 && dy.pad == 0 {
		outLine, lines = pooled, 1
	}
	for h := range lines {
		if l.act == ReLU {
			kernel.MaskGrad(out[h*y.row():][:outLine], grad[h*dy.row():], d[h*outLine:])
		} else {
			copy(d[h*outLine:(h+1)*outLine], grad[h*dy.row():])
		}
	}
	if l.act != ReLU && l.act != Identity {
		f := l.affine(ws, s, i)
		line := l.out.W * l.in.C
		z := s.z[:line]
		for k := 0; k < pooled; k += line {
			f.Apply(at[k:k+line], z)
			l.act.grad(z, z)
			kernel.Multiply(d[k:k+line], z)
		}
	}
	return at
}

func (l *normAct) gradEnd(ws *workspace, s *normActScratch, n int) {
	if l.kind != GroupNorm {
		l.settle(ws, s, n)
	}
	if ws.grad == nil {
		return
	}
	for j := range l.in.C {
		ws.grad[l.shift+j] = float32(s.dshift[j])
		if l.scale >= 0 {
			ws.grad[l.scale+j] = float32(s.dscale[j])
		}
	}
}

// gradInput computes the gradient of the pixels of example i into dx, whose rows are row apart.
func (l *normAct) gradInput(ws *workspace, s *normActScratch, i int, pixels []float32, dy *activation, dx []float32, row int) {
	c, pooled := l.in.C, l.out.Len()
	line, outLine := l.in.W*c, l.out.W*c
	from, to := l.set(i)
	k := kernel.Spread{Mean: s.mean32[from:to], Gain: s.gain[from:to], Offset: s.off[from:to], Slope: s.slope[from:to]}
	if !l.keeps(ws) {
		f := l.affine(ws, s, i)
		for h := range l.in.H {
			d, x := dy.piece(i, h, line), pixels[h*line:]
			if l.act == ReLU {
				k.ReLUGrad(&f, d, x, dx[h*row:])
			} else {
				k.Grad(d, x, dx[h*row:])
			}
		}
		return
	}
	d := s.d[i*pooled : (i+1)*pooled]
	if !l.pool {
		for h := range l.in.H {
			k.Grad(d[h*line:(h+1)*line], pixels[h*line:], dx[h*row:])
		}
		return
	}
	which := s.which[i*pooled : (i+1)*pooled]
	for h := range l.out.H {
		top, to := pixels[2*h*line:], dx[2*h*row:]
		k.PoolGrad(d[h*outLine:], which[h*outLine:], top[:line], top[line:2*line], to, to[row:])
		if l.in.W%2 == 1 {
			k.Rest(top[line-c:line], to[line-c:])
			k.Rest(top[2*line-c:2*line], to[row+line-c:])
		}
	}
	if l.in.H%2 == 1 {
		h := l.in.H - 1
		k.Rest(pixels[h*line:(h+1)*line], dx[h*row:])
	}
}

func (l *normAct) backward(ws *workspace, x, y, dy, dx *activation) {
	s := ws.scratch.(*normActScratch)
	data, size := x.flat(), l.in.Len()
	l.gradBegin(s)
	for i := range x.n {
		l.gradSums(ws, s, i, data[i*size:(i+1)*size], y, dy)
	}
	l.gradEnd(ws, s, x.n)
	if dx == nil {
		return
	}
	for i := range x.n {
		l.gradInput(ws, s, i, data[i*size:(i+1)*size], dy, dx.inner(i), dx.row())
	}
}

// settle turns the sums over the batch into the gradients of scale and shift and the constants of dx. With
// x̂ = (x-mean) inv and N values a channel, dx = scale inv (d - sum1/N - x̂ inv sum2/N); constant statistics leave the
// first term.
func (l *normAct) settle(ws *workspace, s *normActScratch, n int) {
	if t := s.tangent; t != nil {
		copy(t.s1, s.sum1)
		copy(t.s2, s.sum2)
	}
	count := float64(n * l.in.H * l.in.W)
	for j := range l.in.C {
		inv := s.inv[j]
		s.dshift[j], s.dscale[j] = s.sum1[j], inv*s.sum2[j]
		gain := inv
		if l.scale >= 0 {
			gain = float64(ws.w[l.scale+j]) * inv
		}
		s.gain[j], s.off[j], s.slope[j] = float32(gain), 0, 0
		if l.kind == BatchNorm && ws.mode == Train {
			s.off[j] = float32(gain * s.sum1[j] / count)
			s.slope[j] = float32(gain * inv * inv * s.sum2[j] / count)
		}
	}
}

// settleGroup does the same for one example: the statistics are shared by the channels of a group, whose scales differ.
func (l *normAct) settleGroup(ws *workspace, s *normActScratch, from, to int) {
	if t := s.tangent; t != nil {
		copy(t.s1[from:to], s.sum1)
		copy(t.s2[from:to], s.sum2)
	}
	count := float64(l.in.H * l.in.W * l.group)
	inv := s.inv[from:to]
	gain, off, slope := s.gain[from:to], s.off[from:to], s.slope[from:to]
	for g := 0; g < l.in.C; g += l.group {
		var t1, t2 float64
		for j := g; j < g+l.group; j++ {
			gamma := float64(ws.w[l.scale+j])
			t1 += float64(gamma * s.sum1[j])
			t2 += float64(gamma * s.sum2[j])
		}
		for j := g; j < g+l.group; j++ {
			s.dshift[j] += s.sum1[j]
			s.dscale[j] += float64(inv[j] * s.sum2[j])
			gain[j] = float32(float64(ws.w[l.scale+j]) * inv[j])
			off[j] = float32(inv[j] * t1 / count)
			slope[j] = float32(inv[j] * inv[j] * inv[j] * t2 / count)
		}
	}
}

// activate is the forward pass of activations other than ReLU for example i, some rows at a time.
func (l *normAct) activate(s *normActScratch, f *kernel.Affine, in []float32, i int, y *activation) {
	out := y.inner(i)
	line, outLine, pooled := l.in.W*l.in.C, l.out.W*l.in.C, l.out.Len()
	if !l.pool {
		for h := range l.in.H {
			to := out[h*y.row():][:line]
			f.Apply(in[h*line:(h+1)*line], to)
			l.act.of(to, to)
		}
		return
	}
	at, which := s.at[i*pooled:], s.which[i*pooled:]
	z := s.z[:2*line]
	for h := range l.out.H {
		pair := in[2*h*line:][:2*line]
		f.Apply(pair, z)
		l.act.of(z, z)
		kernel.Pool(z, pair, l.in.C, out[h*y.row():], at[h*outLine:], which[h*outLine:])
	}
}
