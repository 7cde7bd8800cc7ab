package plugintest

import (
	"errors"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
)

// The loss at w = (1, -1) is that of metrics.md's logistic fixture: mean of log(1+e^-1) and log(1+e^-2).
func TestLogisticKnownAnswers(t *testing.T) {
	l := Logistic([][]float64{{1, 0}, {0, 2}}, []int{1, -1}, 1)
	w := []float32{1, -1}
	e, err := l.Loss(oracle.Batch{Stream: oracle.Full}, w, oracle.Options{})
	if err != nil || math.Abs(e.Loss-0.2200948) > 1e-7 || e.Examples != 2 || e.Errors != 0 {
		t.Errorf("%+v, %v", e, err)
	}
	// Scaled to norm 1 the logits are ±1/√2 whatever w is, and both examples are right: log(1+e^-√2).
	for _, scale := range []float32{1, 100} {
		e, _ := l.Loss(oracle.Batch{Stream: oracle.Full}, []float32{scale, -scale}, oracle.Options{NormalizeLogits: true})
		if want := math.Log1p(math.Exp(-math.Sqrt2)); math.Abs(e.Loss-want) > 1e-12 {
			t.Errorf("normalised logits: %v, want %v", e.Loss, want)
		}
	}
	out := make([]float32, 4)
	if _, err := l.Outputs(oracle.Batch{Stream: oracle.Full}, w, out, oracle.Options{}); err != nil || out[1] != 1 || out[3] != -2 || out[0] != 0 {
		t.Errorf("outputs %v, %v", out, err)
	}
	var refused *oracle.Error
	if _, err := l.Outputs(oracle.Batch{Stream: oracle.Full}, w, out[:3], oracle.Options{}); !errors.As(err, &refused) {
		t.Errorf("outputs into too short a slot: %v", err)
	}
	if _, err := l.Loss(oracle.Batch{Stream: "test"}, w, oracle.Options{}); !errors.As(err, &refused) {
		t.Errorf("the stream test: %v", err)
	}
}

func TestLogisticGradientIsTheDerivative(t *testing.T) {
	l := Logistic([][]float64{{1, 2}, {-1, 0.5}, {0.3, -2}, {1, 1}}, []int{1, -1, 1, -1}, 2)
	w, g := []float32{0.5, -0.25}, make([]float32, 2)
	for _, b := range []oracle.Batch{
		{Stream: oracle.Full}, {Stream: oracle.Train, Index: 3}, {Stream: oracle.Probe, Index: 0}, {Stream: oracle.Full, Part: oracle.Range, From: 1, To: 3},
	} {
		if _, err := l.Grad(b, w, g, oracle.Options{}); err != nil {
			t.Fatal(err)
		}
		for i := range w {
			const h = 1.0 / 1024 // exact in float32
			up, down := append([]float32(nil), w...), append([]float32(nil), w...)
			up[i] += h
			down[i] -= h
			a, _ := l.Loss(b, up, oracle.Options{})
			c, _ := l.Loss(b, down, oracle.Options{})
			if want := (a.Loss - c.Loss) / (2 * h); math.Abs(float64(g[i])-want) > 1e-6 {
				t.Errorf("%+v: derivative %d is %v, want %v", b, i, g[i], want)
			}
		}
	}
}

func TestQuadraticKnownAnswers(t *testing.T) {
	q := Quadratic(4, 1, 0.25)
	w, g := []float32{0.5, -1, 2}, make([]float32, 3)
	e, err := q.Grad(oracle.Batch{}, w, g, oracle.Options{})
	if err != nil || e.Loss != 1.5 || g[0] != 2 || g[1] != -1 || g[2] != 0.5 {
		t.Errorf("loss %v, gradient %v, %v", e.Loss, g, err)
	}
}
