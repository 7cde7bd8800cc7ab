package model

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/engine"
)

func TestLayout(t *testing.T) {
	net, err := New(Spec{Name: "cnn"}, engine.Shape{H: 32, W: 32, C: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	// 27·16 + 144·32 + 288·64 weights, two a channel for the norms, 64·10 + 10.
	if want := 432 + 32 + 4608 + 64 + 18432 + 128 + 640 + 10; net.Dim() != want {
		t.Errorf("Dim is %d, want %d", net.Dim(), want)
	}
	if want := 2 * (16 + 32 + 64); net.BufferDim() != want {
		t.Errorf("BufferDim is %d, want %d", net.BufferDim(), want)
	}
	var names []string
	offset := 0
	for _, e := range net.Layout() {
		names = append(names, e.Name)
		if e.Offset != offset {
			t.Errorf("%s begins at %d, want %d", e.Name, e.Offset, offset)
		}
		offset += e.Len()
		if e.Prunable != (e.Kind == engine.Weight) {
			t.Errorf("%s: prunable %v", e.Name, e.Prunable)
		}
	}
	want := strings.Fields("conv1.weight norm1.scale norm1.shift conv2.weight norm2.scale norm2.shift conv3.weight norm3.scale norm3.shift fc.weight fc.bias")
	if !slices.Equal(names, want) {
		t.Errorf("tensors %v, want %v", names, want)
	}
	if e := net.Layout()[5]; e.Layer != 1 || e.Kind != engine.NormShift || e.FanIn != 0 {
		t.Errorf("norm2.shift: %+v", e)
	}
	if e := net.Layout()[6]; e.Layer != 2 || e.FanIn != 288 || !slices.Equal(e.Shape, []int{3, 3, 32, 64}) {
		t.Errorf("conv3.weight: %+v", e)
	}
	if net.Classes() != 10 {
		t.Errorf("%d classes", net.Classes())
	}

	net, err = New(Spec{Name: "mlp", Width: []int{5}}, engine.Shape{H: 2, W: 2, C: 1}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if want := 4*5 + 5 + 5*3 + 3; net.Dim() != want || net.BufferDim() != 0 {
		t.Errorf("Dim %d, BufferDim %d, want %d, 0", net.Dim(), net.BufferDim(), want)
	}
	if e := net.Layout()[1]; e.Name != "fc1.bias" || e.Kind != engine.Bias || e.Layer != 0 || e.FanIn != 4 {
		t.Errorf("fc1.bias: %+v", e)
	}
}

func TestProblems(t *testing.T) {
	s := Spec{Name: "cmn", Width: []int{0, 9000, 16}, Norm: "layer", Activation: "sine"}
	var keys []string
	for _, p := range s.Problems() {
		keys = append(keys, p.Key)
		if p.Message == "" {
			t.Errorf("%s: no message", p.Key)
		}
	}
	if want := []string{"name", "width", "width", "norm", "activation"}; !slices.Equal(keys, want) {
		t.Errorf("problems with %v, want %v", keys, want)
	}
	for _, name := range Names() {
		s := Spec{Name: name}
		s.SetDefaults()
		if p := s.Problems(); len(p) > 0 {
			t.Errorf("defaults of %s: %v", name, p)
		}
	}
	if p := (Spec{Name: "mlp", Width: []int{}, Norm: "none", Activation: "relu"}).Problems(); len(p) != 1 || p[0].Key != "width" {
		t.Errorf("empty width: %v", p)
	}
}

func TestNewErrors(t *testing.T) {
	_, err := New(Spec{Name: "cnn", Width: []int{4, 4, 4, 4, 4}}, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err == nil || !strings.Contains(err.Error(), "norm4: cannot pool 1×1×4") {
		t.Errorf("five stages on 8×8 images: %v", err)
	}
	if _, err = New(Spec{Name: "mlp"}, engine.Shape{H: 8, W: 8, C: 1}, 0); err == nil {
		t.Error("no classes: no error")
	}
	if _, err = New(Spec{Name: "mlp", Norm: "x"}, engine.Shape{H: 8, W: 8, C: 1}, 2); err == nil || !strings.Contains(err.Error(), "norm") {
		t.Errorf("unknown norm: %v", err)
	}
}

func TestInit(t *testing.T) {
	net, err := New(Spec{Name: "cnn"}, engine.Shape{H: 32, W: 32, C: 3}, 10)
	if err != nil {
		t.Fatal(err)
	}
	w, again, other := make([]float32, net.Dim()), make([]float32, net.Dim()), make([]float32, net.Dim())
	Init(Spec{}, net, 1, w)
	for i := range again {
		again[i] = 7
	}
	Init(Spec{}, net, 1, again)
	Init(Spec{}, net, 2, other)
	if !slices.Equal(w, again) {
		t.Error("the same seed gives other parameters")
	}
	for _, e := range net.Layout() {
		part := w[e.Offset : e.Offset+e.Len()]
		switch e.Kind {
		case engine.NormScale:
			for _, v := range part {
				if v != 1 {
					t.Fatalf("%s has a %v", e.Name, v)
				}
			}
		case engine.Weight:
			bound := 1 / math.Sqrt(float64(e.FanIn))
			var square, largest float64
			for _, v := range part {
				square += float64(v) * float64(v)
				largest = max(largest, math.Abs(float64(v)))
			}
			if largest > bound || largest < 0.97*bound {
				t.Errorf("%s: largest element %v, want just below %v", e.Name, largest, bound)
			}
			// The variance of a uniform distribution is bound²/3; its estimate has a relative deviation of √(4/5n).
			n := float64(len(part))
			if ratio := square / n / (bound * bound / 3); math.Abs(ratio-1) > 4*math.Sqrt(0.8/n) {
				t.Errorf("%s: variance %v of the expected one", e.Name, ratio)
			}
			if slices.Equal(part, other[e.Offset:e.Offset+e.Len()]) {
				t.Errorf("%s does not depend on the seed", e.Name)
			}
		default:
			for _, v := range part {
				if v != 0 {
					t.Fatalf("%s has a %v", e.Name, v)
				}
			}
		}
	}
}
