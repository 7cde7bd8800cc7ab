package vec

import (
	"math"
	"math/big"
	"slices"
	"sort"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// sizes cover the unrolled bodies, their remainders and nothing at all.
var sizes = []int{0, 1, 3, 4, 7, 8, 9, 16, 31, 257}

func normal(n int, stream string) []float32 {
	x := make([]float32, n)
	rng.Normal(x, 1, stream, uint64(n), 1)
	return x
}

// round is one float32 rounding of an exact result: products of two float32 numbers and sums of two are exact enough in
// float64 that rounding them again is the correctly rounded float32 result.
func round(x float64) float32 { return float32(x) }

func TestElementwise(t *testing.T) {
	const a, b = 0.3, -1.7
	for _, n := range sizes {
		x, y, z := normal(n, "x"), normal(n, "y"), normal(n, "z")
		a32, b32 := float32(a), float32(b)
		fa, fb := float64(a32), float64(b32)
		for _, c := range []struct {
			name string
			run  func(dst []float32) // dst starts as a copy of x
			want func(x, y, z float64) float32
		}{
			{"Axpy", func(d []float32) { Axpy(d, a32, y) }, func(x, y, z float64) float32 { return round(x + float64(round(fa*y))) }},
			{"AddScaled", func(d []float32) { AddScaled(d, z, a32, y) }, func(x, y, z float64) float32 { return round(z + float64(round(fa*y))) }},
			{"AddScaled in place", func(d []float32) { AddScaled(d, d, a32, y) }, func(x, y, z float64) float32 { return round(x + float64(round(fa*y))) }},
			{"ScaleAdd", func(d []float32) { ScaleAdd(d, a32, y) }, func(x, y, z float64) float32 { return round(float64(round(fa*x)) + y) }},
			{"Combine", func(d []float32) { Combine(d, a32, d, b32, y) }, func(x, y, z float64) float32 { return round(float64(round(fa*x)) + float64(round(fb*y))) }},
			{"Scale", func(d []float32) { Scale(d, a32, y) }, func(x, y, z float64) float32 { return round(fa * y) }},
			{"Add", func(d []float32) { Add(d, d, y) }, func(x, y, z float64) float32 { return round(x + y) }},
			{"Sub", func(d []float32) { Sub(d, y, d) }, func(x, y, z float64) float32 { return round(y - x) }},
			{"Mul", func(d []float32) { Mul(d, y, z) }, func(x, y, z float64) float32 { return round(y * z) }},
			{"AddMul", func(d []float32) { AddMul(d, d, y, z) }, func(x, y, z float64) float32 { return round(x + float64(round(y*z))) }},
			{"AddScalar", func(d []float32) { AddScalar(d, y, a32) }, func(x, y, z float64) float32 { return round(y + fa) }},
			{"Abs", func(d []float32) { Abs(d, y) }, func(x, y, z float64) float32 { return round(math.Abs(y)) }},
			{"Sign", func(d []float32) { Sign(d, y) }, func(x, y, z float64) float32 { return round(math.Copysign(1, y)) }},
			{"Clip", func(d []float32) { Clip(d, y, -0.5, a32) }, func(x, y, z float64) float32 { return round(math.Max(-0.5, math.Min(fa, y))) }},
		} {
			got := slices.Clone(x)
			c.run(got)
			for i := range got {
				if want := c.want(float64(x[i]), float64(y[i]), float64(z[i])); got[i] != want {
					t.Fatalf("%s of %d elements: element %d is %v, want %v", c.name, n, i, got[i], want)
				}
			}
		}
	}
}

func TestSpecialValues(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	negZero := float32(math.Copysign(0, -1))
	x := []float32{nan, inf, -inf, negZero, 0}
	got := make([]float32, 5)
	Sign(got, x)
	if got[0] == got[0] || got[1] != 1 || got[2] != -1 || got[3] != 0 || got[4] != 0 {
		t.Errorf("Sign(%v) = %v", x, got)
	}
	Clip(got, x, -2, 3)
	if got[0] == got[0] || got[1] != 3 || got[2] != -2 || got[3] != 0 || got[4] != 0 {
		t.Errorf("Clip(%v) = %v", x, got)
	}
	if Finite(x) || Finite(x[1:]) || Finite(x[2:3]) || !Finite(x[3:]) || !Finite(nil) || !Finite([]float32{math.MaxFloat32}) {
		t.Error("Finite")
	}
	if m := NormInf(x); m == m {
		t.Errorf("NormInf with a NaN = %v", m)
	}
	if m := NormInf(x[1:]); m != inf {
		t.Errorf("NormInf with an infinity = %v", m)
	}
	if NormInf(nil) != 0 || NormInf([]float32{1, -3, 2}) != 3 {
		t.Error("NormInf")
	}
}

// The exact sum is computed with big.Float; float64 accumulation must be within n roundings of it.
func TestDotAgainstExactSum(t *testing.T) {
	for _, n := range append(sizes, 100_003) {
		x, y := normal(n, "x"), normal(n, "y")
		exact := new(big.Float).SetPrec(300)
		abs := 0.0
		for i := range x {
			p := float64(x[i]) * float64(y[i])
			abs += math.Abs(p)
			exact.Add(exact, big.NewFloat(p))
		}
		want, _ := exact.Float64()
		if got := Dot(x, y); math.Abs(got-want) > float64(n)*0x1p-53*abs {
			t.Errorf("Dot of %d elements = %v, want %v", n, got, want)
		}
	}
	if got := Norm2([]float32{3e30, 4e30}); math.Abs(got/5e30-1) > 1e-6 {
		t.Errorf("Norm2 overflows: %v", got)
	}
	if got := Norm2([]float32{3e-30, 4e-30}); math.Abs(got/5e-30-1) > 1e-6 {
		t.Errorf("Norm2 underflows: %v", got)
	}
}

// The documented order of the sum is part of the contract: the bits of a trajectory depend on it.
func TestDotOrder(t *testing.T) {
	x, y := normal(21, "order x"), normal(21, "order y")
	var s [8]float64
	for i := range 16 {
		s[i%8] += float64(x[i]) * float64(y[i])
	}
	want := ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]))
	for i := 16; i < 21; i++ {
		want += float64(x[i]) * float64(y[i])
	}
	if got := Dot(x, y); got != want {
		t.Errorf("Dot = %x, want %x", got, want)
	}
}

