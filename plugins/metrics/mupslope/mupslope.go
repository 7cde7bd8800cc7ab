// Package mupslope measures how the sharpness that the learning rate feels depends on the width of a network:
//
//	T_λ = slope of ln λ_max(D^½HD^½) on ln width, over networks of different widths after the same number of steps
//
// D has the learning-rate multipliers of the tensors (Tensor.Rates). In the maximal-update parametrisation (muP) the slope
// is 0 for long, and the best learning rate of a narrow network is that of a wide one; where it is not 0, it is not.
// Without D the slope would be an artefact: muP scales the rates with the width.
//
// Noci, Meterez, Hofmann & Orvieto 2024, "Super Consistency of Neural Network Landscapes and Learning Rate Transfer",
// arXiv:2402.17457.
package mupslope

import (
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/lanczos"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:     "mupslope",
		Version:  1,
		Summary:  "slope of the log of the largest preconditioned eigenvalue on the log of the width",
		Rule:     "T = slope of ln lambda_max(D^1/2 H D^1/2) on ln width over the workloads of the suite that differ in width alone, same seed and configuration; D: the learning-rate multipliers of the tensors",
		Citation: "Noci, Meterez, Hofmann & Orvieto 2024, Super Consistency of Neural Network Landscapes and Learning Rate Transfer, arXiv:2402.17457",
		Unverified: "the paper compares curves over time; a slope at one moment is ours. The spread of the best learning " +
			"rate over widths is not a number about one trained network and is left to the board",
		Finding: "Under muP the sharpness hardly depends on width and depth for a sustained time of training, and learning rates transfer; under the NTK parametrisation neither holds.",
		Watch: []string{
			"It needs two workloads or more that are the same but for the widths of the model. Each of their trials has the slope over all of them.",
			"With two widths the slope has no standard error.",
		},
		CostNote: "up to steps Hessian-vector products of all examples for each width",
		Params: []sdk.Param{
			sdk.Int("steps", 60, "Hessian-vector products at most, for each width").Min(1),
			sdk.Float("tolerance", 1e-3, "residual of the largest eigenvalue at which it has converged, relative to it").Above(0),
			sdk.Choice("rates", "sgd", []string{"sgd", "adam", "none"}, "the multipliers: those of methods that step along the gradient, of those like Adam, or 1"),
		},
		Needs: []sdk.Op{sdk.OpHVP, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "mupslope", Unit: "1", Better: sdk.BetterNone, Help: "0: the sharpness does not depend on the width; the standard error is that of the line, from three widths on"},
			{Name: "lambda", Unit: "loss", Better: sdk.BetterLower, Help: "the preconditioned largest eigenvalue of this network"},
			{Name: "widths", Unit: "1", Better: sdk.BetterNone, Help: "how many different widths there are"},
		},
		Peers: sdk.Peers{Kind: sdk.PeerWidths, Max: 16},
	}
}

func slot(name string, k int) string { return fmt.Sprintf("%s%d", name, k) }

// Slots implements sdk.Metric. Networks of other widths have vectors of their own.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	out := []sdk.Slot{{Name: slot("x", 0), Scratch: true}, {Name: slot("y", 0), Scratch: true}}
	for k, q := range p.Peers {
		out = append(out, sdk.Slot{Name: slot("x", k+1), Len: q.Dim, Scratch: true}, sdk.Slot{Name: slot("y", k+1), Len: q.Dim, Scratch: true})
	}
	return out
}

// width is the number of units of the first layer with weights.
func width(tensors []sdk.Tensor) int {
	for _, t := range tensors {
		if t.Kind == sdk.KindWeight && len(t.Shape) > 0 {
			return t.Shape[len(t.Shape)-1]
		}
	}
	return 0
}

