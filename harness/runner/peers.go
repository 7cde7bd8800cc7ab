package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/sharpbench/sharpbench/harness/model"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// peer is a network that a metric sees beside the one it measures: another trial, or the same at an earlier moment.
type peer struct {
	trial *Trial
	at    int // steps committed, or atEnd
}

// name identifies the peer in the spec of a measurement.
func (p peer) name(of *Trial) string {
	switch {
	case p.trial.ID == of.ID:
		return fmt.Sprintf("step %d", p.at)
	case p.at == atEnd:
		return p.trial.ID
	}
	return fmt.Sprintf("%s step %d", p.trial.ID, p.at)
}

// withPeers fills in the peers of a trial's measurements. What they are belongs to the identity of a measurement, so that
// one whose peers are not all known yet waits: it is neither taken nor looked up.
func (r *Runner) withPeers(t *Trial, list []measurement) ([]measurement, error) {
	if !slices.ContainsFunc(list, func(m measurement) bool { return m.Plugin.Info.Peers.Kind != "" }) {
		return list, nil
	}
	list = slices.Clone(list)
	for i := range list {
		m := &list[i]
		var err error
		switch m.Plugin.Info.Peers.Kind {
		case "":
			continue
		case pluginhost.PeerMoments:
			m.Peers = moments(t, m)
		default:
			m.Peers, m.Waits, err = r.others(t, m)
		}
		if err != nil {
			return nil, err
		}
		names := []string{}
		for _, p := range m.Peers {
			names = append(names, p.name(t))
		}
		m.Spec = m.Spec.Beside(names)
		m.Hash = m.Spec.Hash()
	}
	return list, nil
}

// moments are the moments of a metric before one, the latest first.
func moments(t *Trial, m *measurement) []peer {
	var out []peer
	for _, step := range slices.Backward(m.Metric.At.Steps(t.Steps)) {
		if (m.At == atEnd || step < m.At) && len(out) < m.Plugin.Info.Peers.Max {
			out = append(out, peer{t, step})
		}
	}
	return out
}

// others are the other trials that a metric sees: trained, and kept at the moment that is measured. It waits as long as
// one that comes before the last of them may still be trained.
func (r *Runner) others(t *Trial, m *measurement) (out []peer, waits bool, err error) {
	for _, c := range r.candidates(t, m.Plugin.Info.Peers.Kind) {
		switch p, err := r.planned(c); {
		case err != nil:
			return nil, false, err
		case p == never:
			continue
		case p == perhaps:
			waits = true
			continue
		}
		rec := r.Store.Trial(c.ID)
		result, ok, err := rec.Result()
		switch {
		case err != nil:
			return nil, false, err
		case !ok:
			waits = true
			continue
		case result.Status != store.Done, m.At != atEnd && (m.At >= int(result.Steps) || !rec.HasSnapshot(m.At)):
			continue
		}
		if out = append(out, peer{c, m.At}); len(out) == m.Plugin.Info.Peers.Max {
			break
		}
	}
	return out, waits, nil
}

// plan says whether the suite trains a configuration from a seed.
type plan int

const (
	never plan = iota
	surely
	perhaps // it depends on the tuning, which is not through
)

func (r *Runner) planned(t *Trial) (plan, error) {
	g := r.groupOf(t.Workload.Name, t.Optimizer.Name)
	if slices.Contains(r.Suite.Tuning.Seeds, t.Seed) || len(g.configs) == 1 {
		return surely, nil
	}
	for _, other := range r.tuning(g) {
		if ok, err := r.scored(other); err != nil || !ok {
			return perhaps, err
		}
	}
	best, err := r.selected(g)
	if err != nil || best < 0 || g.configs[best].Key != t.Configuration.Key {
		return never, err
	}
	return surely, nil
}

// scored reports whether a trial of the tuning is through as far as the selection looks at it.
func (r *Runner) scored(t *Trial) (bool, error) {
	rec := r.Store.Trial(t.ID)
	result, ok, err := rec.Result()
	if err != nil || !ok || result.Status != store.Done {
		return ok, err
	}
	for _, e := range r.evaluations(t.workload) {
		if e.Key == r.Suite.Tuning.Select.Split {
			_, ok, err = rec.Evaluation(e.Name, e.Hash)
		}
	}
	return ok, err
}

