// Package fisherrao measures the squared Fisher–Rao norm of the parameters
//
//	wᵀ F w = (1/n) Σ_i ⟨w, ∇ℓ_i(w)⟩²               with the labels as observed, or
//	wᵀ F w = (1/n) Σ_i Σ_y p_i(y) ⟨w, ∇ℓ_i^y(w)⟩²    with labels that the model draws itself
//
// The first takes one gradient for each example, so that biases and batch normalisation need no assumption. The second is
// uᵀ(diag p − ppᵀ)u with u = J_i w, and takes one vector-Jacobian product for each output of each example. Of networks that
// are homogeneous of degree L in their parameters, as ReLU networks of L layers without biases and normalisation are,
// u = L·f(x): both then come from the outputs alone.
//
// The value does not change under a rescaling of the parameters that keeps the function, element by element or unit by unit;
// it does change with the scale of the outputs.
//
// Definition: Liang, Poggio, Rakhlin & Stokes 2019, "Fisher-Rao Metric, Geometry, and Complexity of Neural Networks",
// arXiv:1711.01530.
package fisherrao

import (
	"errors"
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "fisherrao",
		Version:    1,
		Summary:    "squared Fisher-Rao norm of the parameters",
		Rule:       "labels = observed: mean over examples of <w, grad l_i(w)>^2; labels = model: mean of u'(diag p - pp')u, u = J_i w; homogeneous = L: u = L f(x_i); evaluation mode",
		Citation:   "Liang, Poggio, Rakhlin & Stokes 2019, Fisher-Rao Metric, Geometry, and Complexity of Neural Networks, arXiv:1711.01530",
		Unverified: "the definition was not compared with the text of the paper",
		Finding:    "it bounds other norm-based capacities from below for networks that are homogeneous, and follows generalisation where parameters are rescaled",
		Watch: []string{
			"With observed labels it is the norm of the empirical Fisher matrix, with labels of the model that of the Fisher matrix itself. They differ, the more the better the fit.",
			"homogeneous = L is taken at its word: with biases or normalisation it gives another number.",
			"It falls towards 0 as the training loss does, so compare models at equal loss.",
			"It depends on the scale of the outputs. Rescaling the units of a ReLU network leaves it alone where there are no biases.",
		},
		CostNote: "one gradient for each example (labels = observed), or a vector-Jacobian product for each of its outputs (labels = model), on that example alone; 2/3 with homogeneous",
		Params: []sdk.Param{
			sdk.Choice("labels", "observed", []string{"observed", "model"}, "whose labels the losses are of"),
			sdk.Int("homogeneous", 0, "the degree L of a network that is homogeneous in its parameters; 0: it need not be").Min(0),
		},
		// Labels of the model, and homogeneous networks, take outputs, output_grad and vjp; the default does without.
		Needs: []sdk.Op{sdk.OpGrad},
		Values: []sdk.ValueInfo{{
			Name: "fisherrao", Unit: "loss^2", Better: sdk.BetterLower,
			Help: "never negative; the standard error is that of the mean over the examples",
		}},
		Invariances: []string{"elementwise_rescaling", "nodewise_rescaling"},
	}
}

// Slots implements sdk.Metric. The slot of gradients is always there.
func (Metric) Slots(p sdk.Problem, v sdk.Params) []sdk.Slot {
	if v.String("labels") == "observed" && v.Int("homogeneous") == 0 {
		return nil
	}
	n := max(1, p.Classes*p.ProbeBatchSize)
	return []sdk.Slot{{Name: "outputs", Len: n, Scratch: true}, {Name: "slopes", Len: n, Scratch: true}, {Name: "cotangent", Len: max(1, p.Classes), Scratch: true}}
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	if p.Examples == 0 {
		return nil, fmt.Errorf("the metric's example set is empty")
	}
	observed, degree := s.Params().String("labels") == "observed", s.Params().Int("homogeneous")
	if !(observed && degree == 0) && p.Classes < 2 {
		return []sdk.Value{{Name: "fisherrao", Null: true, Reason: "the network has no outputs of at least two classes"}}, nil
	}
	var sum moments
	for j := range p.ProbeBatches {
		var err error
		if observed && degree == 0 {
			err = gradients(s, j, &sum)
		} else {
			err = outputs(s, j, observed, float64(degree), &sum)
		}
		if errors.Is(err, errLoss) {
			return []sdk.Value{{Name: "fisherrao", Null: true, Reason: err.Error()}}, nil
		}
		if err != nil {
			return nil, err
		}
	}
	v := sdk.Value{Name: "fisherrao", Value: sum.mean}
	if sum.n > 1 {
		v.StdErr, v.HasStdErr = math.Sqrt(sum.sq/(sum.n-1)/sum.n), true
	}
	return []sdk.Value{v}, nil
}

