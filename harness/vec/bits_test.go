package vec

import (
	"encoding/binary"
	"hash/fnv"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// inputs are the vectors a function may read and write.
type inputs [5][]float32

// functions are all that this package offers, with the coefficients that choose between its loops. Each writes to the
// first vectors or returns a number.
var functions = []struct {
	name string
	run  func(v inputs) float64
}{
	{"Axpy", func(v inputs) float64 { Axpy(v[0], 0.3, v[1]); return 0 }},
	{"Axpy onto itself", func(v inputs) float64 { Axpy(v[0], 0.3, v[0]); return 0 }},
	{"AddScaled", func(v inputs) float64 { AddScaled(v[0], v[1], 0.3, v[2]); return 0 }},
	{"AddScaled in place", func(v inputs) float64 { AddScaled(v[0], v[1], 0.3, v[0]); return 0 }},
	{"ScaleAdd", func(v inputs) float64 { ScaleAdd(v[0], 0.9, v[1]); return 0 }},
	{"Combine", func(v inputs) float64 { Combine(v[0], 0.3, v[1], -1.7, v[2]); return 0 }},
	{"Scale", func(v inputs) float64 { Scale(v[0], -0.7, v[1]); return 0 }},
	{"Add", func(v inputs) float64 { Add(v[0], v[1], v[2]); return 0 }},
	{"Sub", func(v inputs) float64 { Sub(v[0], v[1], v[2]); return 0 }},
	{"Mul", func(v inputs) float64 { Mul(v[0], v[1], v[2]); return 0 }},
	{"AddMul", func(v inputs) float64 { AddMul(v[0], v[1], v[2], v[3]); return 0 }},
	{"Abs", func(v inputs) float64 { Abs(v[0], v[1]); return 0 }},
	{"Sign", func(v inputs) float64 { Sign(v[0], v[1]); return 0 }},
	{"Clip", func(v inputs) float64 { Clip(v[0], v[1], -0.5, 0.7); return 0 }},
	{"Clip to [+0, 1]", func(v inputs) float64 { Clip(v[0], v[1], 0, 1); return 0 }},
	{"Clip to [-0, +0]", func(v inputs) float64 { Clip(v[0], v[1], negativeZero, 0); return 0 }},
	{"Clip to [+0, -0]", func(v inputs) float64 { Clip(v[0], v[1], 0, negativeZero); return 0 }},
	{"Clip to [-1, -0]", func(v inputs) float64 { Clip(v[0], v[1], -1, negativeZero); return 0 }},
	{"Clip to everything", func(v inputs) float64 {
		Clip(v[0], v[1], float32(math.Inf(-1)), float32(math.Inf(1)))
		return 0
	}},
	{"SGD", func(v inputs) float64 { SGD(v[0], v[1], SGDStep{Rate: 0.1}); return 0 }},
	{"SGD, L2", func(v inputs) float64 { SGD(v[0], v[1], SGDStep{Rate: 0.1, L2: 0.02}); return 0 }},
	{"SGD, decay", func(v inputs) float64 { SGD(v[0], v[1], SGDStep{Rate: 0.1, Decay: 0.02}); return 0 }},
	{"Momentum", func(v inputs) float64 { Momentum(v[0], v[1], v[2], SGDStep{Rate: 0.1, Momentum: 0.9}); return 0 }},
	{"Momentum, decay", func(v inputs) float64 {
		Momentum(v[0], v[1], v[2], SGDStep{Rate: 0.1, Momentum: 0.9, Decay: 0.03, L2: 0.001})
		return 0
	}},
	{"Nesterov", func(v inputs) float64 {
		Momentum(v[0], v[1], v[2], SGDStep{Rate: 0.1, Momentum: 0.9, Nesterov: true})
		return 0
	}},
	{"Nesterov, decay", func(v inputs) float64 {
		Momentum(v[0], v[1], v[2], SGDStep{Rate: 0.1, Momentum: 0.9, Nesterov: true, L2: 0.02, Decay: 0.03})
		return 0
	}},
	{"Adam", func(v inputs) float64 { return adamOf(v, 0, 0) }},
	{"Adam, L2", func(v inputs) float64 { return adamOf(v, 0.02, 0) }},
	{"Adam, decay", func(v inputs) float64 { return adamOf(v, 0, 0.03) }},
	{"Adam, L2 and decay", func(v inputs) float64 { return adamOf(v, 0.02, 0.03) }},
	{"Adam, one gradient", func(v inputs) float64 { v[4] = v[3]; return adamOf(v, 0, 0) }},
	{"Dot", func(v inputs) float64 { return Dot(v[0], v[1]) }},
	{"Norm2", func(v inputs) float64 { return Norm2(v[0]) }},
	{"NormInf", func(v inputs) float64 { return float64(NormInf(v[0])) }},
	{"Finite", func(v inputs) float64 {
		if Finite(v[0]) {
			return 1
		}
		return 0
	}},
	{"AbsTopKThreshold of nothing", func(v inputs) float64 { return float64(AbsTopKThreshold(v[0], 0)) }},
	{"AbsTopKThreshold of a tenth", func(v inputs) float64 { return float64(AbsTopKThreshold(v[0], 0.1)) }},
	{"AbsTopKThreshold of most", func(v inputs) float64 { return float64(AbsTopKThreshold(v[0], 0.999)) }},
	{"AddScalar", func(v inputs) float64 { AddScalar(v[0], v[1], 0.3); return 0 }},
}

func adamOf(v inputs, l2, decay float32) float64 {
	s := NewAdamStep(0.01, 0.9, 0.999, 1e-8, 3)
	s.L2, s.Decay = l2, decay
	Adam(v[0], v[1], v[2], v[3], v[4], s)
	return 0
}

var negativeZero = float32(math.Copysign(0, -1))

// special returns numbers of which a fifth are anything that has a bit pattern.
func special(n int, stream uint64) []float32 {
	values := []float32{0, negativeZero, 1, -1, 1e-45, -1e-45, 0x1p-126, -0x1.8p-127, math.MaxFloat32, -math.MaxFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()), 1e-20, -1e20, 0.7, -0.5}
	x := make([]float32, n)
	r := rng.New(1, "special", stream)
	for i := range x {
		switch r.IntN(10) {
		case 0:
			x[i] = values[r.IntN(len(values))]
		case 1:
			x[i] = math.Float32frombits(uint32(r.Uint64()))
		default:
			x[i] = float32(r.Norm())
		}
	}
	return x
}

