// Package opposing measures opposing signals: two groups of examples with strong features that pull the network in opposite
// directions, so that each step lowers the loss of one and raises that of the other.
//
// The groups are selected at one moment t of a training and scored at another, t'. At t, G⁺ and G⁻ are the k examples whose
// losses rose and fell most in the step that was committed there. At t',
//
//	opposing  = −cos(∇L_{G⁺}, ∇L_{G⁻})
//	dominance = (‖∇L_{G⁺}‖ + ‖∇L_{G⁻}‖) / ‖∇L‖
//	curvature = (k₊+k₋)/n · vᵀH_G v / vᵀH v, with v the top eigenvector of H
//	antiphase = correlation over moments of the changes of L_{G⁺} and L_{G⁻} in a step
//
// Selecting and scoring at one and the same step would make large, opposed gradients a tautology. Beside it stands the same
// score of groups of random examples whose losses are like those of the selected ones.
//
// Rosenfeld & Risteski 2023, "Outliers with Opposing Signals Have an Outsized Effect on Neural Network Optimization",
// arXiv:2311.04163.
package opposing

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// Metric is the plugin.
type Metric struct{}

var _ sdk.Metric = Metric{}

var values = []sdk.ValueInfo{
	{Name: "opposing", Unit: "1", Better: sdk.BetterNone, Help: "-cos of the two groups' gradients: 1 when they pull in opposite directions"},
	{Name: "matched", Unit: "1", Better: sdk.BetterNone, Help: "the same of random groups with losses like those: what any two groups would give"},
	{Name: "dominance", Unit: "1", Better: sdk.BetterNone, Help: "sum of the norms of the groups' gradients over that of all examples"},
	{Name: "curvature", Unit: "1", Better: sdk.BetterNone, Help: "the groups' share of the curvature along the top eigenvector of the Hessian"},
	{Name: "antiphase", Unit: "1", Better: sdk.BetterNone, Help: "correlation over at least three moments of the changes of the groups' losses in a step; -1: one rises as the other falls"},
}

// Info implements sdk.Metric.
func (Metric) Info() sdk.Info {
	return sdk.Info{
		Name:       "opposing",
		Version:    1,
		Summary:    "opposing signals: outlier groups selected at one moment, scored at another",
		Rule:       "G+ and G-: the k examples whose losses rose and fell most in the step committed at an earlier moment; here -cos(grad L_G+, grad L_G-), (|grad L_G+| + |grad L_G-|)/|grad L|, share of v'Hv",
		Citation:   "Rosenfeld & Risteski 2023, Outliers with Opposing Signals Have an Outsized Effect on Neural Network Optimization, arXiv:2311.04163",
		Unverified: "the paper gives no threshold and the size of its groups was not checked; k = 20 is ours",
		Finding:    "Small groups of outliers with strong features of opposite sign dominate the loss, its sharpness and the edge of stability.",
		Watch: []string{
			"It needs moments: at = [\"log:12\", \"end\"] in the suite. The latest one before selects the groups.",
			"Compare opposing with matched: the gradients of any two groups have some angle.",
		},
		CostNote: "4k gradients and 2k Hessian-vector products of single examples, one gradient and iterations Hessian-vector products of all, two losses for each moment",
		Params: []sdk.Param{
			sdk.Int("k", 20, "examples of each group, at most half of all").Min(1),
			sdk.Int("iterations", 20, "of the power iteration for the top eigenvector").Min(1),
		},
		Needs:  []sdk.Op{sdk.OpLoss, sdk.OpGrad, sdk.OpHVP, sdk.OpNormal},
		Values: values,
		Peers:  sdk.Peers{Kind: sdk.PeerMoments, Max: 16},
	}
}

// Slots implements sdk.Metric.
func (Metric) Slots(p sdk.Problem, v sdk.Params) []sdk.Slot {
	return []sdk.Slot{
		{Name: "before", Scratch: true}, {Name: "each", Len: max(1, p.ProbeBatchSize), Scratch: true},
		{Name: "v", Scratch: true}, {Name: "Hv", Scratch: true}, {Name: "random", Len: 2 * int(v.Int("k")), Scratch: true},
	}
}

