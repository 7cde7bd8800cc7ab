package suite

import (
	"slices"
	"testing"
)

func TestMoments(t *testing.T) {
	for _, c := range []struct {
		at    Moments
		total int
		want  []int
	}{
		{nil, 100, nil},
		{Moments{"end"}, 100, nil},
		{Moments{"init", "end"}, 100, []int{0}},
		{Moments{"log:3", "end"}, 100, []int{1, 10}},
		{Moments{"log:5", "end"}, 10_000, []int{1, 10, 100, 1000}},
		{Moments{"last20%", "end"}, 100, []int{84, 88, 92, 96}},
		{Moments{"last50%:2", "end"}, 100, []int{75}},
		{Moments{"end", "last100%:4", "log:3", "init"}, 100, []int{0, 1, 10, 25, 50, 75}},
		{Moments{"log:12"}, 3, []int{1, 2}}, // a short training has few moments
		{Moments{"init", "log:4"}, 1, []int{0}},
	} {
		if got := c.at.Steps(c.total); !slices.Equal(got, c.want) {
			t.Errorf("%q of %d steps: %v, want %v", c.at, c.total, got, c.want)
		}
	}
}

func TestSummaryWords(t *testing.T) {
	for w, want := range map[string]Summary{
		"max": {Kind: "max"}, "auc": {Kind: "auc"}, "early": {Kind: "early"}, "reach:1": {"reach", 1}, "dwell:-0.5": {"dwell", -0.5}, "slope:1": {"slope", 1}, "catapult": {Kind: "catapult"},
	} {
		if got, ok := ParseSummary(w); !ok || got != want || got.String() != w {
			t.Errorf("%q: %+v, %v", w, got, ok)
		}
	}
	for _, w := range []string{"", "mean", "max:1", "reach", "reach:", "reach:x", "dwell:NaN", "dwell:Inf", "slope", "catapult:1"} {
		if s, ok := ParseSummary(w); ok {
			t.Errorf("%q: %+v", w, s)
		}
	}
}
