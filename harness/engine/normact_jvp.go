package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// Derivatives of a normAct along a direction: a dot is the derivative along it, N the number of values that share a mean
// m and inv = 1/sqrt(variance + ε), and γ and β are the scale and the shift.
//
//	z   = γ (x-m) inv + β
//	ṁ   = Σ ẋ / N,   inv˙ = -inv³ Σ (x-m) ẋ / N
//	ż   = ẋ γ inv + (x-m) (γ˙ inv + γ inv˙) + (β˙ - γ inv ṁ)
//	ẏ   = a'(z) ż
//	d   = a'(z) dy
//	ḋ   = a'(z) dy˙ + a"(z) ż dy
//	s1  = Σ d,   s2 = Σ d (x-m)               (a channel)
//	ṡ1  = Σ ḋ,   ṡ2 = Σ ḋ (x-m) + d ẋ - ṁ s1
//	dβ˙ = ṡ1,    dγ˙ = inv˙ s2 + inv ṡ2
//	t1  = Σ γ s1,  t2 = Σ γ s2                (over the channels that share m)
//	dx  = d γ inv - t1 inv/N - (x-m) t2 inv³/N
//	dx˙ = ḋ γ inv + d (γ inv)˙ - ẋ t2 inv³/N - (x-m) (t2 inv³)˙/N - (t1 inv)˙/N + ṁ t2 inv³/N
//
// Constant statistics have ṁ = inv˙ = 0 and no terms over N. Max-pooling keeps its places: they are constant almost
// everywhere.

// normActTangent is the working memory for it. Vectors have one element a channel in as many sets as those of
// normActScratch.
type normActTangent struct {
	mean, inv          []float64 // ṁ and inv˙
	slope, off         []float32 // of ż; its gain is the scale of the forward pass
	s1, s2             []float64 // of the backward pass of the primal
	sum1, sum2         []float64 // of the channels of one set
	gain, curve, shift []float32 // of dx˙: GainT, SlopeT, OffsetT
	dscale, dshift     []float64 // dγ˙ and dβ˙
	at                 []float32 // tangents of the inputs that pooled maxima come from
	d                  []float32 // ḋ
	zero               []float32 // the tangent of an example's inputs where there is none
	n                  int       // examples of the pass
}

func (l *normAct) tangentScratch(s *normActScratch, n int) {
	t := s.tangent
	if t == nil {
		t = new(normActTangent)
		s.tangent = t
	}
	c := l.in.C
	sets := 1
	if l.kind == GroupNorm {
		sets = n
	}
	if len(t.mean) < sets*c {
		t.mean, t.inv = make([]float64, sets*c), make([]float64, sets*c)
		t.s1, t.s2 = make([]float64, sets*c), make([]float64, sets*c)
		t.slope, t.off = grow(nil, sets*c), grow(nil, sets*c)
		t.gain, t.curve, t.shift = grow(nil, sets*c), grow(nil, sets*c), grow(nil, sets*c)
	}
	if t.sum1 == nil {
		t.sum1, t.sum2 = make([]float64, c), make([]float64, c)
		t.dscale, t.dshift = make([]float64, c), make([]float64, c)
	}
	if l.pool {
		t.at = grow(t.at, n*l.out.Len())
	}
	t.d = grow(t.d, n*l.out.Len())
}

// varying says whether the statistics depend on the inputs.
func (l *normAct) varying(ws *workspace) bool { return l.kind == GroupNorm || l.shared(ws) }

// A tangent pass is tangentBegin, tangentObserve for each example, tangentConclude, tangentApply for each example. As in
// the forward pass, tangentApply may follow tangentObserve at once where shared reports false.

func (l *normAct) tangentBegin(ws *workspace, s *normActScratch, n int) {
	t := s.tangent
	t.n = n
	clear(t.sum1)
	clear(t.sum2)
	if !l.varying(ws) {
		l.tangentCoefficients(ws, s, 0, l.in.C)
	}
}

