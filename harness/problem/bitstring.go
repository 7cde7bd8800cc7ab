package problem

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Strings of bits with frozen distortion, DisOM (Lengler, Schiller & Sieberling 2024): the fitness of a string is the
// number of its ones (OneMax) plus, with the given probability for each string on its own, an exponentially distributed
// number of the given mean. Whether and how much a string is distorted is a function of its bits and the trial's seed, the
// same whenever it is asked for.
//
// Parameter i stands for a one when it is above 0, so that 0/1 and ±1 strings are both read. The loss an optimizer sees is
// the number of bits minus the fitness; the exact objective is the number of zeros beyond those that target allows, and
// the error is the share of zeros. There are no gradients. It starts at a random string of 0 and 1.
var bitstringKind = kind{
	summary: "bit strings: OneMax with frozen distortion (DisOM)",
	options: []Option{
		{Name: "bits", Default: int64(200), Min: 1, Max: 1 << 20, Help: "length of the string"},
		{Name: "probability", Default: 0.0, Min: 0, Max: 1, Help: "of a string to be distorted"},
		{Name: "distortion", Default: 1.0, Min: 0, Open: true, Max: inf, Help: "mean of the distortion of a distorted string, in bits"},
		{Name: "target", Default: int64(0), Min: 0, Max: 1 << 20, Help: "the exact objective is 0 from this many ones on; 0: all bits"},
	},
	errors: true,
	check: func(s Spec) []Issue {
		if s.int("target") > s.int("bits") {
			return []Issue{{"target", fmt.Sprintf("target: expected at most the %d bits, found %d", s.int("bits"), s.int("target"))}}
		}
		return nil
	},
	size: func(Spec) int { return 1 },
	make: func(s Spec, seed uint64) terms {
		b := &bitstring{
			n: s.int("bits"), p: s.float("probability"), mean: s.float("distortion"), target: s.int("target"), seed: seed,
		}
		if b.target == 0 {
			b.target = b.n
		}
		b.packed = make([]byte, 8*((b.n+63)/64))
		return b
	},
}

type bitstring struct {
	n, target int
	p, mean   float64
	seed      uint64
	packed    []byte
}

func (b *bitstring) dim() int  { return b.n }
func (b *bitstring) size() int { return 1 }

func (b *bitstring) start(w []float32) {
	r := rng.New(b.seed, "problem/start", 0)
	for i := range w {
		w[i] = float32(r.Uint64() >> 63)
	}
}

func ones(w []float64) (n int) {
	for _, x := range w {
		if x > 0 {
			n++
		}
	}
	return n
}

// extra is the distortion of the string.
func (b *bitstring) extra(w []float64) float64 {
	if b.p == 0 {
		return 0
	}
	// FNV-1a over the packed bits names the string's own random stream.
	clear(b.packed)
	for i, x := range w {
		if x > 0 {
			b.packed[i/8] |= 1 << (i % 8)
		}
	}
	hash := uint64(14695981039346656037)
	for at := 0; at < len(b.packed); at += 8 {
		hash ^= binary.LittleEndian.Uint64(b.packed[at:])
		hash *= 1099511628211
		hash ^= hash >> 32
	}
	r := rng.New(b.seed, "problem/distortion", hash)
	if r.Float64() >= b.p {
		return 0
	}
	return -b.mean * math.Log1p(-r.Float64())
}

func (b *bitstring) loss(_ int, w []float64) float64 {
	return float64(b.n-ones(w)) - b.extra(w)
}

func (b *bitstring) exact(w []float64) (loss float64, wrong, of int) {
	n := ones(w)
	return float64(max(0, b.target-n)), b.n - n, b.n
}
