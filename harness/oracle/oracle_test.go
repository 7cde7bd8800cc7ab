package oracle

import (
	"math"
	"testing"
)

func TestFirstNonFinite(t *testing.T) {
	for _, n := range []int{1, 7, 8, 33, 1000} {
		for i := range n {
			x := make([]float32, n)
			for k := range x {
				x[k] = math.MaxFloat32
			}
			if got := FirstNonFinite(x); got != -1 {
				t.Fatalf("%d large numbers: %d", n, got)
			}
			for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				x[i] = float32(bad)
				if got := FirstNonFinite(x); got != i {
					t.Errorf("%v at %d of %d: %d", bad, i, n, got)
				}
			}
		}
	}
}