// candidates are the trials that a metric of a trial may see beside it, in the order in which it does, if they are ever
// trained.
func (r *Runner) candidates(t *Trial, kind string) []*Trial {
	var out []*Trial
	switch kind {
	case pluginhost.PeerSeeds:
		g := r.groupOf(t.Workload.Name, t.Optimizer.Name)
		seeds := slices.Clone(r.Suite.Seeds)
		for _, s := range r.Suite.Tuning.Seeds {
			if !slices.Contains(seeds, s) {
				seeds = append(seeds, s)
			}
		}
		own := slices.Index(seeds, t.Seed)
		for k := 1; k < len(seeds); k++ {
			out = append(out, r.trial(g, t.config, seeds[(own+k)%len(seeds)]))
		}
	case pluginhost.PeerWidths:
		for _, g := range r.all {
			if g.optimizer == t.Optimizer && differInWidth(g.workload.Workload, t.Workload) {
				out = append(out, r.trial(g, t.config, t.Seed))
			}
		}
	}
	return out
}

// serveOthers takes the measurements of other trials that have waited for t. Where trials of a run are spread over
// processes nobody else comes back to them: whichever of the trials ends last does it.
func (r *Runner) serveOthers(ctx context.Context, t *Trial) error {
	done := map[string]bool{}
	for _, m := range r.metrics {
		for _, other := range r.candidates(t, m.Plugin.Info.Peers.Kind) {
			if !m.Metric.Selected || done[other.ID] {
				continue
			}
			done[other.ID] = true
			work, err := r.missing(other, r.Store.Trial(other.ID))
			if err != nil {
				return err
			}
			if work.result == nil || work.rerun || work.retrace || len(work.measurements) == 0 {
				continue
			}
			if _, err := r.execute(ctx, other); err != nil {
				return err
			}
		}
	}
	return nil
}

// differInWidth reports whether two workloads are the same but for their names and the widths of their models.
func differInWidth(a, b *suite.Workload) bool {
	if a.Problem != nil || b.Problem != nil {
		return false
	}
	same := func(w *suite.Workload) string {
		v := *w
		v.Name, v.Shifts = "", nil
		v.Model.Width, v.Model.Hidden, v.Model.Tokens = make([]int, len(w.Model.Width)), 0, 0
		text, err := json.Marshal(v)
		if err != nil {
			panic(err) // it is plain data
		}
		return string(text)
	}
	return same(a) == same(b) && !sameWidths(a.Model, b.Model)
}

func sameWidths(a, b model.Spec) bool {
	return slices.Equal(a.Width, b.Width) && a.Hidden == b.Hidden && a.Tokens == b.Tokens
}

// asked makes the peers of a measurement ready to answer; answer prepares a network for the metric's examples.
func (r *Runner) asked(m measurement, seed uint64, answer func(*Trial, *store.Params) (*oracle.Measuring, pluginhost.Problem, error)) ([]pluginhost.Peer, error) {
	var out []pluginhost.Peer
	for _, p := range m.Peers {
		rec := r.Store.Trial(p.trial.ID)
		result, ok, err := rec.Result()
		if err != nil || !ok {
			return nil, errors.Join(err, fmt.Errorf("the result of trial %s, whose network is to be seen, is gone", p.trial.ID))
		}
		at, step := (*store.Params)(nil), p.at
		if p.at == atEnd {
			step = int(result.Steps)
			at, err = rec.Params()
		} else {
			at, err = rec.Snapshot(p.at)
		}
		if err != nil {
			return nil, err
		}
		task, problem, err := answer(p.trial, at)
		if err != nil {
			return nil, err
		}
		out = append(out, pluginhost.Peer{
			Dim: problem.Dim, Tensors: problem.Tensors, ActivationLen: problem.ActivationLen, Seed: p.trial.Seed, Step: uint64(step),
			Oracle: oracle.New(task, seed), At: at.W, Update: at.Update,
		})
	}
	return out, nil
}