func none(format string, a ...any) []sdk.Value {
	var out []sdk.Value
	for _, v := range values {
		out = append(out, sdk.Value{Name: v.Name, Null: true, Reason: fmt.Sprintf(format, a...)})
	}
	return out
}

// Measure implements sdk.Metric.
func (Metric) Measure(s sdk.Session) ([]sdk.Value, error) {
	p := s.Problem()
	// The changes of all losses in the last step, here and at the moments before, the latest first.
	var changes [][]float64
	selects := -1
	for peer := 0; peer <= len(p.Peers); peer++ {
		at, update := s.W(), s.Slot("update")
		if peer > 0 {
			at, update = s.Slot(fmt.Sprintf("peer%d", peer)), s.Slot(fmt.Sprintf("peer%d.update", peer))
		}
		if update == nil {
			continue // before the first step
		}
		d, err := change(s, peer, at, update)
		if err != nil {
			return nil, err
		}
		if peer > 0 && selects < 0 {
			selects = len(changes)
		}
		changes = append(changes, d)
	}
	if selects < 0 {
		return none("no earlier moment after the first step to select the groups at: the metric needs at = [\"log:12\", \"end\"] or the like"), nil
	}
	k := min(int(s.Params().Int("k")), p.Examples/2)
	if k < 1 {
		return none("%d examples are too few for two groups", p.Examples), nil
	}
	order := make([]int, p.Examples)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(changes[selects][b], changes[selects][a]) })
	up, down := order[:k], order[p.Examples-k:]

	out := none("")
	set := func(i int, v float64, reason string) {
		if reason != "" || math.IsNaN(v) || math.IsInf(v, 0) {
			out[i].Reason = cmp.Or(reason, "the gradients are 0")
			return
		}
		out[i] = sdk.Value{Name: out[i].Name, Value: v}
	}
	gUp, gDown, err := gradients(s, up, down)
	if err != nil {
		return nil, err
	}
	set(0, opposed(gUp, gDown), "")
	if _, err := s.Grad(s.FullBatch(), s.W(), s.Slot("grad")); err != nil {
		return nil, err
	}
	set(2, (vec.Norm2(gUp)+vec.Norm2(gDown))/vec.Norm2(s.Slot("grad")), "")
	if up, down, err := matched(s, up, down); err != nil {
		return nil, err
	} else if up == nil {
		set(1, 0, fmt.Sprintf("%d examples are too few for two more groups of %d", p.Examples, k))
	} else {
		gUp, gDown, err := gradients(s, up, down)
		if err != nil {
			return nil, err
		}
		set(1, opposed(gUp, gDown), "")
	}
	share, err := curvature(s, append(slices.Clone(up), down...))
	if err != nil {
		return nil, err
	}
	set(3, share, "")
	var a, b []float64
	for i, d := range changes {
		if i != selects {
			a, b = append(a, mean(d, up)), append(b, mean(d, down))
		}
	}
	if len(a) < 3 {
		set(4, 0, fmt.Sprintf("%d moments beside the one that selects are too few for a correlation", len(a)))
	} else {
		set(4, correlation(a, b), "")
	}
	return out, nil
}

// change is by how much the loss of each example rose in the last step before a point.
func change(s sdk.Session, peer int, at, update sdk.Vec) ([]float64, error) {
	before := s.Slot("before")
	for i := range before {
		before[i] = at[i] - update[i]
	}
	now, err := losses(s, peer, at)
	if err != nil {
		return nil, err
	}
	then, err := losses(s, peer, before)
	for i := range then {
		now[i] -= then[i]
	}
	return now, err
}

func losses(s sdk.Session, peer int, at sdk.Vec) ([]float64, error) {
	p, each := s.Problem(), s.Slot("each")
	var out []float64
	for j := range p.ProbeBatches {
		if _, err := s.Losses(s.ProbeBatch(j).OfPeer(peer), at, each); err != nil {
			return nil, err
		}
		for _, l := range each[:min(p.ProbeBatchSize, p.Examples-j*p.ProbeBatchSize)] {
			out = append(out, float64(l))
		}
	}
	return out, nil
}

