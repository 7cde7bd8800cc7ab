// Package pacbayes measures PAC-Bayesian flatness: how much Gaussian noise the parameters bear before the accuracy on the
// metric's whole example set has fallen by a tenth, in evaluation mode,
//
//	σ  = the largest std of noise N(0, σ²)        with E accuracy ≥ accuracy − 0.1
//	σ' = the largest factor of noise N(0, σ'²w² + ε²)   with the same
//
// by bisection on [0, 2], and the measures made of it, m the number of examples, ω that of parameters, w0 the parameters
// before training:
//
//	flatness      1/σ²
//	orig, init    ‖w‖²/(4σ²) + ln(m/σ) + 10,  ‖w−w0‖²/(4σ²) + ln(m/σ) + 10
//	mag_flatness  1/σ'²
//	mag_orig, mag_init   ¼ Σ ln[(ε² + (σ'²+1)N/ω) / (ε² + σ'²(w−w0)_i²)] + ln(m/σ') + 10,  N = ‖w‖², ‖w−w0‖²
//
// all of them, with adjust, as √(·/m).
//
// Versions: "fixed" is this. "official-2020" is the published code, which draws the noise with the standard deviation σ²
// (and σ'²w² + ε²) where σ (and its root) is meant, so that its 1/σ² is the reciprocal of the standard deviation. It also
// draws new noise for every σ, where "fixed" scales the same draws: bisection wants a function that does not change under
// it.
package pacbayes

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Versions of the algorithm.
const (
	fixed    = "fixed"
	official = "official-2020"
)

// Constants of the published code.
const (
	epsilon = 1e-3 // ε of the noise that depends on the magnitude
	upper   = 2.0  // where the search for σ begins
	prior   = 10   // added to every bound
)

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	info := sdk.Info{
		Name:    "pacbayes",
		Version: 1,
		Summary: "PAC-Bayesian flatness: the noise that the parameters bear until a tenth of the accuracy is lost, and bounds made of it",
		Rule: "sigma: std of Gaussian noise at which the accuracy falls by 0.1; flatness = 1/sigma^2; orig = |w|^2/(4 sigma^2) + ln(m/sigma) + 10; init: |w-w0|^2; " +
			"mag_: noise of std sqrt(sigma'^2 w^2 + eps^2); with adjust sqrt(./m)",
		Citation: "Jiang, Neyshabur, Mobahi, Krishnan & Bengio 2020, Fantastic Generalization Measures and Where to Find Them, arXiv:1912.02178; " +
			"code: Dziugaite, Drouin, Neal, Rajkumar, Caballero, Wang, Mitliagkas & Roy 2020, In Search of Robust Measures of Generalization, arXiv:2010.11924",
		Unverified: "the numerator of mag_orig has ‖w‖² and its denominator (w−w0)², as in the published code; whether the paper means it was not checked",
		Finding:    "measures of this kind rank best among many in the first study; the second finds that none of them is robust over all changes of setting",
		Watch: []string{
			"Only the accuracy counts: the scale of the logits does not matter, the scale of the weights does.",
			"m is the number of examples of the metric's set: use as many as were trained on, or compare sigma alone.",
			"The published code folds batch normalisation into the weights before it perturbs them; here the scales and shifts are perturbed as they are, so that nets with batch normalisation give other numbers.",
			"A classifier that is hardly better than chance cannot lose a tenth, and has no value.",
		},
		CostNote: "at most 2·depth·draws/3 G for each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Choice("algorithm", fixed, []string{fixed, official}, "version; values of different versions are not comparable"),
			sdk.Int("draws", 10, "noise vectors for each σ").Min(1).Max(10000),
			sdk.Int("depth", 15, "most steps of the bisection").Min(1).Max(60),
			sdk.Float("drop", 0.1, "loss of accuracy that defines σ").Above(0).Below(1),
			sdk.Float("tolerance", 0.01, "how close to it the search has to come").Above(0).Below(1),
			sdk.Bool("adjust", true, "give √(x/m) in place of x for everything but σ, as published"),
		},
		Needs: []sdk.Op{sdk.OpLoss, sdk.OpNormal},
		Check: check,
	}
	for _, v := range []struct{ name, help string }{
		{"flatness", "from 1/σ²"}, {"orig", "bound around 0"}, {"init", "bound around the parameters before training"},
		{"mag_flatness", "from 1/σ'², noise in proportion to the parameters"}, {"mag_orig", "bound around 0 with that noise"},
		{"mag_init", "bound around the parameters before training with that noise"},
	} {
		info.Values = append(info.Values, sdk.ValueInfo{Name: v.name, Unit: "1", Better: sdk.BetterLower, Help: v.help})
	}
	info.Values = append(info.Values,
		sdk.ValueInfo{Name: "sigma", Unit: "1", Better: sdk.BetterHigher, Help: "noise that costs a tenth of the accuracy; in the units of the published code, which are those of the root of the std, for official-2020"},
		sdk.ValueInfo{Name: "sigma_mag", Unit: "1", Better: sdk.BetterHigher, Help: "the same of the noise in proportion to the parameters"},
	)
	info.Invariances = []string{"logit_scale: sigma, flatness"}
	return info
}

