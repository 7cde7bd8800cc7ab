package store

import (
	"fmt"
	"math"
	"strings"
)

// Tensor is the name and shape of one part of a parameter vector.
type Tensor struct {
	Name  string
	Shape []int
}

// Params is a trained model: what evaluations and metrics need of it.
type Params struct {
	Tensors []Tensor  // the parts of W, in their order, without gaps; nil: one part named "params"
	W       []float32 // the parameters of the last commit
	Buffers []float32 // the host's batch statistics
	Init    []float32 // the parameters before the first step
	Update  []float32 // the last commit minus the one before
}

// Tensors with this prefix are not parameters of the model.
const reserved = "bench."

// encode lays the parameters out as a safetensors file: every tensor of the model under its own name, then bench.buffers,
// bench.init and bench.update.
func (p *Params) encode() ([]byte, error) {
	var tensors []blob
	layout := p.Tensors
	if layout == nil {
		layout = []Tensor{{Name: "params", Shape: []int{len(p.W)}}}
	}
	at := 0
	for _, t := range layout {
		n := 1
		for _, d := range t.Shape {
			n *= d
		}
		if n < 0 || at+n > len(p.W) {
			return nil, fmt.Errorf("tensor %q ends behind the %d parameters", t.Name, len(p.W))
		}
		if strings.HasPrefix(t.Name, reserved) {
			return nil, fmt.Errorf("tensor %q has a reserved name", t.Name)
		}
		tensors = append(tensors, blob{name: t.Name, shape: t.Shape, f: p.W[at : at+n]})
		at += n
	}
	if at != len(p.W) {
		return nil, fmt.Errorf("the tensors hold %d of %d parameters", at, len(p.W))
	}
	for _, extra := range []struct {
		name string
		f    []float32
	}{{"buffers", p.Buffers}, {"init", p.Init}, {"update", p.Update}} {
		if extra.f != nil {
			tensors = append(tensors, blob{name: reserved + extra.name, shape: []int{len(extra.f)}, f: extra.f})
		}
	}
	return encodeTensors(tensors, map[string]string{"format": "sharpbench.params.1"})
}

func decodeParams(file []byte) (*Params, error) {
	tensors, metadata, err := decodeTensors(file)
	if err != nil {
		return nil, err
	}
	if f := metadata["format"]; f != "sharpbench.params.1" {
		return nil, fmt.Errorf("its format is %q", f)
	}
	p := &Params{}
	for _, t := range tensors {
		switch t.name {
		case reserved + "buffers":
			p.Buffers = t.f
		case reserved + "init":
			p.Init = t.f
		case reserved + "update":
			p.Update = t.f
		default:
			p.Tensors = append(p.Tensors, Tensor{Name: t.name, Shape: t.shape})
			p.W = append(p.W, t.f...)
		}
	}
	return p, nil
}

// Norm is the Euclidean norm of parameters.
func Norm(w []float32) float64 {
	sum := 0.0
	for _, x := range w {
		sum += float64(float64(x) * float64(x))
	}
	return math.Sqrt(sum)
}
