// Package model puts networks together: it turns the model table of a suite into a network of the engine and gives
// its parameters their first values.
//
// Adding an architecture is one file with its builder and one line in the table below.
package model

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/engine"
)

// Spec is the model table of a suite.
type Spec struct {
	Name string `toml:"name" json:"name"`
	// Width is the number of channels of each stage or of units of each hidden layer.
	Width []int `toml:"width" json:"width"`
	// Norm is batch, group or none.
	Norm string `toml:"norm" json:"norm"`
	// Activation is relu, tanh or gelu.
	Activation string `toml:"activation" json:"activation"`
}

// architecture is one kind of model.
type architecture struct {
	name     string
	defaults Spec
	build    func(Spec, *engine.Builder, int)
}

var architectures = []architecture{
	{name: "cnn", defaults: Spec{Width: []int{16, 32, 64}, Norm: "batch", Activation: "relu"}, build: cnn},
	{name: "mlp", defaults: Spec{Width: []int{256, 256}, Norm: "none", Activation: "relu"}, build: mlp},
}

var (
	norms       = []string{"batch", "group", "none"}
	activations = []string{"relu", "tanh", "gelu"}
)

// The largest model that makes sense on one thread of a CPU; the limits catch slips of the keyboard.
const (
	maxLayers = 16
	maxWidth  = 8192
)

// Names lists the architectures.
func Names() []string {
	names := make([]string, len(architectures))
	for i, a := range architectures {
		names[i] = a.name
	}
	return names
}

func lookup(name string) (architecture, bool) {
	i := slices.IndexFunc(architectures, func(a architecture) bool { return a.name == name })
	if i < 0 {
		return architecture{}, false
	}
	return architectures[i], true
}

// SetDefaults fills in what the suite left out. An unknown name is left alone: Problems reports it.
func (s *Spec) SetDefaults() {
	a, ok := lookup(s.Name)
	if !ok {
		return
	}
	if s.Width == nil {
		s.Width = slices.Clone(a.defaults.Width)
	}
	if s.Norm == "" {
		s.Norm = a.defaults.Norm
	}
	if s.Activation == "" {
		s.Activation = a.defaults.Activation
	}
}

// Problem is something wrong with one key of the table.
type Problem struct {
	Key     string // name, width, norm or activation
	Message string
}

// Problems returns all that is wrong with s, after SetDefaults. Whether the images are large enough for the stages is
// known only to New.
func (s Spec) Problems() []Problem {
	var all []Problem
	add := func(key, format string, args ...any) { all = append(all, Problem{key, fmt.Sprintf(format, args...)}) }
	if _, ok := lookup(s.Name); !ok {
		add("name", "unknown model %q: expected one of %s", s.Name, strings.Join(Names(), ", "))
	}
	switch {
	case len(s.Width) == 0:
		add("width", "no widths: expected 1 to %d, one a layer", maxLayers)
	case len(s.Width) > maxLayers:
		add("width", "%d widths: expected at most %d, one a layer", len(s.Width), maxLayers)
	}
	for i, w := range s.Width {
		if w < 1 || w > maxWidth {
			add("width", "width %d of layer %d: expected 1 to %d", w, i+1, maxWidth)
		}
	}
	if !slices.Contains(norms, s.Norm) {
		add("norm", "unknown norm %q: expected one of %s", s.Norm, strings.Join(norms, ", "))
	}
	if !slices.Contains(activations, s.Activation) {
		add("activation", "unknown activation %q: expected one of %s", s.Activation, strings.Join(activations, ", "))
	}
	return all
}

// New builds the network of s for images of shape in and the given number of classes. Keys left out have their
// defaults. The error lists all problems.
func New(s Spec, in engine.Shape, classes int) (*engine.Net, error) {
	s.SetDefaults()
	if problems := s.Problems(); len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = p.Key + ": " + p.Message
		}
		return nil, fmt.Errorf("model: %s", strings.Join(lines, "\nmodel: "))
	}
	a, _ := lookup(s.Name)
	b := engine.NewBuilder(in)
	a.build(s, b, classes)
	net, err := b.Build()
	if err != nil {
		return nil, fmt.Errorf("model %s on %v images: %w", s.Name, in, err)
	}
	return net, nil
}
