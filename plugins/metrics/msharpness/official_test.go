package msharpness

import (
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// What the published code gives on the quadratic of the known answers: the same as ours where the two agree, and less where
// its step is not the steepest one. Rescaled by (10, 0.1, 3) the function is the same, and its adaptive value another.
func TestOfficialWorst(t *testing.T) {
	h, w := []float64{4, 1, 0.25}, []float32{0.5, -1, 2}
	scaled, there := []float64{0.04, 100, 0.25 / 9}, []float32{5, -0.1, 6}
	for name, c := range map[string]struct {
		h         []float64
		w         []float32
		params    params
		want      float64
		tolerance float64
	}{
		"l2":             {h, w, params{}, 0.24574722, 1e-4},
		"linf":           {h, w, params{"norm": "linf"}, 0.37625, 1e-4},
		"linf adaptive":  {h, w, params{"norm": "linf", "adaptive": true}, 0.3149997, 1e-4},
		"l2 adaptive":    {h, w, params{"adaptive": true}, 0.16498, 1e-4},
		"l2 adaptive, T": {h, w, params{"adaptive": true, "steps": 200}, 0.16498, 1e-4},
		"rescaled":       {scaled, there, params{"adaptive": true}, 0.16867, 1e-4},
		"linf rescaled":  {scaled, there, params{"norm": "linf", "adaptive": true}, 0.3149997, 1e-4},
		"critical point": {h, []float32{0, 0, 0}, params{}, 0, 0},
	} {
		c.params["algorithm"], c.params["rho"] = official, 0.1
		got := measure(t, plugintest.Quadratic(c.h...), c.w, c.params)
		if math.Abs(got.Value-c.want) > c.tolerance*c.want || len(got.Warnings) > 0 {
			t.Errorf("%s: %+v, want %v", name, got, c.want)
		}
	}
}

// Where a parameter is 0 the norm of the published projection is NaN and nothing is projected: the value is that of a point
// outside of the ball, and says so.
func TestOfficialZeroParameter(t *testing.T) {
	got := measure(t, plugintest.Quadratic(4, 1), []float32{0.5, 0}, params{"algorithm": official, "rho": 0.1, "adaptive": true})
	if got.Value < 2*(0.55*0.55-0.25) || !strings.Contains(strings.Join(got.Warnings, "; "), "skips the projection") {
		t.Errorf("%+v", got)
	}
}

// Without pairs the first-order term stays in the noise: the error is that of the formula, and the mean is right.
func TestOfficialAverage(t *testing.T) {
	h, w := []float64{4, 1, 0.25}, []float32{0.5, -1, 2}
	for _, norm := range []string{"l2", "linf"} {
		const draws, rho = 4000, 0.1
		got := measure(t, plugintest.Quadratic(h...), w, params{"algorithm": official, "kind": "average", "norm": norm, "rho": rho, "draws": draws})
		want := rho * rho / 2 * 5.25
		if norm == "linf" {
			want /= 3
		}
		if math.Abs(got.Value-want) > 4*got.StdErr {
			t.Errorf("%s: %+v, want %v", norm, got, want)
		}
		if se := 0.0036522; norm == "l2" && math.Abs(got.StdErr/se-1) > 0.1 {
			t.Errorf("standard error %v, want %v", got.StdErr, se)
		}
	}
}

func TestOfficialParameters(t *testing.T) {
	if got := plugintest.Validate(t, nil, 3, params{"algorithm": official, "restarts": 5}); len(got) != 1 || !strings.HasPrefix(got[0], "restarts: has no effect") {
		t.Errorf("%q", got)
	}
	if got := plugintest.Validate(t, nil, 3, params{"algorithm": official, "kind": "average", "draws": 3}); len(got) != 0 {
		t.Errorf("%q", got)
	}
}
