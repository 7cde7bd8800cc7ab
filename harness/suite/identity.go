package suite

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/dataset/shifts"
	"github.com/sharpbench/sharpbench/harness/model"
)

// Identity is what a suite cannot know of a training.
type Identity struct {
	DataDigest    string // of the workload's data set: dataset.Data.Digest
	PluginVersion string // the numeric version of a bundled plugin, the hash of its files of any other
	EngineVersion int    // engine.Version
}

// PluginID identifies a plugin by the name it gives itself and its version.
type PluginID struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// TrainingSpec is everything that determines a training, and nothing else: not the names of entries in the suite, not
// the other seeds, metrics, shifts or report settings, and not the time limit. Changing a field, its name or its place
// changes the identity of every training there is.
type TrainingSpec struct {
	Kind       string         `json:"kind"` // "training"
	Model      model.Spec     `json:"model"`
	Data       TrainingData   `json:"data"`
	Validation Validation     `json:"validation"`
	BatchSize  int            `json:"batch_size"`
	Loss       Loss           `json:"loss"`
	Auxiliary  *Auxiliary     `json:"auxiliary,omitempty"`
	Budget     TrainingBudget `json:"budget"`
	Plugin     PluginID       `json:"plugin"`
	Params     map[string]any `json:"params"`
	Seed       uint64         `json:"seed"`
	Engine     int            `json:"engine"`
	// Problem is the name and the options of a problem with a known answer, nil for networks.
	Problem map[string]any `json:"problem,omitempty"`
}

// TrainingData is the data set of a training.
type TrainingData struct {
	dataset.Spec
	Digest string `json:"digest"`
}

// TrainingBudget is Budget without the time limit: a training that ends before the limit does not depend on it.
type TrainingBudget struct {
	Unit     string  `json:"unit"`
	Limit    float64 `json:"limit"`
	Schedule string  `json:"schedule"`
	Warmup   float64 `json:"warmup"`
	// Of single schedules and units only, so that all others keep the identities they had before there were these.
	Milestones []float64 `json:"milestones,omitempty"`
	Factor     float64   `json:"factor,omitempty"`
	Decay      float64   `json:"decay,omitempty"`
	Target     *Target   `json:"target,omitempty"`
}

// Training returns what training o's configuration c on w with a seed is made of.
func (s *Suite) Training(w *Workload, o *Optimizer, c Configuration, seed uint64, id Identity) TrainingSpec {
	var known map[string]any
	if w.Problem != nil {
		known = w.Problem.Map()
	}
	return TrainingSpec{
		Problem:    known,
		Kind:       "training",
		Model:      s.ModelFor(w, o),
		Data:       TrainingData{Spec: w.Data, Digest: id.DataDigest},
		Validation: w.Validation,
		BatchSize:  w.BatchSize,
		Loss:       w.Loss,
		Auxiliary:  w.Auxiliary,
		Budget: TrainingBudget{
			Unit: s.Budget.Unit, Limit: s.Budget.Limit, Schedule: s.Budget.Schedule, Warmup: s.Budget.Warmup,
			Milestones: s.Budget.Milestones, Factor: s.Budget.Factor, Decay: s.Budget.Decay, Target: s.Budget.Target,
		},
		Plugin: PluginID{Name: o.Info.Name, Version: id.PluginVersion},
		Params: c.Params,
		Seed:   seed,
		Engine: id.EngineVersion,
	}
}

// Seeds returns the canonical texts of the same training with any seed, which it makes much faster than JSON does.
func (t TrainingSpec) Seeds() func(seed uint64) []byte {
	// The texts of two seeds that share no digit show where the seed stands.
	t.Seed = 1
	a, _ := identify(t)
	t.Seed = 2
	b, _ := identify(t)
	at := 0
	for a[at] == b[at] {
		at++
	}
	head, tail := a[:at:at], a[at+1:]
	return func(seed uint64) []byte { return append(strconv.AppendUint(head, seed, 10), tail...) }
}

// JSON is the canonical text of the spec; its sha256 is ID. This is what a store keeps as spec.json.
func (t TrainingSpec) JSON() []byte { text, _ := identify(t); return text }

// ID identifies the training: 64 hexadecimal digits.
func (t TrainingSpec) ID() string { _, id := identify(t); return id }

// ModelFor is the workload's model with o's overrides.
func (s *Suite) ModelFor(w *Workload, o *Optimizer) model.Spec { return override(w.Model, o.Model) }

// EvaluationSpec is everything that determines one evaluation of a trained model, except the training itself.
type EvaluationSpec struct {
	Kind   string     `json:"kind"`  // "evaluation"
	Split  string     `json:"split"` // "train", "validation" or "test"; a shift is made from "test"
	Shift  *ShiftSpec `json:"shift"` // nil: the split as it is
	Data   string     `json:"data"`  // name of the data set
	Digest string     `json:"digest"`
}

// ShiftSpec is one corruption at one severity, or one kind of another family.
type ShiftSpec struct {
	Name     string `json:"name"`             // one of ShiftNames
	Kind     string `json:"kind"`             // "" where the family is one set
	Severity int    `json:"severity"`         // 0: it has none
	Examples int    `json:"examples"`         // 0: all
	Seed     uint64 `json:"seed"`             // of the corruption's noise; always 0, so that all trials see the same images
	Version  int    `json:"version"`          // shifts.Version
	Digest   string `json:"digest,omitempty"` // of the published evaluation set; "": it is made from the test set
}

// JSON is the canonical text of the spec; its sha256 is Hash.
func (e EvaluationSpec) JSON() []byte { text, _ := identify(e); return text }

// Hash identifies the evaluation among those of one training.
func (e EvaluationSpec) Hash() string { _, h := identify(e); return h }

