// Package msharpness measures how much the loss can rise, or rises on average, when the parameters are perturbed:
//
//	worst    mean over batches S of  max { L_S(w+δ) − L_S(w) : ‖δ ⊘ c‖_q ≤ rho },  q = 2 or ∞
//	average  mean over batches S of  E L_S(w+δ) − L_S(w),  l2: δ ~ N(0, rho²·diag(c²)),  linf: δ_i ~ U[−rho·c_i, rho·c_i]
//
// with c = 1, or adaptive c = |w|, which makes the value independent of rescalings of single parameters that leave the
// model unchanged. m is the size of the batches S that the suite asks for. With normalize_logits, each example's logits
// are centred and scaled to norm 1 before the loss, which removes the dependence on the scale of the outputs.
//
// The noise of the average has standard deviation rho in every coordinate, not rho/√d.
//
// Definitions: Andriushchenko, Croce, Müller, Hein & Flammarion 2023, "A Modern Look at the Relationship between
// Sharpness and Generalization", arXiv:2302.07011; adaptive: Kwon, Kim, Park & Choi 2021, arXiv:2102.11600. The
// algorithm "mshp-v2" is not that of the published code: it searches in the scaled coordinates u = δ ⊘ c, where the
// adaptive problem is the standard one (the published one is not invariant to rescaling and falls short of the
// maximum), starts from several points (the published one returns 0 at a critical point), and leaves out coordinates
// with c_i = 0. The published one is there as "official-2023", with all that: to compare with published numbers.
package msharpness

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Values of the parameters.
const (
	algorithmV2 = "mshp-v2"
	official    = "official-2023"
	kindWorst   = "worst"
	kindAverage = "average"
	normL2      = "l2"
	normLinf    = "linf"
)

// stillShare: more than one in so many parameters that are exactly 0 are worth a warning. Fewer are a matter of chance.
const stillShare = 1000

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "msharpness",
		Version: 1,
		Summary: "rise of the loss in a neighbourhood of the parameters, worst or average case, per batch of m examples",
		Rule: "worst: mean over batches of max L(w+d) - L(w) over |d/c|_q <= rho, by projected ascent (mshp-v2) in d/c; " +
			"average: mean over batches and antithetic draws of L(w+d) - L(w), d = rho*c*N(0,1) or rho*c*U[-1,1]; c = 1, or |w| if adaptive",
		Citation: "Andriushchenko, Croce, Müller, Hein & Flammarion 2023, A Modern Look at the Relationship between Sharpness and Generalization, arXiv:2302.07011; " +
			"Kwon, Kim, Park & Choi 2021, ASAM, arXiv:2102.11600; step sizes: Croce & Hein 2020, Reliable evaluation of adversarial robustness, arXiv:2003.01690",
		Finding: "sharpness does not correlate well with generalisation but rather with training parameters such as the learning rate; out of distribution the correlation is negative in several settings",
		Watch: []string{
			"The worst case is a lower bound: more steps and restarts can only raise it.",
			"Without adaptive it changes when weights are rescaled; without normalize_logits, with the scale of the logits.",
			"Values at other m, the size of the batches of the set, are other quantities: smaller batches are sharper.",
			"official-2023 is 0 at critical points, depends on rescaling also with adaptive, and skips its projection where a parameter is 0.",
		},
		CostNote: "for each nominal batch of the set: worst, (restarts + 3)·(steps + 1/3) G, official-2023 steps·4/3 G; average, (draws + 1)/3 G",
		Params: []sdk.Param{
			sdk.Choice("kind", kindWorst, []string{kindWorst, kindAverage}, "largest or mean rise of the loss"),
			sdk.Choice("norm", normL2, []string{normL2, normLinf}, "shape of the neighbourhood; average case: normal or uniform noise"),
			sdk.Float("rho", 0.25, "radius, in units of c; published for ResNet-18 (adaptive): worst l2 0.25-2, worst linf 0.0005-0.004 (0.001-0.008), average l2 0.05-0.4, average linf 0.1-0.8").Above(0).Log(),
			sdk.Bool("adaptive", false, "scale every coordinate by the size of its parameter, c = |w|"),
			sdk.Bool("normalize_logits", false, "centre each example's logits and scale them to norm 1 before the loss"),
			sdk.Int("steps", 20, "worst case: steps of each ascent; 20 is customary, 100 for reference").Min(1),
			sdk.Int("restarts", 2, "worst case: ascents from random points of the boundary (pairs of opposite points), besides those from 0 and from the solution for rho/2").Min(0),
			sdk.Int("draws", 20, "average case: perturbations for each batch, an even number (they come in pairs of opposite sign)").Min(2),
			sdk.Choice("algorithm", algorithmV2, []string{algorithmV2, official}, "version of the algorithm; values of different versions are not comparable"),
		},
		Needs: []sdk.Op{sdk.OpGrad, sdk.OpLoss, sdk.OpNormal},
		Values: []sdk.ValueInfo{{
			Name: "sharpness", Unit: "loss", Better: sdk.BetterLower,
			Help: "rise of the loss; worst case: a lower bound of the maximum, never negative",
		}},
		Invariances: []string{"elementwise_rescaling (adaptive)", "logit_scale (normalize_logits)"},
		Check:       check,
	}
}

