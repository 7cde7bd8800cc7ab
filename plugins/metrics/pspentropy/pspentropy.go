// Package pspentropy measures how specific hidden neurons are to classes. A neuron fires where its post-synaptic potential
// z, what enters its activation function, is positive: u = 1[z > 0]. With p_c = P(u=1 | y=c) and class shares π_c,
//
//	H(u|y) = Σ_c π_c h(p_c)
//	H(y|u) = Σ_t P(u=t) H(y | u=t)
//	I(u;y) = H(y) − H(y|u)
//
// in bits, h the binary entropy. Of a convolution a neuron is a channel, over all positions.
//
// Tartaglione, Bragagnolo & Grangetto 2020, "Pruning artificial neural networks: a way to find well-generalizing,
// high-entropy sharp minima", arXiv:2004.14765.
package pspentropy

import (
	"errors"
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/units"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "pspentropy",
		Version:    1,
		Summary:    "entropy of firing neurons given the class, and of the class given them",
		Rule:       "u = 1[z > 0], p_c = P(u=1|y=c): H(u|y) = sum_c pi_c h(p_c), H(y|u) = sum_t P(u=t) H(y|u=t), I = H(y) - H(y|u), in bits; means over the hidden neurons that fire at all",
		Citation:   "Tartaglione, Bragagnolo & Grangetto 2020, Pruning artificial neural networks: a way to find well-generalizing, high-entropy sharp minima, arXiv:2004.14765",
		Unverified: "the paper's normalisation: both conditional entropies are given, without one",
		Finding:    "Gradual pruning reaches minima that are sharper and generalise better than those of one-shot pruning, with neurons that are less specific to classes.",
		Watch: []string{
			"Entropies estimated from few examples are too small; compare at the same number of examples.",
			"It depends on the number of classes: at most 1 bit for H(u|y), log2 of the classes for H(y|u).",
		},
		CostNote: "one forward pass for each hidden layer",
		Params: []sdk.Param{
			sdk.Bool("balanced", true, "every class counts the same, whatever its share of the examples"),
		},
		Needs: []sdk.Op{sdk.OpActivations},
		Values: []sdk.ValueInfo{
			{Name: "neuron_entropy", Unit: "bit", Better: sdk.BetterNone, Help: "H(u|y): 1 for a neuron that fires by chance, 0 for one that its class determines"},
			{Name: "class_entropy", Unit: "bit", Better: sdk.BetterNone, Help: "H(y|u): what is still unknown of the class when the neuron is known"},
			{Name: "information", Unit: "bit", Better: sdk.BetterNone, Help: "I(u;y) = H(y) - H(y|u): how specific the neuron is to classes"},
			{Name: "dead", Unit: "1", Better: sdk.BetterLower, Help: "share of the hidden neurons that never fire; they are not in the means"},
		},
		Invariances: []string{"nodewise_rescaling"},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot { return units.Slots(p) }

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	layers := units.Hidden(p)
	if len(layers) == 0 || p.Classes < 2 {
		return none("the network shows no activations, or has no classes"), nil
	}
	var sum entropies
	neurons, dead := 0, 0
	var columns [5][]float64 // number of the layer, means, dead share
	for _, l := range layers {
		fired, seen, err := count(s, l, p.Classes)
		if err != nil {
			return nil, err
		}
		share := shares(seen, s.Params().Bool("balanced"))
		var here entropies
		alive := 0
		for u := range l.Units {
			rate := make([]float64, p.Classes)
			any := false
			for c := range rate {
				if seen[c] > 0 {
					rate[c] = fired[c][u] / (seen[c] * float64(l.Len/l.Units))
					any = any || fired[c][u] > 0
				}
			}
			neurons++
			if !any {
				dead++
				continue
			}
			alive++
			here.add(entropy(share, rate))
		}
		sum.add(here)
		row := []float64{float64(l.Number), 0, 0, 0, float64(l.Units-alive) / float64(l.Units)}
		if alive > 0 {
			for i, v := range here {
				row[1+i] = v / float64(alive)
			}
		}
		for i, v := range row {
			columns[i] = append(columns[i], v)
		}
	}
	s.Keep(sdk.Table{Name: "layers", Columns: []sdk.Column{
		{Name: "layer", Values: columns[0]}, {Name: "neuron_entropy", Values: columns[1]}, {Name: "class_entropy", Values: columns[2]},
		{Name: "information", Values: columns[3]}, {Name: "dead", Values: columns[4]},
	}})
	values := none("no hidden neuron ever fires")
	values[3] = sdk.Value{Name: "dead", Value: float64(dead) / float64(neurons)}
	if alive := float64(neurons - dead); alive > 0 {
		for i, v := range sum {
			values[i] = sdk.Value{Name: values[i].Name, Value: v / alive}
		}
	}
	return values, nil
}

func none(reason string) []sdk.Value {
	var out []sdk.Value
	for _, name := range []string{"neuron_entropy", "class_entropy", "information", "dead"} {
		out = append(out, sdk.Value{Name: name, Null: true, Reason: reason})
	}
	return out
}

// count returns how often each unit of a layer fires on each class, over all positions, and how many examples there are.
func count(s sdk.Session, l units.Layer, classes int) (fired [][]float64, seen []float64, err error) {
	p := s.Problem()
	fired, seen = make([][]float64, classes), make([]float64, classes)
	for c := range fired {
		fired[c] = make([]float64, l.Units)
	}
	for j := range p.ProbeBatches {
		found := 0
		for c := range classes {
			z, n, err := units.Read(s, s.ProbeBatch(j).Class(c), l)
			var refused *sdk.Error
			if errors.As(err, &refused) && refused.Code == sdk.BadRequest {
				continue // the batch has no example of the class
			}
			if err != nil {
				return nil, nil, err
			}
			for i, v := range z {
				if v > 0 {
					fired[c][i%l.Units]++
				}
			}
			seen[c] += float64(n)
			found += n
		}
		if want := min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize); found != want {
			return nil, nil, fmt.Errorf("the classes of batch %d have %d examples together, the batch has %d", j, found, want)
		}
	}
	return fired, seen, nil
}

// shares are the weights of the classes: equal over those that there are, or their shares of the examples.
func shares(seen []float64, balanced bool) []float64 {
	out := make([]float64, len(seen))
	total := 0.0
	for c, n := range seen {
		if out[c] = n; balanced && n > 0 {
			out[c] = 1
		}
		total += out[c]
	}
	for c := range out {
		out[c] /= total
	}
	return out
}

// entropies are H(u|y), H(y|u) and I(u;y) of a neuron, or sums of them.
type entropies [3]float64

func (e *entropies) add(o entropies) {
	for i := range e {
		e[i] += o[i]
	}
}

// entropy is about a neuron that fires with probability rate[c] on class c.
func entropy(share, rate []float64) entropies {
	fires, given, classes, joint := 0.0, 0.0, 0.0, 0.0
	for c, pi := range share {
		fires += pi * rate[c]
		given += pi * (bits(rate[c]) + bits(1-rate[c]))
		classes += bits(pi)
		joint += bits(pi*rate[c]) + bits(pi*(1-rate[c]))
	}
	unknown := joint - bits(fires) - bits(1-fires)
	return entropies{given, unknown, classes - unknown}
}

// bits is −p log₂ p.
func bits(p float64) float64 {
	if p <= 0 {
		return 0
	}
	return -p * math.Log2(p)
}