func check(_ sdk.Problem, p sdk.Params) []sdk.Diagnostic {
	if p.Float("tolerance") >= p.Float("drop") {
		return []sdk.Diagnostic{{Param: "tolerance", Message: fmt.Sprintf("expected less than drop, %v", p.Float("drop"))}}
	}
	return nil
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "point", Scratch: true}, {Name: "noise", Scratch: true}}
}

// search finds σ.
type search struct {
	s            sdk.Session
	point, noise sdk.Vec
	stream       string
	magnitude    bool
	official     bool
	accuracy     float64 // of the model itself
	draws        int
	used         uint64 // noise vectors that official-2020 has drawn
}

// std is the standard deviation of the noise of a parameter.
func (x *search) std(sigma, w float64) float64 {
	v := sigma * sigma
	if x.magnitude {
		v = v*w*w + epsilon*epsilon
	}
	if x.official {
		return v
	}
	return math.Sqrt(v)
}

// loss is the mean accuracy that noise costs.
func (x *search) loss(sigma float64) (float64, error) {
	w := x.s.W()
	lost := 0.0
	for k := range x.draws {
		index := uint64(k)
		if x.official {
			index, x.used = x.used, x.used+1
		}
		if err := x.s.Normal(x.stream, index, x.noise, 1); err != nil {
			return 0, err
		}
		if x.magnitude {
			for i, z := range x.noise {
				x.point[i] = w[i] + float32(x.std(sigma, float64(w[i])))*z
			}
		} else {
			vec.AddScaled(x.point, w, float32(x.std(sigma, 0)), x.noise)
		}
		errors, n, err := x.s.Errors(x.s.FullBatch(), x.point)
		if sdk.IsNonFinite(err) {
			// The loss has overflowed somewhere, and with it the count: nothing is left of the classifier.
			lost += x.accuracy
			continue
		}
		if err != nil {
			return 0, err
		}
		lost += x.accuracy - (1 - float64(errors)/float64(n))
	}
	// As published, a gain counts as a loss of the same size.
	return math.Abs(lost / float64(x.draws)), nil
}

