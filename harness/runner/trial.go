package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/problem"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Trial is one training of a suite: workload × optimizer configuration × seed.
type Trial struct {
	Workload      *suite.Workload
	Optimizer     *suite.Optimizer
	Configuration suite.Configuration
	Seed          uint64
	Spec          suite.TrainingSpec
	ID            string
	text          []byte  // of Spec, canonical
	key           string  // its place in the run
	config        int     // the number of its configuration
	Steps         int     // the budget, in steps of this optimizer
	perEpoch      int     // steps of one pass over the training examples
	G             float64 // what training is expected to cost

	workload *workload
	plugin   *Plugin
}

// workload is a suite's workload with its data loaded, shared by its trials.
type workload struct {
	*suite.Workload
	data      *dataset.Data // nil for a problem
	normalize dataset.Normalizer
	train     int               // training examples, as many for every seed; 0 for a problem
	sets      map[string]string // the digests of the published evaluation sets of its shifts

	evaluations []evaluation // of its trained nets, in the order of the board

	mu   sync.Mutex
	dims map[string]int // of its nets, by optimizer
}

// known draws the trial's instance of a problem with a known answer.
func (t *Trial) known() *problem.Problem { return t.workload.known(t.Seed) }

func (w *workload) known(seed uint64) *problem.Problem {
	return problem.New(*w.Problem, w.BatchSize, seed)
}

// digest identifies the data, or the program that makes the instances of problems.
func (w *workload) digest() string {
	if w.Problem != nil {
		return fmt.Sprintf("problem %d", problem.Version)
	}
	return w.data.Digest
}

// examples is the number of training examples, and nominal how many of them are a minibatch.
func (w *workload) examples() (n, nominal int) {
	if w.Problem != nil {
		n = w.Problem.Examples()
		return n, min(n, w.BatchSize)
	}
	return w.train, w.BatchSize
}

// byLoss says that the workload's results are compared by a loss: the exact objective of a problem, or the mean squared error
// of predicted numbers.
func (w *workload) byLoss() bool { return w.Problem != nil || w.data.Train.Outputs > 0 }

// net builds the net of a trial: the workload's, with the optimizer's override.
func (t *Trial) net() (*engine.Net, error) {
	im := &t.workload.data.Train
	return model.New(t.Spec.Model, engine.Shape{H: im.H, W: im.W, C: im.C}, t.workload.data.NumOutputs())
}

// view is the trial's data: the same for every optimizer of a seed.
func (t *Trial) view() (view, error) { return t.workload.view(t.Seed) }

// dim is the number of parameters of a trial.
func (t *Trial) dim() (int, error) {
	if t.Workload.Problem != nil {
		return t.known().Dim(), nil
	}
	t.workload.mu.Lock()
	defer t.workload.mu.Unlock()
	if n, ok := t.workload.dims[t.Optimizer.Name]; ok {
		return n, nil
	}
	net, err := t.net()
	if err != nil {
		return 0, err
	}
	if t.workload.dims == nil {
		t.workload.dims = map[string]int{}
	}
	t.workload.dims[t.Optimizer.Name] = net.Dim()
	return net.Dim(), nil
}

// objective is the loss a trial trains on and is measured with: priors and weights of classes are those of its training
// examples.
func (t *Trial) objective(v view) (engine.Loss, error) { return t.workload.objective(v) }

func (w *workload) objective(v view) (engine.Loss, error) { return w.Loss.Objective(v.counts) }

// early is the loss a trial trains on before step until, counted from 0: without the class weights that come late. until
// is 0 where there are none.
func (t *Trial) early(v view) (loss engine.Loss, until int, err error) {
	early, deferred := t.workload.Loss.Early()
	if !deferred {
		return loss, 0, nil
	}
	loss, err = early.Objective(v.counts)
	return loss, int(math.Ceil(t.workload.Loss.Reweight.From * float64(t.Steps))), err
}

// auxiliary is the auxiliary objective of a trial with this split.
func (w *workload) auxiliary(v view) (oracle.Auxiliary, error) {
	switch a := w.Auxiliary; {
	case a == nil:
		return oracle.Auxiliary{}, nil
	case a.Kind == suite.AuxiliaryL2:
		return oracle.Auxiliary{Kind: oracle.AuxiliaryL2}, nil
	default:
		for _, c := range a.Classes {
			if n := len(w.data.Classes); c >= n {
				return oracle.Auxiliary{}, fmt.Errorf("auxiliary: there is no class %d; %s has %d, counted from 0", c, w.Data.Name, n)
			}
		}
		out := oracle.Auxiliary{Kind: oracle.AuxiliaryExamples}
		for _, i := range v.split.Train {
			if slices.Contains(a.Classes, int(v.train.Labels[i])) {
				out.Examples = append(out.Examples, i)
			}
		}
		if len(out.Examples) == 0 {
			return out, errors.New("auxiliary: its classes have no training examples")
		}
		return out, nil
	}
}

