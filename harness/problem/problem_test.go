package problem

import (
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// small specs of every problem, with noise where there is any.
var small = []Spec{
	{"absolute", map[string]any{"dim": int64(5), "examples": int64(12), "noise": 0.3}},
	{"bitstring", map[string]any{"bits": int64(70), "probability": 0.5}},
	{"game", map[string]any{"dim": int64(6), "workers": int64(3)}},
	{"phase", map[string]any{"dim": int64(5), "examples": int64(12), "corrupt": 0.25}},
	{"quadratic", map[string]any{"noise": 0.5, "examples": int64(12)}},
	{"simplex", map[string]any{"dim": int64(6), "examples": int64(12)}},
}

var full = oracle.Batch{Stream: oracle.Full}

func point(d int, index uint64) []float32 {
	w := make([]float32, d)
	rng.Normal(w, 7, "point", index, 1)
	return w
}

func TestEveryProblemIsHere(t *testing.T) {
	var names []string
	for _, s := range small {
		names = append(names, s.Name)
		if issues := s.Problems(); issues != nil {
			t.Errorf("%s: %v", s.Name, issues)
		}
	}
	if !slices.Equal(names, Names()) {
		t.Errorf("tested: %v, there are %v", names, Names())
	}
}

// Gradients are those of the losses, by central differences, for whole batches, parts and single examples; and curvature is
// that of the gradients.
func TestGradients(t *testing.T) {
	for _, s := range small {
		if s.Name == "game" || s.Name == "bitstring" {
			continue
		}
		p := New(s, 4, 3)
		w, d := point(p.Dim(), 1), p.Dim()
		batches := []oracle.Batch{
			full, {Stream: oracle.Train, Index: 5}, {Stream: oracle.Train, Index: 5, Part: oracle.Range, From: 1, To: 3},
			{Stream: oracle.Train, Index: 5, Part: oracle.Example, Number: 3}, {Stream: oracle.Full, Part: oracle.Domain, Number: 11},
			{Stream: oracle.Poisson, Index: 2, Rate: 0.5},
		}
		for _, b := range batches {
			g := make([]float32, d)
			e, err := p.Grad(b, w, g, oracle.Options{})
			if err != nil {
				t.Fatal(s.Name, err)
			}
			l, err := p.Loss(b, w, oracle.Options{})
			if err != nil || math.Abs(l.Loss-e.Loss) > 1e-12 || l.Examples != e.Examples {
				t.Errorf("%s %v: loss %+v, with the gradient %+v (%v)", s.Name, b, l, e, err)
			}
			for j := range w {
				const h = 1.0 / 1024
				at := slices.Clone(w)
				at[j] = w[j] + h
				hi := float64(at[j])
				up, _ := p.Loss(b, at, oracle.Options{})
				at[j] = w[j] - h
				lo := float64(at[j])
				down, _ := p.Loss(b, at, oracle.Options{})
				if want := (up.Loss - down.Loss) / (hi - lo); math.Abs(want-float64(g[j])) > 2e-4*max(1, math.Abs(want)) {
					t.Errorf("%s %v: element %d of the gradient is %v, differences say %v", s.Name, b, j, g[j], want)
				}
			}
			if p.Can("hvp") != nil {
				continue
			}
			v, hv, at, g2 := point(d, 2), make([]float32, d), make([]float32, d), make([]float32, d)
			if _, err := p.HVP(b, w, v, hv, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
			for j := range at {
				at[j] = w[j] + v[j]
			}
			if _, err := p.Grad(b, at, g2, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
			for j := range hv { // quadratic: the difference of gradients is the product
				if math.Abs(float64(g2[j]-g[j]-hv[j])) > 1e-4 {
					t.Errorf("%s: element %d of the product is %v, differences say %v", s.Name, j, hv[j], g2[j]-g[j])
				}
			}
		}
	}
}

// Sums of clipped and squared gradients are made of the gradients of single examples.
func TestPerExample(t *testing.T) {
	for _, s := range small {
		if s.Name == "bitstring" {
			continue
		}
		p := New(s, 3, 3)
		d := p.Dim()
		w, g, sum, squared := point(d, 1), make([]float32, d), make([]float64, d), make([]float64, d)
		const limit = 1.5
		for i := range p.Examples() {
			if _, err := p.Grad(oracle.Batch{Stream: oracle.Full, Part: oracle.Example, Number: uint32(i)}, w, g, oracle.Options{}); err != nil {
				t.Fatal(err)
			}
			norm := 0.0
			for _, x := range g {
				norm += float64(x) * float64(x)
			}
			for j, x := range g {
				sum[j] += float64(x) * min(1, limit/math.Sqrt(norm))
				squared[j] += float64(x) * float64(x)
			}
		}
		got, got2 := make([]float32, d), make([]float32, d)
		if _, err := p.GradClipped(full, w, got, oracle.Clip{Limit: limit}, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.GradSquared(full, w, got2, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		for j := range sum {
			if math.Abs(sum[j]-float64(got[j])) > 1e-4*max(1, math.Abs(sum[j])) || math.Abs(squared[j]-float64(got2[j])) > 1e-4*max(1, squared[j]) {
				t.Errorf("%s: element %d: %v and %v, one by one %v and %v", s.Name, j, got[j], got2[j], sum[j], squared[j])
			}
		}
		if e, err := p.GradClipped(oracle.Batch{Stream: oracle.Poisson, Rate: 1e-9}, w, got, oracle.Clip{Limit: 1}, oracle.Options{}); err != nil || e.Examples != 0 || got[0] != 0 {
			t.Errorf("%s: an empty draw: %+v %v, sum %v", s.Name, e, err, got[0])
		}
	}
}

// The outputs' derivative is the VJP, and the gradient is the VJP of the losses' slopes.
func TestPredictions(t *testing.T) {
	p := New(small[0], 4, 3)
	w, d := point(p.Dim(), 1), p.Dim()
	b := oracle.Batch{Stream: oracle.Train, Index: 1}
	z, u, g, v := make([]float32, 4), make([]float32, 4), make([]float32, d), make([]float32, d)
	if _, err := p.Outputs(b, w, z, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	losses := make([]float32, 4)
	if _, err := p.Loss(b, w, oracle.Options{Each: losses}); err != nil {
		t.Fatal(err)
	}
	_, index := p.order.At(1)
	for k, i := range index {
		r := float64(z[k]) - p.t.(*absolute).b[i]
		if math.Abs(math.Abs(r)-float64(losses[k])) > 1e-6 {
			t.Errorf("example %d: loss %v, from the output %v", k, losses[k], r)
		}
		u[k] = float32(sign(r) / 4)
	}
	if _, err := p.Grad(b, w, g, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := p.VJP(b, w, u, v, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	for j := range g {
		if math.Abs(float64(g[j]-v[j])) > 1e-6 {
			t.Errorf("element %d: gradient %v, through the outputs %v", j, g[j], v[j])
		}
	}
}

// Solutions are solutions.
func TestSolutions(t *testing.T) {
	for _, name := range []string{"phase", "absolute"} {
		p := New(Spec{Name: name}, 1, 5)
		pl := map[string]func() *planted{
			"phase": func() *planted { return &p.t.(*phase).planted }, "absolute": func() *planted { return &p.t.(*absolute).planted },
		}[name]()
		w := make([]float32, p.Dim())
		p.Init(w)
		if at := p.Exact(w).Loss; !(at > 0.1) {
			t.Errorf("%s starts at %v", name, at)
		}
		for j, x := range pl.solution {
			w[j] = float32(x)
		}
		if at := p.Exact(w).Loss; !(at < 1e-6) {
			t.Errorf("%s: the solution has %v", name, at)
		}
	}

	p := New(small[2], 3, 5)
	w, g := make([]float32, p.Dim()), make([]float32, p.Dim())
	for j, x := range p.t.(*game).solution {
		w[j] = float32(x)
	}
	if _, err := p.Grad(full, w, g, oracle.Options{}); err != nil {
		t.Fatal(err)
	}
	for j, x := range g {
		if math.Abs(float64(x)) > 1e-5 {
			t.Errorf("game: at the equilibrium the operator has %v at %d", x, j)
		}
	}
	// ⟨F(z), z − z*⟩ ≥ mu‖z − z*‖², and no single worker is at rest.
	for k := range uint64(20) {
		z := point(p.Dim(), k)
		if _, err := p.Grad(full, z, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		along, square := 0.0, 0.0
		for j := range z {
			r := float64(z[j] - w[j])
			along += r * float64(g[j])
			square += r * r
		}
		if along < square*(1-1e-5) {
			t.Errorf("game: not strongly monotone: %v < %v", along, square)
		}
		if loss := p.Exact(z).Loss; math.Abs(loss-square/2) > 1e-4*square {
			t.Errorf("game: distance %v, want %v", loss, square/2)
		}
	}
	if _, err := p.Grad(oracle.Batch{Stream: oracle.Train, Part: oracle.Domain, Number: 1}, w, g, oracle.Options{}); err != nil || math.Abs(float64(g[0])) < 1e-3 {
		t.Errorf("game: worker 1 is at rest at everybody's equilibrium: %v (%v)", g[0], err)
	}
}

// The minimum over the simplex satisfies the optimality conditions: one multiplier where x > 0, larger slopes elsewhere; and
// the projection is nearer than other points of the simplex.
func TestSimplex(t *testing.T) {
	p := New(Spec{Name: "simplex"}, 10, 2)
	s := p.t.(*simplex)
	x := slices.Clone(s.minimum())
	sum, mu := 0.0, math.NaN()
	for j, v := range x {
		sum += v
		if v > 1e-9 {
			mu = s.h[j] * (v - s.c[j])
		}
	}
	zeros := 0
	for j, v := range x {
		slope := s.h[j] * (v - s.c[j])
		if v > 1e-9 && math.Abs(slope-mu) > 1e-9 || slope < mu-1e-9 {
			t.Errorf("element %d = %v has slope %v, the multiplier is %v", j, v, slope, mu)
		}
		if v == 0 {
			zeros++
		}
	}
	if math.Abs(sum-1) > 1e-12 || zeros == 0 || zeros == len(x) {
		t.Errorf("sum %v, %d zeros of %d", sum, zeros, len(x))
	}
	w := make([]float32, p.Dim())
	for j, v := range x {
		w[j] = float32(v) + 0.3 // the same multiple of 1 everywhere: the projection takes it away
	}
	if gap := p.Exact(w).Loss; gap > 1e-6 {
		t.Errorf("the minimum has the gap %v", gap)
	}
	p.Init(w)
	if gap := p.Exact(w).Loss; gap < 1e-3 {
		t.Errorf("it starts at the gap %v", gap)
	}
}

// A string's distortion is its own: the same on every call and for both alphabets, on the given share of strings, with the
// given mean.
func TestBitstring(t *testing.T) {
	p := New(Spec{"bitstring", map[string]any{"bits": int64(40), "probability": 0.25, "distortion": 2.0, "target": int64(38)}}, 1, 4)
	w, pm := make([]float32, 40), make([]float32, 40)
	distorted, sum := 0, 0.0
	const n = 4000
	for k := range n {
		ones := 0
		for j := range w {
			w[j], pm[j] = 0, -1
			if rng.New(9, "bits", uint64(k*40+j)).Uint64()&1 == 1 {
				w[j], pm[j] = 1, 1
				ones++
			}
		}
		a, err := p.Loss(full, w, oracle.Options{})
		b, _ := p.Loss(oracle.Batch{Stream: oracle.Train, Index: uint64(k)}, pm, oracle.Options{})
		if err != nil || a.Loss != b.Loss {
			t.Fatalf("losses %v and %v (%v)", a.Loss, b.Loss, err)
		}
		extra := float64(40-ones) - a.Loss
		if extra != 0 {
			distorted++
			sum += extra
		}
		if e := p.Exact(w); e.Loss != float64(max(0, 38-ones)) || e.Errors != 40-ones || e.Examples != 40 {
			t.Fatalf("%d ones: %+v", ones, e)
		}
	}
	share, mean := float64(distorted)/n, sum/float64(distorted)
	if math.Abs(share-0.25) > 0.03 || math.Abs(mean-2) > 0.25 {
		t.Errorf("%v distorted by %v on average", share, mean)
	}
	if err := p.Can("grad"); err == nil {
		t.Error("strings have gradients")
	}
	if _, err := p.Grad(full, w, pm, oracle.Options{}); err == nil {
		t.Error("strings have gradients")
	}
}

// An instance is a function of the spec and the seed.
func TestInstances(t *testing.T) {
	for _, s := range small {
		a, b, c := New(s, 2, 1), New(s, 2, 1), New(s, 2, 2)
		wa, wb, wc := make([]float32, a.Dim()), make([]float32, a.Dim()), make([]float32, a.Dim())
		a.Init(wa)
		b.Init(wb)
		c.Init(wc)
		if !slices.Equal(wa, wb) || s.Name != "simplex" && slices.Equal(wa, wc) {
			t.Errorf("%s: starts %v, %v, other seed %v", s.Name, wa, wb, wc)
		}
		w := point(a.Dim(), 3)
		if a.Exact(w) != b.Exact(w) {
			t.Errorf("%s: objectives differ", s.Name)
		}
		if s.Name != "bitstring" && s.Name != "quadratic" && a.Exact(w) == c.Exact(w) {
			t.Errorf("%s: seeds give the same objective", s.Name)
		}
	}
}

func TestProblemsOfSpecs(t *testing.T) {
	for _, c := range []struct {
		spec Spec
		keys []string
	}{
		{Spec{Name: "nosuch"}, []string{"name"}},
		{Spec{"bitstring", map[string]any{"bits": int64(0), "probability": 1.5}}, []string{"bits", "probability"}},
		{Spec{"bitstring", map[string]any{"bits": int64(10), "target": int64(11)}}, []string{"target"}},
		{Spec{"quadratic", map[string]any{"spectrum": []float64{}, "rank": 1.0}}, []string{"spectrum", "rank"}},
		{Spec{"game", map[string]any{"dim": int64(3), "l": 0.5}}, []string{"dim", "l"}},
		{Spec{"simplex", map[string]any{"dim": 2.5}}, []string{"dim"}},
	} {
		var keys []string
		for _, i := range c.spec.Problems() {
			keys = append(keys, i.Key)
		}
		if !slices.Equal(keys, c.keys) {
			t.Errorf("%v: problems of %v, want %v", c.spec, keys, c.keys)
		}
	}
}
