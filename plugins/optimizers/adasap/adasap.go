// Package adasap trains a network so that it can lose whole neurons: perturbations that are larger for the neurons that
// matter less, structured pruning of those, and then plain SAM on what is left. Before step at·T, T the number of steps of
// the training, with the minibatch gradient g at w, for each neuron i of each layer (an output of a linear layer, a channel
// of a convolution), w_i and g_i its incoming weights:
//
//	s_i   = ‖w_i‖₂, ‖w_i‖₁ or |w_i·g_i|                                       (importance)
//	rho_i = rho_max − (s_i − s_min)/(s_max − s_min)·(rho_max − rho_min)       (s_min, s_max over the layer)
//	e_i   = rho_i·g_i/(‖g_i‖ + 1e-12)
//	base step from w along the gradient at w + e on the same minibatch
//
// Parameters that are not incoming weights are not perturbed. Where all neurons of a layer are equally important, rho_i is
// rho_max. Before step at·T, the ⌊sparsity·n⌋ least important of the n neurons of every layer but the last are removed:
// their incoming weights, biases, scales and shifts are 0 from there on, with their momentum and moments (importance by
// |w_i·g_i| uses the gradient of that step). From then on the perturbation is that of SAM, rho·g/(‖g‖ + 1e-12), over what
// is left.
package adasap

import (
	"errors"
	"math"
	"sort"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/base"
)

// Optimizer is the plugin.
type Optimizer struct{}

var _ sdk.Optimizer = Optimizer{}

// Values of the parameter importance.
const (
	importanceL2     = "l2"
	importanceL1     = "l1"
	importanceTaylor = "taylor"
)

// tiny keeps a zero gradient from being divided by its norm.
const tiny = 1e-12

// Info implements sdk.Optimizer.
func (Optimizer) Info() sdk.Info {
	return sdk.Info{
		Name:    "adasap",
		Version: 1,
		Summary: "adaptive sharpness-aware pruning: larger perturbations for less important neurons, structured pruning, then SAM",
		Rule: "for neuron i with incoming weights w_i: rho_i = rho_max - (s_i - s_min)/(s_max - s_min)*(rho_max - rho_min), s_i = |w_i|; e_i = rho_i*g_i/(|g_i| + 1e-12); base step from w along grad(w + e) on the same batch; " +
			"at a share of the training the least important neurons of every layer but the last are set to 0; then SAM with rho",
		Citation: "Bair, Yin, Shen, Molchanov & Alvarez 2023, Adaptive Sharpness-Aware Pruning for Robust Sparse Networks, arXiv:2306.14306",
		Unverified: "Only the three phases were verified: perturbations larger for unimportant neurons, structured pruning by any criterion, SAM afterwards. " +
			"The formula of rho_i, its range, the normalisation within a layer, the same share of neurons in every layer, and all defaults are this program's.",
		Watch: []string{
			`Weights before batch normalisation do not change the loss when they are scaled, so importance = "taylor" is 0 up to rounding for their neurons.`,
			"A neuron is removed by zeros: the network gets no smaller and a step no cheaper.",
			"In a residual network a removed channel is one of a branch; the sum it is added to keeps its width.",
			"Every neuron moves by its own rho_i, so the whole perturbation grows with the number of neurons; rho of sam is not comparable.",
		},
		Params: append([]sdk.Param{
			sdk.Float("rho_max", 0.1, "length of the perturbation of a layer's least important neuron").Min(0).Log(),
			sdk.Float("rho_min", 0.01, "length of the perturbation of a layer's most important neuron").Min(0).Log(),
			sdk.Float("rho", 0.05, "length of the perturbation of all parameters together after pruning").Min(0).Log(),
			sdk.Choice("importance", importanceL2, []string{importanceL2, importanceL1, importanceTaylor},
				"importance of a neuron: the Euclidean or the absolute norm of its incoming weights, or the change of the loss without them to first order"),
			sdk.Float("sparsity", 0.5, "share of the neurons of a layer that is removed").Min(0).Below(1),
			sdk.Float("at", 0.5, "when neurons are removed, as a fraction of the steps").Min(0).Below(1),
		}, base.Params()...),
		Cost:  2,
		Track: "sparse",
		Degenerate: []sdk.Degenerate{
			{When: map[string]any{"at": 0.0, "sparsity": 0.0}, Equals: "sam"},
			{When: map[string]any{"rho_max": 0.0, "rho_min": 0.0, "rho": 0.0, "sparsity": 0.0}, Equals: "sgd"},
		},
		Needs:     []sdk.Op{sdk.OpGrad, sdk.OpCommit},
		Resumable: true,
		Check:     check,
	}
}

