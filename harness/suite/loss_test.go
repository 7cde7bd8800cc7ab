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
	// Vector scaling, LDAM and deferred weights, by the formulas of their papers.
	tail := Loss{Name: "cross_entropy", Gamma: 0.5, Margin: 0.5, Scale: 3, Reweight: &Reweight{Beta: 0.9, From: 0.8}}
	l, err = tail.Objective([]int{16, 4, 1})
	if err != nil {
		t.Fatal(err)
	}
	if !near(l.Multiply, []float64{3, 1.5, 0.75}) || !near(l.Margin, []float64{0.75, 1.5 / math.Sqrt2, 1.5}) {
		t.Errorf("factors %v, margins %v", l.Multiply, l.Margin)
	}
	effective := []float64{(1 - math.Pow(0.9, 16)) / 0.1, (1 - math.Pow(0.9, 4)) / 0.1, 1}
	sum := 1/effective[0] + 1/effective[1] + 1
	if !near(l.ClassWeights, []float64{3 / effective[0] / sum, 3 / effective[1] / sum, 3 / sum}) {
		t.Errorf("weights %v", l.ClassWeights)
	}
	if early, deferred := tail.Early(); !deferred || early.Reweight != nil || early.Margin != 0.5 {
		t.Errorf("before the weights: %+v", early)
	}
	tail.Reweight = &Reweight{From: 0}
	if _, deferred := tail.Early(); deferred {
		t.Error("weights from the beginning are not late")
	}
	if l, err = tail.Objective(counts); err != nil || !near(l.ClassWeights, []float64{1, 1, 1}) {
		t.Errorf("weights with β = 0: %v, %v", l.ClassWeights, err)
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
		{Loss{Name: "cross_entropy", Margin: 1}, []int{3, 0, 1}, "class 1 has no training examples"},
		{Loss{Name: "logistic"}, counts, "two classes"},
	} {
		if _, err := c.loss.Objective(c.counts); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%+v: %v, want %q", c.loss, err, c.want)
		}
	}
}
