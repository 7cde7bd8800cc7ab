// Package coherence measures how much the curvatures of single examples are aligned, and what that means for the stability
// of stochastic gradient descent. With H_i the Hessian of example i and H = (1/n)ΣH_i,
//
//	S_ij = ‖H_i^½ H_j^½‖_F = √tr(H_iH_j)
//	σ    = λ₁(S) / max_i λ₁(H_i)
//
// which is n when all H_i are the same direction and 1 when they are orthogonal. With batches of B examples, drawn
// independently with probability B/n, SGD with learning rate η diverges when
//
//	λ₁(H) > 2/η   or   λ₁(H) > (σ/η)(n/B − 1)^(−½).
//
// That is sufficient. The exact threshold of divergence in the mean square is 2/λ_max(C⁻¹D) with, for symmetric M,
//
//	C(M) = ½(HM + MH),   D(M) = HMH + (1/(nB))(1 − B/n) Σ_i H_iMH_i.
//
// H_i is the Gauss–Newton matrix J_iᵀA_iJ_i of the example, A_i the second derivative of its loss by its outputs, so that
// nothing is indefinite; at a minimum that fits every example it is the Hessian. All of it follows from the inner products of
// the rows of A_i^½J_i.
//
// Dexter, Ocejo, Keerthi, Gupta, Acharya & Khanna 2024, "A Precise Characterization of SGD Stability Using Loss Surface
// Geometry", arXiv:2401.12332; the threshold in the mean square: Mulayoff & Michaeli 2024, "Exact Mean Square Linear
// Stability Analysis for SGD", arXiv:2306.07850.
package coherence

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

var values = []sdk.ValueInfo{
	{Name: "coherence", Unit: "1", Better: sdk.BetterNone, Help: "sigma: 1 for orthogonal curvatures, the number of examples for one direction"},
	{Name: "lambda_max", Unit: "loss", Better: sdk.BetterLower, Help: "largest eigenvalue of the Gauss-Newton matrix of these examples"},
	{Name: "sufficient", Unit: "1/loss", Better: sdk.BetterHigher, Help: "learning rate from which SGD surely diverges in the mean square"},
	{Name: "exact", Unit: "1/loss", Better: sdk.BetterHigher, Help: "learning rate at which SGD begins to diverge in the mean square"},
}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "coherence",
		Version:    1,
		Summary:    "alignment of the examples' curvatures, and the learning rates at which SGD diverges",
		Rule:       "S_ij = sqrt(tr(H_i H_j)), sigma = lambda_1(S)/max_i lambda_1(H_i), H_i the Gauss-Newton matrix of example i; sufficient: min(2, sigma (n/B - 1)^-1/2)/lambda_1(H); exact: 2/lambda_max(C^-1 D)",
		Citation:   "Dexter, Ocejo, Keerthi, Gupta, Acharya & Khanna 2024, A Precise Characterization of SGD Stability Using Loss Surface Geometry, arXiv:2401.12332; Mulayoff & Michaeli 2024, Exact Mean Square Linear Stability Analysis for SGD, arXiv:2306.07850",
		Unverified: "the constants of the sufficient condition are from memory of the theorem; it is tested against the exact threshold",
		Finding:    "SGD is unstable where full-batch gradient descent is not, the more so the more coherent the curvatures of the examples are.",
		Watch: []string{
			"The first examples of the set stand for the training set: n is their number, in the thresholds too. Compare models at equal n and batch.",
			"The Gauss-Newton matrix is the Hessian only where every example is fitted.",
		},
		CostNote: "one vector-Jacobian product for each output of each of the first n examples, on that example alone",
		Params: []sdk.Param{
			sdk.Int("n", 16, "the first so many examples of the set").Min(2).Max(256),
			sdk.Int("batch", 0, "batch size B of the thresholds; 0: that of the training, as far as it is smaller than n").Min(0),
			sdk.Choice("loss", "cross_entropy", []string{"cross_entropy", "mse"}, "the loss, for its second derivative by the outputs"),
		},
		Needs:  []sdk.Op{sdk.OpOutputs, sdk.OpVJP},
		Values: values,
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "outputs", Len: max(1, p.Classes), Scratch: true}, {Name: "cotangent", Len: max(1, p.Classes), Scratch: true}}
}