// tangentObserve takes the sums of the tangents of example i.
func (l *normAct) tangentObserve(ws *workspace, s *normActScratch, i int, pixels, tangents []float32) {
	if !l.varying(ws) {
		return
	}
	t, c := s.tangent, l.in.C
	from, to := l.set(i)
	if l.kind == GroupNorm {
		clear(t.sum1)
		clear(t.sum2)
	}
	kernel.GradSums(tangents, pixels, c, s.mean[from:to], t.sum1, t.sum2)
	if l.kind == GroupNorm {
		l.tangentCoefficients(ws, s, from, to)
	}
}

func (l *normAct) tangentConclude(ws *workspace, s *normActScratch) {
	if l.shared(ws) {
		l.tangentCoefficients(ws, s, 0, l.in.C)
	}
}

// count is the number of values that share a mean, of n examples.
func (l *normAct) count(n int) float64 {
	positions := l.in.H * l.in.W
	if l.kind == GroupNorm {
		return float64(positions * l.group)
	}
	return float64(n * positions)
}

// shares is how many channels share a mean.
func (l *normAct) shares() int {
	if l.kind == GroupNorm {
		return l.group
	}
	return 1
}

// direction returns γ, γ˙ and β˙ of channel j.
func (l *normAct) direction(ws *workspace, j int) (gamma, dGamma, dBeta float64) {
	if l.scale < 0 {
		return 1, 0, float64(ws.v[l.shift+j])
	}
	return float64(ws.w[l.scale+j]), float64(ws.v[l.scale+j]), float64(ws.v[l.shift+j])
}

// tangentCoefficients computes those of ż for the channels from..to.
func (l *normAct) tangentCoefficients(ws *workspace, s *normActScratch, from, to int) {
	t, size := s.tangent, l.shares()
	count := l.count(t.n)
	for g := from; g < to; g += size {
		var mean, inv float64
		if l.varying(ws) {
			j, i := g-from, s.inv[g]
			mean = total(t.sum1[j:j+size]) / count
			inv = -i * i * i * (total(t.sum2[j:j+size]) / count)
		}
		for k := g; k < g+size; k++ {
			gamma, dGamma, dBeta := l.direction(ws, k-from)
			t.mean[k], t.inv[k] = mean, inv
			t.slope[k] = float32(float64(dGamma*s.inv[k]) + float64(gamma*inv))
			t.off[k] = float32(dBeta - float64(gamma*s.inv[k]*mean))
		}
	}
}

func (l *normAct) tangent(s *normActScratch, i int) kernel.Tangent {
	from, to := l.set(i)
	t := s.tangent
	return kernel.Tangent{Mean: s.mean32[from:to], Gain: s.scale[from:to], Slope: t.slope[from:to], Offset: t.off[from:to]}
}

// tangentApply computes example i of ry from the tangents of its pixels.
func (l *normAct) tangentApply(ws *workspace, s *normActScratch, i int, pixels, tangents []float32, y, ry *activation) {
	at, rat := l.pooled(s, i, pixels, tangents, true)
	k := l.tangent(s, i)
	out, rout := y.inner(i), ry.inner(i)
	line := l.out.W * l.in.C
	for h := range l.out.H {
		x, rx, to := at[h*line:(h+1)*line], rat[h*line:], rout[h*ry.row():]
		if l.act == ReLU {
			k.ReLU(x, rx, out[h*y.row():], to)
		} else {
			k.Affine(x, rx, to)
		}
	}
	if l.act == ReLU || l.act == Identity {
		return
	}
	f := l.affine(ws, s, i)
	z := s.z[:line]
	for h := range l.out.H {
		f.Apply(at[h*line:(h+1)*line], z)
		l.act.grad(z, z)
		kernel.Multiply(rout[h*ry.row():][:line], z)
	}
}

