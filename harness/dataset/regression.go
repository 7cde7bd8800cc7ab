package dataset

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// regression is a linear map of normal inputs with noise: y = ⟨w*, x⟩ + noise·ε, where input j has variance scale·(j+1)^-decay
// and w* is uniform on the unit sphere. For an estimate w the risk is known, see RegressionRisk.
var regression = &maker{
	name:    "regression",
	terms:   About{Terms: "made by the program: " + "linear regression with normal inputs; the risk of any linear model is known, also where inputs are scaled", Home: "docs/shifts.md"},
	numeric: true,
	options: append([]Option{
		{Name: "dim", Default: 50, Min: 1, Max: 1 << 14, Whole: true, Help: "number of inputs"},
		{Name: "noise", Default: 0.1, Min: 0, Max: 1000, Help: "standard deviation of the targets' noise"},
		{Name: "decay", Default: 0, Min: 0, Max: 10, Help: "input number j has variance j^-decay"},
		{Name: "scale", Default: 1, Min: 0, Max: 1e6, Help: "factor of all variances of the inputs, training and test"},
	}, sizeOptions(1000, 2000)...),
	make: func(s Spec) (*Data, error) {
		o := options(s.Options)
		return &Data{Raw: true, Train: regressionPart(o, "train", o.int("examples")), Test: regressionPart(o, "test", o.int("test"))}, nil
	},
}

// RegressionWeights are the w* of a draw.
func RegressionWeights(dim int, draw uint64) []float64 {
	w := make([]float64, dim)
	r := rng.New(draw, "regression/weights", 0)
	square := 0.0
	for j := range w {
		w[j] = r.Norm()
		square += float64(w[j] * w[j])
	}
	for j := range w {
		w[j] /= math.Sqrt(square)
	}
	return w
}

// RegressionRisk is the expected squared error of the prediction ⟨w, x⟩ + bias: Σ_j s_j (w_j - w*_j)² + bias² + noise², s_j the
// variances of the inputs.
func RegressionRisk(s Spec, w []float64, bias float64) float64 {
	s.SetDefaults()
	o := options(s.Options)
	risk := bias*bias + o["noise"]*o["noise"]
	for j, best := range RegressionWeights(len(w), uint64(o["draw"])) {
		risk += variance(o, j) * (w[j] - best) * (w[j] - best)
	}
	return risk
}

func variance(o options, j int) float64 { return o["scale"] * math.Pow(float64(j+1), -o["decay"]) }

func regressionPart(o options, part string, n int) Images {
	d := o.int("dim")
	w := RegressionWeights(d, uint64(o["draw"]))
	x, y := make([]float32, n*d), make([]float32, n)
	for i := range n {
		r := rng.New(uint64(o["draw"]), "regression/"+part, uint64(i))
		sum := 0.0
		for j := range d {
			v := float32(math.Sqrt(variance(o, j)) * r.Norm())
			x[i*d+j] = v
			sum += float64(w[j] * float64(v))
		}
		y[i] = float32(sum + float64(o["noise"]*r.Norm()))
	}
	return numbers(1, 1, d, 1, x, y)
}
