package engine

import (
	"fmt"
	"slices"
	"strings"
)

// Net is a network: a chain of layers and the layout of its parameters. It holds no parameters itself, is immutable
// and may be used by any number of Machines.
type Net struct {
	chain
	layout   []Tensor
	weighted []weighted // the layers with weights
	dim      int
	buffers  int
}

// Layout returns the tensors of the parameter vector in order. The caller must not modify it.
func (n *Net) Layout() []Tensor { return n.layout }

// WithRates returns the same network with other rates in its layout, one entry a tensor in order. Nets have the rates 1
// by default. The network itself computes the same whatever they are: they are for optimizers.
func (n *Net) WithRates(rates []Rates) *Net {
	mustLen("rates", len(rates), len(n.layout))
	other := *n
	other.layout = slices.Clone(n.layout)
	for i, r := range rates {
		other.layout[i].Rates = r
	}
	return &other
}

// Dim is the number of parameters.
func (n *Net) Dim() int { return n.dim }

// BufferDim is the length of the vector of batch statistics: running mean and variance of every batch normalisation.
// They belong to the caller and are not parameters. It is 0 for networks without batch normalisation.
func (n *Net) BufferDim() int { return n.buffers }

// InitBuffers sets the running statistics to mean 0 and variance 1. buf has length BufferDim.
func (n *Net) InitBuffers(buf []float32) {
	mustLen("buf", len(buf), n.buffers)
	n.chain.initBuffers(buf)
}

// Inputs is the shape of one example.
func (n *Net) Inputs() Shape { return n.input }

// Classes is the number of outputs: one a class, or a single one for a binary or a scalar problem.
func (n *Net) Classes() int { return n.shape().Len() }

// Step is one operation of a network, for reports and for peers that rebuild the network.
type Step struct {
	// conv, linear, cosine, norm, activate, avgpool, residual, patches, positions, layernorm, attention, tokens or reversible
	Kind       string
	In, Out    Shape
	Kernel     int        // conv: its height and width; the padding is half of it
	Stride     int        // conv
	Bias       bool       // linear, patches, tokens
	Norm       Norm       // norm
	Group      int        // channels of a group, for GroupNorm
	Activation Activation // norm, activate, tokens; of the sum, for residual
	Pool       bool       // norm
	Size       int        // patches: their side
	Heads      int        // attention
	Keys       int        // attention: channels of a query and of a key of a head
	// Body and Shortcut are the branches of a residual; no Shortcut is the identity. Body is that of a reversible too.
	Body, Shortcut []Step `json:",omitempty"`
}

// Steps lists the operations in order.
func (n *Net) Steps() []Step { return n.chain.steps() }

func (c *chain) steps() []Step {
	var steps []Step
	for i, l := range c.layers {
		steps = describe(steps, l, c.out(i))
	}
	return steps
}

// describe appends the operations of l on inputs of shape in.
func describe(steps []Step, l layer, in Shape) []Step {
	switch l := l.(type) {
	case *stage:
		return describe(describe(steps, l.conv, in), l.norm, l.conv.out)
	case *conv:
		return append(steps, Step{Kind: "conv", In: in, Out: l.out, Kernel: l.kernel, Stride: l.stride})
	case *linear:
		return append(steps, Step{Kind: "linear", In: in, Out: l.shape(), Bias: l.bias >= 0})
	case *cosine:
		return append(steps, Step{Kind: "cosine", In: in, Out: l.shape()})
	case *normAct:
		return append(steps, Step{Kind: "norm", In: in, Out: l.out, Norm: l.kind, Group: l.group, Activation: l.act, Pool: l.pool})
	case *activate:
		return append(steps, Step{Kind: "activate", In: in, Out: l.size, Activation: l.act})
	case *avgPool:
		return append(steps, Step{Kind: "avgpool", In: in, Out: l.out})
	case *patches:
		return append(steps, Step{Kind: "patches", In: in, Out: l.out, Size: l.size, Bias: true})
	case *positions:
		return append(steps, Step{Kind: "positions", In: in, Out: l.in})
	case *layerNorm:
		return append(steps, Step{Kind: "layernorm", In: in, Out: l.in})
	case *attention:
		return append(steps, Step{Kind: "attention", In: in, Out: l.out, Heads: l.heads, Keys: l.keys})
	case *mixTokens:
		return append(steps, Step{Kind: "tokens", In: in, Out: l.out, Bias: true, Activation: l.act})
	case *reversible:
		return append(steps, Step{Kind: "reversible", In: in, Out: l.shape(), Body: l.body.steps()})
	case *residual:
		return append(steps, Step{Kind: "residual", In: in, Out: l.shape(), Activation: l.act, Body: l.body.steps(), Shortcut: l.shortcut.steps()})
	}
	panic(fmt.Sprintf("engine: layer %T has no description", l))
}