// most is the largest number of float32 that the rows may take: 1 GiB.
const most = 1 << 28

// exactRows is the largest number of rows, outputs of all examples together, for which the exact threshold is computed.
const exactRows = 512

func none(format string, a ...any) []sdk.Value {
	var out []sdk.Value
	for _, v := range values {
		out = append(out, sdk.Value{Name: v.Name, Null: true, Reason: fmt.Sprintf(format, a...)})
	}
	return out
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p, v := s.Problem(), s.Params()
	n, k := min(int(v.Int("n")), p.Examples), max(1, p.Classes)
	if n < 2 {
		return none("%d examples are too few", n), nil
	}
	if n*k > most/p.Dim {
		return none("the Jacobians of %d outputs of %d examples by %d parameters do not fit into 1 GiB; n can be made smaller", k, n, p.Dim), nil
	}
	rows, err := jacobians(s, n, k, v.String("loss") == "mse")
	if err != nil {
		return nil, err
	}
	gram := mat.NewSymDense(len(rows), nil)
	for i := range rows {
		for j := range i + 1 {
			gram.SetSym(i, j, vec.Dot(rows[i], rows[j]))
		}
	}
	rows = nil

	// λ₁(H), max_i λ₁(H_i) and λ₁(S) from the inner products.
	basis, eigen := decompose(gram)
	top := eigen[len(eigen)-1] / float64(n)
	if !(top > 0) {
		return none("the Gauss-Newton matrix is 0"), nil
	}
	single, s2 := 0.0, mat.NewSymDense(n, nil)
	for i := range n {
		_, e := decompose(gram.SliceSym(i*k, (i+1)*k).(*mat.SymDense))
		single = math.Max(single, e[len(e)-1])
		for j := range i + 1 {
			block := gram2(gram, i*k, j*k, k)
			s2.SetSym(i, j, math.Sqrt(block))
		}
	}
	_, e := decompose(s2)
	sigma := e[len(e)-1] / single

	out := []sdk.Value{{Name: "coherence", Value: sigma}, {Name: "lambda_max", Value: top}}
	b := int(v.Int("batch"))
	if b == 0 {
		b = p.BatchSize
	}
	sufficient := 2 / top
	if b < n {
		sufficient = math.Min(sufficient, sigma/top/math.Sqrt(float64(n)/float64(b)-1))
	}
	out = append(out, sdk.Value{Name: "sufficient", Value: sufficient})
	if n*k > exactRows {
		return append(out, sdk.Value{Name: "exact", Null: true, Reason: fmt.Sprintf("%d outputs of %d examples are more than the %d it is computed for", k, n, exactRows)}), nil
	}
	exact, ok := threshold(s, basis, eigen, n, k, min(b, n))
	value := sdk.Value{Name: "exact", Value: exact}
	if !ok {
		value = sdk.Value{Name: "exact", Null: true, Reason: "the power iteration has not converged"}
	}
	return append(out, value), nil
}

// jacobians returns the rows of A_i^½ J_i, k for each example.
func jacobians(s sdk.Session, n, k int, mse bool) ([]sdk.Vec, error) {
	p, z, cotangent, g := s.Problem(), s.Slot("outputs"), s.Slot("cotangent"), s.Slot("grad")
	var rows []sdk.Vec
	for i := range n {
		b := s.ProbeBatch(i / p.ProbeBatchSize).Example(i % p.ProbeBatchSize)
		if _, err := s.Outputs(b, s.W(), z); err != nil {
			return nil, err
		}
		root := root(z[:k], mse)
		for a := range k {
			// Row a of A^½J is Jᵀ applied to row a of the symmetric root.
			for c := range k {
				cotangent[c] = float32(root.At(a, c))
			}
			if _, err := s.VJP(b, s.W(), cotangent, g); err != nil {
				return nil, err
			}
			rows = append(rows, append(sdk.Vec(nil), g...))
		}
		s.Log("debug", fmt.Sprintf("example %d of %d", i+1, n))
	}
	return rows, nil
}