// scale is D^½.
func scale(tensors []sdk.Tensor, dim int, rates string) (sdk.Vec, error) {
	out := make(sdk.Vec, dim)
	for i := range out {
		out[i] = 1
	}
	for _, t := range tensors {
		rate := 1.0
		switch {
		case t.Rates == (sdk.Rates{}): // both 1
		case rates == "sgd":
			rate = t.Rates.SGD
		case rates == "adam":
			rate = t.Rates.Adam
		}
		if !(rate >= 0) || math.IsInf(rate, 0) {
			return nil, fmt.Errorf("tensor %s has the learning-rate multiplier %v", t.Name, rate)
		}
		for i := range t.Of(out) {
			out[t.Offset+i] = float32(math.Sqrt(rate))
		}
	}
	return out, nil
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	var x, y []float64 // ln width, ln λ
	var own sdk.Value
	reason := ""
	for k := 0; k <= len(p.Peers); k++ {
		at, tensors := s.W(), p.Tensors
		if k > 0 {
			at, tensors = s.Slot(slot("peer", k)), p.Peers[k-1].Tensors
		}
		lambda, why, err := largest(s, k, at, tensors)
		if err != nil {
			return nil, err
		}
		if k == 0 {
			if own = (sdk.Value{Name: "lambda", Value: lambda}); why != "" {
				own = sdk.Value{Name: "lambda", Null: true, Reason: why}
			}
		}
		n := width(tensors)
		switch {
		case why != "":
			reason = fmt.Sprintf("width %d: %s", n, why)
		case lambda <= 0:
			reason = fmt.Sprintf("width %d: the largest eigenvalue is %.3g, which has no logarithm", n, lambda)
		case n < 1:
			reason = "the network has no layer whose units could be counted"
		default:
			x, y = append(x, math.Log(float64(n))), append(y, math.Log(lambda))
		}
		s.Log("debug", fmt.Sprintf("width %d: %g", n, lambda))
	}
	different := slices.Compact(slices.Sorted(slices.Values(x)))
	if reason == "" && len(different) < 2 {
		reason = "the suite has no other workload that differs from this one in the widths of the model alone"
	}
	out := []sdk.Value{{Name: "mupslope", Null: true, Reason: reason}, own, {Name: "widths", Value: float64(len(different))}}
	if reason == "" {
		out[0] = line(x, y)
	}
	return out, nil
}

// line is the slope of y on x by least squares.
func line(x, y []float64) sdk.Value {
	n := float64(len(x))
	var mx, my, xx, xy float64
	for i := range x {
		mx, my = mx+x[i]/n, my+y[i]/n
	}
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		xy += (x[i] - mx) * (y[i] - my)
	}
	v := sdk.Value{Name: "mupslope", Value: xy / xx}
	if len(x) > 2 {
		rest := 0.0
		for i := range x {
			r := y[i] - my - v.Value*(x[i]-mx)
			rest += r * r
		}
		v.StdErr, v.HasStdErr = math.Sqrt(rest/(n-2)/xx), true
	}
	return v
}

// largest is the largest eigenvalue of D^½HD^½ of one of the networks, or why there is none.
func largest(s sdk.Session, peer int, at sdk.Vec, tensors []sdk.Tensor) (lambda float64, why string, err error) {
	x, y := s.Slot(slot("x", peer)), s.Slot(slot("y", peer))
	d, err := scale(tensors, len(at), s.Params().String("rates"))
	if err != nil {
		return 0, "", err
	}
	draw := func(index uint64, out []float32) error {
		if err := s.Normal("mupslope/start", index, x, 1); err != nil {
			return err
		}
		copy(out, x)
		return nil
	}
	start := make(sdk.Vec, len(at))
	if err := draw(0, start); err != nil {
		return 0, "", err
	}
	batch, restarts, tolerance := s.FullBatch().OfPeer(peer), uint64(0), s.Params().Float("tolerance")
	good := func(r lanczos.Ritz) bool {
		n := len(r.Values) - 1
		return r.Bounds[n] <= tolerance*math.Abs(r.Values[n])
	}
	r, err := lanczos.Run(start, func(v, out []float32) error {
		vec.Mul(x, d, v)
		if _, err := s.HVP(batch, at, x, y); err != nil {
			return err
		}
		vec.Mul(out, d, y)
		return nil
	}, lanczos.Settings[float32]{
		Steps: int(s.Params().Int("steps")), Done: func(r lanczos.Ritz) bool { return len(r.Values) > 1 && good(r) },
		Restart: func(out []float32) error { restarts++; return draw(restarts, out) },
	})
	if err != nil {
		return 0, "", err
	}
	n := len(r.Values)
	if !good(r) {
		why = fmt.Sprintf("not converged in %d steps: %.4g, with an eigenvalue within %.2g", n, r.Values[n-1], r.Bounds[n-1])
	}
	return r.Values[n-1], why, nil
}