// Name is fit for a file name: "test", or "corrupt-contrast-3". It does not contain the name of the shift's entry in
// the suite, so that renaming that costs nothing.
func (e EvaluationSpec) Name() string {
	if e.Shift == nil {
		return e.Split
	}
	if e.Shift.Severity == 0 {
		return fileName(e.Shift.Name + "-" + e.Shift.Kind)
	}
	return fmt.Sprintf("%s-%s-%d", e.Shift.Name, e.Shift.Kind, e.Shift.Severity)
}

// fileName keeps letters, digits, '.' and '-' of a name; the hash beside it in the file's name tells kinds apart.
func fileName(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(".-", r) {
			return r
		}
		return '_'
	}, name)
}

// SplitEvaluation is the evaluation of a trained model on "train", "validation" or "test".
func (s *Suite) SplitEvaluation(w *Workload, split, digest string) EvaluationSpec {
	return EvaluationSpec{Kind: "evaluation", Split: split, Data: w.Data.Name, Digest: digest}
}

// ShiftEvaluations lists the evaluations a shift consists of: kinds in the order of the suite, severities within them. The
// digest of a published evaluation set is left out: whoever has loaded it sets it.
func (s *Suite) ShiftEvaluations(w *Workload, sh *Shift, digest string) []EvaluationSpec {
	split := "test"
	if sh.Data.Name == ShiftLabels {
		split = "train"
	}
	severities := sh.Data.Severities
	if len(severities) == 0 {
		severities = []int{0}
	}
	var out []EvaluationSpec
	for _, kind := range sh.Data.Kinds {
		for _, severity := range severities {
			out = append(out, EvaluationSpec{Kind: "evaluation", Split: split, Data: w.Data.Name, Digest: digest, Shift: &ShiftSpec{
				Name: sh.Data.Name, Kind: kind, Severity: severity, Examples: sh.Data.Examples, Version: shifts.Version,
			}})
		}
	}
	return out
}

// Evaluations lists all evaluations of a model trained on w: train, validation if the workload has one, test, then
// every shift. None occurs twice, even if shifts overlap.
func (s *Suite) Evaluations(w *Workload, digest string) []EvaluationSpec {
	all := []EvaluationSpec{s.SplitEvaluation(w, "train", digest)}
	if w.Validation.Size > 0 {
		all = append(all, s.SplitEvaluation(w, "validation", digest))
	}
	all = append(all, s.SplitEvaluation(w, "test", digest))
	for i := range w.Shifts {
		all = append(all, s.ShiftEvaluations(w, &w.Shifts[i], digest)...)
	}
	seen := map[string]bool{}
	var out []EvaluationSpec
	for _, e := range all {
		if h := e.Hash(); !seen[h] {
			seen[h] = true
			out = append(out, e)
		}
	}
	return out
}

// ProbeRule numbers the rule by which the examples of a metric are chosen from a split. It is raised when the rule
// changes.
const ProbeRule = 1

// MeasurementSpec is everything that determines one measurement of a trained model, except the training itself.
type MeasurementSpec struct {
	Kind   string         `json:"kind"` // "measurement"
	Plugin PluginID       `json:"plugin"`
	Params map[string]any `json:"params"`
	On     On             `json:"on"`
	Probe  int            `json:"probe"` // ProbeRule
	Seed   string         `json:"seed"`  // where the metric's randomness comes from: "trial", the seed of the training
	// At is the number of committed steps after which the training was looked at; nil is its end.
	At *int `json:"at,omitempty"`
	// Peers names the other networks that the metric sees, for metrics that compare several: trials, or steps of this one.
	Peers *[]string `json:"peers,omitempty"`
}

// Beside is the same measurement beside other networks, of which there may be none.
func (m MeasurementSpec) Beside(peers []string) MeasurementSpec {
	m.Peers = &peers
	return m
}

// After is the same measurement after a number of steps, instead of at the end.
func (m MeasurementSpec) After(step int) MeasurementSpec {
	m.At = &step
	return m
}

// Measurement returns what measuring m is made of.
func (s *Suite) Measurement(m *Metric, pluginVersion string) MeasurementSpec {
	return MeasurementSpec{
		Kind:   "measurement",
		Plugin: PluginID{Name: m.Info.Name, Version: pluginVersion},
		Params: m.Params,
		On:     m.On,
		Probe:  ProbeRule,
		Seed:   "trial",
	}
}

// JSON is the canonical text of the spec; its sha256 is Hash.
func (m MeasurementSpec) JSON() []byte { text, _ := identify(m); return text }

// Hash identifies the measurement among those of one training.
func (m MeasurementSpec) Hash() string { _, h := identify(m); return h }

// Name is fit for a file name: the name the plugin gives itself, whatever the suite calls the metric.
func (m MeasurementSpec) Name() string { return m.Plugin.Name }

// override sets keys of m, which modelKeys has read, and fills in what they make necessary.
func override(m model.Spec, keys map[string]any) model.Spec {
	text := map[string]*string{"norm": &m.Norm, "activation": &m.Activation, "classifier": &m.Classifier, "init": &m.Init}
	whole := map[string]*int{"depth": &m.Depth, "patch": &m.Patch, "heads": &m.Heads, "hidden": &m.Hidden, "tokens": &m.Tokens, "base_width": &m.BaseWidth}
	if _, other := keys["init"]; other {
		m.BaseWidth = 0 // it belonged to the init that is replaced
	}
	for key, v := range keys {
		switch v := v.(type) {
		case []int:
			m.Width = v
		case string:
			*text[key] = v
		case int:
			*whole[key] = v
		case bool:
			m.Bias = &v
		}
	}
	m.SetDefaults()
	return m
}

// ShortHash is the part of a hash that people are shown.
func ShortHash(h string) string { return h[:min(4, len(h))] }
