// Package transfer measures how well adversarial examples made against the network carry over to others, trained from other
// seeds. Each example is attacked by the basic iterative method (I-FGSM) in pixels,
//
//	x ← clip_{[0,1], ‖x−x₀‖_∞ ≤ ε} (x + α sign ∇_x ℓ(x)),
//
// and the value is the share of the examples that a target then gets wrong, of those that the network and all targets got
// right before; the mean over the targets.
//
// Gubri, Cordy & Le Traon 2023, "Going Further: Flatness at the Rescue of Early Stopping for Adversarial Example
// Transferability", arXiv:2304.02688. The attack: Kurakin, Goodfellow & Bengio 2017, arXiv:1607.02533.
package transfer

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "transfer",
		Version:    1,
		Summary:    "how often adversarial examples against the network fool networks of other seeds",
		Rule:       "x <- clip_[0,1],eps(x + alpha sign grad_x l(x)), iterations times, on this network; share of the targets' errors on the examples that all got right before, mean over targets",
		Citation:   "Gubri, Cordy & Le Traon 2023, Going Further: Flatness at the Rescue of Early Stopping for Adversarial Example Transferability, arXiv:2304.02688",
		Unverified: "the budget of the attack (eps = 4/255, alpha = eps/10, 50 iterations) is from memory of the paper",
		Finding:    "The sharpness falls where the learning rate decays, and transferability peaks there; training with SAM of a large radius makes better surrogates than stopping early.",
		Watch: []string{
			"It needs other seeds of the same configuration: up to three targets, those of the next seeds. With one target there is no standard error.",
			"It is about the surrogate: an inaccurate or a robust network transfers badly. Look at accuracy and whitebox beside it.",
			"eps is in pixels from 0 to 1; data that are no images have it in the units of the inputs, and nothing is clipped to [0, 1].",
		},
		CostNote: "iterations gradients by the inputs, and 4 + 2·targets forward passes of 1/3",
		Params: []sdk.Param{
			sdk.Float("eps", 4.0/255, "largest change of a pixel").Above(0),
			sdk.Float("step", 0.1, "alpha, as a share of eps").Above(0),
			sdk.Int("iterations", 50, "of the attack").Min(1),
		},
		Needs: []sdk.Op{sdk.OpOutputs, sdk.OpOutputGrad, sdk.OpInputGrad, sdk.OpInputs},
		Values: []sdk.ValueInfo{
			{Name: "transfer", Unit: "1", Better: sdk.BetterNone, Help: "share of the targets' errors after the attack; the standard error is over the targets"},
			{Name: "whitebox", Unit: "1", Better: sdk.BetterNone, Help: "the same of the network itself"},
			{Name: "accuracy", Unit: "1", Better: sdk.BetterHigher, Help: "share of the examples that the network gets right without an attack"},
		},
		Peers: sdk.Peers{Kind: sdk.PeerSeeds, Max: 3},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	n, z := max(1, p.InputLen*p.ProbeBatchSize), max(1, p.Classes*p.ProbeBatchSize)
	return []sdk.Slot{
		{Name: "x", Len: n, Scratch: true}, {Name: "slope", Len: n, Scratch: true}, {Name: "delta", Len: n},
		{Name: "outputs", Len: z, Scratch: true}, {Name: "slopes", Len: z, Scratch: true},
	}
}

func none(format string, a ...any) []sdk.Value {
	reason := fmt.Sprintf(format, a...)
	return []sdk.Value{
		{Name: "transfer", Null: true, Reason: reason}, {Name: "whitebox", Null: true, Reason: reason}, {Name: "accuracy", Null: true, Reason: reason},
	}
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	if p.InputLen == 0 || p.Classes < 2 {
		return none("the network has no inputs, or no classes"), nil
	}
	if len(p.Peers) == 0 {
		return none("no other seed of this configuration was trained"), nil
	}
	fooled := make([]float64, len(p.Peers)+1) // this network, then the targets
	right, correct, seen := 0.0, 0.0, 0.0
	for j := range p.ProbeBatches {
		b := s.ProbeBatch(j)
		labels, ok, err := labels(s, b)
		if err != nil {
			return nil, err
		}
		if !ok {
			return none("the loss is not plain cross-entropy: its gradient by the outputs does not tell the labels"), nil
		}
		good := make([]bool, len(labels))
		for i := range good {
			good[i] = true
		}
		for k := range fooled {
			answer, err := predict(s, b, k)
			if err != nil {
				return nil, err
			}
			for i, c := range answer {
				good[i] = good[i] && c == labels[i]
				if k == 0 && c == labels[i] {
					correct++
				}
			}
		}
		if err := attack(s, b, len(labels)); err != nil {
			return nil, err
		}
		for k := range fooled {
			answer, err := predict(s, b.Perturbed("delta"), k)
			if err != nil {
				return nil, err
			}
			for i, c := range answer {
				if good[i] && c != labels[i] {
					fooled[k]++
				}
			}
		}
		for _, g := range good {
			if g {
				right++
			}
		}
		seen += float64(len(labels))
	}
	accuracy := sdk.Value{Name: "accuracy", Value: correct / seen}
	if right == 0 {
		out := none("no example is classified correctly by all %d networks", len(fooled))
		out[2] = accuracy
		return out, nil
	}
	for k := range fooled {
		fooled[k] /= right
	}
	mean, stderr := curvature.Mean(fooled[1:])
	return []sdk.Value{curvature.Estimate("transfer", mean, stderr), {Name: "whitebox", Value: fooled[0]}, accuracy}, nil
}

