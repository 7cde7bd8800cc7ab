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

// Spec is the model table of a suite. An architecture has some of the keys; the others are left out.
type Spec struct {
	Name string `toml:"name" json:"name"`
	// Width is the number of channels of each stage or of units of each hidden layer, or the one width of a model that has
	// the same everywhere.
	Width []int `toml:"width,omitempty" json:"width,omitempty"`
	// Norm is batch, group or none; of samformer revin or none.
	Norm string `toml:"norm,omitempty" json:"norm,omitempty"`
	// Activation is relu, tanh or gelu.
	Activation string `toml:"activation,omitempty" json:"activation,omitempty"`
	// Depth counts layers, blocks or factors, as the architecture says.
	Depth int `toml:"depth,omitzero" json:"depth,omitempty"`
	// Patch is the side of the square patches that an image is cut into.
	Patch int `toml:"patch,omitzero" json:"patch,omitempty"`
	// Heads is the number of attention heads.
	Heads int `toml:"heads,omitzero" json:"heads,omitempty"`
	// Hidden is the number of hidden units of the perceptron inside a block, over the channels of each position; of samformer,
	// the length of queries and keys.
	Hidden int `toml:"hidden,omitzero" json:"hidden,omitempty"`
	// Tokens is the number of hidden units of the perceptron over the positions of each channel.
	Tokens int `toml:"tokens,omitzero" json:"tokens,omitempty"`
	// Bias says whether linear layers have biases, where an architecture leaves the choice.
	Bias *bool `toml:"bias,omitempty" json:"bias,omitempty"`
	// Classifier is the last layer of an architecture that ends in features: linear, with a bias, or cosine (engine's
	// Builder.Cosine), whose outputs lie in -1..1 and need a loss with a scale. It is left out for the default, linear.
	Classifier string `toml:"classifier,omitempty" json:"classifier,omitempty"`
	// Init is how the parameters start, see Init. It is left out for the default, torch.
	Init string `toml:"init,omitempty" json:"init,omitempty"`
	// BaseWidth is the first width of the model that init = "mup" leaves as it is, see Rates.
	BaseWidth int `toml:"base_width,omitzero" json:"base_width,omitempty"`
}

// architecture is one kind of model. It has the keys that its defaults set, and every one has init.
type architecture struct {
	name     string
	defaults Spec
	widths   int      // how many widths it takes; 0: 1 to maxLayers
	norms    []string // what norm may be; nil: all
	mup      bool     // init = "mup" is defined for it: its parameters are as Rates assumes
	features bool     // it ends in features, with a choice of classifiers
	// check reports what is particular to it, after defaults are set and the limits of single keys are known to hold.
	check func(s Spec, add func(key, format string, args ...any))
	build func(Spec, *engine.Builder, int)
}

var architectures = []architecture{
	{name: "linear", defaults: Spec{Bias: new(true)}, build: linear},
	{name: "twolayer", defaults: Spec{Width: []int{256}, Activation: "relu", Bias: new(true)}, widths: 1, mup: true, build: twolayer},
	{name: "cnn", defaults: Spec{Width: []int{16, 32, 64}, Norm: "batch", Activation: "relu"}, mup: true, features: true, build: cnn},
	{name: "mlp", defaults: Spec{Width: []int{256, 256}, Norm: "none", Activation: "relu"}, mup: true, features: true, build: mlp},
	{name: "resnet", defaults: Spec{Width: []int{16, 32, 64}, Norm: "batch", Activation: "relu", Depth: 8}, features: true, check: checkResnet, build: resnet},
	{name: "vit", defaults: Spec{Width: []int{64}, Depth: 4, Patch: 4, Heads: 4, Hidden: 128}, widths: 1, features: true, check: checkHeads, build: vit},
	{name: "mixer", defaults: Spec{Width: []int{64}, Depth: 4, Patch: 4, Hidden: 128, Tokens: 32}, widths: 1, features: true, build: mixer},
	{name: "scalar", defaults: Spec{Depth: 2}, build: scalar},
	{name: "samformer", defaults: Spec{Norm: "revin", Hidden: 16}, norms: []string{"revin", "none"}, build: samformer},
}

// Cosine is the Classifier that knows no norms.
const Cosine = "cosine"

var (
	norms       = []string{"batch", "group", "none"}
	activations = []string{"relu", "tanh", "gelu"}
	classifiers = []string{"linear", Cosine}
)

// The largest model that makes sense on one thread of a CPU; the limits catch slips of the keyboard.
const (
	maxLayers = 16
	maxWidth  = 8192
	maxDepth  = 110
	maxPatch  = 64
	maxHeads  = 64
)

// wholes are the keys that hold one whole number.
var wholes = []struct {
	key   string
	value func(*Spec) *int
	most  int
}{
	{"depth", func(s *Spec) *int { return &s.Depth }, maxDepth},
	{"patch", func(s *Spec) *int { return &s.Patch }, maxPatch},
	{"heads", func(s *Spec) *int { return &s.Heads }, maxHeads},
	{"hidden", func(s *Spec) *int { return &s.Hidden }, maxWidth},
	{"tokens", func(s *Spec) *int { return &s.Tokens }, maxWidth},
}

// Names lists the architectures.
func Names() []string {
	names := make([]string, len(architectures))
	for i, a := range architectures {
		names[i] = a.name
	}
	return names
}

// Keys lists the keys of the model table besides name that an architecture has; nil for an unknown name.
func Keys(name string) []string {
	a, ok := lookup(name)
	if !ok {
		return nil
	}
	keys := a.defaults.keys()
	if a.features {
		keys = append(keys, "classifier")
	}
	keys = append(keys, "init")
	if a.mup {
		keys = append(keys, "base_width")
	}
	return keys
}

