package runner

import (
	"math"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/harness/store"
)

// reportDelta is the δ for which ε is reported when the parameters name none: the customary one.
const reportDelta = 1e-5

// released is the account of a training with a differentially private optimizer, to be kept with a checkpoint; nil for
// others.
func released(t *Trial, a *privacy.Account) *privacy.Account {
	if t.plugin.Info.Privacy == nil {
		return nil
	}
	return a.Clone()
}

// spent is what a training has revealed: that of the draws that led to committed parameters, however it ended. nil for
// optimizers that claim no privacy.
func (t *Trial) spent(a *privacy.Account) *store.Privacy {
	claim := t.plugin.Info.Privacy
	if claim == nil {
		return nil
	}
	out := &store.Privacy{Delta: reportDelta, Accountant: privacy.Version, Declared: a.Unseen()}
	if delta, ok := t.Configuration.Params[claim.Delta].(float64); ok && delta > 0 {
		out.Delta = store.Float(delta)
	}
	for _, g := range a.Committed {
		out.Draws += g.Steps
		out.Releases += g.Releases
		// The largest rate and the least noise are the weakest protection; usually all draws are of one kind.
		out.Rate = store.Float(math.Max(float64(out.Rate), g.Rate))
		each := g.Sigma * math.Sqrt(float64(g.Releases)/float64(g.Steps))
		if out.Sigma == 0 || each < float64(out.Sigma) {
			out.Sigma = store.Float(each)
		}
	}
	if len(a.Committed) == 0 {
		out.Rate, out.Sigma = store.Float(a.Claim.Rate), store.Float(a.Claim.Sigma*math.Sqrt(float64(claim.Releases)))
	}
	out.Epsilon = store.Float(a.Epsilon(float64(out.Delta)))
	return out
}

// claim is what the optimizer says that each of its steps is, as one release.
func (t *Trial) claim(p pluginhost.Problem) privacy.Mechanism {
	info := t.plugin.Info
	params, err := info.WithNoise(p, t.Configuration.Params)
	if err != nil { // the plugin will not be started with these
		return privacy.Mechanism{Rate: 1}
	}
	sigma, _ := params[info.Privacy.Sigma].(float64)
	return privacy.Mechanism{Rate: p.Rate(), Sigma: sigma / math.Sqrt(float64(info.Privacy.Releases))}
}