// attack leaves the changes of the inputs of a batch in the slot delta, in the units of the network.
func attack(s sdk.Session, b sdk.Batch, n int) error {
	p, x, g, delta := s.Problem(), s.Slot("x"), s.Slot("slope"), s.Slot("delta")
	clear(delta)
	if _, err := s.Inputs(b, x); err != nil {
		return err
	}
	channels := max(1, len(p.InputStd))
	eps, low, high := make([]float32, channels), make([]float32, channels), make([]float32, channels)
	for c := range channels {
		eps[c], low[c], high[c] = float32(s.Params().Float("eps")), float32(math.Inf(-1)), float32(math.Inf(1))
		if len(p.InputStd) > 0 {
			low[c], high[c] = -p.InputMean[c]/p.InputStd[c], (1-p.InputMean[c])/p.InputStd[c]
			eps[c] /= p.InputStd[c]
		}
	}
	share := float32(s.Params().Float("step"))
	for range s.Params().Int("iterations") {
		if _, err := s.InputGrad(b.Perturbed("delta"), s.W(), g); err != nil {
			return err
		}
		for i := range n * p.InputLen {
			c := i % channels
			d := delta[i]
			switch {
			case g[i] > 0:
				d += share * eps[c]
			case g[i] < 0:
				d -= share * eps[c]
			}
			d = max(-eps[c], min(d, eps[c]))
			delta[i] = max(low[c]-x[i], min(d, high[c]-x[i]))
		}
	}
	return nil
}

// predict returns the class that a network gives each example of a batch: this one (0) or a target.
func predict(s sdk.Session, b sdk.Batch, k int) ([]int, error) {
	at, z, classes := s.W(), s.Slot("outputs"), s.Problem().Classes
	if k > 0 {
		at = s.Slot(fmt.Sprintf("peer%d", k))
	}
	n, err := s.Outputs(b.OfPeer(k), at, z)
	out := make([]int, n)
	for i := range out {
		for c, v := range z[i*classes : (i+1)*classes] {
			if v > z[i*classes+out[i]] {
				out[i] = c
			}
		}
	}
	return out, err
}

// labels reads the classes of the examples off the gradient of cross-entropy by the outputs, p − e_y.
func labels(s sdk.Session, b sdk.Batch) (out []int, ok bool, err error) {
	z, slopes, k := s.Slot("outputs"), s.Slot("slopes"), s.Problem().Classes
	n, err := s.Outputs(b, s.W(), z)
	if err != nil {
		return nil, false, err
	}
	if _, _, err := s.OutputGrad(b, s.W(), slopes); err != nil {
		return nil, false, err
	}
	for i := range n {
		top, sum := math.Inf(-1), 0.0
		for _, v := range z[i*k : (i+1)*k] {
			top = math.Max(top, float64(v))
		}
		for _, v := range z[i*k : (i+1)*k] {
			sum += math.Exp(float64(v) - top)
		}
		label := -1
		for c, v := range z[i*k : (i+1)*k] {
			d := float64(n)*float64(slopes[i*k+c]) - math.Exp(float64(v)-top)/sum
			switch {
			case math.Abs(d+1) < 1e-3 && label < 0:
				label = c
			case math.Abs(d) > 1e-3:
				return nil, false, nil
			}
		}
		if label < 0 {
			return nil, false, nil
		}
		out = append(out, label)
	}
	return out, true, nil
}
