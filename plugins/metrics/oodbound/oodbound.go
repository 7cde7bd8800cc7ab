// Package oodbound measures what a bound on the error under a shifted distribution is made of. Such an error is at most the
// error at the source, a distance between the distributions over the cells C_c of a partition of the inputs, and how much the
// loss varies within the cells,
//
//	ε = Σ_c P(C_c) · max_{i,j ∈ C_c} |ℓ_i − ℓ_j|
//
// which in turn grows with the sharpness
//
//	κ = ‖θ‖² · tr(H).
//
// Both are measured on the source. The cells are those of k-means on the features that enter the last layer. For ridge
// regression κ is exact: H does not depend on θ, and κ falls strictly in the penalty.
//
// Zou, Kawaguchi, Liu, Liu, Lee & Hsu 2024, "Towards Robust Out-of-Distribution Generalization Bounds via Sharpness",
// arXiv:2403.06392.
package oodbound

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "oodbound",
		Version:    1,
		Summary:    "sharpness and robustness of a bound on the error under a shift",
		Rule:       "kappa = |theta|^2 tr(H); robustness = sum_c P(C_c) max loss gap within C_c, over the cells of k-means on the features before the last layer",
		Citation:   "Zou, Kawaguchi, Liu, Liu, Lee & Hsu 2024, Towards Robust Out-of-Distribution Generalization Bounds via Sharpness, arXiv:2403.06392",
		Unverified: "the definition of kappa and the partition are from memory of the paper: compare within this program only",
		Finding:    "The robustness of the loss over cells, and with it the error under a shift, is bounded by a quantity that grows with sharpness.",
		Watch: []string{
			"It is a part of a bound, not a prediction: the distance between the distributions is missing, and on an over-regularised path a smaller kappa goes with more error.",
			"kappa depends on the scale of the loss and of the parameters.",
			"robustness grows with the number of examples in a cell: compare at equal examples and cells.",
		},
		CostNote: "draws Hessian-vector products of all examples, or one for each parameter where there are at most 64; one loss; one vector-Jacobian product for each example, on that example alone",
		Params: []sdk.Param{
			sdk.Int("draws", 30, "random vectors of the trace").Min(2),
			sdk.Int("cells", 0, "of the partition; 0: ten for each class, but at most one for four examples").Min(0),
		},
		Needs: []sdk.Op{sdk.OpLoss, sdk.OpHVP, sdk.OpVJP, sdk.OpNormal},
		Values: []sdk.ValueInfo{
			{Name: "kappa", Unit: "loss", Better: sdk.BetterLower, Help: "squared norm of all parameters times the trace of the Hessian; exact for at most 64 parameters"},
			{Name: "robustness", Unit: "loss", Better: sdk.BetterLower, Help: "mean over examples of the loss gap within their cell"},
		},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, v sdk.Params) []sdk.Slot {
	return append(curvature.Slots(),
		sdk.Slot{Name: "each", Len: max(1, p.ProbeBatchSize), Scratch: true},
		sdk.Slot{Name: "cotangent", Len: max(1, p.Classes), Scratch: true},
		sdk.Slot{Name: "random", Len: cells(p, v), Scratch: true})
}

// cells is the number of cells.
func cells(p sdk.Problem, v sdk.Params) int {
	if n := int(v.Int("cells")); n > 0 {
		return n
	}
	return max(1, min(10*p.Classes, p.Examples/4))
}

// small is the number of parameters up to which the trace is exact.
const small = 64

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	trace, err := trace(s)
	if err != nil {
		return nil, err
	}
	norm := vec.Norm2(s.W())
	mean, stderr := curvature.Mean(trace)
	kappa := sdk.Value{Name: "kappa", Value: norm * norm * mean}
	if len(s.W()) > small {
		kappa = curvature.Estimate("kappa", norm*norm*mean, norm*norm*stderr)
	}
	features, losses, err := features(s)
	if err != nil {
		return nil, err
	}
	k := min(cells(s.Problem(), s.Params()), len(losses))
	random := s.Slot("random")
	if err := s.Normal("oodbound/cells", 0, random, 1); err != nil {
		return nil, err
	}
	cell := kmeans(features, k, func(i int) float64 { return 0.5 * math.Erfc(-float64(random[i])/math.Sqrt2) })
	return []sdk.Value{kappa, {Name: "robustness", Value: robustness(cell, losses, k)}}, nil
}