func TestAbsTopKThresholdAgainstSorting(t *testing.T) {
	inputs := map[string][]float32{
		"normal":    normal(1001, "threshold"),
		"equal":     slices.Repeat([]float32{-2}, 50),
		"ties":      slices.Repeat([]float32{1, -1, 3, 0}, 25),
		"wide":      {1e-45, -1e-40, 1e-20, -1, 1e20, 3e38, 0, float32(math.Copysign(0, -1))},
		"close":     {1, 1.0000001, 1.0000002, -1.0000004, 0.99999994},
		"one":       {-7},
		"with inf":  {1, float32(math.Inf(-1)), 2},
		"ascending": {1, 2, 3, 4, 5, 6, 7, 8, 9, 10},
	}
	// Long enough for a first guess from a sample, which is right for the first and wrong for some others.
	const n = 40_003
	period, steps, rare := make([]float32, n), make([]float32, n), make([]float32, n)
	for i := range n {
		period[i] = float32(i % 64)
		steps[i] = float32(i)
		if i%1500 == 7 {
			rare[i] = -float32(i)
		}
	}
	inputs["long"], inputs["long, periodic"], inputs["long, ascending"] = normal(n, "long"), period, steps
	inputs["long, sparse"], inputs["long, equal"] = rare, slices.Repeat([]float32{3}, n)
	for name, x := range inputs {
		sorted := make([]float64, len(x))
		for i, v := range x {
			sorted[i] = math.Abs(float64(v))
		}
		sort.Sort(sort.Reverse(sort.Float64Slice(sorted)))
		before := slices.Clone(x)
		for _, k := range []float64{0, 0.001, 0.1, 0.25, 0.3, 0.5, 0.75, 0.999, 1} {
			want := 0.0
			if i := int(k * float64(len(x))); i < len(x) {
				want = sorted[i]
			}
			if got := AbsTopKThreshold(x, k); float64(got) != want {
				t.Errorf("%s, k = %v: %v, want %v", name, k, got, want)
			}
		}
		if !slices.Equal(x, before) {
			t.Errorf("%s: the argument was modified", name)
		}
	}
	if got := AbsTopKThreshold(nil, 0.5); got != 0 {
		t.Errorf("empty: %v", got)
	}
	if got := AbsTopKThreshold([]float32{1, float32(math.NaN())}, 0); got == got {
		t.Errorf("NaN is not the largest: %v", got)
	}
}

