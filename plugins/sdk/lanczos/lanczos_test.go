package lanczos

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// diagonal is the operator of a diagonal matrix.
func diagonal(h ...float64) Operator {
	return func(v, out sdk.Vec) error {
		for i, x := range v {
			out[i] = float32(h[i] * float64(x))
		}
		return nil
	}
}

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: %.10g, want %.10g", what, got, want)
	}
}

// Two steps on diag(4, 1, 1/4) from (1, 1, 1), and three, which are exact.
func TestKnownRitzValues(t *testing.T) {
	a, start := diagonal(4, 1, 0.25), sdk.Vec{1, 1, 1}
	d, err := Run(a, start, 2, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "first Ritz value", d.Ritz[0], 3.92254569, 1e-7)
	near(t, "second Ritz value", d.Ritz[1], 0.54174003, 1e-7)
	near(t, "first weight", d.Weight[0], 0.35738818, 1e-7)
	near(t, "second weight", d.Weight[1], 0.64261182, 1e-7)
	if d.Exhausted || d.Residual[0] < 4-d.Ritz[0] {
		t.Errorf("the residual %g is no bound of the error %g", d.Residual[0], 4-d.Ritz[0])
	}
	if d, err = Run(a, start, 10, nil); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{4, 1, 0.25} {
		near(t, "eigenvalue", d.Ritz[i], want, 1e-6)
		near(t, "weight", d.Weight[i], 1.0/3, 1e-6)
	}
	if d.Steps != 3 || !d.Exhausted {
		t.Errorf("%d steps, exhausted: %v", d.Steps, d.Exhausted)
	}
	x := make(sdk.Vec, 3)
	d.Vector(0, x)
	near(t, "the first eigenvector", math.Abs(float64(x[0])), 1, 1e-6)
}

// PyHessian's power iteration returns -5 here.
func TestSaddle(t *testing.T) {
	d, err := Run(diagonal(-5, 4), sdk.Vec{1, 1}, 5, nil)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "largest", d.Ritz[0], 4, 1e-6)
	near(t, "smallest", d.Ritz[1], -5, 1e-6)
}

// Gauss quadrature: the weighted powers of the Ritz values are vᵀAʲv up to j = 2k−1.
func TestQuadrature(t *testing.T) {
	const n, k = 40, 6
	h, v := make([]float64, n), make(sdk.Vec, n)
	r := rng.New(1, "test", 0)
	norm := 0.0
	for i := range h {
		h[i] = 2*r.Float64() - 0.5
		v[i] = float32(r.Norm())
		norm += float64(v[i]) * float64(v[i])
	}
	d, err := Run(diagonal(h...), v, k, nil)
	if err != nil {
		t.Fatal(err)
	}
	for j := range 2 * k {
		got, want := 0.0, 0.0
		for i, theta := range d.Ritz {
			got += d.Weight[i] * math.Pow(theta, float64(j))
		}
		for i, x := range v {
			want += float64(x) * float64(x) / norm * math.Pow(h[i], float64(j))
		}
		near(t, "moment", got, want, 2e-6) // products are float32
	}
}

// Clustered eigenvalues do not multiply, and the residuals bound the errors.
func TestNoGhosts(t *testing.T) {
	const n = 60
	h, v := make([]float64, n), make(sdk.Vec, n)
	r := rng.New(2, "test", 0)
	for i := range h {
		h[i] = 0.01 * r.Float64()
		v[i] = float32(r.Norm())
	}
	h[7], h[9] = 10, 9.5
	d, err := Run(diagonal(h...), v, 40, nil)
	if err != nil {
		t.Fatal(err)
	}
	if large := slices.IndexFunc(d.Ritz, func(x float64) bool { return x < 1 }); large != 2 {
		t.Errorf("%d large eigenvalues: %v", large, d.Ritz[:5])
	}
	near(t, "first", d.Ritz[0], 10, 1e-6)
	near(t, "second", d.Ritz[1], 9.5, 1e-6)
}

func TestStopsWhenToldTo(t *testing.T) {
	n := 0
	d, err := Run(diagonal(5, 4, 3, 2, 1), sdk.Vec{1, 1, 1, 1, 1}, 5, func(d *Decomposition) bool { n++; return d.Converged(0, 0.3) })
	if err != nil || d.Steps >= 5 || n != d.Steps || d.Residual[0] > 0.3*d.Ritz[0] {
		t.Errorf("%+v, %d, %v", d, n, err)
	}
	fail := errors.New("no")
	if _, err := Run(func(sdk.Vec, sdk.Vec) error { return fail }, sdk.Vec{1}, 1, nil); !errors.Is(err, fail) {
		t.Error(err)
	}
	if _, err := Run(diagonal(1), sdk.Vec{0}, 1, nil); err == nil {
		t.Error("started at 0")
	}
	if d, err := Run(diagonal(0, 0), sdk.Vec{1, 1}, 2, nil); err != nil || d.Ritz[0] != 0 {
		t.Errorf("the operator 0: %+v, %v", d, err)
	}
}

func TestRescaled(t *testing.T) {
	d, err := Run(Rescaled(diagonal(1, 1, 1), sdk.Vec{1, 2, 3}), sdk.Vec{1, 1, 1}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{9, 4, 1} {
		near(t, "eigenvalue", d.Ritz[i], want, 1e-6)
	}
}