// trace returns numbers whose mean is tr(H): Rademacher estimates, or the trace itself.
func trace(s sdk.Session) ([]float64, error) {
	h := curvature.New(s, s.FullBatch(), nil)
	n := len(s.W())
	x, y := make(sdk.Vec, n), make(sdk.Vec, n)
	if n <= small {
		sum := 0.0
		for i := range x {
			clear(x)
			x[i] = 1
			if err := h.Apply(x, y); err != nil {
				return nil, err
			}
			sum += float64(y[i])
		}
		return []float64{sum}, nil
	}
	var out []float64
	for d := range uint64(s.Params().Int("draws")) {
		if err := h.Rademacher("oodbound/trace", d, x); err != nil {
			return nil, err
		}
		if err := h.Apply(x, y); err != nil {
			return nil, err
		}
		out = append(out, vec.Dot(x, y))
	}
	return out, nil
}

// features returns what enters the last linear layer, or the gradient of the first output by all parameters where there is no
// such layer, and the losses.
func features(s sdk.Session) (f [][]float64, losses []float64, err error) {
	p, each, cotangent, g := s.Problem(), s.Slot("each"), s.Slot("cotangent"), s.Slot("grad")
	from, step, count := 0, 1, p.Dim
	for _, t := range p.Tensors {
		if t.Kind == sdk.KindWeight && len(t.Shape) == 2 && t.Shape[1] == len(cotangent) {
			from, step, count = t.Offset, t.Shape[1], t.Shape[0]
		}
	}
	clear(cotangent)
	cotangent[0] = 1
	for j := range p.ProbeBatches {
		b, n := s.ProbeBatch(j), min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize)
		if _, err := s.Losses(b, s.W(), each); err != nil {
			return nil, nil, err
		}
		for i := range n {
			losses = append(losses, float64(each[i]))
			if _, err := s.VJP(b.Example(i), s.W(), cotangent, g); err != nil {
				return nil, nil, fmt.Errorf("batch %d, example %d: %w", j, i, err)
			}
			row := make([]float64, count)
			for d := range row {
				row[d] = float64(g[from+d*step])
			}
			f = append(f, row)
		}
	}
	return f, losses, nil
}

// rounds is how often k-means moves its centres at most.
const rounds = 50

// kmeans returns the cell of each point: Lloyd's algorithm from the starting points of k-means++ (Arthur & Vassilvitskii
// 2007), where uniform(i) is the i-th random number.
func kmeans(x [][]float64, k int, uniform func(i int) float64) []int {
	n := len(x)
	centres := [][]float64{x[min(int(uniform(0)*float64(n)), n-1)]}
	nearest := make([]float64, n)
	for len(centres) < k {
		sum := 0.0
		for i, p := range x {
			d := distance(p, centres[len(centres)-1])
			if len(centres) == 1 || d < nearest[i] {
				nearest[i] = d
			}
			sum += nearest[i]
		}
		if sum == 0 {
			break // there are fewer different points than cells
		}
		at, pick := uniform(len(centres))*sum, n-1
		for i, d := range nearest {
			if at -= d; at <= 0 && d > 0 {
				pick = i
				break
			}
		}
		centres = append(centres, x[pick])
	}
	cell := make([]int, n)
	for round := range rounds {
		moved := round == 0
		for i, p := range x {
			best := 0
			for c := range centres {
				if distance(p, centres[c]) < distance(p, centres[best]) {
					best = c
				}
			}
			moved = moved || best != cell[i]
			cell[i] = best
		}
		if !moved {
			break
		}
		size := make([]float64, len(centres))
		sums := make([][]float64, len(centres))
		for i, p := range x {
			c := cell[i]
			if size[c]++; sums[c] == nil {
				sums[c] = make([]float64, len(p))
			}
			for d, v := range p {
				sums[c][d] += v
			}
		}
		for c, sum := range sums {
			if sum == nil {
				continue // an empty cell keeps its centre
			}
			for d := range sum {
				sum[d] /= size[c]
			}
			centres[c] = sum
		}
	}
	return cell
}

func distance(a, b []float64) (sum float64) {
	for i := range a {
		sum += (a[i] - b[i]) * (a[i] - b[i])
	}
	return sum
}

// robustness is the mean over examples of the largest gap within their cell.
func robustness(cell []int, losses []float64, k int) float64 {
	low, high, size := make([]float64, k), make([]float64, k), make([]float64, k)
	for i, c := range cell {
		if size[c] == 0 {
			low[c], high[c] = losses[i], losses[i]
		}
		low[c], high[c] = math.Min(low[c], losses[i]), math.Max(high[c], losses[i])
		size[c]++
	}
	sum := 0.0
	for c := range size {
		sum += size[c] / float64(len(losses)) * (high[c] - low[c])
	}
	return sum
}
