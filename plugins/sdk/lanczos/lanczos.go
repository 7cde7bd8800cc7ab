// Package lanczos finds extreme eigenvalues of a symmetric operator that is known by its products with vectors alone, as a
// Hessian is.
//
// The basis is reorthogonalised in full, twice in each step, so that no eigenvalue appears more often than it should; it is
// kept in float64, which takes 8·k·dim bytes for k steps. Products are float32, as the host's are: what they lack in
// precision is in the residuals, which bound the error.
//
// C. Lanczos 1950; B. N. Parlett, The Symmetric Eigenvalue Problem, 1980, §13; C. C. Paige 1971 for the weights.
package lanczos

import (
	"errors"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Operator stores the product of the operator with v in out. Both have the length of the start vector; v must not be
// kept or modified.
type Operator func(v, out sdk.Vec) error

// Decomposition is the projection of an operator on a Krylov space.
type Decomposition struct {
	// Ritz values approximate eigenvalues, in descending order.
	Ritz []float64
	// Residual[i] bounds the distance of Ritz[i] to the nearest eigenvalue: the norm of A·x − Ritz[i]·x.
	Residual []float64
	// Weight[i] is the squared first component of the i-th eigenvector of the projection. Together with the Ritz values
	// they are the nodes and weights of the Gauss quadrature of the start vector's spectral measure: they sum to 1, and
	// integrate polynomials up to degree 2k−1 exactly.
	Weight []float64
	// Steps is the number of products. It is smaller than what was asked for when the Krylov space is exhausted: then the
	// Ritz values are eigenvalues.
	Steps     int
	Exhausted bool

	basis   [][]float64
	vectors *mat.Dense // columns in the order of Ritz
}

// exhausted is the share of the operator's size below which a new direction is rounding: products are float32.
const exhausted = 1e-6

// Run makes steps products, fewer if the space is exhausted before, or if done, which may be nil, is satisfied with what
// there is: it is asked after each step. start must not be 0.
func Run(a Operator, start sdk.Vec, steps int, done func(*Decomposition) bool) (*Decomposition, error) {
	n := len(start)
	steps = min(steps, n)
	q := make([]float64, n)
	for i, x := range start {
		q[i] = float64(x)
	}
	if normalise(q) == 0 {
		return nil, errors.New("lanczos: the start vector is 0")
	}
	d := &Decomposition{basis: [][]float64{q}}
	v, product := make(sdk.Vec, n), make(sdk.Vec, n)
	var alpha, beta []float64 // the diagonal, and beside it
	size := 0.0               // of the operator, as far as it was seen
	for {
		q := d.basis[len(d.basis)-1]
		for i, x := range q {
			v[i] = float32(x)
		}
		if err := a(v, product); err != nil {
			return nil, err
		}
		r := make([]float64, n)
		for i, x := range product {
			r[i] = float64(x)
		}
		diagonal := dot(q, r)
		alpha = append(alpha, diagonal)
		for range 2 {
			for _, b := range d.basis {
				c := dot(b, r)
				for i, x := range b {
					r[i] -= float64(c * x)
				}
			}
		}
		next := normalise(r)
		size = max(size, math.Abs(diagonal)+next)
		d.Steps = len(alpha)
		d.Exhausted = d.Steps == n || next <= exhausted*size
		if d.Exhausted {
			next = 0
		}
		if last := d.Steps == steps || d.Exhausted; last || done != nil {
			if err := d.project(alpha, beta, next); err != nil {
				return nil, err
			}
			if last || done(d) {
				return d, nil
			}
		}
		beta = append(beta, next)
		d.basis = append(d.basis, r)
	}
}

// project solves the eigenproblem of the tridiagonal matrix.
func (d *Decomposition) project(alpha, beta []float64, next float64) error {
	k := len(alpha)
	t := mat.NewSymDense(k, nil)
	for i, a := range alpha {
		t.SetSym(i, i, a)
		if i+1 < k {
			t.SetSym(i, i+1, beta[i])
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(t, true) {
		return errors.New("lanczos: the eigenvalues of the projection were not found")
	}
	ascending := eigen.Values(nil)
	var columns mat.Dense
	eigen.VectorsTo(&columns)
	d.Ritz, d.Residual, d.Weight = d.Ritz[:0], d.Residual[:0], d.Weight[:0]
	d.vectors = mat.NewDense(k, k, nil)
	for i := range k {
		from := k - 1 - i
		for row := range k {
			d.vectors.Set(row, i, columns.At(row, from))
		}
		first := columns.At(0, from)
		d.Ritz = append(d.Ritz, ascending[from])
		d.Residual = append(d.Residual, next*math.Abs(columns.At(k-1, from)))
		d.Weight = append(d.Weight, first*first)
	}
	return nil
}

// Vector stores the Ritz vector of Ritz[i], of norm 1, in out.
func (d *Decomposition) Vector(i int, out sdk.Vec) {
	sum := make([]float64, len(out))
	for row := range d.Steps {
		c := d.vectors.At(row, i)
		for k, x := range d.basis[row] {
			sum[k] += float64(c * x)
		}
	}
	normalise(sum)
	for k, x := range sum {
		out[k] = float32(x)
	}
}

// Converged reports whether Ritz[i] is known to tol of its size, or of the largest Ritz value's for what is next to 0.
func (d *Decomposition) Converged(i int, tol float64) bool {
	size := math.Abs(d.Ritz[i])
	if floor := 1e-3 * max(math.Abs(d.Ritz[0]), math.Abs(d.Ritz[len(d.Ritz)-1])); size < floor {
		size = floor
	}
	return d.Residual[i] <= tol*size
}

// Start is a start vector for Run: the host's random numbers of a stream, in the given slot.
func Start(s sdk.Session, stream string, index uint64, slot sdk.Vec) (sdk.Vec, error) {
	if err := s.Normal(stream, index, slot, 1); err != nil {
		return nil, err
	}
	return slices.Clone(slot), nil
}

func dot(a, b []float64) float64 {
	sum := 0.0
	for i, x := range a {
		sum += float64(x * b[i])
	}
	return sum
}

// normalise scales x to norm 1 and returns the norm it had. Of what has none it makes nothing.
func normalise(x []float64) float64 {
	norm := math.Sqrt(dot(x, x))
	if norm == 0 {
		return 0
	}
	for i := range x {
		x[i] /= norm
	}
	return norm
}
