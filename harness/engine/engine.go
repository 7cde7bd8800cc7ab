// Package engine trains small networks on one thread of a CPU: layers, networks, losses and their exact gradients.
//
// Numbers are float32 in NHWC order; a network's parameters are one flat vector that belongs to the caller, described by
// Net.Layout. Sums over examples (losses, statistics of normalisation) are accumulated in float64 in a fixed order.
//
// The same inputs give the same bits on every machine with AVX2 and FMA, with AVX-512 or without, and for any number of
// goroutines, since none is started. Elsewhere the products are plain Go, slow, and may differ in the last bits.
//
// The engine knows nothing of datasets, files or plugins. Networks are put together in package model.
package engine

import "fmt"

// Version identifies the arithmetic of the engine. It is raised whenever any bit of a result changes; a test compares
// recorded results, so that a change cannot go unnoticed. Stored results of one version stay valid as long as it stands.
const Version = 2

// Kind says what a tensor of parameters does.
type Kind string

// The kinds of tensors.
const (
	Weight    Kind = "weight"
	Bias      Kind = "bias"
	NormScale Kind = "norm_scale"
	NormShift Kind = "norm_shift"
	Embed     Kind = "embed"
)

// Tensor is one entry of the layout of the flat parameter vector. Entries follow each other without gaps in the order
// of their offsets.
type Tensor struct {
	Name string // unique, e.g. "conv1.weight"
	Kind Kind
	// Layer numbers the layers with weights from 0. A bias or norm tensor has the number of the weights it follows.
	Layer int
	// Shape is height, width, inputs, outputs for convolutions (HWIO), inputs, outputs for linear layers and the number
	// of channels for the rest. The last index varies fastest.
	Shape  []int
	Offset int // of the first element in the flat vector, in elements
	// FanIn is the number of inputs of one output of the layer, 0 for norm tensors.
	FanIn int
	// Prunable marks the tensors that pruning methods may set to zero: the weights.
	Prunable bool
	// Rates multiply the learning rate, for parametrisations that give tensors different ones.
	Rates Rates
}

// Rates are the factors on the learning rate of one tensor. They depend on how the optimizer scales its steps: in
// proportion to the gradient, as SGD does, with momentum or not, or freed from its size, as Adam does.
type Rates struct{ SGD, Adam float64 }

// Len is the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Shape is the size of one example of an activation.
type Shape struct{ H, W, C int }

// Len is the number of elements of one example.
func (s Shape) Len() int { return s.H * s.W * s.C }

func (s Shape) String() string { return fmt.Sprintf("%d×%d×%d", s.H, s.W, s.C) }

// Mode chooses the statistics that batch normalisation uses. Networks without it compute the same in both modes.
type Mode int

const (
	// Eval uses the running statistics: every example is computed on its own.
	Eval Mode = iota
	// Train uses the statistics of the batch, and the gradient goes through them.
	Train
)

// Batch is a set of examples. Nothing in it is modified or kept.
type Batch struct {
	X []float32 // examples × height × width × channels
	Y []int32   // labels, 0 <= label < classes, of which a single output has 2
	// T holds targets of a regression, examples × outputs; nil for classification. The loss must be MSE, and the values
	// of Y then mean nothing; its length is still the number of examples.
	T []float32
}

// Len is the number of examples.
func (b Batch) Len() int { return len(b.Y) }

// part is examples from..to, of size inputs and a number of outputs each.
func (b Batch) part(from, to, size, outputs int) Batch {
	p := Batch{X: b.X[from*size : to*size], Y: b.Y[from:to]}
	if b.T != nil {
		p.T = b.T[from*outputs : to*outputs]
	}
	return p
}

// Result is what one evaluation says about a batch.
type Result struct {
	Loss     float64 // mean over the examples, with the L2 term
	Examples int
	// Errors counts the examples whose largest logit (the first of equal ones) is not their label; see Loss. An example
	// with a NaN among its logits is an error. Regression has no errors.
	Errors int
}
