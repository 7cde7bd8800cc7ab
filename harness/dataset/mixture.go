package dataset

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/integrate/quad"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// mixture is a normal distribution a class, with the identity as covariance and means of one length along different axes.
// With shares of the classes that fall from 1 to imbalance it has a long tail, in the training part alone.
var mixture = &maker{
	name:  "mixture",
	terms: About{Terms: "made by the program: " + "a normal distribution a class; the error of the best classifier is known", Home: "docs/shifts.md"},
	options: append([]Option{
		{Name: "classes", Default: 4, Min: 2, Max: 250, Whole: true, Help: "number of classes, at most dim"},
		{Name: "dim", Default: 20, Min: 2, Max: 1 << 14, Whole: true, Help: "number of inputs"},
		{Name: "separation", Default: 3, Min: 0, Max: 1000, Help: "length of every class's mean, in standard deviations"},
		{Name: "tail", Default: 1, Min: 1e-3, Max: 1, Help: "training share of the last class as a multiple of the first one's, geometric between; the test part is balanced"},
		{Name: "turn", Default: 0, Min: 0, Max: 90, Help: "degrees by which the first two inputs are rotated"},
	}, sizeOptions(2000, 2000)...),
	make: func(s Spec) (*Data, error) {
		o := options(s.Options)
		k, d := o.int("classes"), o.int("dim")
		if k > d {
			return nil, fmt.Errorf("classes: %d classes need as many dimensions, dim is %d", k, d)
		}
		out := &Data{Classes: classNames(k), Raw: true}
		shares := make([]float64, k)
		for c := range shares {
			shares[c] = math.Pow(o["tail"], float64(c)/float64(k-1))
		}
		out.Train = mixturePart(o, "train", o.int("examples"), shares)
		for c := range shares {
			shares[c] = 1
		}
		out.Test = mixturePart(o, "test", o.int("test"), shares)
		return out, nil
	},
}

func classNames(k int) []string {
	names := make([]string, k)
	for c := range names {
		names[c] = fmt.Sprintf("class %d", c)
	}
	return names
}

// mixturePart draws n examples with labels in proportion to shares, as far as whole numbers allow.
func mixturePart(o options, part string, n int, weights []float64) Images {
	d := o.int("dim")
	labels := make([]uint8, 0, n)
	for c, count := range largest(n, weights) {
		for range count {
			labels = append(labels, uint8(c))
		}
	}
	sin, cos := math.Sincos(o["turn"] * math.Pi / 180)
	x := make([]float32, n*d)
	for i := range n {
		r := rng.New(uint64(o["draw"]), "mixture/"+part, uint64(i))
		row := make([]float64, d)
		for j := range row {
			row[j] = r.Norm()
		}
		row[labels[i]] += o["separation"]
		row[0], row[1] = float64(cos*row[0])-float64(sin*row[1]), float64(sin*row[0])+float64(cos*row[1])
		for j, v := range row {
			x[i*d+j] = float32(v)
		}
	}
	return labelled(d, x, labels)
}

// MixtureError is the error of the best classifier on the balanced mixture: 1 - ∫ φ(z - s) Φ(z)^(k-1) dz, since an example
// is right where the coordinate of its class, with mean s, is above those of the k-1 others.
func MixtureError(classes int, separation float64) float64 {
	right := func(z float64) float64 {
		return distuv.UnitNormal.Prob(z-separation) * math.Pow(distuv.UnitNormal.CDF(z), float64(classes-1))
	}
	return 1 - quad.Fixed(right, separation-9, separation+9, 400, quad.Legendre{}, 0)
}