// keys lists the keys that are set, but for those every architecture has.
func (s Spec) keys() []string {
	var keys []string
	add := func(key string, set bool) {
		if set {
			keys = append(keys, key)
		}
	}
	add("width", s.Width != nil)
	add("norm", s.Norm != "")
	add("activation", s.Activation != "")
	for _, w := range wholes {
		add(w.key, *w.value(&s) != 0)
	}
	add("bias", s.Bias != nil)
	add("classifier", s.Classifier != "")
	return keys
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
	d := a.defaults
	if s.Width == nil {
		s.Width = slices.Clone(d.Width)
	}
	if s.Norm == "" {
		s.Norm = d.Norm
	}
	if s.Activation == "" {
		s.Activation = d.Activation
	}
	for _, w := range wholes {
		if v := w.value(s); *v == 0 {
			*v = *w.value(&d)
		}
	}
	if s.Bias == nil && d.Bias != nil {
		s.Bias = new(*d.Bias)
	}
	if s.Classifier == "linear" {
		s.Classifier = ""
	}
	if s.Init == "torch" {
		s.Init = "" // one spelling for one thing
	}
	if s.Init == "mup" && s.BaseWidth == 0 && len(d.Width) > 0 {
		s.BaseWidth = d.Width[0]
	}
}

// Problem is something wrong with one key of the table.
type Problem struct {
	Key     string // as in the table
	Message string
}

// Problems returns all that is wrong with s, after SetDefaults. Whether the images are large enough for the stages is
// known only to New.
func (s Spec) Problems() []Problem {
	var all []Problem
	add := func(key, format string, args ...any) { all = append(all, Problem{key, fmt.Sprintf(format, args...)}) }
	a, known := lookup(s.Name)
	if !known {
		add("name", "unknown model %q: expected one of %s", s.Name, strings.Join(Names(), ", "))
	}
	has := func(key string) bool {
		return !known || slices.Contains(a.defaults.keys(), key) || key == "classifier" && a.features
	}
	for _, key := range s.keys() {
		if !has(key) {
			add(key, "model %s has no %s; its keys are %s", s.Name, key, strings.Join(append([]string{"name"}, Keys(s.Name)...), ", "))
		}
	}
	if known && has("width") {
		switch k := len(s.Width); {
		case a.widths > 0 && k != a.widths:
			add("width", "%d widths: expected %d", k, a.widths)
		case k == 0:
			add("width", "no widths: expected 1 to %d, one a layer", maxLayers)
		case k > maxLayers:
			add("width", "%d widths: expected at most %d, one a layer", k, maxLayers)
		}
	}
	if has("width") {
		for i, w := range s.Width {
			if w < 1 || w > maxWidth {
				add("width", "width %d of layer %d: expected 1 to %d", w, i+1, maxWidth)
			}
		}
	}
	choice := func(key, value string, choices []string) {
		if has(key) && !(value == "" && !known) && !slices.Contains(choices, value) {
			add(key, "unknown %s %q: expected one of %s", key, value, strings.Join(choices, ", "))
		}
	}
	if a.norms == nil {
		a.norms = norms
	}
	choice("norm", s.Norm, a.norms)
	choice("activation", s.Activation, activations)
	if s.Classifier != "" {
		choice("classifier", s.Classifier, classifiers)
	}
	for _, w := range wholes {
		if v := *w.value(&s); has(w.key) && (v < 1 || v > w.most) && !(v == 0 && !known) {
			add(w.key, "%s %d: expected 1 to %d", w.key, v, w.most)
		}
	}
	if s.Init != "" && !slices.Contains(Inits(), s.Init) {
		add("init", "unknown init %q: expected one of %s", s.Init, strings.Join(Inits(), ", "))
	}
	switch {
	case s.Init == "mup" && known && !a.mup:
		add("init", "init mup is not defined for model %s", s.Name)
	case s.Init == "mup" && s.Classifier == Cosine:
		add("init", "init mup is not defined for a cosine classifier, which knows no scale of weights")
	case s.Init == "mup":
		s.baseProblems(add)
	case s.BaseWidth != 0:
		add("base_width", "base_width belongs to init = \"mup\"")
	}
	if known && len(all) == 0 {
		if a.check != nil {
			a.check(s, add)
		}
	}
	return all
}

// New builds the network of s for images of shape in and the given number of classes. Keys left out have their
// defaults. The error lists all problems. With init = "mup" the tensors have the rates of muP.
func New(s Spec, in engine.Shape, classes int) (*engine.Net, error) {
	s.SetDefaults()
	if problems := s.Problems(); len(problems) > 0 {
		lines := make([]string, len(problems))
		for i, p := range problems {
			lines[i] = p.Key + ": " + p.Message
		}
		return nil, fmt.Errorf("model: %s", strings.Join(lines, "\nmodel: "))
	}
	net, err := build(s, in, classes)
	if err != nil {
		return nil, fmt.Errorf("model %s on %v images: %w", s.Name, in, err)
	}
	if s.Init != "mup" {
		return net, nil
	}
	scales, err := s.scales(net)
	if err != nil {
		return nil, fmt.Errorf("model %s with base_width %d: %w", s.Name, s.BaseWidth, err)
	}
	return net.WithRates(rates(net, scales)), nil
}

// classify adds the classifier to features.
func classify(s Spec, b *engine.Builder, name string, classes int) {
	if s.Classifier == Cosine {
		b.Cosine(name, classes)
		return
	}
	b.Linear(name, classes, true)
}

func build(s Spec, in engine.Shape, classes int) (*engine.Net, error) {
	a, _ := lookup(s.Name)
	b := engine.NewBuilder(in)
	a.build(s, b, classes)
	return b.Build()
}