// root is the square root of the second derivative of the loss by the outputs: of diag p − ppᵀ, or of 1.
func root(z sdk.Vec, mse bool) *mat.SymDense {
	k := len(z)
	out := mat.NewSymDense(k, nil)
	if mse {
		for i := range k {
			out.SetSym(i, i, 1)
		}
		return out
	}
	top, sum := math.Inf(-1), 0.0
	for _, v := range z {
		top = math.Max(top, float64(v))
	}
	prob := make([]float64, k)
	for i, v := range z {
		prob[i] = math.Exp(float64(v) - top)
		sum += prob[i]
	}
	a := mat.NewSymDense(k, nil)
	for i := range k {
		for j := range i + 1 {
			v := -prob[i] * prob[j] / (sum * sum)
			if i == j {
				v += prob[i] / sum
			}
			a.SetSym(i, j, v)
		}
	}
	q, e := decompose(a)
	for i := range k {
		for j := range i + 1 {
			v := 0.0
			for m, lambda := range e {
				v += math.Sqrt(math.Max(0, lambda)) * q.At(i, m) * q.At(j, m)
			}
			out.SetSym(i, j, v)
		}
	}
	return out
}

// decompose returns eigenvectors in columns and eigenvalues, ascending.
func decompose(a *mat.SymDense) (*mat.Dense, []float64) {
	var e mat.EigenSym
	if !e.Factorize(a, true) {
		panic("coherence: a symmetric matrix without eigenvalues")
	}
	var q mat.Dense
	e.VectorsTo(&q)
	return &q, e.Values(nil)
}

// gram2 is the squared Frobenius norm of a block.
func gram2(a *mat.SymDense, i, j, k int) (sum float64) {
	for x := range k {
		for y := range k {
			v := a.At(i+x, j+y)
			sum += v * v
		}
	}
	return sum
}

// The power iteration ends when its eigenvalue has settled to this, relatively, or after so many steps.
const (
	settled = 1e-9
	limit   = 2000
)

// threshold is 2/λ_max(C⁻¹D) by power iteration on symmetric matrices. In the basis of the eigenvectors of H, which the inner
// products give, H is diagonal and the rows of example i are rows of basis·Λ^½.
func threshold(s sdk.Session, basis *mat.Dense, eigen []float64, n, k, batch int) (float64, bool) {
	keep := 0 // directions in which there is no curvature do not matter
	for keep < len(eigen) && eigen[keep] <= 1e-12*eigen[len(eigen)-1] {
		keep++
	}
	r := len(eigen) - keep
	h := make([]float64, r)
	x := mat.NewDense(n*k, r, nil)
	for c := range r {
		h[c] = eigen[keep+c] / float64(n)
		root := math.Sqrt(eigen[keep+c])
		for i := range n * k {
			x.Set(i, c, basis.At(i, keep+c)*root)
		}
	}
	noise := (1 - float64(batch)/float64(n)) / float64(n*batch)
	m := mat.NewDense(r, r, nil)
	for i := range r {
		m.Set(i, i, 1)
	}
	mean := mat.NewDense(r, r, nil)
	var half, inner, part mat.Dense
	lambda, settledFor := 0.0, 0
	for step := range limit {
		if step%100 == 0 {
			s.Log("debug", fmt.Sprintf("power iteration, step %d: %g", step, lambda))
		}
		mean.Zero()
		if noise > 0 {
			for i := range n {
				rows := x.Slice(i*k, (i+1)*k, 0, r)
				half.Reset()
				half.Mul(rows, m)
				inner.Reset()
				inner.Mul(&half, rows.T()) // rows·M·rowsᵀ
				half.Reset()
				half.Mul(&inner, rows)
				part.Reset()
				part.Mul(rows.T(), &half)
				mean.Add(mean, &part)
			}
			mean.Scale(noise, mean)
		}
		norm := 0.0
		for a := range r {
			for b := range r {
				v := (h[a]*h[b]*m.At(a, b) + mean.At(a, b)) / ((h[a] + h[b]) / 2)
				mean.Set(a, b, v)
				norm += v * v
			}
		}
		norm = math.Sqrt(norm)
		was := lambda
		lambda = norm / mat.Norm(m, 2)
		m.Scale(1/norm, mean)
		if math.Abs(lambda-was) <= settled*lambda {
			if settledFor++; settledFor == 3 {
				return 2 / lambda, true
			}
		} else {
			settledFor = 0
		}
	}
	return 2 / lambda, false
}
