// Package rng gives every random decision of a trial a name.
//
// A stream is addressed by (seed, name, index): the order of epoch 3 is stream "order", index 3. Nothing is drawn in
// sequence across streams, so nothing has to be checkpointed, and adding a stream never moves another one.
//
// The generator is Philox4x64-10 (Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC 2011),
// the same that numpy ships as numpy.random.Philox. The key is (seed, first 8 bytes of sha256(name), little-endian),
// the counter is (block, index, 0, 0), blocks counted from 0.
package rng

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"

	"gonum.org/v1/gonum/mathext"
)

const (
	mul0  = 0xD2E7470EE14C6C93
	mul1  = 0xCA5A826395121157
	weyl0 = 0x9E3779B97F4A7C15
	weyl1 = 0xBB67AE8584CAA73B
)

// philox is one call of Philox4x64 with 10 rounds.
func philox(c [4]uint64, k0, k1 uint64) [4]uint64 {
	for range 10 {
		hi0, lo0 := bits.Mul64(mul0, c[0])
		hi1, lo1 := bits.Mul64(mul1, c[2])
		c = [4]uint64{hi1 ^ c[1] ^ k0, lo1, hi0 ^ c[3] ^ k1, lo0}
		k0 += weyl0
		k1 += weyl1
	}
	return c
}

// Rand draws from one stream in order. It is not safe for concurrent use. It is a math/rand/v2 Source.
type Rand struct {
	k0, k1, index uint64
	block         uint64
	buf           [4]uint64
	left          int
}

// New opens the stream (seed, name, index) at its beginning.
func New(seed uint64, name string, index uint64) *Rand {
	return &Rand{k0: seed, k1: key(name), index: index}
}

func key(name string) uint64 {
	sum := sha256.Sum256([]byte(name))
	return binary.LittleEndian.Uint64(sum[:8])
}

// Uint64 returns the next 64 bits of the stream.
func (r *Rand) Uint64() uint64 {
	if r.left == 0 {
		r.buf = philox([4]uint64{r.block, r.index, 0, 0}, r.k0, r.k1)
		r.block++
		r.left = 4
	}
	x := r.buf[4-r.left]
	r.left--
	return x
}

// Float64 returns a uniform number in [0,1) with 53 random bits.
func (r *Rand) Float64() float64 { return float64(r.Uint64()>>11) * 0x1p-53 }

// IntN returns a uniform integer in [0,n), without bias. It panics when n < 1.
func (r *Rand) IntN(n int) int {
	if n < 1 {
		panic("rng: IntN of a number below 1")
	}
	// Lemire's multiplication method: reject the few products that would favour small numbers.
	u := uint64(n)
	hi, lo := bits.Mul64(r.Uint64(), u)
	if lo < u {
		for floor := -u % u; lo < floor; {
			hi, lo = bits.Mul64(r.Uint64(), u)
		}
	}
	return int(hi)
}

// Norm returns a standard normal number, the inverse distribution function at one uniform draw.
func (r *Rand) Norm() float64 { return quantile(r.Uint64()) }

// Perm returns a uniform permutation of 0..n-1 (Fisher-Yates from the back).
func (r *Rand) Perm(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := r.IntN(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// Normal fills dst with independent N(0, std²) numbers of the stream (seed, name, index). Element i depends on i alone,
// not on the length of dst. It is the same sequence that Norm draws.
func Normal(dst []float32, seed uint64, name string, index uint64, std float64) {
	r := New(seed, name, index)
	for i := range dst {
		dst[i] = float32(std * r.Norm())
	}
}

// quantile maps 64 random bits to a standard normal: the 53 high bits, centred in their cell, so that neither 0 nor 1
// can occur.
func quantile(x uint64) float64 {
	return mathext.NormalQuantile((float64(x>>11) + 0.5) * 0x1p-53)
}
