package dataset

import (
	"fmt"
	"slices"
	"strconv"
)

// Spec is what a suite says about its data.
type Spec struct {
	Name    string `toml:"name" json:"name"`       // one of TrainingNames
	Train   int    `toml:"train" json:"train"`     // examples to train on; 0: all that the validation split leaves
	Augment string `toml:"augment" json:"augment"` // one of Augments; "" is "none"
	// Imbalance is the ratio of the last class's training examples to the first one's in a long tail; 0 stands for 1, no tail.
	// See Data.LongTail.
	Imbalance float64 `toml:"imbalance,omitzero" json:"imbalance,omitempty"`
	Tail      string  `toml:"tail,omitempty" json:"tail,omitempty"`   // one of Tails; "" is "exponential"
	Noise     *Noise  `toml:"noise,omitempty" json:"noise,omitempty"` // wrong labels; nil: none
	// HoldOut is the domain that is tested on, of data sets that consist of domains.
	HoldOut string `toml:"hold_out,omitempty" json:"hold_out,omitempty"`
	// Correlation is the probability that the spurious feature goes with the class, in the training set of "subpopulation".
	Correlation float64 `toml:"correlation,omitzero" json:"correlation,omitempty"`
	// Path is the user's file or folder for the names "file" and "dir". What is in it counts, not where it is.
	Path string `toml:"path,omitempty" json:"-"`
	// Side is the height and width that the images of a folder are brought to; 0: they have one size.
	Side int `toml:"side,omitzero" json:"side,omitempty"`
	// Order is how a test part is taken of a user's data that has none: "random" (also "") or "time", the last rows.
	Order string `toml:"order,omitempty" json:"order,omitempty"`
	// Options of data that is made, or of how a series is cut, see Options; all of them after SetDefaults.
	Options map[string]float64 `toml:"options,omitempty" json:"options,omitempty"`
}

// Orders lists the values of Spec.Order.
func Orders() []string { return []string{"random", "time"} }

// Key tells data apart that Make makes differently. Training modifiers are not part of it.
func (s Spec) Key() string {
	// Maps are printed in the order of their keys.
	return fmt.Sprintf("%s %q %q %s %d %q %v", s.Name, s.Path, s.HoldOut, strconv.FormatFloat(s.Correlation, 'g', -1, 64), s.Side, s.Order, s.Options)
}

// Problems says what is wrong with s, by the key it is wrong at.
func (s Spec) Problems() map[string]string {
	out := map[string]string{}
	src, err := lookup(s.Name)
	if err != nil {
		return out // reported with the name
	}
	if m := src.maker; m != nil && m.check != nil {
		if wrong := m.check(s); wrong != nil {
			out = wrong
		}
	}
	if Numeric(s.Name) {
		for key, set := range map[string]bool{"imbalance": s.Imbalance != 0, "noise": s.Noise != nil} {
			if set {
				out[key] = fmt.Sprintf("%s: %s has numbers to predict, no classes", key, s.Name)
			}
		}
	}
	for key, set := range map[string]bool{"hold_out": s.HoldOut != "", "correlation": s.Correlation != 0, "path": s.Path != "", "side": s.Side != 0, "order": s.Order != ""} {
		if uses := src.maker != nil && slices.Contains(keysOf[s.Name], key); set && !uses {
			out[key] = fmt.Sprintf("%s has no %s", s.Name, key)
		}
	}
	return out
}

// keysOf are the keys of data sets that others do not have.
var keysOf = map[string][]string{
	"rotated-mnist": {"hold_out"}, "colored-mnist": {"hold_out"}, "rotated-digits": {"hold_out"},
	"subpopulation": {"correlation"}, "dir": {"path", "side"}, "file": {"path", "order"},
}

// GroupNames names the groups of the examples of s, nil where there are none.
func (s Spec) GroupNames() []string {
	src, err := lookup(s.Name)
	if err != nil || src.maker == nil || src.maker.groups == nil {
		return nil
	}
	return src.maker.groups(s)
}

// HasDomains says whether the data consists of domains, one of which is held out.
func (s Spec) HasDomains() bool { return slices.Contains(keysOf[s.Name], "hold_out") }
