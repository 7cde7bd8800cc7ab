package dataset

import "github.com/sharpbench/sharpbench/harness/rng"

// parity is the data on which the flattest two-layer networks generalise or do not, depending on the architecture (Wen, Li,
// Ma, "Sharpness Minimization Algorithms Do Not Only Minimize Sharpness To Achieve Better Generalization", 2023): inputs
// uniform in {-1, 1}^dim, the class whether the first `bits` of them have an odd number of -1. Without biases (model
// twolayer, bias = false) flat minima generalise; with biases some of the flattest ones do not; with a normalisation
// in front of the activation there are such too, but sharpness-aware training does not find them.
var parity = &maker{
	name:  "parity",
	terms: About{Terms: "made by the program: " + "signs, and the parity of the first of them: data on which flat minima need not generalise", Home: "docs/shifts.md"},
	options: append([]Option{
		{Name: "dim", Default: 30, Min: 1, Max: 1 << 14, Whole: true, Help: "number of inputs"},
		{Name: "bits", Default: 2, Min: 1, Max: 16, Whole: true, Help: "how many of the inputs make the class, at most dim"},
		{Name: "noise", Default: 0, Min: 0, Max: 0.5, Help: "share of the training labels that are wrong"},
	}, sizeOptions(200, 2000)...),
	make: func(s Spec) (*Data, error) {
		o := options(s.Options)
		o["bits"] = min(o["bits"], o["dim"])
		return &Data{
			Raw: true, Classes: []string{"even", "odd"},
			Train: parityPart(o, "train", o.int("examples"), o["noise"]), Test: parityPart(o, "test", o.int("test"), 0),
		}, nil
	},
}

func parityPart(o options, part string, n int, noise float64) Images {
	d, bits := o.int("dim"), o.int("bits")
	x, labels := make([]float32, n*d), make([]uint8, n)
	for i := range n {
		r := rng.New(uint64(o["draw"]), "parity/"+part, uint64(i))
		for j := range d {
			x[i*d+j] = 1
			if r.IntN(2) == 1 {
				x[i*d+j] = -1
				if j < bits {
					labels[i] ^= 1
				}
			}
		}
		if r.Float64() < noise {
			labels[i] ^= 1
		}
	}
	return labelled(d, x, labels)
}
