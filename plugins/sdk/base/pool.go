package base

import (
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Pool is a choice among coordinates: masks of the largest elements over some stretches of the parameters, taken
// together.
type Pool struct {
	spans []Span
	n     int
	// The elements of the stretches side by side, unless they are one.
	score, chosen sdk.Vec
}

// NewPool returns the pool of the stretches, which must not overlap.
func NewPool(spans []Span) *Pool {
	p := &Pool{spans: spans}
	for _, s := range spans {
		p.n += s.To - s.From
	}
	if len(spans) > 1 {
		p.score, p.chosen = make(sdk.Vec, p.n), make(sdk.Vec, p.n)
	}
	return p
}

// Len is the number of coordinates in the pool.
func (p *Pool) Len() int { return p.n }

// KeepLargest stores in mask, on the pool, 1 for its n elements largest in |score| and 0 for the others; of equal ones
// the first are taken. Elements of mask outside the pool stay as they are. mask must not be score. It does not allocate.
func (p *Pool) KeepLargest(mask, score sdk.Vec, n int) {
	if len(p.spans) == 1 {
		vec.AbsTopKMask(p.spans[0].Of(mask), p.spans[0].Of(score), n)
		return
	}
	at := 0
	for _, s := range p.spans {
		at += copy(p.score[at:], s.Of(score))
	}
	vec.AbsTopKMask(p.chosen, p.score, n)
	at = 0
	for _, s := range p.spans {
		at += copy(s.Of(mask), p.chosen[at:])
	}
}