func check(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	var out []sdk.Diagnostic
	published := p.String("algorithm") == official
	if d := p.Int("draws"); d%2 != 0 && !published {
		out = append(out, sdk.Diagnostic{Param: "draws", Message: fmt.Sprintf("expected an even number, got %d: draws come in pairs of opposite sign", d)})
	}
	// A value other than the default was meant to have an effect.
	unused := map[string][]string{kindWorst: {"draws"}, kindAverage: {"steps", "restarts"}}[p.String("kind")]
	for _, d := range (Metric{}).Info().Params {
		if slices.Contains(unused, d.Name) && p.Int(d.Name) != d.Default {
			out = append(out, sdk.Diagnostic{Param: d.Name, Message: fmt.Sprintf("has no effect with kind = %q: leave it out", p.String("kind"))})
		} else if published && d.Name == "restarts" && p.Int(d.Name) != d.Default {
			out = append(out, sdk.Diagnostic{Param: d.Name, Message: fmt.Sprintf("has no effect with algorithm = %q: leave it out", official)})
		}
	}
	return out
}

// Slots implements sdk.Metric: the host sees the perturbed point and writes the noise.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "point", Scratch: true}, {Name: "noise", Scratch: true}}
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	n, still, err := newNeighbourhood(s)
	if err != nil {
		return nil, err
	}
	v := sdk.Value{Name: "sharpness"}
	if still*stillShare > n.dim {
		v.Warnings = append(v.Warnings, fmt.Sprintf("%d of %d parameters are 0 and stay unperturbed", still, n.dim))
	}
	problem := s.Problem()
	if last := problem.Examples % max(problem.ProbeBatchSize, 1); last != 0 {
		v.Warnings = append(v.Warnings, fmt.Sprintf("the last batch has %d examples, the others %d: m is not the same for all", last, problem.ProbeBatchSize))
	}
	if problem.ProbeBatches == 0 {
		return nil, fmt.Errorf("the metric's example set is empty")
	}
	published := s.Params().String("algorithm") == official
	switch average := s.Params().String("kind") == kindAverage; {
	case average && published:
		err = n.officialAverage(&v)
	case average:
		err = n.average(&v)
	case published:
		err = n.officialWorst(&v, still)
	default:
		err = n.worst(&v)
	}
	if err != nil {
		return nil, err
	}
	return []sdk.Value{v}, nil
}

// neighbourhood is the set of points w + c⊙u, ‖u‖ ≤ radius, and what is needed to evaluate the loss there.
type neighbourhood struct {
	s       sdk.Session
	dim     int
	opts    []sdk.Option
	linf    bool
	rho     float64
	w       sdk.Vec // not modified
	c       sdk.Vec // nil for c = 1
	point   sdk.Vec // slot: the point of the last evaluation
	grad    sdk.Vec // slot: gradient with respect to u there
	noise   sdk.Vec // slot
	batches int
}

// newNeighbourhood also returns the number of coordinates with c_i = 0.
func newNeighbourhood(s sdk.Session) (n *neighbourhood, still int, err error) {
	p := s.Params()
	n = &neighbourhood{
		s: s, dim: s.Problem().Dim, linf: p.String("norm") == normLinf, rho: p.Float("rho"), batches: s.Problem().ProbeBatches,
		w: s.W(), point: s.Slot("point"), grad: s.Slot("grad"), noise: s.Slot("noise"),
	}
	if p.Bool("normalize_logits") {
		n.opts = append(n.opts, sdk.NormalizeLogits)
	}
	if p.Bool("adaptive") {
		n.c = make(sdk.Vec, n.dim)
		vec.Abs(n.c, n.w)
		for _, x := range n.c {
			if x == 0 {
				still++
			}
		}
	}
	return n, still, nil
}

// moveTo stores w + a·c⊙u in point.
func (n *neighbourhood) moveTo(a float32, u sdk.Vec) {
	if n.c == nil {
		vec.AddScaled(n.point, n.w, a, u)
		return
	}
	vec.Scale(n.point, a, u)
	vec.AddMul(n.point, n.w, n.c, n.point)
}

// loss returns the loss of batch j at w + a·c⊙u.
func (n *neighbourhood) loss(j int, a float32, u sdk.Vec) (float64, error) {
	n.moveTo(a, u)
	return n.s.Loss(n.s.ProbeBatch(j), n.point, n.opts...)
}

// gradient returns the loss of batch j at w + c⊙u and stores its gradient with respect to u in grad.
func (n *neighbourhood) gradient(j int, u sdk.Vec) (float64, error) {
	n.moveTo(1, u)
	l, err := n.s.Grad(n.s.ProbeBatch(j), n.point, n.grad, n.opts...)
	if err == nil && n.c != nil {
		vec.Mul(n.grad, n.c, n.grad)
	}
	return l, err
}

// mean returns the mean of x and the standard error of that mean, which is NaN for fewer than two numbers.
func mean(x []float64) (m, stderr float64) {
	for _, v := range x {
		m += v / float64(len(x))
	}
	sq := 0.0
	for _, v := range x {
		sq += (v - m) * (v - m)
	}
	if len(x) < 2 {
		return m, math.NaN()
	}
	return m, math.Sqrt(sq / float64(len(x)-1) / float64(len(x)))
}

// where says what was being evaluated when an error came.
func where(err error, batch int, what string) error {
	return fmt.Errorf("batch %d, %s: %w", batch, what, err)
}
