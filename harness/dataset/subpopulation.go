package dataset

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// subpopulation is a problem with a feature that is right and one that is only often right. The class y and the attribute a are
// −1 or 1, both values of y equally likely, and a = y with probability Correlation in the training set. The features are
// x = (core, spurious, nuisance) with independent
//
//	core     ~ N(y·coreMean, coreStd²),  5 of them,
//	spurious ~ N(a·spuriousMean, spuriousStd²),  5 of them,
//	nuisance ~ N(0, 1),  90 of them.
//
// The spurious features are the less noisy ones, so a net learns them first; the groups are the four pairs of y and a, and all
// of them are as large in the test set. Everything about the best possible classifiers is known: see Bayes.
var subpopulation = &maker{
	name: "subpopulation", terms: About{Terms: "made by the program", Home: "docs/shifts.md"},
	check: func(s Spec) map[string]string {
		if s.Correlation >= 0 && s.Correlation <= 1 {
			return nil
		}
		return map[string]string{"correlation": fmt.Sprintf("correlation: expected a probability from 0 to 1, found %v", s.Correlation)}
	},
	groups: func(Spec) []string { return subGroups },
	make: func(s Spec) (*Data, error) {
		p := s.Correlation
		if p == 0 {
			p = SubCorrelation
		}
		d := &Data{Name: s.Name, Classes: []string{"-1", "+1"}, Groups: subGroups}
		d.Train = *Subpopulation(subTrain, p, "train")
		d.Test = *Subpopulation(subTest, 0.5, "test")
		return d, nil
	},
}

// SubCorrelation is the correlation of a training set whose suite says nothing.
const SubCorrelation = 0.95

const (
	subTrain, subTest            = 10000, 10000
	subCore, subSpurious, subAll = 5, 5, 100
	subCoreMean, subCoreStd      = 0.5, 1.0
	subSpuriousMean              = 0.5
	subSpuriousStd               = 0.5
)

// subGroups are the groups: class and attribute.
var subGroups = []string{"y=-1 a=-1", "y=-1 a=+1", "y=+1 a=-1", "y=+1 a=+1"}

// Subpopulation draws n examples whose attribute goes with the class with probability p; the groups have exactly their
// shares, up to rounding. The examples depend on n, p and the name of the draw alone.
func Subpopulation(n int, p float64, name string) *Images {
	shares := largest(n, []float64{p / 2, (1 - p) / 2, (1 - p) / 2, p / 2})
	im := &Images{H: 1, W: 1, C: subAll, Values: make([]float32, n*subAll), Labels: make([]uint8, n), Groups: make([]uint8, n)}
	order := rng.New(0, "subpopulation/order/"+name, 0).Perm(n)
	i := 0
	for g, count := range shares {
		y, a := float64(g/2*2-1), float64(g%2*2-1)
		for range count {
			at := order[i]
			i++
			r := rng.New(0, "subpopulation/"+name, uint64(at))
			im.Labels[at], im.Groups[at] = uint8(g/2), uint8(g)
			x := im.Values[at*subAll : (at+1)*subAll]
			for k := range x {
				z := r.Norm()
				switch {
				case k < subCore:
					z = y*subCoreMean + float64(subCoreStd*z)
				case k < subCore+subSpurious:
					z = a*subSpuriousMean + float64(subSpuriousStd*z)
				}
				x[k] = float32(z)
			}
		}
	}
	return im
}

// largest divides n in proportion to fractions, by largest remainders, ties to the earlier one.
func largest(n int, fractions []float64) []int {
	const parts = 1 << 30
	sizes := make([]int, len(fractions))
	for i, f := range fractions {
		sizes[i] = int(math.Round(f * parts))
	}
	return shares(n, sizes)
}

// SubBayes is the error of the best classifiers of the subpopulation problem, in closed form, Φ the normal distribution's:
// whoever uses the core features alone is wrong with probability Φ(−‖μ_c‖/σ_c) in every group; whoever decides by the spurious
// ones alone, in 1 − q + (2q − 1)·Φ(−‖μ_s‖/σ_s) of all cases when the attribute goes with the class with probability q. The
// best classifier of a training set of correlation p, by the likelihood ratio of both, has an error on the minority groups
// (a ≠ y) and one on the majority groups, and is wrong in q·majority + (1 − q)·minority of all cases.
type SubBayes struct {
	Core               float64
	Majority, Minority float64 // of the best classifier for correlation p
}

// Overall is the error of the best classifier for p where the correlation is q.
func (b SubBayes) Overall(q float64) float64 { return q*b.Majority + (1-q)*b.Minority }

// SubpopulationBayes returns the errors of the best classifiers for a correlation of p, 0 < p < 1. With u and v the core and
// the spurious features along their means, in their own deviations, the log likelihood ratio of the classes is
// 2c·u + log((p·e^{2sv} + 1 − p)/(p + (1 − p)·e^{2sv})), c = ‖μ_c‖/σ_c and s = ‖μ_s‖/σ_s: wrong for y = 1 when u lies below a
// threshold t(v). The error is the integral of Φ(t(v) − c) over v ~ N(±s, 1).
func SubpopulationBayes(p float64) SubBayes {
	c := math.Sqrt(subCore) * subCoreMean / subCoreStd
	s := math.Sqrt(subSpurious) * subSpuriousMean / subSpuriousStd
	phi := func(x float64) float64 { return math.Erfc(-x/math.Sqrt2) / 2 }
	threshold := func(v float64) float64 {
		e := 2 * s * v
		// log(p·e^e + 1−p) − log(p + (1−p)·e^e), without overflow.
		ratio := logSum(math.Log(p)+e, math.Log1p(-p)) - logSum(math.Log(p), math.Log1p(-p)+e)
		return -ratio / (2 * c)
	}
	wrong := func(mean float64) float64 {
		const steps, wide = 4000, 10.0 // Simpson's rule; the integrand is smooth and vanishes at the ends
		h := 2 * wide / steps
		var sum float64
		for i := 0; i <= steps; i++ {
			z := -wide + float64(i)*h
			w := 2.0
			switch {
			case i == 0 || i == steps:
				w = 1
			case i%2 == 1:
				w = 4
			}
			sum += w * math.Exp(-z*z/2) / math.Sqrt(2*math.Pi) * phi(threshold(mean+z)-c)
		}
		return sum * h / 3
	}
	return SubBayes{Core: phi(-c), Majority: wrong(s), Minority: wrong(-s)}
}

func logSum(a, b float64) float64 {
	m := max(a, b)
	return m + math.Log(math.Exp(a-m)+math.Exp(b-m))
}