func TestAbsTopKMask(t *testing.T) {
	for _, n := range []int{0, 1, 7, 100, 40000} {
		for name, x := range map[string][]float32{
			"normal": normal(n, "mask"), "constant": make([]float32, n),
			"ties": func() []float32 {
				x := normal(n, "mask")
				for i, v := range x {
					x[i] = float32(math.Round(float64(v)))
				}
				return x
			}(),
		} {
			order := make([]int, n)
			for i := range order {
				order[i] = i
			}
			sort.SliceStable(order, func(i, j int) bool {
				return math.Abs(float64(x[order[i]])) > math.Abs(float64(x[order[j]]))
			})
			for _, k := range []int{0, n / 10, n / 2, n - n/100, n} {
				mask, want := make([]float32, n), make([]float32, n)
				for i := range mask {
					mask[i] = 7
				}
				for _, i := range order[:k] {
					want[i] = 1
				}
				if AbsTopKMask(mask, x, k); !slices.Equal(mask, want) {
					t.Errorf("%s, %d of %d: not the largest", name, k, n)
				}
			}
		}
	}
	mask := make([]float32, 3)
	if AbsTopKMask(mask, []float32{1, float32(math.NaN()), float32(math.Inf(-1))}, 2); !slices.Equal(mask, []float32{0, 1, 1}) {
		t.Errorf("with NaN: %v", mask)
	}
}

func TestPanics(t *testing.T) {
	two, three := make([]float32, 2), make([]float32, 3)
	for name, f := range map[string]func(){
		"Axpy":      func() { Axpy(two, 1, three) },
		"AddScaled": func() { AddScaled(two, two, 1, three) },
		"ScaleAdd":  func() { ScaleAdd(three, 1, two) },
		"Combine":   func() { Combine(two, 1, three, 1, two) },
		"Scale":     func() { Scale(two, 1, three) },
		"Add":       func() { Add(two, three, two) },
		"Sub":       func() { Sub(three, two, two) },
		"Mul":       func() { Mul(two, two, three) },
		"AddMul":    func() { AddMul(two, two, two, three) },
		"AddScalar": func() { AddScalar(three, two, 1) },
		"Abs":       func() { Abs(three, two) },
		"Sign":      func() { Sign(three, two) },
		"Clip":      func() { Clip(three, two, 0, 1) },
		"interval":  func() { Clip(two, two, 1, 0) },
		"Dot":       func() { Dot(two, three) },
		"fraction":  func() { AbsTopKThreshold(two, 1.5) },
		"NaN":       func() { AbsTopKThreshold(two, math.NaN()) },
		"mask":      func() { AbsTopKMask(make([]float32, 2), two, 3) },
		"SGD":       func() { SGD(two, three, SGDStep{}) },
		"Momentum":  func() { Momentum(two, two, three, SGDStep{}) },
		"Adam":      func() { Adam(two, two, two, two, three, AdamStep{}) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s did not panic", name)
				}
			}()
			f()
		}()
	}
}
