package pluginhost

import (
	"fmt"
	"slices"
	"strings"
)

// The invariances that conformance checks test: transformations of a problem that do not change what a metric claims to
// measure.
const (
	// ElementwiseRescaling measures parameters in other units: w → a⊙w, with the function of them kept.
	ElementwiseRescaling = "elementwise_rescaling"
	// NodewiseRescaling multiplies what enters the units of a ReLU network without biases by positive factors, and divides
	// what leaves them.
	NodewiseRescaling = "nodewise_rescaling"
	// LayerwiseRescaling multiplies what enters all units of a layer of a ReLU network without biases by one positive factor, and
	// divides what leaves them.
	LayerwiseRescaling = "layerwise_rescaling"
	// LogitScale multiplies the outputs, with the parameters as they are.
	LogitScale = "logit_scale"
	// OrthogonalBasis rotates the space of parameters, with the function kept.
	OrthogonalBasis = "orthogonal_basis"
)

// Invariance is a declared one, "KIND: VALUE, VALUE (SWITCH, PARAM = VALUE)": all values where none is named, and the
// defaults where no parameter is.
type Invariance struct {
	Kind   string
	Values []string // nil: all
	Params map[string]any
}

// ParseInvariance reads a declaration. A kind that is not one of the above is not tested.
func ParseInvariance(text string) Invariance {
	head, switches, _ := strings.Cut(strings.TrimSuffix(text, ")"), " (")
	kind, values, _ := strings.Cut(head, ":")
	i := Invariance{Kind: strings.TrimSpace(kind), Params: map[string]any{}}
	split := func(s string) []string {
		return slices.DeleteFunc(strings.Split(s, ","), func(s string) bool { return strings.TrimSpace(s) == "" })
	}
	for _, v := range split(values) {
		i.Values = append(i.Values, strings.TrimSpace(v))
	}
	for _, s := range split(switches) {
		name, value, set := strings.Cut(s, "=")
		if i.Params[strings.TrimSpace(name)] = true; set {
			i.Params[strings.TrimSpace(name)] = strings.TrimSpace(value)
		}
	}
	return i
}

// Tested says whether there is a test for the kind.
func (i Invariance) Tested() bool {
	return slices.Contains([]string{ElementwiseRescaling, NodewiseRescaling, LayerwiseRescaling, LogitScale, OrthogonalBasis}, i.Kind)
}

// Holds says whether the declaration is about a metric with these parameters, complete ones.
func (i Invariance) Holds(params map[string]any) bool {
	for name, want := range i.Params {
		if fmt.Sprint(params[name]) != fmt.Sprint(want) {
			return false
		}
	}
	return true
}
