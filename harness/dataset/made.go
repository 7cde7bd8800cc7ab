package dataset

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Option is a setting of data that is made, or of how a series is cut.
type Option struct {
	Name     string
	Default  float64
	Min, Max float64 // the smallest and the largest value
	Whole    bool    // only whole numbers
	Help     string
}

// options are the values of all options of one maker.
type options map[string]float64

func (o options) int(name string) int { return int(o[name]) }

// draw is an option that every maker has.
var drawOption = Option{Name: "draw", Default: 0, Min: 0, Max: 1 << 31, Whole: true, Help: "number of the random draw"}

func sizeOptions(train, test float64) []Option {
	return []Option{
		{Name: "examples", Default: train, Min: 1, Max: 1 << 22, Whole: true, Help: "training and validation examples to draw from"},
		{Name: "test", Default: test, Min: 1, Max: 1 << 22, Whole: true, Help: "test examples"},
		drawOption,
	}
}

// Numeric says whether numbers are to be predicted in a data set, not classes.
func Numeric(name string) bool {
	src, err := lookup(name)
	return err == nil && (src.role == series || src.maker != nil && src.maker.numeric)
}

// Options lists the options of a data set: those of made data, and of a series how it is cut. Others have none.
func Options(name string) []Option {
	src, err := lookup(name)
	switch {
	case err != nil:
	case src.role == series:
		return windowOptions
	case src.maker != nil:
		return src.maker.options
	}
	return nil
}

// Redrawn says whether the test part of a data set can be drawn again with other options.
func Redrawn(name string) bool {
	src, err := lookup(name)
	return err == nil && src.maker != nil && src.maker.options != nil
}

// SetDefaults writes in the options that are missing.
func (s *Spec) SetDefaults() {
	for _, o := range Options(s.Name) {
		if s.Options == nil {
			s.Options = map[string]float64{}
		}
		if _, ok := s.Options[o.Name]; !ok {
			s.Options[o.Name] = o.Default
		}
	}
}

// OptionProblem says what is wrong with the value of one option, or "".
func (s Spec) OptionProblem(name string, value float64) string {
	all := Options(s.Name)
	i := slices.IndexFunc(all, func(o Option) bool { return o.Name == name })
	switch {
	case len(all) == 0:
		return fmt.Sprintf("%s: %s has no options", name, s.Name)
	case i < 0:
		names := make([]string, len(all))
		for k, o := range all {
			names[k] = o.Name
		}
		return fmt.Sprintf("%s: %s has no such option; its options are %s", name, s.Name, strings.Join(names, ", "))
	}
	o := all[i]
	kind := "a number"
	if o.Whole {
		kind = "a whole number"
	}
	if !(value >= o.Min && value <= o.Max) || o.Whole && value != math.Trunc(value) {
		return fmt.Sprintf("%s: expected %s from %.15g to %.15g, found %.15g", name, kind, o.Min, o.Max, value)
	}
	return ""
}

// With returns the spec with one option changed.
func (s Spec) With(name string, value float64) Spec {
	s.Options = maps.Clone(s.Options)
	if s.Options == nil {
		s.Options = map[string]float64{}
	}
	s.Options[name] = value
	return s
}

// Redraws splits the name of a redrawn test set, as "scale=2", into option and value.
func Redraws(kind string) (option string, value float64, err error) {
	option, text, found := strings.Cut(kind, "=")
	if _, e := fmt.Sscanf(text, "%g", &value); !found || option == "" || e != nil {
		return "", 0, fmt.Errorf("%q: expected an option and its value, as in %q", kind, "scale=2")
	}
	return option, value, nil
}

// numbers makes a part of examples with targets.
func numbers(h, w, c, outputs int, inputs, targets []float32) Images {
	return Images{H: h, W: w, C: c, Values: inputs, Labels: make([]uint8, len(inputs)/(h*w*c)), Targets: targets, Outputs: outputs}
}

// labelled makes a part of examples with classes.
func labelled(dim int, inputs []float32, labels []uint8) Images {
	return Images{H: 1, W: 1, C: dim, Values: inputs, Labels: labels}
}