// moments are a mean and the sum of squared deviations from it, updated number by number.
type moments struct{ n, mean, sq float64 }

func (m *moments) add(x float64) {
	m.n++
	d := x - m.mean
	m.mean += d / m.n
	m.sq += float64(d * (x - m.mean))
}

// gradients adds the examples of a batch, one gradient each.
func gradients(s sdk.Session, j int, sum *moments) error {
	p, g := s.Problem(), s.Slot("grad")
	for i := range min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize) {
		if _, err := s.Grad(s.ProbeBatch(j).Example(i), s.W(), g); err != nil {
			return fmt.Errorf("batch %d, example %d: %w", j, i, err)
		}
		a := vec.Dot(s.W(), g)
		sum.add(float64(a * a))
	}
	return nil
}

// outputs adds the examples of a batch, from u = J w: with the derivative of the loss by the outputs, or averaged over the
// labels that softmax draws.
func outputs(s sdk.Session, j int, observed bool, degree float64, sum *moments) error {
	k, z, slopes, cotangent, g := s.Problem().Classes, s.Slot("outputs"), s.Slot("slopes"), s.Slot("cotangent"), s.Slot("grad")
	b := s.ProbeBatch(j)
	n, err := s.Outputs(b, s.W(), z)
	if err != nil {
		return err
	}
	if _, _, err := s.OutputGrad(b, s.W(), slopes); err != nil {
		return err
	}
	u := make([]float64, k)
	for i := range n {
		f, slope := z[i*k:(i+1)*k], slopes[i*k:(i+1)*k]
		for c := range u {
			if degree > 0 {
				u[c] = degree * float64(f[c])
				continue
			}
			clear(cotangent)
			cotangent[c] = 1
			if _, err := s.VJP(b.Example(i), s.W(), cotangent, g); err != nil {
				return fmt.Errorf("batch %d, example %d: %w", j, i, err)
			}
			u[c] = vec.Dot(s.W(), g)
		}
		if observed {
			a := 0.0
			for c, v := range u {
				a += float64(n) * float64(slope[c]) * v
			}
			sum.add(float64(a * a))
			continue
		}
		p := softmax(f)
		if !crossEntropy(p, slope, n) {
			return errLoss
		}
		mean, square := 0.0, 0.0
		for c, v := range u {
			mean += float64(p[c] * v)
			square += float64(p[c] * v * v)
		}
		sum.add(math.Max(0, square-float64(mean*mean)))
	}
	return nil
}

var errLoss = errors.New("labels = model is for plain cross-entropy, whose gradient by the outputs is p - e_y")

func softmax(z []float32) []float64 {
	top := math.Inf(-1)
	for _, v := range z {
		top = math.Max(top, float64(v))
	}
	p, sum := make([]float64, len(z)), 0.0
	for i, v := range z {
		p[i] = math.Exp(float64(v) - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

// crossEntropy reports whether n·g is p − e_y for some y.
func crossEntropy(p []float64, g []float32, n int) bool {
	labels := 0
	for i, v := range g {
		switch d := float64(n)*float64(v) - p[i]; {
		case math.Abs(d+1) < 1e-3:
			labels++
		case math.Abs(d) > 1e-3:
			return false
		}
	}
	return labels == 1
}
