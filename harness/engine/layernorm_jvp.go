package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// layerNormTangent is the memory of tangents: values of an example, rows of one element a position.
type layerNormTangent struct {
	rxhat, ra, da    []float32
	coupling, off    []float32 // rows
	slope, factor    []float32
	rdscale, rdshift []float64
	rx, ry, rdy, rdx dense
}

func newLayerNormTangent(in Shape) *layerNormTangent {
	rows := in.H * in.W
	t := &layerNormTangent{rxhat: kernel.Alloc(in.Len()), ra: kernel.Alloc(in.Len()), da: kernel.Alloc(in.Len())}
	t.coupling, t.off = kernel.Alloc(rows), kernel.Alloc(rows)
	t.slope, t.factor = kernel.Alloc(rows), kernel.Alloc(rows)
	t.rdscale, t.rdshift = make([]float64, in.C), make([]float64, in.C)
	return t
}

// standardise computes x̂ of example i and its tangent, rx̂ = (rx - mean(rx) - x̂ mean(rx x̂))/σ, and keeps mean(rx x̂) as
// the coupling: the tangent of 1/σ is -coupling/σ².
func (l *layerNorm) standardise(s *layerNormScratch, i int, x, rx *activation) {
	t, c := s.tangent, l.in.C
	inv := l.rows(s.inv, i)
	kernel.Standardise(s.x.load(x, i), c, l.rows(s.mean, i), inv, s.xhat)
	if rx == nil {
		clear(t.rxhat)
		clear(t.coupling)
		return
	}
	in := t.rx.load(rx, i)
	l.means(s, in, nil, s.off)
	l.means(s, in, s.xhat, t.coupling)
	kernel.RowProject(in, s.xhat, c, s.off, t.coupling, inv, t.rxhat)
}

// jvp computes ry = rx̂ scale + x̂ vscale + vshift, where v is the direction of the parameters.
func (l *layerNorm) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*layerNormScratch)
	t := s.tangent
	scale, _ := l.params(ws.w)
	vscale, vshift := l.params(ws.v)
	f := kernel.Tangent{Mean: s.zeros, Gain: scale, Slope: vscale, Offset: vshift}
	for i := range x.n {
		l.standardise(s, i, x, rx)
		out := t.ry.room(ry, i)
		f.Affine(s.xhat, t.rxhat, out)
		t.ry.store(ry, i, out)
	}
}

// jvpBackward: with a = dy scale and its tangent ra = rdy scale + dy vscale,
//
//	rdx = (ra - mean(ra) - x̂ (mean(ra x̂) + mean(a rx̂)) - rx̂ mean(a x̂) - dx coupling)/σ
func (l *layerNorm) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	s := ws.scratch.(*layerNormScratch)
	t, c := s.tangent, l.in.C
	scale, _ := l.params(ws.w)
	vscale, _ := l.params(ws.v)
	f := kernel.Tangent{Mean: s.zeros, Gain: scale, Slope: vscale, Offset: s.zeros}
	clear(t.rdscale)
	clear(t.rdshift)
	for i := range x.n {
		l.standardise(s, i, x, rx)
		d, rd, inv := s.dy.load(dy, i), t.rdy.load(rdy, i), l.rows(s.inv, i)
		kernel.TangentSums(d, rd, s.xhat, t.rxhat, c, s.zeros64, t.rdshift, t.rdscale)
		if rdx == nil {
			continue
		}
		kernel.ColumnAffine(d, scale, s.zeros, s.a)
		f.Affine(d, rd, t.ra)
		l.means(s, s.a, nil, s.off)
		l.means(s, s.a, s.xhat, s.slope)
		kernel.RowProject(s.a, s.xhat, c, s.off, s.slope, inv, t.da)

		l.means(s, t.ra, nil, t.off)
		l.means(s, t.ra, s.xhat, t.slope)
		l.means(s, s.a, t.rxhat, t.factor)
		for k, v := range t.factor {
			t.slope[k] += v
		}
		to := t.rdx.room(rdx, i)
		kernel.RowProject(t.ra, s.xhat, c, t.off, t.slope, inv, to)
		for k, v := range inv {
			t.factor[k] = -v * s.slope[k]
		}
		kernel.RowAdd(t.rxhat, c, t.factor, to)
		for k, v := range inv {
			t.factor[k] = -v * t.coupling[k]
		}
		kernel.RowAdd(t.da, c, t.factor, to)
		t.rdx.store(rdx, i, to)
	}
	rscale, rshift := l.params(ws.rgrad)
	for j := range rscale {
		rscale[j], rshift[j] = float32(t.rdscale[j]), float32(t.rdshift[j])
	}
}