func check(problem sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	out := base.Check(problem, p)
	if p.Float("rho_min") > p.Float("rho_max") {
		out = append(out, sdk.Diagnostic{Param: "rho_min", Message: "expected at most rho_max: less important neurons are perturbed more"})
	}
	if problem.Classes > 0 && p.Float("sparsity") > 0 && len(hidden(layers(problem))) == 0 {
		out = append(out, sdk.Diagnostic{Param: "sparsity", Message: "this workload has no hidden neurons to remove: its model has one layer"})
	}
	return out
}

// layer is a tensor of incoming weights: element r·n + i belongs to neuron i of n.
type layer struct {
	weights base.Span
	n       int
	last    bool
	// Biases, scales and shifts of the same neurons.
	others []base.Span
	// Of the neurons: importance, squared norm of the gradient.
	score, square []float64
}

// layers finds the neurons of a problem. Without a layout every parameter is one, of a single layer.
func layers(problem sdk.Problem) []*layer {
	if len(problem.Tensors) == 0 {
		return []*layer{newLayer(base.Span{From: 0, To: problem.Dim}, problem.Dim, true)}
	}
	last := 0
	for _, t := range problem.Tensors {
		if t.Kind == sdk.KindWeight {
			last = max(last, t.Layer)
		}
	}
	span := func(t sdk.Tensor) base.Span { return base.Span{From: t.Offset, To: t.Offset + t.Size()} }
	var out []*layer
	for _, t := range problem.Tensors {
		if t.Kind != sdk.KindWeight || t.Size() == 0 || len(t.Shape) == 0 {
			continue
		}
		l := newLayer(span(t), t.Shape[len(t.Shape)-1], t.Layer == last)
		for _, o := range problem.Tensors {
			if o.Kind != sdk.KindWeight && o.Kind != sdk.KindEmbed && o.Layer == t.Layer && o.Size() == l.n {
				l.others = append(l.others, span(o))
			}
		}
		out = append(out, l)
	}
	return out
}

func newLayer(weights base.Span, n int, last bool) *layer {
	return &layer{weights: weights, n: n, last: last, score: make([]float64, n), square: make([]float64, n)}
}

// hidden are the layers whose neurons can go.
func hidden(all []*layer) (out []*layer) {
	for _, l := range all {
		if !l.last {
			out = append(out, l)
		}
	}
	return out
}

// weigh computes the importance of the neurons and the squared norms of their gradients.
func (l *layer) weigh(w, g sdk.Vec, importance string) {
	clear(l.score)
	clear(l.square)
	w, g = l.weights.Of(w), l.weights.Of(g)
	for len(w) > 0 {
		a, b := w[:l.n], g[:l.n]
		for i, v := range a {
			x, y := float64(v), float64(b[i])
			l.square[i] += float64(y * y)
			switch importance {
			case importanceL2:
				l.score[i] += float64(x * x)
			case importanceL1:
				l.score[i] += math.Abs(x)
			default:
				l.score[i] += float64(x * y)
			}
		}
		w, g = w[l.n:], g[l.n:]
	}
	for i, s := range l.score {
		if importance == importanceL2 {
			l.score[i] = math.Sqrt(s)
		} else {
			l.score[i] = math.Abs(s)
		}
	}
}

