package lanczos

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
)

func diagonal[T Float](h ...float64) func(x, y []T) error {
	return func(x, y []T) error {
		for i := range x {
			y[i] = T(h[i] * float64(x[i]))
		}
		return nil
	}
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > tolerance {
			t.Errorf("%s: %v, want %v", what, got, want)
			return
		}
	}
}

func TestKnownRitzValues(t *testing.T) {
	r, err := Run([]float64{1, 1, 1}, diagonal[float64](4, 1, 0.25), Settings[float64]{Steps: 2})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "two steps", r.Values, []float64{0.54174003, 3.92254569}, 1e-8)
	near(t, "weights", r.Weights, []float64{0.64261182, 0.35738818}, 1e-8)
	single, err := Run([]float32{1, 1, 1}, diagonal[float32](4, 1, 0.25), Settings[float32]{Steps: 2})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "two steps in float32", single.Values, []float64{0.54174003, 3.92254569}, 1e-6)
	r, err = Run([]float64{1, 1, 1}, diagonal[float64](4, 1, 0.25), Settings[float64]{Steps: 30})
	if err != nil || !r.Exact {
		t.Fatal(r, err)
	}
	near(t, "three steps", r.Values, []float64{0.25, 1, 4}, 1e-12)
	near(t, "weights of three", r.Weights, []float64{1. / 3, 1. / 3, 1. / 3}, 1e-12)
}

// k steps integrate polynomials up to degree 2k−1: Σ wθ^j = vᵀH^j v.
func TestQuadratureMoments(t *testing.T) {
	const n, k = 60, 9
	r := rand.New(rand.NewPCG(1, 2))
	h := make([][]float64, n)
	for i := range h {
		h[i] = make([]float64, n)
		for j := range i + 1 {
			h[i][j] = r.NormFloat64() / math.Sqrt(n)
			h[j][i] = h[i][j]
		}
	}
	apply := func(x, y []float64) error {
		for i, row := range h {
			y[i] = Dot(row, x)
		}
		return nil
	}
	v := make([]float64, n)
	for i := range v {
		v[i] = r.NormFloat64()
	}
	scale(v, 1/math.Sqrt(Dot(v, v)))
	ritz, err := Run(v, apply, Settings[float64]{Steps: k})
	if err != nil {
		t.Fatal(err)
	}
	power, next := append([]float64(nil), v...), make([]float64, n)
	for j := range 2 * k {
		got := 0.0
		for i, theta := range ritz.Values {
			got += ritz.Weights[i] * math.Pow(theta, float64(j))
		}
		// Odd moments are small beside what adds up to them: the even one of about the same degree is the measure.
		if want := Dot(v, power); math.Abs(got-want) > 1e-10*math.Max(1, math.Abs(want)) {
			t.Errorf("moment %d: %v, want %v", j, got, want)
		}
		_ = apply(power, next)
		power, next = next, power
	}
}

// An eigenvalue lies within each bound, and the bound falls to nothing at convergence.
func TestBounds(t *testing.T) {
	h := make([]float64, 200)
	start := make([]float64, len(h))
	r := rand.New(rand.NewPCG(3, 4))
	for i := range h {
		h[i], start[i] = float64(i)/200, r.NormFloat64()
	}
	h[7], h[9] = 5, -3
	for _, k := range []int{1, 3, 8, 20, 40} {
		ritz, err := Run(start, diagonal[float64](h...), Settings[float64]{Steps: k})
		if err != nil {
			t.Fatal(err)
		}
		for i, theta := range ritz.Values {
			nearest := math.Inf(1)
			for _, x := range h {
				nearest = math.Min(nearest, math.Abs(x-theta))
			}
			if nearest > ritz.Bounds[i]+1e-12 {
				t.Errorf("%d steps: %v is %v from the spectrum, the bound says %v", k, theta, nearest, ritz.Bounds[i])
			}
		}
		if last := len(ritz.Values) - 1; k == 40 && (ritz.Bounds[0] > 1e-6 || ritz.Bounds[last] > 1e-6 || math.Abs(ritz.Values[last]-5) > 1e-9) {
			t.Errorf("after %d steps: %v ± %v to %v ± %v", k, ritz.Values[0], ritz.Bounds[0], ritz.Values[last], ritz.Bounds[last])
		}
	}
}

// Without another vector an invariant subspace ends the run; with one, repeated eigenvalues appear as often as they are.
func TestInvariantSubspace(t *testing.T) {
	h := []float64{2, 2, 2, -1, -1}
	start := []float64{1, 2, 3, 4, 5}
	r, err := Run(start, diagonal[float64](h...), Settings[float64]{Steps: 5})
	if err != nil || !r.Exact {
		t.Fatal(r, err)
	}
	near(t, "stopped", r.Values, []float64{-1, 2}, 1e-12)
	rng := rand.New(rand.NewPCG(5, 6))
	r, err = Run(start, diagonal[float64](h...), Settings[float64]{Steps: 5, Restart: func(out []float64) error {
		for i := range out {
			out[i] = rng.NormFloat64()
		}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "restarted", r.Values, []float64{-1, -1, 2, 2, 2}, 1e-12)
	// The zero operator.
	r, err = Run(start, diagonal[float64](0, 0, 0, 0, 0), Settings[float64]{Steps: 5})
	if err != nil || !r.Exact {
		t.Fatal(r, err)
	}
	near(t, "zero", r.Values, []float64{0}, 0)
}

func TestErrors(t *testing.T) {
	if _, err := Run([]float64{0, 0}, diagonal[float64](1, 2), Settings[float64]{Steps: 2}); !errors.Is(err, ErrZeroStart) {
		t.Error(err)
	}
	if _, err := Run([]float64{1, 1}, diagonal[float64](1, math.Inf(1)), Settings[float64]{Steps: 2}); err == nil {
		t.Error("an operator that is not finite passed")
	}
}

func TestOrthonormalise(t *testing.T) {
	columns := [][]float64{{1, 2, 2}, {2, 4, 4}, {0, 1, -1}}
	was := [][]float64{{1, 2, 2}, {2, 4, 4}, {0, 1, -1}}
	q, r := Orthonormalise(columns)
	if len(q) != 2 {
		t.Fatalf("rank %d, want 2", len(q))
	}
	for i := range q {
		for j := range q {
			want := 0.0
			if i == j {
				want = 1
			}
			if math.Abs(Dot(q[i], q[j])-want) > 1e-14 {
				t.Errorf("q%d·q%d = %v", i, j, Dot(q[i], q[j]))
			}
		}
	}
	for j, column := range was {
		got := make([]float64, 3)
		for i := range q {
			Axpy(got, r[i][j], q[i])
		}
		near(t, "product", got, column, 1e-14)
	}
}