// bits32 and bits64 are the bit patterns, one for all NaN.
func bits32(x float32) uint32 {
	if x != x {
		return 0x7fc00000
	}
	return math.Float32bits(x)
}

func bits64(x float64) uint64 {
	if x != x {
		return 0x7ff8000000000000
	}
	return math.Float64bits(x)
}

// The bits are part of the contract: trajectories depend on them. These are what the functions gave when they were
// written, as loops of one multiplication and one addition at a time, and every build gives the same.
func TestGoldenBits(t *testing.T) {
	const want = 0xb146cb6b2cddefb6
	h := fnv.New64a()
	var b [8]byte
	add := func(x uint64) {
		binary.LittleEndian.PutUint64(b[:], x)
		h.Write(b[:])
	}
	for _, n := range []int{5, 1003} {
		for _, ordinary := range []bool{true, false} {
			for i, f := range functions {
				var v inputs
				for j := range v {
					if v[j] = special(n, uint64(10*i+j)); ordinary {
						v[j] = normal(n, string(rune('a'+i))+string(rune('a'+j)))
					}
				}
				add(bits64(f.run(v)))
				for _, x := range v {
					for _, e := range x {
						add(uint64(bits32(e)))
					}
				}
			}
		}
	}
	if got := h.Sum64(); got != want {
		t.Errorf("the results hash to %#x, want %#x", got, uint64(want))
	}
}
