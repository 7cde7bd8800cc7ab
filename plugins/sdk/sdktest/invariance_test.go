package sdktest_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/harness/vec"
	"github.com/sharpbench/sharpbench/plugins/sdk"
)

// plain is a metric with values that some transformations change: it is honest about one of them and claims the others.
type plain struct{ claim string }

func (p plain) Info() sdk.Info {
	i := sdk.Info{Name: "plain", Version: 1, Needs: []sdk.Op{sdk.OpGrad}, Invariances: []string{p.claim}}
	for _, name := range []string{"loss", "norm", "gradnorm", "inner"} {
		i.Values = append(i.Values, sdk.ValueInfo{Name: name, Unit: "1", Better: sdk.BetterNone, Help: "a toy"})
	}
	return i
}

func (plain) Slots(sdk.Problem, sdk.Params) []sdk.Slot { return nil }

func (plain) Measure(s sdk.Session) ([]sdk.Value, error) {
	g := s.Slot("grad")
	loss, err := s.Grad(s.FullBatch(), s.W(), g)
	return []sdk.Value{
		{Name: "loss", Value: loss}, {Name: "norm", Value: vec.Norm2(s.W())}, {Name: "gradnorm", Value: vec.Norm2(g)},
		{Name: "inner", Value: math.Abs(vec.Dot(g, s.W()))},
	}, err
}

// claims are what plain says, and whether that is true.
var claims = map[string]bool{
	"elementwise_rescaling":             false,
	"elementwise_rescaling: norm":       false,
	"elementwise_rescaling: gradnorm":   false,
	"elementwise_rescaling: loss,inner": true,
	"nodewise_rescaling: norm":          false,
	"nodewise_rescaling: loss, inner":   true,
	"logit_scale: loss":                 false,
	"logit_scale: norm":                 true,
	"orthogonal_basis":                  true,
}

// A declared invariance that does not hold is found, and one that holds is not taken for another.
func TestInvariances(t *testing.T) {
	for claim, holds := range claims {
		report, err := plugintest.Conform(context.Background(), plugintest.Self("claim="+claim), plugintest.Options{Only: []string{"M4"}})
		if err != nil || len(report.Findings) != 1 {
			t.Fatalf("%s: %+v, %v", claim, report.Findings, err)
		}
		f := report.Findings[0]
		if want := map[bool]plugintest.Status{true: plugintest.Passed, false: plugintest.Failed}[holds]; f.Status != want || f.Status == plugintest.Failed && !strings.Contains(f.Detail, "before and") {
			t.Errorf("%s: %s, want %s: %s", claim, f.Status, want, f.Detail)
		}
	}
}

func TestParseInvariance(t *testing.T) {
	i := pluginhost.ParseInvariance("elementwise_rescaling: a, b (adaptive, norm = linf)")
	if !i.Tested() || strings.Join(i.Values, "|") != "a|b" || i.Params["adaptive"] != true || i.Params["norm"] != "linf" || len(i.Params) != 2 ||
		!i.Holds(map[string]any{"adaptive": true, "norm": "linf", "rho": 1.0}) || i.Holds(map[string]any{"adaptive": false, "norm": "linf"}) {
		t.Errorf("%+v", i)
	}
	if i := pluginhost.ParseInvariance("permutation"); i.Tested() || i.Kind != "permutation" || i.Values != nil || len(i.Params) != 0 {
		t.Errorf("%+v", i)
	}
}