func mustLen(name string, have, want int) {
	if have != want {
		panic(fmt.Sprintf("engine: %s has length %d, expected %d", name, have, want))
	}
}

// Builder puts a network together layer by layer. Errors are collected and returned by Build.
type Builder struct {
	net    Net
	weight int // layers with weights so far
	errs   []string
}

// NewBuilder starts a network for examples of shape in.
func NewBuilder(in Shape) *Builder {
	b := &Builder{net: Net{chain: chain{input: in}}}
	if in.H < 1 || in.W < 1 || in.C < 1 {
		b.fail("input", "shape %v: expected at least 1 in every dimension", in)
	}
	return b
}

// Shape is the output of the layers so far.
func (b *Builder) Shape() Shape { return b.net.shape() }

// Conv adds a convolution with kernel×kernel weights, zero padding kernel/2 and no bias (see NormAct). kernel is 1 or 3,
// stride 1 or 2; the output has ceil(H/stride)×ceil(W/stride) pixels. Its parameter is name.weight.
func (b *Builder) Conv(name string, kernel, stride, out int) {
	in := b.Shape()
	ok := len(b.errs)
	if kernel != 1 && kernel != 3 {
		b.fail(name, "kernel %d×%d: expected 1×1 or 3×3", kernel, kernel)
	}
	if stride != 1 && stride != 2 {
		b.fail(name, "stride %d: expected 1 or 2", stride)
	}
	if out < 1 {
		b.fail(name, "%d output channels: expected at least 1", out)
	}
	if len(b.errs) > ok {
		return
	}
	fanIn := kernel * kernel * in.C
	w := b.tensor(name+".weight", Weight, fanIn, kernel, kernel, in.C, out)
	b.net.layers = append(b.net.layers, &conv{name: name, in: in, out: convolved(in, stride, out), kernel: kernel, stride: stride, weight: w})
	b.weight++
}

// Linear adds a fully connected layer over all elements of an example. Its parameters are name.weight and, with bias,
// name.bias.
func (b *Builder) Linear(name string, out int, bias bool) {
	in := b.Shape().Len()
	if out < 1 {
		b.fail(name, "%d outputs: expected at least 1", out)
		return
	}
	l := &linear{name: name, in: in, out: out, bias: -1}
	l.weight = b.tensor(name+".weight", Weight, in, in, out)
	if bias {
		l.bias = b.tensor(name+".bias", Bias, in, out)
	}
	b.net.layers = append(b.net.layers, l)
	b.weight++
}

// Norm is a way of normalising activations.
type Norm string

// The normalisations. All have a scale and a shift per channel and divide by sqrt(variance + 1e-5), the variance
// without Bessel's correction.
const (
	// NoNorm only adds the bias of the layer before it.
	NoNorm Norm = "none"
	// BatchNorm normalises each channel over the examples and positions of the batch (Ioffe, Szegedy 2015). Its running
	// statistics follow with momentum 0.1, the variance with Bessel's correction.
	BatchNorm Norm = "batch"
	// GroupNorm normalises groups of channels within each example (Wu, He 2018): groups of the largest divisor of the
	// number of channels that is at most 8.
	GroupNorm Norm = "group"
)

// Activation is an elementwise function.
type Activation string

