// Package lanczos finds extreme eigenvalues and quadrature rules of large symmetric operators that are only given as a
// function x ↦ Ax. It keeps all its vectors and orthogonalises every new one against all of them twice, so that no
// eigenvalue is found twice. For k steps in n dimensions that takes k+1 vectors of length n in the memory of the caller's
// process, and k applications of the operator.
//
// Lanczos 1950; Golub & Welsch 1969 for the quadrature; Paige 1971 for the residual bound.
package lanczos

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"

	"github.com/sharpbench/sharpbench/harness/vec"
)

// Float is what vectors are made of. Sums over vectors are taken in float64 for both.
type Float interface{ float32 | float64 }

// Settings of Run.
type Settings[T Float] struct {
	// Steps is the largest number of applications of the operator, at least 1. The dimension limits it too.
	Steps int
	// Done may end the iteration early; it is asked after every step. nil: never.
	Done func(Ritz) bool
	// Restart stores another vector in out when the vectors so far span an invariant subspace; the iteration goes on with
	// its part outside that subspace, which is how eigenvalues that occur several times are found again. nil: the
	// iteration ends there, as the quadrature is exact.
	Restart func(out []T) error
}

// Ritz is what is known after some steps. The three slices have one entry for each step.
type Ritz struct {
	Values []float64 // approximate eigenvalues, ascending
	// Bounds are norms of residuals: an eigenvalue lies within Bounds[i] of Values[i], up to the rounding of the operator.
	Bounds []float64
	// Weights are those of the Gauss quadrature Σ Weights[i]·f(Values[i]) ≈ vᵀf(A)v of the normalised start vector v,
	// exact for polynomials of degree below twice the number of steps. They add up to 1.
	Weights []float64
	// Exact says that the vectors span an invariant subspace: all bounds are 0 up to rounding.
	Exact bool
}

// ErrZeroStart says that the start vector is zero or not finite.
var ErrZeroStart = errors.New("the start vector of the Lanczos iteration is zero or not finite")

// Run iterates from start, which it does not modify. apply stores A·x in y; neither may be kept. An error of apply or of
// Restart ends the run and is returned as it is.
func Run[T Float](start []T, apply func(x, y []T) error, s Settings[T]) (Ritz, error) {
	if s.Steps < 1 {
		panic(fmt.Sprintf("lanczos: %d steps", s.Steps))
	}
	n := len(start)
	q := append([]T(nil), start...)
	norm := math.Sqrt(Dot(q, q))
	if !(norm > 0) || math.IsInf(norm, 0) {
		return Ritz{}, ErrZeroStart
	}
	scale(q, 1/norm)
	basis, y := [][]T{q}, make([]T, n)
	var alpha, beta []float64
	size := 0.0 // of the entries of the tridiagonal matrix
	for {
		j := len(alpha)
		if err := apply(basis[j], y); err != nil {
			return Ritz{}, err
		}
		a := Dot(basis[j], y)
		if math.IsNaN(a) || math.IsInf(a, 0) {
			return Ritz{}, fmt.Errorf("the operator is not finite: vᵀAv is %v in step %d", a, j)
		}
		alpha = append(alpha, a)
		b := remainder(y, basis)
		size = math.Max(size, math.Max(math.Abs(a), b))
		full := len(basis) == n
		exact := full || b <= roundOff[T]()*size
		if exact {
			b = 0
		}
		r := solve(alpha, beta, b)
		r.Exact = exact
		if full || len(alpha) == s.Steps || s.Done != nil && s.Done(r) || exact && s.Restart == nil {
			return r, nil
		}
		if exact {
			if err := s.Restart(y); err != nil {
				return Ritz{}, err
			}
			before := math.Sqrt(Dot(y, y))
			rest := remainder(y, basis)
			if !(rest > roundOff[T]()*before) {
				return r, nil
			}
			scale(y, 1/rest)
		} else {
			scale(y, 1/b)
		}
		beta = append(beta, b)
		basis = append(basis, append([]T(nil), y...))
	}
}

// remainder takes the part of y in the span of the orthonormal basis away and returns the norm of the rest.
func remainder[T Float](y []T, basis [][]T) float64 {
	for range 2 {
		for _, q := range basis {
			Axpy(y, -Dot(q, y), q)
		}
	}
	return math.Sqrt(Dot(y, y))
}

// Orthonormalise replaces the columns by an orthonormal basis of their span and returns it with the coefficients:
// column j was Σ_i r[i][j]·q[i]. Columns that depend on earlier ones, up to rounding, add nothing to the basis.
func Orthonormalise[T Float](columns [][]T) (q [][]T, r [][]float64) {
	coefficients := make([][]float64, len(columns)) // by column
	for j, y := range columns {
		before := math.Sqrt(Dot(y, y))
		c := make([]float64, len(q))
		for range 2 {
			for i := range q {
				d := Dot(q[i], y)
				c[i] += d
				Axpy(y, -d, q[i])
			}
		}
		if rest := math.Sqrt(Dot(y, y)); rest > roundOff[T]()*before {
			scale(y, 1/rest)
			q, c = append(q, y), append(c, rest)
		}
		coefficients[j] = c
	}
	r = make([][]float64, len(q))
	for i := range r {
		r[i] = make([]float64, len(columns))
		for j, c := range coefficients {
			if i < len(c) {
				r[i][j] = c[i]
			}
		}
	}
	return q, r
}

// solve diagonalises the tridiagonal matrix; last is the element that would come next beside the diagonal.
func solve(alpha, beta []float64, last float64) Ritz {
	k := len(alpha)
	t := mat.NewSymDense(k, nil)
	for i, a := range alpha {
		t.SetSym(i, i, a)
		if i > 0 {
			t.SetSym(i-1, i, beta[i-1])
		}
	}
	var e mat.EigenSym
	if !e.Factorize(t, true) {
		// The routine fails for matrices that are not finite only, and those do not come here.
		panic("lanczos: the eigenvalues of a small symmetric matrix were not found")
	}
	r := Ritz{Values: e.Values(nil), Bounds: make([]float64, k), Weights: make([]float64, k)}
	var v mat.Dense
	e.VectorsTo(&v)
	for i := range k {
		r.Bounds[i] = last * math.Abs(v.At(k-1, i))
		r.Weights[i] = v.At(0, i) * v.At(0, i)
	}
	return r
}

// roundOff is the share of a vector that rounding may leave where exact arithmetic leaves nothing.
func roundOff[T Float]() float64 {
	var x T
	if _, single := any(x).(float32); single {
		return 2e-6
	}
	return 1e-13
}

// Dot is the inner product, summed in float64.
func Dot[T Float](x, y []T) float64 {
	if a, ok := any(x).([]float32); ok {
		return vec.Dot(a, any(y).([]float32))
	}
	s := 0.0
	for i := range x {
		s += float64(float64(x[i]) * float64(y[i]))
	}
	return s
}

// Axpy adds a·x to y.
func Axpy[T Float](y []T, a float64, x []T) {
	if b, ok := any(y).([]float32); ok {
		vec.Axpy(b, float32(a), any(x).([]float32))
		return
	}
	for i := range y {
		y[i] += T(a * float64(x[i]))
	}
}

func scale[T Float](x []T, a float64) {
	if b, ok := any(x).([]float32); ok {
		vec.Scale(b, float32(a), b)
		return
	}
	for i := range x {
		x[i] = T(a * float64(x[i]))
	}
}
