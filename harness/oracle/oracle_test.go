package oracle

import (
	"math"
	"reflect"
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

func TestBillsAddUp(t *testing.T) {
	var a Bill
	v := reflect.ValueOf(&a).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.CanUint() {
			f.SetUint(uint64(i) + 1)
		} else {
			f.SetFloat(float64(i) + 1)
		}
	}
	sum := reflect.ValueOf(a.Add(a))
	for i := range v.NumField() {
		if f := sum.Field(i); f.CanUint() && f.Uint() != 2*uint64(i+1) || f.CanFloat() && f.Float() != 2*float64(i+1) {
			t.Errorf("%s: %v is not twice %d", sum.Type().Field(i).Name, f, i+1)
		}
	}
}