// The activations.
const (
	Identity Activation = "identity"
	ReLU     Activation = "relu" // derivative 0 at 0
	Tanh     Activation = "tanh"
	GELU     Activation = "gelu" // x Φ(x), exact
)

// NormAct adds normalisation, activation and, with pool, 2×2 max-pooling with stride 2 (an odd last row or column is
// left out; of equal elements the first counts). The normalisation's parameters are norm.scale and norm.shift; for NoNorm it is
// layer.bias, where layer is the name of the layer before.
func (b *Builder) NormAct(norm, layer string, kind Norm, act Activation, pool bool) {
	in := b.Shape()
	l := &normAct{name: norm, in: in, out: in, kind: kind, act: act, pool: pool, scale: -1, buffer: -1}
	if pool {
		if in.H < 2 || in.W < 2 {
			b.fail(norm, "cannot pool %v by 2×2; use fewer stages or larger images", in)
			return
		}
		l.out = Shape{in.H / 2, in.W / 2, in.C}
	}
	switch act {
	case Identity, ReLU, Tanh, GELU:
	default:
		b.fail(norm, "unknown activation %q", act)
		return
	}
	b.weight-- // these belong to the weights before them
	defer func() { b.weight++ }()
	switch kind {
	case NoNorm:
		l.shift = b.tensor(layer+".bias", Bias, b.fanIn(), in.C)
	case BatchNorm, GroupNorm:
		l.scale = b.tensor(norm+".scale", NormScale, 0, in.C)
		l.shift = b.tensor(norm+".shift", NormShift, 0, in.C)
		if kind == BatchNorm {
			l.buffer = b.net.buffers
			b.net.buffers += 2 * in.C
		} else {
			for l.group = min(8, in.C); in.C%l.group != 0; l.group-- {
			}
		}
	default:
		b.fail(norm, "unknown normalisation %q", kind)
		return
	}
	b.net.layers = append(b.net.layers, l)
}

// Activate adds an activation function without a bias before it; NormAct has one.
func (b *Builder) Activate(act Activation) {
	switch act {
	case Identity, ReLU, Tanh, GELU:
		b.net.layers = append(b.net.layers, &activate{size: b.Shape(), act: act})
	default:
		b.fail("activation", "unknown activation %q", act)
	}
}

// GlobalAvgPool adds the mean over all positions of each channel.
func (b *Builder) GlobalAvgPool() {
	in := b.Shape()
	b.net.layers = append(b.net.layers, &avgPool{in: in, out: Shape{1, 1, in.C}})
}

// Build returns the network, whose outputs are its logits, or all that is wrong with it. Cross-entropy needs at least two
// outputs; the other losses do with one.
func (b *Builder) Build() (*Net, error) {
	if len(b.errs) > 0 {
		return nil, fmt.Errorf("%s", strings.Join(b.errs, "\n"))
	}
	net := b.net
	net.layers = fuse(net.layers)
	walk(&net.chain, func(l layer) {
		if l, ok := l.(weighted); ok {
			net.weighted = append(net.weighted, l)
		}
	})
	return &net, nil
}

func (b *Builder) tensor(name string, kind Kind, fanIn int, shape ...int) int {
	t := Tensor{Name: name, Kind: kind, Layer: max(b.weight, 0), Shape: shape, Offset: b.net.dim, FanIn: fanIn, Prunable: kind == Weight, Rates: Rates{1, 1}}
	b.net.layout = append(b.net.layout, t)
	b.net.dim += t.Len()
	return t.Offset
}

// fanIn is that of the weights last added.
func (b *Builder) fanIn() int {
	for i := len(b.net.layout) - 1; i >= 0; i-- {
		if t := b.net.layout[i]; t.Kind == Weight {
			return t.FanIn
		}
	}
	return 0
}

// Fail reports something that is wrong with the network, as Build's error tells it: an architecture's own limits.
func (b *Builder) Fail(layer, format string, args ...any) { b.fail(layer, format, args...) }

func (b *Builder) fail(layer, format string, args ...any) {
	b.errs = append(b.errs, layer+": "+fmt.Sprintf(format, args...))
}
