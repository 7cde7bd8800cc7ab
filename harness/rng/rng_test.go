package rng

import (
	"math"
	"testing"
)

// The vectors are the known-answer tests that the Random123 library publishes for philox4x64-10.
func TestPhiloxKnownAnswers(t *testing.T) {
	ones := ^uint64(0)
	for _, c := range []struct {
		ctr  [4]uint64
		k    [2]uint64
		want [4]uint64
	}{
		{[4]uint64{}, [2]uint64{}, [4]uint64{0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b, 0x7e68b68aec7ba23b}},
		{[4]uint64{ones, ones, ones, ones}, [2]uint64{ones, ones}, [4]uint64{0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6, 0xa09caebf594f0ba0}},
		{
			[4]uint64{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
			[2]uint64{0x452821e638d01377, 0xbe5466cf34e90c6c},
			[4]uint64{0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5, 0x57bd43b5e52b7fe6},
		},
	} {
		if got := philox(c.ctr, c.k[0], c.k[1]); got != c.want {
			t.Errorf("philox(%x, %x) = %x, want %x", c.ctr, c.k, got, c.want)
		}
	}
}

func TestStreamsAreAddressed(t *testing.T) {
	a := New(1, "order", 3).Uint64()
	if a != New(1, "order", 3).Uint64() {
		t.Error("the same address gave two values")
	}
	for _, r := range []*Rand{New(2, "order", 3), New(1, "init", 3), New(1, "order", 4)} {
		if r.Uint64() == a {
			t.Error("two addresses gave the same value")
		}
	}
}

func TestNormalMomentsAndPrefix(t *testing.T) {
	const n = 200_000
	x := make([]float32, n)
	Normal(x, 7, "noise", 0, 2)
	var sum, sq, quart float64
	for _, v := range x {
		sum += float64(v)
		sq += float64(v) * float64(v)
		quart += math.Pow(float64(v), 4)
	}
	if m := sum / n; math.Abs(m) > 4*2/math.Sqrt(n) {
		t.Errorf("mean %g", m)
	}
	if v := sq / n; math.Abs(v-4) > 4*4*math.Sqrt(2.0/n) {
		t.Errorf("variance %g, want 4", v)
	}
	if k := quart / n / 16; math.Abs(k-3) > 4*math.Sqrt(96.0/n) {
		t.Errorf("kurtosis %g, want 3", k)
	}
	y := make([]float32, 10)
	Normal(y, 7, "noise", 0, 2)
	for i := range y {
		if y[i] != x[i] {
			t.Fatalf("element %d depends on the length", i)
		}
	}
}

func TestPermAndIntN(t *testing.T) {
	counts := [6]int{}
	for i := range 6000 {
		p := New(5, "perm", uint64(i)).Perm(3)
		counts[p[0]*2+b2i(p[1] > p[2])]++
	}
	// Chi-square with 5 degrees of freedom: 20.5 is its 99.9 % point.
	chi := 0.0
	for _, c := range counts {
		chi += float64(c-1000) * float64(c-1000) / 1000
	}
	if chi > 20.5 {
		t.Errorf("permutations are not uniform: %v", counts)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}
