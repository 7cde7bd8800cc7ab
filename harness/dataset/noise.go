package dataset

import (
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Noise is how many labels are wrong, and how.
type Noise struct {
	Kind string  `toml:"kind" json:"kind"` // one of Noises
	Rate float64 `toml:"rate" json:"rate"` // the share of the examples that may get a wrong label, 0 < Rate < 1
	// CleanValidation leaves the labels of the validation examples right. Nobody who has noisy labels has such examples: the
	// board says so.
	CleanValidation bool `toml:"clean_validation,omitzero" json:"clean_validation,omitempty"`
}

// The kinds of label noise.
const (
	// NoiseSymmetric gives each of the drawn examples a label drawn from the other K−1 classes, all alike. Every drawn label is
	// wrong then; where papers draw from all K classes, a rate p is p·(1−1/K) here.
	NoiseSymmetric = "symmetric"
	// NoiseAsymmetric gives the drawn examples the label of the class that theirs is taken for (G. Patrini et al., "Making deep
	// neural networks robust to label noise: A loss correction approach", 2017). On CIFAR-10 trucks become automobiles, birds
	// airplanes, deer horses, cats dogs and dogs cats, and the rate is that of these five classes; elsewhere class c becomes
	// class c+1, and the last one the first.
	NoiseAsymmetric = "asymmetric"
)

// Noises lists the kinds of label noise that a suite may name.
func Noises() []string { return []string{NoiseSymmetric, NoiseAsymmetric} }

// Relabelling is a training set with wrong labels, and what is known of them.
type Relabelling struct {
	Images *Images // as Data.Train, with the labels as they are given
	Clean  []uint8 // the right labels
	Wrong  []int   // the training examples of the split whose label is wrong, in order of their index
}

// Mislabel gives examples of both parts of a split wrong labels: exactly int(n·Rate) of the n training examples that are
// subject to the noise, and likewise of the validation examples, drawn without replacement from the streams "noise" of the
// seed. What an example's label becomes depends on the seed and the example alone.
func (d *Data) Mislabel(s Split, noise Noise, seed uint64) (Relabelling, error) {
	if !(noise.Rate > 0 && noise.Rate < 1) {
		return Relabelling{}, fmt.Errorf("noise of rate %v: expected above 0 and below 1", noise.Rate)
	}
	k := len(d.Classes)
	if k < 2 {
		return Relabelling{}, fmt.Errorf("noise on the labels of %d classes: expected 2 or more", k)
	}
	var pairs []uint8 // what each class is taken for; itself: nothing
	switch noise.Kind {
	case NoiseSymmetric:
	case NoiseAsymmetric:
		pairs = d.mistaken()
	default:
		return Relabelling{}, fmt.Errorf("noise of kind %q: expected one of %q", noise.Kind, Noises())
	}
	labels := slices.Clone(d.Train.Labels)
	out := Relabelling{Images: d.Train.Relabelled(labels), Clean: d.Train.Labels}
	for part, examples := range [][]int{s.Train, s.Validation} {
		if part == 1 && noise.CleanValidation {
			continue
		}
		var subject []int
		for _, i := range examples {
			if c := d.Train.Labels[i]; pairs == nil || pairs[c] != c {
				subject = append(subject, i)
			}
		}
		slices.Sort(subject)
		n := int(float64(len(subject))*noise.Rate + 1e-9)
		for _, p := range rng.New(seed, "noise/examples", uint64(part)).Perm(len(subject))[:n] {
			i := subject[p]
			c := d.Train.Labels[i]
			if pairs != nil {
				labels[i] = pairs[c]
			} else {
				other := rng.New(seed, "noise/labels", uint64(i)).IntN(k - 1)
				if other >= int(c) {
					other++
				}
				labels[i] = uint8(other)
			}
			if part == 0 {
				out.Wrong = append(out.Wrong, i)
			}
		}
	}
	slices.Sort(out.Wrong)
	return out, nil
}

// mistaken says what each class is taken for under asymmetric noise.
func (d *Data) mistaken() []uint8 {
	out := make([]uint8, len(d.Classes))
	if slices.Equal(d.Classes, cifar10Classes) {
		for c := range out {
			out[c] = uint8(c)
		}
		for from, to := range map[string]string{"truck": "automobile", "bird": "airplane", "deer": "horse", "cat": "dog", "dog": "cat"} {
			out[slices.Index(d.Classes, from)] = uint8(slices.Index(d.Classes, to))
		}
		return out
	}
	for c := range out {
		out[c] = uint8((c + 1) % len(out))
	}
	return out
}
