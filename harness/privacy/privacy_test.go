package privacy

import (
	"encoding/json"
	"math"
	"os"
	"testing"
)

// reference is what testdata/reference.py has computed.
type reference struct {
	Renyi []struct {
		Q, Sigma, Alpha, Forward, Backward float64
	}
	Epsilon []struct {
		Run          [][3]float64
		Delta, Renyi float64
		Tight        [2]float64
	}
	Gaussian []struct{ Sigma, Delta, Epsilon float64 }
}

func read(t *testing.T) reference {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	var r reference
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Renyi) < 50 || len(r.Epsilon) < 5 || len(r.Gaussian) < 10 {
		t.Fatal("the reference is not complete")
	}
	return r
}

// The divergence is that of 40 digits, for whole orders and others, and no smaller than that of the other direction.
func TestRenyi(t *testing.T) {
	for _, c := range read(t).Renyi {
		got := renyi(c.Q, c.Sigma, c.Alpha)
		// The moment is 1 plus what is looked for: 16 digits of it leave an absolute error.
		if tolerance := 1e-10*c.Forward + 1e-15*c.Alpha/(c.Alpha-1)*10; !(math.Abs(got-c.Forward) <= tolerance) {
			t.Errorf("rate %v, multiplier %v, order %v: %v, want %v", c.Q, c.Sigma, c.Alpha, got, c.Forward)
		}
		if c.Backward > c.Forward*(1+1e-12) {
			t.Errorf("rate %v, multiplier %v, order %v: the other direction is larger: %v, %v", c.Q, c.Sigma, c.Alpha, c.Backward, c.Forward)
		}
	}
}

// A whole order by the binomial theorem, and by quadrature, are one number.
func TestWholeOrdersBothWays(t *testing.T) {
	for _, q := range []float64{0.001, 0.1, 0.7} {
		for _, sigma := range []float64{0.2, 1, 5} {
			for _, alpha := range []int{2, 5, 40} {
				a, b := logMomentWhole(q, sigma, alpha), logMomentFraction(q, sigma, float64(alpha))
				if math.Abs(a-b) > 1e-11*math.Max(1, a) {
					t.Errorf("rate %v, multiplier %v, order %v: %v and %v", q, sigma, alpha, a, b)
				}
			}
		}
	}
}

// ε is Opacus's with the same orders, to what its series leaves out, and an upper bound of the true one, not far from it.
func TestEpsilon(t *testing.T) {
	for _, c := range read(t).Epsilon {
		var run []Mechanism
		for _, m := range c.Run {
			run = append(run, Mechanism{Rate: m[0], Sigma: m[1], Steps: uint64(m[2])})
		}
		got := Epsilon(c.Delta, run...)
		t.Logf("%v, delta %v: %.6f, Opacus %.6f, truth within [%.4f, %.4f]", c.Run, c.Delta, got, c.Renyi, c.Tight[0], c.Tight[1])
		if math.Abs(got-c.Renyi) > 1e-6*c.Renyi {
			t.Errorf("%v: epsilon %v, Opacus has %v", c.Run, got, c.Renyi)
		}
		if got < c.Tight[0] || got > 1.5*c.Tight[1] {
			t.Errorf("%v: epsilon %v, the true one is within %v", c.Run, got, c.Tight)
		}
	}
}

// With the whole data in every draw ε is exact.
func TestGaussian(t *testing.T) {
	for _, c := range read(t).Gaussian {
		if got := Epsilon(c.Delta, Mechanism{Rate: 1, Sigma: c.Sigma, Steps: 1}); math.Abs(got-c.Epsilon) > 1e-9*math.Max(1, c.Epsilon) {
			t.Errorf("multiplier %v, delta %v: %v, want %v", c.Sigma, c.Delta, got, c.Epsilon)
		}
	}
	one, many := Epsilon(1e-5, Mechanism{1, 1, 1}), Epsilon(1e-5, Mechanism{1, 4, 9}, Mechanism{1, 5, 7}, Mechanism{1, math.Sqrt(1 / (1 - 9./16 - 7./25)), 1})
	if math.Abs(one-many) > 1e-9 {
		t.Errorf("one release of multiplier 1: %v, releases that are as much together: %v", one, many)
	}
}

// The bound by Rényi divergence is above the exact one where both are known, and goes to it from rates below 1.
func TestRenyiBoundIsAbove(t *testing.T) {
	for _, steps := range []uint64{1, 10, 1000} {
		exact := Epsilon(1e-5, Mechanism{1, 5, steps})
		near := Epsilon(1e-5, Mechanism{1 - 1e-9, 5, steps})
		if !(near >= exact && near < 1.3*exact) {
			t.Errorf("%d steps: %v, exact %v", steps, near, exact)
		}
	}
}

