package stats

import (
	"math"
	"testing"
)

// t quantiles from the tables: 4.30265 at 2 degrees of freedom, 2.77645 at 4.
func TestHalfWidth(t *testing.T) {
	for n, want := range map[int]float64{3: 4.30265 / math.Sqrt(3), 5: 2.77645 / math.Sqrt(5)} {
		if got := HalfWidth(n, 0.95); math.Abs(got-want) > 1e-5 {
			t.Errorf("HalfWidth(%d) = %v, want %v", n, got, want)
		}
	}
	if !math.IsInf(HalfWidth(1, 0.95), 1) {
		t.Error("one observation has an interval")
	}
}
