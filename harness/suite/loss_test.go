package suite

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
)

func TestObjective(t *testing.T) {
	counts := []int{60, 30, 10}
	l, err := Loss{Name: "cross_entropy", LabelSmoothing: 0.1, ClassWeights: Balanced, Adjust: 2, L2: 0.5}.Objective(counts)
	if err != nil {
		t.Fatal(err)
	}
	near := func(got, want []float64) bool {
		return slices.EqualFunc(got, want, func(a, b float64) bool { return math.Abs(a-b) < 1e-12 })
	}
	if !near(l.ClassWeights, []float64{100.0 / 180, 100.0 / 90, 100.0 / 30}) {
		t.Errorf("weights %v", l.ClassWeights)
	}
	if !near(l.Adjust, []float64{2 * math.Log(0.6), 2 * math.Log(0.3), 2 * math.Log(0.1)}) {
		t.Errorf("adjustment %v", l.Adjust)
	}
	if l.Kind != "" || l.LabelSmoothing != 0.1 || l.L2 != 0.5 {
		t.Errorf("%+v", l)
	}
	plain, err := Loss{Name: "cross_entropy"}.Objective(counts)
	if err != nil || !plain.Equal(engine.Loss{}) {
		t.Errorf("%+v, %v", plain, err)
	}
	for _, c := range []struct {
		loss   Loss
		counts []int
		want   string
	}{
		{Loss{Name: "cross_entropy", ClassWeights: []float64{1, 2}}, counts, "2 numbers: expected 3"},
		{Loss{Name: "cross_entropy", Adjust: 1}, []int{3, 0, 1}, "class 1 has no training examples"},
		{Loss{Name: "logistic"}, counts, "two classes"},
	} {
		if _, err := c.loss.Objective(c.counts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.loss, err, c.want)
		}
	}
}
