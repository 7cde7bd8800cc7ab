package engine

import (
	"fmt"
	"math"
	"testing"
)

// TestHessianClosedForms compares whole Hessians with those known in closed form.
func TestHessianClosedForms(t *testing.T) {
	linear := func(outputs ...int) func(b *Builder) {
		return func(b *Builder) {
			for i, o := range outputs {
				b.Linear(fmt.Sprintf("fc%d", i), o, false)
			}
		}
	}
	sigmoid := func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }
	// The logistic loss of (1, 0) with y = 1 and (0, 2) with y = -1 at (1, -1): margins 1 and 2.
	curve := []float64{sigmoid(1) * sigmoid(-1) / 2, 4 * sigmoid(2) * sigmoid(-2) / 2}
	for _, c := range []struct {
		name string
		in   Shape
		net  func(b *Builder)
		w    []float32
		b    Batch
		l    Loss
		loss float64
		want [][]float64
	}{
		{"½ Σ h w²", Shape{1, 1, 3}, linear(1), []float32{0.5, -1, 2},
			Batch{X: []float32{float32(math.Sqrt(12)), 0, 0, 0, float32(math.Sqrt(3)), 0, 0, 0, float32(math.Sqrt(0.75))}, Y: make([]int32, 3), T: make([]float32, 3)},
			Loss{Kind: MSE}, 1.5, [][]float64{{4, 0, 0}, {0, 1, 0}, {0, 0, 0.25}}},
		{"½ (uv - 1)²", Shape{1, 1, 1}, linear(1, 1), []float32{2, 3},
			Batch{X: []float32{1}, Y: []int32{0}, T: []float32{1}}, Loss{Kind: MSE}, 12.5, [][]float64{{9, 11}, {11, 4}}},
		{"½ (uv - 1)² at a minimum", Shape{1, 1, 1}, linear(1, 1), []float32{2, 0.5},
			Batch{X: []float32{1}, Y: []int32{0}, T: []float32{1}}, Loss{Kind: MSE}, 0, [][]float64{{0.25, 1}, {1, 4}}},
		// At a minimum the Hessian is s sᵀ with s = y/w.
		{"½ (w1 w2 w3 - y)²", Shape{1, 1, 1}, linear(1, 1, 1), []float32{0.5, 2, 4},
			Batch{X: []float32{1}, Y: []int32{0}, T: []float32{4}}, Loss{Kind: MSE}, 0, [][]float64{{64, 16, 8}, {16, 4, 2}, {8, 2, 1}}},
		{"least squares", Shape{1, 1, 2}, linear(1), []float32{0.3, -0.7},
			Batch{X: []float32{1, 0, 0, 2, 1, 1}, Y: make([]int32, 3), T: []float32{1, 2, 2}},
			Loss{Kind: MSE}, (0.49 + 3.4*3.4 + 2.4*2.4) / 6, [][]float64{{2.0 / 3, 1.0 / 3}, {1.0 / 3, 5.0 / 3}}},
		{"ridge", Shape{1, 1, 2}, linear(1), []float32{0.3, -0.7},
			Batch{X: []float32{1, 0, 0, 2, 1, 1}, Y: make([]int32, 3), T: []float32{1, 2, 2}},
			Loss{Kind: MSE, L2: 0.5}, (0.49+3.4*3.4+2.4*2.4)/6 + 0.25*0.58, [][]float64{{2.0/3 + 0.5, 1.0 / 3}, {1.0 / 3, 5.0/3 + 0.5}}},
		{"logistic", Shape{1, 1, 2}, linear(1), []float32{1, -1},
			Batch{X: []float32{1, 0, 0, 2}, Y: []int32{1, 0}}, Loss{Kind: Logistic}, 0.2200948, [][]float64{{curve[0], 0}, {0, curve[1]}}},
	} {
		b := NewBuilder(c.in)
		c.net(b)
		n, err := b.Build()
		if err != nil {
			t.Fatal(err)
		}
		m := NewMachine(n, len(c.b.Y))
		for j := range c.want {
			v, out := make([]float32, n.Dim()), nans(n.Dim())
			v[j] = 1
			r := m.HVP(c.w, nil, c.b, c.l, Train, v, out)
			if math.Abs(r.Loss-c.loss) > 1e-6*(1+c.loss) {
				t.Errorf("%s: loss %v, want %v", c.name, r.Loss, c.loss)
			}
			for i := range out {
				if want := c.want[i][j]; !(math.Abs(float64(out[i])-want) <= 2e-6*(1+math.Abs(want))) {
					t.Errorf("%s: element %d, %d is %v, want %v", c.name, i, j, out[i], want)
				}
			}
		}
	}
}
