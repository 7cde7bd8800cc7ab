package engine

// jvp: the inputs have no tangent, so neither have μ and σ. With γ' = γ + 1e-10,
//
//	ru = x̂ rγ + rβ,  ry = ((rv - rβ) - (v - β) rγ/γ') σ/γ'.
func (l *reversible) jvp(ws *workspace, x, rx, y, ry *activation) {
	if rx != nil {
		panic("engine: reversible normalisation is for the network's inputs, which have no tangent")
	}
	s := ws.scratch.(*reversibleScratch)
	s.ru, s.rv = l.inner(s, s.ru, x.n, false, false), l.inner(s, s.rv, x.n, true, false)
	scale, shift := l.params(ws.w)
	rscale, rshift := l.params(ws.v)
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			in, to := x.position(i, p), s.ru.position(i, p)
			mean, g, b := s.mean[at], float64(rscale[p])/s.sigma[at], float64(rshift[p])
			for k, v := range in {
				to[k] = float32(float64((float64(v)-mean)*g) + b)
			}
		}
	}
	ws.scratch = s.body
	l.body.jvp(ws, s.u, s.ru, s.v, s.rv)
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			v, rv, to := s.v.position(i, p), s.rv.position(i, p), ry.position(i, p)
			divisor, b, rb := l.divisor(scale[p]), float64(shift[p]), float64(rshift[p])
			back, turn := s.sigma[at]/divisor, float64(rscale[p])/divisor
			for k := range to {
				to[k] = float32((float64(rv[k]) - rb - float64((float64(v[k])-b)*turn)) * back)
			}
		}
	}
}

// jvpBackward takes the tangent of each step of backward:
//
//	rdv = (rdy - dy rγ/γ') σ/γ'
//	rdβ = -Σ rdv + Σ rdu
//	rdγ = -Σ (rdv (v - β) + dv (rv - rβ) - dv (v - β) rγ/γ')/γ' + Σ rdu x̂
//
// where the last term of dγ = -Σ dv (v - β)/γ' is that of 1/γ'.
func (l *reversible) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	if rdx != nil {
		panic("engine: reversible normalisation is for the network's inputs, whose gradient has no tangent")
	}
	s := ws.scratch.(*reversibleScratch)
	s.rdu, s.rdv = l.inner(s, s.rdu, x.n, false, true), l.inner(s, s.rdv, x.n, true, true)
	scale, shift := l.params(ws.w)
	rscale, rshift := l.params(ws.v)
	s.clearSums()
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			d, rd, dv, to := dy.position(i, p), rdy.position(i, p), s.dv.position(i, p), s.rdv.position(i, p)
			v, rv := s.v.position(i, p), s.rv.position(i, p)
			divisor, b, rb := l.divisor(scale[p]), float64(shift[p]), float64(rshift[p])
			back, turn := s.sigma[at]/divisor, float64(rscale[p])/divisor
			var sum, product float64
			for k := range to {
				e := (float64(rd[k]) - float64(float64(d[k])*turn)) * back
				to[k] = float32(e)
				sum += e
				off := float64(v[k]) - b
				product += float64(e*off) + float64(float64(dv[k])*(float64(rv[k])-rb-float64(off*turn)))
			}
			s.dshift[p] -= sum
			s.dscale[p] -= product / divisor
		}
	}
	ws.scratch = s.body
	l.body.jvpBackward(ws, s.u, s.ru, s.v, s.rv, s.dv, s.rdv, s.du, s.rdu)
	for i := range x.n {
		for p := range scale {
			at := i*len(scale) + p
			in, rdu := x.position(i, p), s.rdu.position(i, p)
			mean, inv := s.mean[at], 1/s.sigma[at]
			for k, d := range rdu {
				s.dshift[p] += float64(d)
				s.dscale[p] += float64(float64(d) * ((float64(in[k]) - mean) * inv))
			}
		}
	}
	s.storeSums(l.params(ws.rgrad))
}