// pooled returns the inputs of example i that its outputs come from, and their tangents, which it collects first where
// collect says so.
func (l *normAct) pooled(s *normActScratch, i int, pixels, tangents []float32, collect bool) (at, rat []float32) {
	if !l.pool {
		return pixels, tangents
	}
	c, pooled := l.in.C, l.out.Len()
	line, outLine := l.in.W*c, l.out.W*c
	at, rat = s.at[i*pooled:(i+1)*pooled], s.tangent.at[i*pooled:(i+1)*pooled]
	if collect {
		which := s.which[i*pooled:]
		for h := range l.out.H {
			top := tangents[2*h*line:]
			kernel.Gather(top[:line], top[line:2*line], which[h*outLine:], c, rat[h*outLine:])
		}
	}
	return at, rat
}

// inputs returns the pixels of example i and their tangents.
func (l *normAct) inputs(s *normActScratch, i int, x, rx *activation) (pixels, tangents []float32) {
	size := l.in.Len()
	pixels = x.flat()[i*size : (i+1)*size]
	if rx == nil {
		s.tangent.zero = grow(s.tangent.zero, size)
		return pixels, s.tangent.zero
	}
	return pixels, rx.flat()[i*size : (i+1)*size]
}

func (l *normAct) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*normActScratch)
	l.tangentBegin(ws, s, x.n)
	for i := range x.n {
		pixels, tangents := l.inputs(s, i, x, rx)
		l.tangentObserve(ws, s, i, pixels, tangents)
	}
	l.tangentConclude(ws, s)
	for i := range x.n {
		pixels, tangents := l.inputs(s, i, x, rx)
		l.tangentApply(ws, s, i, pixels, tangents, y, ry)
	}
}

// A backward pass of the tangents is tangentGradBegin, tangentGradSums for each example, tangentGradEnd,
// tangentGradInput for each example.

func (l *normAct) tangentGradBegin(s *normActScratch) {
	t := s.tangent
	clear(t.sum1)
	clear(t.sum2)
	clear(t.dscale)
	clear(t.dshift)
}

// tangentGradSums computes ḋ of example i and its sums.
func (l *normAct) tangentGradSums(ws *workspace, s *normActScratch, i int, pixels, tangents []float32, y, dy, rdy *activation) {
	t, c, pooled, line := s.tangent, l.in.C, l.out.Len(), l.out.W*l.in.C
	from, to := l.set(i)
	at, rat := l.pooled(s, i, pixels, tangents, false)
	d, rd := s.d[i*pooled:(i+1)*pooled], t.d[i*pooled:(i+1)*pooled]
	out, grad, rgrad := y.inner(i), dy.inner(i), rdy.inner(i)
	for h := range l.out.H {
		if l.act == ReLU {
			kernel.MaskGrad(out[h*y.row():][:line], rgrad[h*rdy.row():], rd[h*line:])
		} else {
			copy(rd[h*line:(h+1)*line], rgrad[h*rdy.row():])
		}
	}
	if l.act != ReLU && l.act != Identity {
		f, k := l.affine(ws, s, i), l.tangent(s, i)
		z, rz, slope := s.z[:line], s.z[line:2*line], s.z[2*line:3*line]
		for h := range l.out.H {
			x, to := at[h*line:(h+1)*line], rd[h*line:(h+1)*line]
			f.Apply(x, z)
			l.act.grad(slope, z)
			kernel.Multiply(to, slope)
			l.act.second(z, z)
			k.Affine(x, rat[h*line:], rz)
			kernel.Multiply(rz, grad[h*dy.row():][:line])
			kernel.Multiply(rz, z)
			kernel.Add(to, rz)
		}
	}
	if l.kind == GroupNorm {
		clear(t.sum1)
		clear(t.sum2)
	}
	kernel.TangentSums(d, rd, at, rat, c, s.mean[from:to], t.sum1, t.sum2)
	if l.kind == GroupNorm {
		l.tangentSettle(ws, s, from, to)
	}
}

