package stats

import (
	"math"
	"testing"
)

// A quantity that is linear in the logarithm of the step has its summaries in closed form.
func TestTrajectory(t *testing.T) {
	line := []Moment{{0, 100}, {1, 0}, {10, 1}, {100, 2}, {10_000, 4}} // log10 of the step, behind an outlier at step 0
	hump := []Moment{{1, 0}, {10, 2}, {100, 0}}
	check := func(what string, got float64, ok bool, want float64) {
		t.Helper()
		if !ok || math.Abs(got-want) > 1e-12 {
			t.Errorf("%s: %v, %v, want %v", what, got, ok, want)
		}
	}
	v, ok := Peak(line)
	check("peak", v, ok, 100)
	v, ok = LogMean(line)
	check("mean of the line", v, ok, 2)
	v, ok = LogMean(hump)
	check("mean of the hump", v, ok, 1)
	v, ok = Dwell(line, 3)
	check("line at 3 or more", v, ok, 0.25)
	v, ok = Dwell(hump, 1)
	check("hump at 1 or more", v, ok, 0.5)
	v, ok = Dwell(hump, 0)
	check("hump at 0 or more", v, ok, 1)
	v, ok = Dwell(hump, 3)
	check("hump at 3 or more", v, ok, 0)
	v, ok = Early(line, 50)
	check("early", v, ok, 1)
	if s, ok := Reach(line[1:], 1.5); !ok || s != 100 {
		t.Errorf("reach: %d, %v", s, ok)
	}
	if _, ok := Reach(hump, 2.5); ok {
		t.Error("the hump reaches 2.5")
	}
	for _, m := range [][]Moment{nil, {{0, 1}}, {{0, 1}, {5, 2}}} {
		if _, ok := LogMean(m); ok {
			t.Errorf("%v has a mean", m)
		}
		if _, ok := Dwell(m, 0); ok {
			t.Errorf("%v dwells", m)
		}
	}
	if _, ok := Peak(nil); ok {
		t.Error("nothing has a peak")
	}
	if _, ok := Early([]Moment{{0, 1}, {9, 2}}, 5); ok {
		t.Error("a value from outside the first steps")
	}
}

func TestCatapult(t *testing.T) {
	m := []Moment{{0, 2}, {1, 3}, {20, 9}, {49, 1}, {50, 100}, {1000, 0.1}}
	if v, ok := Catapult(m, 50); !ok || v != 4.5 {
		t.Errorf("%v, %v, want 4.5: step 50 is not before step 50", v, ok)
	}
	if v, ok := Catapult([]Moment{{0, 2}, {3, 1}}, 50); !ok || v != 1 {
		t.Errorf("%v, %v: what only falls is never above its start", v, ok)
	}
	for _, m := range [][]Moment{nil, {{1, 2}, {2, 3}}, {{0, 0}, {1, 1}}, {{0, 1}, {60, 2}}} {
		if v, ok := Catapult(m, 50); ok {
			t.Errorf("%v has the ratio %v", m, v)
		}
	}
}

// A power of the step has its exponent as the slope; what comes behind the threshold does not count.
func TestRise(t *testing.T) {
	var m []Moment
	for _, s := range []int{0, 1, 3, 10, 30, 100, 300, 1000} {
		v := 5 * math.Pow(float64(s), 0.75)
		if s > 100 {
			v = 160
		}
		m = append(m, Moment{s, v})
	}
	if v, ok := Rise(m, 158); !ok || math.Abs(v-0.75) > 1e-12 {
		t.Errorf("%v, %v, want 0.75", v, ok)
	}
	if v, ok := Rise(m, 1e9); !ok || v >= 0.75 || v < 0.5 {
		t.Errorf("%v, %v: the plateau counts where the threshold is never reached", v, ok)
	}
	for _, m := range [][]Moment{nil, {{1, 2}}, {{0, 1}, {1, 9}, {2, 10}}, {{1, 1}, {2, -1}}} {
		if v, ok := Rise(m, 9); ok {
			t.Errorf("%v rises by %v", m, v)
		}
	}
}