// find bisects. It returns the reason why there is no σ, if there is none.
func (x *search) find(depth int, drop, tolerance float64) (sigma float64, why string, err error) {
	lo, hi, lost := 0.0, upper, 0.0
	for range depth {
		sigma = (lo + hi) / 2
		if lost, err = x.loss(sigma); err != nil {
			return 0, "", err
		}
		if math.Abs(lost-drop) < tolerance {
			return sigma, "", nil
		}
		if lost > drop {
			hi = sigma
		} else {
			lo = sigma
		}
	}
	switch {
	case hi == upper:
		return 0, fmt.Sprintf("noise with sigma %v costs %.3g of the accuracy, less than %v", upper, lost, drop), nil
	case lo == 0:
		return 0, fmt.Sprintf("the least noise, sigma %.2g, costs %.3g of the accuracy, more than %v", sigma, lost, drop), nil
	}
	return sigma, "", nil // the accuracy of so few examples moves in steps: this is where it passes
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Params()
	errors, examples, err := s.Errors(s.FullBatch(), s.W())
	if err != nil {
		return nil, err
	}
	if examples == 0 {
		return nil, fmt.Errorf("the workload does not count errors")
	}
	m := float64(examples)
	accuracy := 1 - float64(errors)/m
	var sigma [2]float64
	var why [2]string
	for i, stream := range []string{"pacbayes.noise", "pacbayes.magnitude"} {
		x := &search{
			s: s, point: s.Slot("point"), noise: s.Slot("noise"), stream: stream, magnitude: i == 1,
			official: p.String("algorithm") == official, accuracy: accuracy, draws: p.Int("draws"),
		}
		if accuracy <= p.Float("drop") {
			why[i] = fmt.Sprintf("the accuracy is %.3g: it cannot fall by %v", accuracy, p.Float("drop"))
			continue
		}
		if sigma[i], why[i], err = x.find(p.Int("depth"), p.Float("drop"), p.Float("tolerance")); err != nil {
			return nil, err
		}
	}
	adjusted := func(v float64) float64 {
		if p.Bool("adjust") {
			return math.Sqrt(math.Max(v, 0) / m)
		}
		return v
	}
	value := func(name string, noise int, of func(sigma float64) float64) sdk.Value {
		if why[noise] != "" {
			return sdk.Value{Name: name, Null: true, Reason: why[noise]}
		}
		return sdk.Value{Name: name, Value: of(sigma[noise])}
	}
	measure := func(name string, noise int, of func(sigma float64) float64) sdk.Value {
		return value(name, noise, func(sigma float64) float64 { return adjusted(of(sigma)) })
	}
	flat := func(sigma float64) float64 { return 1 / (sigma * sigma) }
	bound := func(norm2 float64) func(float64) float64 {
		return func(sigma float64) float64 { return norm2/(4*sigma*sigma) + math.Log(m/sigma) + prior }
	}
	w := s.W()
	squared := vec.Dot(w, w)
	init := s.Slot("init")
	distance := make([]float64, len(w))
	moved := 0.0
	if init != nil {
		for i := range w {
			distance[i] = float64(w[i]) - float64(init[i])
			moved += distance[i] * distance[i]
		}
	}
	magnitude := func(norm2 float64) func(float64) float64 {
		return func(sigma float64) float64 {
			top, sum := epsilon*epsilon+(sigma*sigma+1)*norm2/float64(len(w)), 0.0
			for _, d := range distance {
				sum += math.Log(top / (epsilon*epsilon + sigma*sigma*d*d))
			}
			return sum/4 + math.Log(m/sigma) + prior
		}
	}
	out := []sdk.Value{
		measure("flatness", 0, flat), measure("orig", 0, bound(squared)), measure("init", 0, bound(moved)),
		measure("mag_flatness", 1, flat), measure("mag_orig", 1, magnitude(squared)), measure("mag_init", 1, magnitude(moved)),
		value("sigma", 0, func(sigma float64) float64 { return sigma }), value("sigma_mag", 1, func(sigma float64) float64 { return sigma }),
	}
	if init == nil {
		for i, v := range out {
			switch v.Name {
			case "init", "mag_orig", "mag_init":
				out[i] = sdk.Value{Name: v.Name, Null: true, Reason: "the parameters before training are not known"}
			}
		}
	}
	return out, nil
}