// load prepares the workloads of a suite. A dataset that is not in the cache is a *dataset.Missing.
func load(s *suite.Suite) (map[string]*workload, error) {
	data := map[string]*dataset.Data{}
	out := map[string]*workload{}
	for i := range s.Workloads {
		w := &s.Workloads[i]
		if w.Problem != nil {
			out[w.Name] = &workload{Workload: w}
			continue
		}
		key := w.Data.Key()
		d := data[key]
		if d == nil {
			var err error
			if d, err = dataset.Make(w.Data); err != nil {
				return nil, err
			}
			data[key] = d
		}
		if d.Train.Values != nil && w.Data.Augment != "" && w.Data.Augment != dataset.AugmentNone {
			return nil, fmt.Errorf("workload %q: only images are augmented, and %s has features", w.Name, w.Data.Name)
		}
		sets, err := evaluationSets(w)
		if err != nil {
			return nil, err
		}
		out[w.Name] = &workload{Workload: w, data: d, normalize: d.Normalizer(), sets: sets}
		v, err := out[w.Name].view(0)
		if err != nil {
			return nil, fmt.Errorf("workload %q: %w", w.Name, err)
		}
		out[w.Name].train = len(v.split.Train)
		if _, err := out[w.Name].objective(v); err != nil {
			return nil, fmt.Errorf("workload %q: %w", w.Name, err)
		}
		if _, err := out[w.Name].auxiliary(v); err != nil {
			return nil, fmt.Errorf("workload %q: %w", w.Name, err)
		}
	}
	return out, nil
}

// group is one optimizer on one workload: what is tuned and selected together.
type group struct {
	workload  *workload
	optimizer *suite.Optimizer
	plugin    *Plugin
	configs   []suite.Configuration

	mu     sync.Mutex
	trials map[place]*Trial
	texts  []func(seed uint64) []byte // of the specs of a configuration, by seed
}

// place is one trial of a group.
type place struct {
	config int
	seed   uint64
}

func (r *Runner) groups() ([]*group, error) {
	var out []*group
	for i := range r.Suite.Workloads {
		w := &r.Suite.Workloads[i]
		for j := range r.Suite.Optimizers {
			o := &r.Suite.Optimizers[j]
			p, err := r.Plugins.Get(o.Ref)
			if err != nil {
				return nil, err
			}
			out = append(out, &group{
				workload: r.workloads[w.Name], optimizer: o, plugin: p, configs: r.Suite.Configurations(w, o),
			})
		}
	}
	return out, nil
}

// trial names one training of the group, by the number of its configuration. It is always the same pointer.
func (r *Runner) trial(g *group, config int, seed uint64) *Trial {
	g.mu.Lock()
	defer g.mu.Unlock()
	if t := g.trials[place{config, seed}]; t != nil {
		return t
	}
	c := g.configs[config]
	spec := r.Suite.Training(g.workload.Workload, g.optimizer, c, seed, suite.Identity{
		DataDigest: g.workload.digest(), PluginVersion: g.plugin.Version(), EngineVersion: engine.Version,
	})
	if g.trials == nil {
		g.trials, g.texts = map[place]*Trial{}, make([]func(uint64) []byte, len(g.configs))
	}
	if g.texts[config] == nil {
		g.texts[config] = spec.Seeds()
	}
	text := g.texts[config](seed)
	sum := sha256.Sum256(text)
	n, nominal := g.workload.examples()
	perEpoch := (n + nominal - 1) / nominal
	count := steps(r.Suite.Budget, perEpoch, g.plugin.Info.Cost)
	cost := float64(count) * g.plugin.Info.Cost * float64(n) / float64(perEpoch*nominal)
	if r.Suite.Budget.Unit == "wall" {
		cost = 0 // nobody knows
	}
	t := &Trial{
		Workload: g.workload.Workload, Optimizer: g.optimizer, Configuration: c, Seed: seed,
		Spec: spec, text: text, ID: hex.EncodeToString(sum[:]), Steps: count, perEpoch: perEpoch,
		G:        cost,
		workload: g.workload, plugin: g.plugin, key: finalKey(g, seed), config: config,
	}
	if slices.Contains(r.Suite.Tuning.Seeds, seed) {
		t.key = tuningKey(g, config, seed)
	}
	g.trials[place{config, seed}] = t
	return t
}

// tuning lists the trials of the tuning, configuration by configuration.
func (r *Runner) tuning(g *group) []*Trial {
	out := make([]*Trial, 0, len(g.configs)*len(r.Suite.Tuning.Seeds))
	for i := range g.configs {
		for _, seed := range r.Suite.Tuning.Seeds {
			out = append(out, r.trial(g, i, seed))
		}
	}
	return out
}
