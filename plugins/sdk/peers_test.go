//go:build unix

package sdk_test

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// company compares the network it measures with its peers.
type company struct{}

func (company) Info() sdk.Info {
	return sdk.Info{
		Name: "company", Version: 1, Needs: []sdk.Op{sdk.OpLoss, sdk.OpGrad}, Peers: sdk.Peers{Kind: sdk.PeerSeeds, Max: 2},
		Params: []sdk.Param{sdk.Choice("do", "", []string{"", "write", "force", "too many", "short"}, "")},
		Values: []sdk.ValueInfo{{Name: "loss", Unit: "loss", Better: sdk.BetterNone, Help: "sum over the peers"}, {Name: "told", Unit: "1", Better: sdk.BetterNone, Help: "what was told of them"}},
	}
}

func (company) Slots(p sdk.Problem, _ sdk.Params) []sdk.Slot {
	var out []sdk.Slot
	for k, q := range p.Peers {
		out = append(out, sdk.Slot{Name: fmt.Sprintf("g%d", k+1), Len: q.Dim, Scratch: true})
	}
	return out
}

func (company) Measure(s sdk.Session) ([]sdk.Value, error) {
	do, loss, told := s.Params().String("do"), 0.0, ""
	if do == "too many" {
		_, err := s.Loss(s.FullBatch().OfPeer(len(s.Problem().Peers)+1), s.W())
		return nil, err
	}
	for k, q := range s.Problem().Peers {
		at, g := s.Slot(fmt.Sprintf("peer%d", k+1)), s.Slot(fmt.Sprintf("g%d", k+1))
		switch {
		case do == "write":
			g = at
			at = s.W()
		case do == "force":
			at[0]++
		case do == "short":
			at = s.W()
		}
		l, err := s.Grad(s.FullBatch().OfPeer(k+1), at, g)
		if err != nil {
			return nil, err
		}
		again, err := s.Loss(s.FullBatch().OfPeer(k+1), at)
		if err != nil {
			return nil, err
		}
		if l != again {
			return nil, fmt.Errorf("losses %v and %v", l, again)
		}
		loss += l
		told += fmt.Sprint(q.Dim, q.Seed, q.Step, len(q.Tensors), g, s.Slot(fmt.Sprintf("peer%d.update", k+1)), ";")
	}
	return []sdk.Value{{Name: "loss", Value: loss}, {Name: "told", Null: true, Reason: told + "-"}}, nil
}

// A metric sees networks of other sizes beside its own; each answers for itself.
func TestPeers(t *testing.T) {
	q1, q2 := plugintest.Quadratic(1, 2), plugintest.Quadratic(3)
	var bill oracle.Bill
	got := plugintest.Measure(t, plugintest.MeasureCase{
		Program: self("company"), Workload: plugintest.Quadratic(1, 1, 1), At: []float32{1, 1, 1}, Bill: &bill,
		Peers: []plugintest.Peer{
			{Workload: q1, At: []float32{2, 3}, Update: []float32{0.5, 0.5}, Seed: 4, Step: 7},
			{Workload: q2, At: []float32{2}, Seed: 5, Step: 8},
		},
	})
	// ½(1·4 + 2·9) + ½·3·4, gradients (2, 6) and (6).
	const told = "2 4 7 0 [2 6] [0.5 0.5];1 5 8 0 [6] [];-"
	if got["loss"].Value != 17 || got["told"].Reason != told {
		t.Errorf("%+v", got)
	}
	if bill.Grad != 2 || bill.Loss != 2 || math.Abs(bill.G-8.0/3) > 1e-12 {
		t.Errorf("bill %+v: the answers of peers are billed too", bill)
	}
	inside, err := sdktest.Measure(company{}, sdktest.Case{
		Workload: plugintest.Quadratic(1, 1, 1), Init: []float32{1, 1, 1},
		Peers: []sdktest.Peer{
			{Workload: q1, At: []float32{2, 3}, Update: []float32{0.5, 0.5}, Problem: sdk.Peer{Seed: 4, Step: 7}},
			{Workload: q2, At: []float32{2}, Problem: sdk.Peer{Seed: 5, Step: 8}},
		},
	})
	if err != nil || inside[0].Value != 17 || inside[1].Reason != told {
		t.Errorf("in this process: %+v, %v", inside, err)
	}
	if got := plugintest.Measure(t, plugintest.MeasureCase{Program: self("company"), Workload: q1, At: []float32{1, 1}}); got["loss"].Value != 0 {
		t.Errorf("without peers: %+v", got)
	}
	for do, want := range map[string]string{
		"write":    `out: slot "peer1" is read-only for a metric`,
		"force":    `the metric has changed element 0 of slot "peer1", which is read-only`,
		"too many": "the batch names peer 2; there are 1",
		"short":    `at: slot "params" has 1 elements, expected 2`,
	} {
		c := plugintest.MeasureCase{
			Program: self("company"), Workload: q2, At: []float32{1}, Params: map[string]any{"do": do},
			Peers: []plugintest.Peer{{Workload: q1, At: []float32{2, 3}}},
		}
		if do == "write" {
			c.Workload, c.At = q1, []float32{1, 1}
		}
		if _, err := plugintest.TryMeasure(t, c); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", do, err, want)
		}
	}
}
