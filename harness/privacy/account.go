package privacy

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// Account is what one training has released, kept by the host while it answers the optimizer's requests. It is plain data:
// checkpoints hold it. Only what led to committed parameters counts; Commit says that all so far did.
//
// Releases on one draw are composed as one Gaussian on that draw. When they have different rates the largest is taken, as
// draws of a larger rate contain those of a smaller one.
type Account struct {
	Committed []Group `json:"committed,omitempty"`
	// Draw is the first number that a new draw may have, Noise the same for noise, by stream: what was used once says more
	// when it is used again.
	Draw  uint64            `json:"draw"`
	Noise map[string]uint64 `json:"noise,omitempty"`
	// Other counts the requests that have looked at the data without the host's noise, by what they were.
	Other map[string]uint64 `json:"other,omitempty"`
	// Claim is what the optimizer has declared of its steps, as one release each; Commit counts them.
	Claim Mechanism `json:"claim"`

	open map[uint64]*draw
}

// Group is draws of one kind.
type Group struct {
	Mechanism
	Releases uint64 `json:"releases"` // noisy sums, all draws together
}

type draw struct {
	rate      float64
	precision float64 // Σ 1/σ²
	releases  uint64
}

// Release notes a noisy sum on draw number index of the given rate; sigma is the standard deviation of the noise over the
// limit of the norms, and stream and number are the name of the noise.
func (a *Account) Release(index uint64, rate, sigma float64, stream string, number uint64) {
	if index < a.Draw {
		a.Look("draw used again after its step")
		return
	}
	if next, used := a.Noise[stream]; used && number < next {
		a.Look("noise used again")
		return
	}
	if a.Noise == nil {
		a.Noise = map[string]uint64{}
	}
	a.Noise[stream] = number + 1
	if a.open == nil {
		a.open = map[uint64]*draw{}
	}
	d := a.open[index]
	if d == nil {
		d = &draw{}
		a.open[index] = d
	}
	d.rate = math.Max(d.rate, rate)
	d.precision += 1 / (sigma * sigma)
	d.releases++
}

// Look notes a request that has looked at the data without the host's noise.
func (a *Account) Look(what string) {
	if a.Other == nil {
		a.Other = map[string]uint64{}
	}
	a.Other[what]++
}

// Commit says that what was released so far has led to parameters that count.
func (a *Account) Commit() {
	a.Claim.Steps++
	for _, index := range slices.Sorted(maps.Keys(a.open)) {
		d := a.open[index]
		m := Mechanism{Rate: d.rate, Sigma: 1 / math.Sqrt(d.precision), Steps: 1}
		at, found := slices.BinarySearchFunc(a.Committed, m, func(g Group, m Mechanism) int {
			return cmp.Or(cmp.Compare(g.Rate, m.Rate), cmp.Compare(g.Sigma, m.Sigma))
		})
		if !found {
			a.Committed = slices.Insert(a.Committed, at, Group{Mechanism: Mechanism{Rate: m.Rate, Sigma: m.Sigma}})
		}
		a.Committed[at].Steps++
		a.Committed[at].Releases += d.releases
		a.Draw = index + 1
	}
	clear(a.open)
}

// Clone is an independent copy of the committed state.
func (a *Account) Clone() *Account {
	return &Account{Committed: slices.Clone(a.Committed), Draw: a.Draw, Noise: maps.Clone(a.Noise), Other: maps.Clone(a.Other), Claim: a.Claim}
}

// Mechanisms are the committed draws, for Epsilon.
func (a *Account) Mechanisms() []Mechanism {
	var out []Mechanism
	for _, g := range a.Committed {
		out = append(out, g.Mechanism)
	}
	return out
}

// Epsilon is the ε of what was committed, with delta. Where the account cannot vouch for it (Unseen), it is that of the
// optimizer's claim, if that is more.
func (a *Account) Epsilon(delta float64) float64 {
	e := Epsilon(delta, a.Mechanisms()...)
	if len(a.Other) > 0 {
		e = math.Max(e, Epsilon(delta, a.Claim))
	}
	return e
}

// Unseen says in words what the account cannot vouch for, "" when all that was learned of the data went through the host's
// noise.
func (a *Account) Unseen() string {
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(a.Other)) {
		parts = append(parts, fmt.Sprintf("%s (%d)", what, a.Other[what]))
	}
	if parts == nil {
		return ""
	}
	return "the data were also used without the host's noise: " + strings.Join(parts, ", ")
}
