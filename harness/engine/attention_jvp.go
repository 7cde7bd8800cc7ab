package engine

import "github.com/sharpbench/sharpbench/harness/engine/internal/kernel"

// tangentWeights computes the softmax of a head into s.p and its tangent into s.rp: rP = P (rS - row sums of P rS) with
// rS = (q rkᵀ + rq kᵀ)/√d.
func (l *attention) tangentWeights(s *attentionScratch, h, r head) {
	t := l.positions()
	l.weights(s, h)
	l.outer(s, l.keys, l.wide(h.q), r.k, l.scale(), s.rp, false)
	l.outer(s, l.keys, l.wide(r.q), h.k, l.scale(), s.rp, true)
	s.dotRows(l.square(s.p), l.square(s.rp), t, s.delta, false)
	kernel.RowGate(s.p, s.rp, t, s.delta, 1, s.rp)
}

// jvp computes rO = rP V + P rV.
func (l *attention) jvp(ws *workspace, x, rx, y, ry *activation) {
	s := ws.scratch.(*attentionScratch)
	for i := range x.n {
		to := s.ry.room(ry, i)
		if rx == nil {
			clear(to)
			s.ry.store(ry, i, to)
			continue
		}
		in, rin := s.x.load(x, i), s.rx.load(rx, i)
		for k := range l.heads {
			h, r := l.head(in, k), l.head(rin, k)
			l.tangentWeights(s, h, r)
			ro := l.narrow(to[k*l.width:])
			l.apply(s, l.width, l.square(s.rp), l.wide(h.v), ro, false)
			l.apply(s, l.width, l.square(s.p), l.wide(r.v), ro, true)
		}
		s.ry.store(ry, i, to)
	}
}

// jvpBackward takes the tangent of each step of backward:
//
//	rdV = rPᵀ dO + Pᵀ rdO
//	rdP = rdO Vᵀ + dO rVᵀ
//	rδ  = row sums of rdO O + dO rO
//	rdS = rP (dP - δ) + P (rdP - rδ)
//	rdQ = (rdS K + dS rK)/√d
//	rdK = (rdSᵀ Q + dSᵀ rQ)/√d
func (l *attention) jvpBackward(ws *workspace, x, rx, y, ry, dy, rdy, dx, rdx *activation) {
	if rdx == nil {
		return
	}
	if rx == nil {
		l.backward(ws, x, y, rdy, rdx)
		return
	}
	s := ws.scratch.(*attentionScratch)
	t := l.positions()
	square := t * t
	for i := range x.n {
		in, rin, out, rout := s.x.load(x, i), s.rx.load(rx, i), s.y.load(y, i), s.ry.load(ry, i)
		d, rd, to := s.dy.load(dy, i), s.rd.load(rdy, i), s.to.room(rdx, i)
		for k := range l.heads {
			h, r, g, from := l.head(in, k), l.head(rin, k), l.head(to, k), k*l.width
			do, rdo, o, ro := l.narrow(d[from:]), l.narrow(rd[from:]), l.narrow(out[from:]), l.narrow(rout[from:])
			l.tangentWeights(s, h, r)
			l.apply(s, l.width, l.turned(s.rp), do, l.wide(g.v), false)
			l.apply(s, l.width, l.turned(s.p), rdo, l.wide(g.v), true)

			l.outer(s, l.width, do, h.v, 1, s.dp, false)
			l.outer(s, l.width, rdo, h.v, 1, s.rdp, false)
			l.outer(s, l.width, do, r.v, 1, s.rdp, true)
			s.dotRows(do, o, l.width, s.delta, false)
			s.dotRows(rdo, o, l.width, s.rdelta, false)
			s.dotRows(do, ro, l.width, s.rdelta, true)

			// rdS, dS and a part of rdS in place of rdP, dP and rP.
			kernel.RowGate(s.p, s.rdp, t, s.rdelta, l.scale(), s.rdp)
			kernel.RowGate(s.rp, s.dp, t, s.delta, l.scale(), s.rp)
			kernel.AddScaled(s.rdp[:square], one[:], s.rp, 0)
			kernel.RowGate(s.p, s.dp, t, s.delta, l.scale(), s.dp)

			l.apply(s, l.keys, l.square(s.rdp), l.wide(h.k), l.wide(g.q), false)
			l.apply(s, l.keys, l.square(s.dp), l.wide(r.k), l.wide(g.q), true)
			l.apply(s, l.keys, l.turned(s.rdp), l.wide(h.q), l.wide(g.k), false)
			l.apply(s, l.keys, l.turned(s.dp), l.wide(r.q), l.wide(g.k), true)
		}
		s.to.store(rdx, i, to)
	}
}