// example names one of all examples.
func example(s sdk.Session, i int) sdk.Batch {
	size := s.Problem().ProbeBatchSize
	return s.ProbeBatch(i / size).Example(i % size)
}

// gradients are those of the mean losses of two groups.
func gradients(s sdk.Session, up, down []int) (gUp, gDown sdk.Vec, err error) {
	g, out := s.Slot("grad"), [2]sdk.Vec{}
	for n, group := range [][]int{up, down} {
		out[n] = make(sdk.Vec, len(g))
		for _, i := range group {
			if _, err := s.Grad(example(s, i), s.W(), g); err != nil {
				return nil, nil, err
			}
			vec.Axpy(out[n], 1/float32(len(group)), g)
		}
	}
	return out[0], out[1], nil
}

func opposed(a, b sdk.Vec) float64 { return -vec.Dot(a, b) / (vec.Norm2(a) * vec.Norm2(b)) }

// nearest is among how many examples with the most similar losses a match is drawn.
const nearest = 5

// matched draws two groups without the examples of these, one for one with a similar loss; nil when there are too few.
func matched(s sdk.Session, up, down []int) (a, b []int, err error) {
	p, random := s.Problem(), s.Slot("random")
	if p.Examples < 4*len(up) {
		return nil, nil, nil
	}
	loss, err := losses(s, 0, s.W())
	if err != nil {
		return nil, nil, err
	}
	if err := s.Normal("opposing/matched", 0, random, 1); err != nil {
		return nil, nil, err
	}
	var free []int
	for i := range loss {
		if !slices.Contains(up, i) && !slices.Contains(down, i) {
			free = append(free, i)
		}
	}
	for n, i := range append(slices.Clone(up), down...) {
		slices.SortStableFunc(free, func(x, y int) int {
			return cmp.Or(cmp.Compare(math.Abs(loss[x]-loss[i]), math.Abs(loss[y]-loss[i])), cmp.Compare(x, y))
		})
		// The normal distribution function makes a uniform number of a normal one.
		uniform := 0.5 * math.Erfc(-float64(random[n])/math.Sqrt2)
		among := min(nearest, len(free))
		pick := min(int(uniform*float64(among)), among-1)
		if n < len(up) {
			a = append(a, free[pick])
		} else {
			b = append(b, free[pick])
		}
		free = slices.Delete(free, pick, pick+1)
	}
	return a, b, nil
}

// curvature is the share of a group in vᵀHv, v the top eigenvector by power iteration.
func curvature(s sdk.Session, group []int) (float64, error) {
	v, hv := s.Slot("v"), s.Slot("Hv")
	if err := s.Normal("opposing/start", 0, v, 1); err != nil {
		return 0, err
	}
	for range s.Params().Int("iterations") {
		if _, err := s.HVP(s.FullBatch(), s.W(), v, hv); err != nil {
			return 0, err
		}
		norm := vec.Norm2(hv)
		if norm == 0 {
			return math.NaN(), nil
		}
		for i := range v {
			v[i] = float32(float64(hv[i]) / norm)
		}
	}
	if _, err := s.HVP(s.FullBatch(), s.W(), v, hv); err != nil {
		return 0, err
	}
	all, part := vec.Dot(v, hv)*float64(s.Problem().Examples), 0.0
	for _, i := range group {
		if _, err := s.HVP(example(s, i), s.W(), v, hv); err != nil {
			return 0, err
		}
		part += vec.Dot(v, hv)
	}
	return part / all, nil
}

func mean(x []float64, of []int) float64 {
	sum := 0.0
	for _, i := range of {
		sum += x[i]
	}
	return sum / float64(len(of))
}

func correlation(a, b []float64) float64 {
	n := float64(len(a))
	var ma, mb, ab, aa, bb float64
	for i := range a {
		ma, mb = ma+a[i]/n, mb+b[i]/n
	}
	for i := range a {
		ab += (a[i] - ma) * (b[i] - mb)
		aa += (a[i] - ma) * (a[i] - ma)
		bb += (b[i] - mb) * (b[i] - mb)
	}
	return ab / math.Sqrt(aa*bb)
}