// perturb stores w + e in dst on the weights of the layer; weigh comes before.
func (l *layer) perturb(dst, w, g sdk.Vec, most, least float64) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, s := range l.score {
		low, high = min(low, s), max(high, s)
	}
	for i, s := range l.score {
		rho := most
		if high > low {
			rho -= float64((s - low) / (high - low) * (most - least))
		}
		l.square[i] = rho / (math.Sqrt(l.square[i]) + tiny)
	}
	dst, w, g = l.weights.Of(dst), l.weights.Of(w), l.weights.Of(g)
	for len(w) > 0 {
		d, a, b := dst[:l.n], w[:l.n], g[:l.n]
		for i, scale := range l.square {
			d[i] = a[i] + float32(float32(scale)*b[i])
		}
		dst, w, g = dst[l.n:], w[l.n:], g[l.n:]
	}
}

// remove clears the mask at the n least important neurons; of equal ones the last go first. weigh comes before.
func (l *layer) remove(mask sdk.Vec, n int) {
	order := make([]int, l.n)
	for i := range order {
		order[i] = l.n - 1 - i
	}
	sort.SliceStable(order, func(i, j int) bool { return l.score[order[i]] < l.score[order[j]] })
	for _, span := range append([]base.Span{l.weights}, l.others...) {
		x := span.Of(mask)
		for ; len(x) > 0; x = x[l.n:] {
			for _, i := range order[:n] {
				x[i] = 0
			}
		}
	}
}

// Slots implements sdk.Optimizer. The slot mask has 0 for what has been removed, once anything has been.
func (Optimizer) Slots(problem sdk.Problem, p sdk.Params) []sdk.Slot {
	return append(base.New(p).Slots(problem.Dim), sdk.Slot{Name: "mask"}, sdk.Slot{Name: "perturbed", Scratch: true})
}

// Run implements sdk.Optimizer.
func (Optimizer) Run(s sdk.Session) error {
	p, problem := s.Params(), s.Problem()
	if problem.Steps == 0 {
		return errors.New("adasap needs to know the number of steps of the training")
	}
	rule := base.New(p)
	err := rule.Init(sdk.Start{Problem: problem, Params: p, Seed: s.Seed(), Step: s.Step(), Slot: s.Slot, Blob: s.Blob()})
	if err != nil {
		return err
	}
	all := layers(problem)
	most, least, rho, sparsity := p.Float("rho_max"), p.Float("rho_min"), p.Float("rho"), p.Float("sparsity")
	importance, at := p.String("importance"), uint64(p.Float("at")*float64(problem.Steps))
	if sparsity > 0 && len(hidden(all)) == 0 {
		s.Log("warn", "the problem has no hidden neurons: none is removed")
	}
	w, g, mask, perturbed := s.W(), s.Slot("grad"), s.Slot("mask"), s.Slot("perturbed")
	for s.Next() {
		batch := s.TrainBatch()
		if _, err := s.Grad(batch, w, g); err != nil {
			return err
		}
		if s.Step() == at && sparsity > 0 {
			for i := range mask {
				mask[i] = 1
			}
			for _, l := range hidden(all) {
				l.weigh(w, g, importance)
				l.remove(mask, int(sparsity*float64(l.n)+1e-9))
			}
			vec.Mul(w, w, mask)
			for _, slot := range rule.Slots(problem.Dim) {
				vec.Mul(s.Slot(slot.Name), s.Slot(slot.Name), mask)
			}
			// The gradient of the network that is left.
			if _, err := s.Grad(batch, w, g, sdk.FreezeStats); err != nil {
				return err
			}
		}
		pruned := s.Step() >= at && sparsity > 0
		if pruned {
			vec.Mul(g, g, mask)
		}
		if s.Step() < at {
			copy(perturbed, w)
			for _, l := range all {
				l.weigh(w, g, importance)
				l.perturb(perturbed, w, g, most, least)
			}
		} else {
			vec.AddScaled(perturbed, w, float32(rho/(vec.Norm2(g)+tiny)), g)
		}
		if _, err := s.Grad(batch, perturbed, g, sdk.FreezeStats); err != nil {
			return err
		}
		if pruned {
			vec.Mul(g, g, mask)
		}
		rule.Step(w, g, s.LRScale())
		if err := s.Commit(w); err != nil {
			return err
		}
	}
	return nil
}
