package model

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/rng"
)

// initialiser gives the weights of one tensor their distribution: uniform in ±bound or normal with mean 0.
type initialiser struct {
	name string
	of   func(fanIn, fanOut float64) (size float64, normal bool) // the bound, or the standard deviation
}

var initialisers = []initialiser{
	{"torch", func(in, _ float64) (float64, bool) { return 1 / math.Sqrt(in), false }},
	{"kaiming_normal", func(in, _ float64) (float64, bool) { return math.Sqrt(2 / in), true }},
	{"kaiming_uniform", func(in, _ float64) (float64, bool) { return math.Sqrt(6 / in), false }},
	{"xavier_normal", func(in, out float64) (float64, bool) { return math.Sqrt(2 / (in + out)), true }},
	{"xavier_uniform", func(in, out float64) (float64, bool) { return math.Sqrt(6 / (in + out)), false }},
	{"lecun_normal", func(in, _ float64) (float64, bool) { return 1 / math.Sqrt(in), true }},
	{"mup", func(in, _ float64) (float64, bool) { return 1 / math.Sqrt(in), false }}, // the output's is smaller, see Init
}

// Inits lists what init may be.
func Inits() []string {
	names := make([]string, len(initialisers))
	for i, s := range initialisers {
		names[i] = s.name
	}
	return names
}

// embedding is the standard deviation of embeddings, as in Dosovitskiy et al., "An Image is Worth 16x16 Words" (2021).
const embedding = 0.02

// Init sets w, which has length Dim, to the parameters that a trial with this seed starts from; n is New's network of s.
//
// Scales of normalisations start at 1, shifts and biases at 0, embeddings normal with standard deviation 0.02. Weights
// with fan-in a and fan-out b, which count the pixels of a convolution's kernel, have mean 0 and are, for init =
//
//	torch            uniform in ±1/√a: Kaiming's uniform initialisation with slope √5, which PyTorch's convolutions and
//	                 linear layers have by default, so that learning rates and radii from the literature carry over
//	kaiming_normal   normal, variance 2/a (He et al., "Delving Deep into Rectifiers", 2015, equation 10)
//	kaiming_uniform  uniform in ±√(6/a), which has the same variance
//	xavier_normal    normal, variance 2/(a+b) (Glorot, Bengio, "Understanding the difficulty of training deep
//	                 feedforward neural networks", 2010, equation 12)
//	xavier_uniform   uniform in ±√(6/(a+b)) (there, equation 16)
//	lecun_normal     normal, variance 1/a (LeCun et al., "Efficient BackProp", 1998, section 4.6)
//	mup              as torch, but the output layer's bound is smaller by √(a/a₀), where a₀ is its fan-in in the model of
//	                 base_width: its variance falls with the square of the width (Yang et al., "Tensor Programs V", 2021,
//	                 table 3). The rates of New's layout belong to it.
//
// Normal distributions are not truncated. Tensor i of the layout draws from stream "init", index i: its first values
// depend on the seed, its number and its fans alone.
func Init(s Spec, n *engine.Net, seed uint64, w []float32) {
	if len(w) != n.Dim() {
		panic(fmt.Sprintf("model: %d parameters, the network has %d", len(w), n.Dim()))
	}
	s.SetDefaults()
	rule := initialisers[0]
	for _, r := range initialisers {
		if r.name == s.Init {
			rule = r
		}
	}
	var scales []scale
	if s.Init == "mup" {
		var err error
		if scales, err = s.scales(n); err != nil {
			panic("model: " + err.Error()) // New has built both networks
		}
	}
	for i, t := range n.Layout() {
		part := w[t.Offset : t.Offset+t.Len()]
		r := rng.New(seed, "init", uint64(i))
		switch t.Kind {
		case engine.NormScale:
			for j := range part {
				part[j] = 1
			}
		case engine.Bias, engine.NormShift:
			clear(part)
		case engine.Embed:
			for j := range part {
				part[j] = float32(embedding * r.Norm())
			}
		default:
			size, normal := rule.of(float64(t.FanIn), float64(fanOut(t)))
			if scales != nil && scales[i].out == 1 {
				size /= math.Sqrt(scales[i].in)
			}
			for j := range part {
				if normal {
					part[j] = float32(size * r.Norm())
				} else {
					part[j] = float32((2*r.Float64() - 1) * size)
				}
			}
		}
	}
}

// fanOut is the number of outputs that one input reaches, without regard to strides and borders.
func fanOut(t engine.Tensor) int {
	if k := len(t.Shape); k >= 2 {
		return t.FanIn / t.Shape[k-2] * t.Shape[k-1]
	}
	return t.FanIn
}