func TestEpsilonIsMonotone(t *testing.T) {
	base := Mechanism{Rate: 0.02, Sigma: 1.2, Steps: 1000}
	e := Epsilon(1e-5, base)
	for what, m := range map[string]Mechanism{
		"a larger rate": {0.03, 1.2, 1000}, "less noise": {0.02, 1.1, 1000}, "more steps": {0.02, 1.2, 1100},
	} {
		if got := Epsilon(1e-5, m); got <= e {
			t.Errorf("%s: %v, was %v", what, got, e)
		}
	}
	if got := Epsilon(1e-6, base); got <= e {
		t.Errorf("a smaller delta: %v, was %v", got, e)
	}
	if two := Epsilon(1e-5, base, base); two <= e || two >= 2*e {
		t.Errorf("twice: %v, once %v", two, e)
	}
	if Epsilon(1e-5) != 0 || !math.IsInf(Epsilon(1e-5, Mechanism{0.5, 0, 1}), 1) {
		t.Error("nothing spends nothing, and no noise everything")
	}
}

// Sigma inverts Epsilon, from above, to its five digits.
func TestSigma(t *testing.T) {
	for _, c := range []struct {
		epsilon, delta, rate float64
		steps                uint64
		releases             int
	}{
		{3, 1e-5, 2048. / 50000, 732, 1}, {3, 1e-5, 2048. / 50000, 732, 2}, {0.1, 1e-6, 0.01, 100, 1}, {50, 1e-5, 0.5, 10, 1}, {1, 1e-5, 1, 30, 3},
	} {
		sigma, err := Sigma(c.epsilon, c.delta, c.rate, c.steps, c.releases)
		if err != nil {
			t.Fatal(err)
		}
		spent := func(sigma float64) float64 {
			all := make([]float64, c.releases)
			for i := range all {
				all[i] = sigma
			}
			return Epsilon(c.delta, Mechanism{c.rate, Together(all...), c.steps})
		}
		if above, below := spent(sigma), spent(sigma*(1-2e-4)); above > c.epsilon || below <= c.epsilon {
			t.Errorf("%+v: multiplier %v spends %v, a smaller one %v", c, sigma, above, below)
		}
	}
	one, _ := Sigma(3, 1e-5, 0.04, 700, 1)
	if two, _ := Sigma(3, 1e-5, 0.04, 700, 2); math.Abs(two/one-math.Sqrt2) > 1e-3 {
		t.Errorf("two releases on one draw need %v, one needs %v", two, one)
	}
	if _, err := Sigma(1e-9, 1e-12, 1, 1<<40, 1); err == nil {
		t.Error("a target out of reach is reached")
	}
}

func TestAccount(t *testing.T) {
	a := &Account{}
	for k := range uint64(3) {
		a.Release(k, 0.1, 2, "noise", k)
		if k < 2 {
			a.Commit()
		}
	}
	// The third release has led to no parameters yet.
	if len(a.Committed) != 1 || a.Committed[0].Steps != 2 || a.Unseen() != "" {
		t.Errorf("%+v, %q", a.Committed, a.Unseen())
	}
	text, err := json.Marshal(a.Clone())
	if err != nil {
		t.Fatal(err)
	}
	b := &Account{}
	if err := json.Unmarshal(text, b); err != nil {
		t.Fatal(err)
	}
	// Two releases on one draw, the second of a larger rate.
	b.Release(2, 0.1, 2, "more", 0)
	b.Release(2, 0.2, 2, "more", 1)
	b.Commit()
	if len(b.Committed) != 2 || b.Committed[1].Rate != 0.2 || math.Abs(b.Committed[1].Sigma-math.Sqrt2) > 1e-15 || b.Committed[1].Releases != 2 || b.Unseen() != "" {
		t.Errorf("%+v, %q", b.Committed, b.Unseen())
	}
	for what, do := range map[string]func(*Account){
		"a draw that was committed": func(a *Account) { a.Release(1, 0.1, 2, "other", 0) },
		"noise that was used":       func(a *Account) { a.Release(7, 0.1, 2, "more", 1) },
		"a gradient":                func(a *Account) { a.Look("grad") },
	} {
		c := b.Clone()
		do(c)
		if c.Unseen() == "" {
			t.Errorf("%s goes unnoticed", what)
		}
	}
	if b.Unseen() != "" {
		t.Error("a clone shares its memory")
	}
}