func (l *normAct) tangentGradEnd(ws *workspace, s *normActScratch) {
	if l.kind != GroupNorm {
		l.tangentSettle(ws, s, 0, l.in.C)
	}
	t := s.tangent
	for j := range l.in.C {
		ws.rgrad[l.shift+j] = float32(t.dshift[j])
		if l.scale >= 0 {
			ws.rgrad[l.scale+j] = float32(t.dscale[j])
		}
	}
}

// tangentSettle turns the sums of the channels from..to into dγ˙, dβ˙ and the coefficients of dx˙.
func (l *normAct) tangentSettle(ws *workspace, s *normActScratch, from, to int) {
	t, size := s.tangent, l.shares()
	count := l.count(t.n)
	for g := from; g < to; g += size {
		inv, dInv, mean := s.inv[g], t.inv[g], t.mean[g]
		var t1, t2, r1, r2 float64
		for k := g; k < g+size; k++ {
			j := k - from
			gamma, dGamma, _ := l.direction(ws, j)
			t.sum2[j] -= float64(mean * t.s1[k])
			t.dshift[j] += t.sum1[j]
			t.dscale[j] += float64(dInv*t.s2[k]) + float64(inv*t.sum2[j])
			t.gain[k] = float32(float64(dGamma*inv) + float64(gamma*dInv))
			t1 += float64(gamma * t.s1[k])
			t2 += float64(gamma * t.s2[k])
			r1 += float64(dGamma*t.s1[k]) + float64(gamma*t.sum1[j])
			r2 += float64(dGamma*t.s2[k]) + float64(gamma*t.sum2[j])
		}
		var curve, shift float64
		if l.varying(ws) {
			curve = inv * inv * (float64(3*dInv*t2) + float64(inv*r2)) / count
			shift = (float64(dInv*t1) + float64(inv*r1) - float64(mean*inv*inv*inv*t2)) / count
		}
		for k := g; k < g+size; k++ {
			t.curve[k], t.shift[k] = float32(curve), float32(shift)
		}
	}
}

// tangentGradInput computes the tangents of the gradient of the pixels of example i into rdx, whose rows are row apart.
func (l *normAct) tangentGradInput(s *normActScratch, i int, pixels, tangents, rdx []float32, row int) {
	t, c, pooled := s.tangent, l.in.C, l.out.Len()
	line, outLine := l.in.W*c, l.out.W*c
	from, to := l.set(i)
	k := kernel.SpreadTangent{Mean: s.mean32[from:to], Gain: s.gain[from:to], GainT: t.gain[from:to],
		Slope: s.slope[from:to], SlopeT: t.curve[from:to], OffsetT: t.shift[from:to]}
	d, rd := s.d[i*pooled:(i+1)*pooled], t.d[i*pooled:(i+1)*pooled]
	if !l.pool {
		for h := range l.in.H {
			k.Grad(d[h*line:(h+1)*line], rd[h*line:], pixels[h*line:], tangents[h*line:], rdx[h*row:])
		}
		return
	}
	which := s.which[i*pooled : (i+1)*pooled]
	for h := range l.in.H {
		x, rx, to := pixels[h*line:(h+1)*line], tangents[h*line:(h+1)*line], rdx[h*row:]
		if h/2 == l.out.H {
			k.Rest(x, rx, to)
			break
		}
		o := h / 2 * outLine
		k.PoolGrad(d[o:], rd[o:], which[o:], h%2 == 1, x, rx, to)
		if l.in.W%2 == 1 {
			k.Rest(x[line-c:], rx[line-c:], to[line-c:])
		}
	}
}

func (l *normAct) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*normActScratch)
	l.tangentGradBegin(s)
	for i := range x.n {
		pixels, tangents := l.inputs(s, i, x, rx)
		l.tangentGradSums(ws, s, i, pixels, tangents, y, dy, rdy)
	}
	l.tangentGradEnd(ws, s)
	if rdx == nil {
		return
	}
	for i := range x.n {
		pixels, tangents := l.inputs(s, i, x, rx)
		l.tangentGradInput(s, i, pixels, tangents, rdx.inner(i), rdx.row())
	}
}
