// Package barrier measures how far the loss rises on the straight line between a network and others that were trained from
// other seeds:
//
//	max over α of  L((1−α)w + αw')  −  ((1−α)L(w) + αL(w')),   0 ≤ α ≤ 1
//
// over the metric's whole example set, in evaluation mode, and the same of the error. Networks without a barrier are
// linearly mode-connected. The values are means over the other networks; the curves are in the table "path".
package barrier

import (
	"fmt"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/curvature"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:    "barrier",
		Version: 1,
		Summary: "rise of loss and error on the line to networks of other seeds",
		Rule:    "max over alpha of L((1-alpha) w + alpha w') - ((1-alpha) L(w) + alpha L(w')), mean over the peers w', evaluation mode",
		Citation: "Frankle, Dziugaite, Roy & Carbin 2020, Linear Mode Connectivity and the Lottery Ticket Hypothesis, arXiv:1912.05671; " +
			"Entezari, Sedghi, Saukh & Neyshabur 2022, The Role of Permutation Invariance in Linear Mode Connectivity of Neural Networks, arXiv:2110.06296",
		Finding: "networks from different initialisations have a high barrier, which wide networks lose when their units are permuted to match",
		Watch: []string{
			"The units of the networks are compared as they are: no permutation is searched for, and the barrier between other initialisations is high for that reason alone.",
			"Networks with batch normalisation have running statistics that fit their own parameters and no others: they have no value here.",
			"It needs a suite with several seeds. Each seed is compared with the next ones.",
		},
		CostNote: "2·(points + 1)/3 G for each peer and each nominal batch of the set",
		Params: []sdk.Param{
			sdk.Int("points", 11, "points of the line, its ends included").Min(3).Max(1001),
		},
		Needs: []sdk.Op{sdk.OpLoss},
		Peers: sdk.Peers{Kind: sdk.PeerSeeds, Max: 3},
		Values: []sdk.ValueInfo{
			{Name: "barrier", Unit: "loss", Better: sdk.BetterLower, Help: "largest rise of the loss above the line between the ends, never negative; the standard error is that of the mean over the peers"},
			{Name: "error_barrier", Unit: "1", Better: sdk.BetterLower, Help: "the same of the share of wrong examples"},
			{Name: "distance", Unit: "1", Better: sdk.BetterNone, Help: "Euclidean distance of the networks"},
		},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(sdk.Problem, sdk.Params) []sdk.Slot {
	return []sdk.Slot{{Name: "point", Scratch: true}}
}

// end is a network at an end of the line, or a point in between.
type end struct{ loss, wrong float64 }

// look evaluates a network: the one that is measured, or a peer, with the running statistics of its own.
func look(s sdk.Session, b sdk.Batch, at sdk.Vec) (end, error) {
	loss, err := s.Loss(b, at)
	if err != nil {
		return end{}, err
	}
	errors, n, err := s.Errors(b, at)
	if err != nil || n == 0 {
		return end{}, err
	}
	return end{loss, float64(errors) / float64(n)}, nil
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p, w, point := s.Problem(), s.W(), s.Slot("point")
	none := func(why string) ([]sdk.Value, error) {
		var out []sdk.Value
		for _, v := range (Metric{}).Info().Values {
			out = append(out, sdk.Value{Name: v.Name, Null: true, Reason: why})
		}
		return out, nil
	}
	if len(p.Peers) == 0 {
		return none("there is no other seed of this configuration")
	}
	here, err := look(s, s.FullBatch(), w)
	if err != nil {
		return nil, err
	}
	points := s.Params().Int("points")
	var rises, errorRises, distances, which, alphas, losses, wrongs []float64
	for k := range p.Peers {
		peer := s.Slot(fmt.Sprintf("peer%d", k+1))
		if len(peer) != len(w) {
			return nil, fmt.Errorf("peer %d has %d parameters, the network %d", k+1, len(peer), len(w))
		}
		there, err := look(s, s.FullBatch().OfPeer(k+1), peer)
		if err != nil {
			return nil, fmt.Errorf("peer %d: %w", k+1, err)
		}
		// A network that does not answer for the peer's parameters as the peer does has other running statistics.
		copy(point, peer)
		if swapped, err := s.Loss(s.FullBatch(), point); err != nil || swapped != there.loss {
			return none("the networks have running statistics of their own, which fit no point between them")
		}
		rise, errorRise := 0.0, 0.0
		for i := range points {
			a := float64(i) / float64(points-1)
			at := here
			switch i {
			case 0:
			case points - 1:
				at = there
			default:
				vec.Combine(point, float32(1-a), w, float32(a), peer)
				if at, err = look(s, s.FullBatch(), point); err != nil {
					return nil, fmt.Errorf("peer %d, %.3g of the way: %w", k+1, a, err)
				}
			}
			rise = max(rise, at.loss-((1-a)*here.loss+a*there.loss))
			errorRise = max(errorRise, at.wrong-((1-a)*here.wrong+a*there.wrong))
			which, alphas, losses, wrongs = append(which, float64(p.Peers[k].Seed)), append(alphas, a), append(losses, at.loss), append(wrongs, at.wrong)
		}
		rises, errorRises = append(rises, rise), append(errorRises, errorRise)
		vec.Sub(point, peer, w)
		distances = append(distances, vec.Norm2(point))
	}
	s.Keep(sdk.Table{Name: "path", Columns: []sdk.Column{
		{Name: "seed", Values: which}, {Name: "alpha", Values: alphas}, {Name: "loss", Values: losses}, {Name: "error", Values: wrongs},
	}})
	estimate := func(name string, x []float64) sdk.Value {
		mean, se := curvature.Mean(x)
		return curvature.Estimate(name, mean, se)
	}
	return []sdk.Value{estimate("barrier", rises), estimate("error_barrier", errorRises), estimate("distance", distances)}, nil
}
