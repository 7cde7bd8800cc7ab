package suite

import (
	"slices"
	"strings"
	"testing"
)

const known = `schema = 1
[suite]
name = "known"
seeds = [0, 1]
baseline = "sgd"
[[workload]]
name = "strings"
problem = { name = "bitstring", bits = 50, probability = 0.1 }
[[workload]]
name = "phase"
problem = "phase"
batch_size = 2
[budget]
limit = 3
[[optimizer]]
name = "sgd"
plugin = "sgd"
grid = { lr = [0.1, 0.2] }
`

// A problem as a workload has its options written in, gives every instance of its options an identity of its own, and
// survives being written out. Nothing has to be held back to select among configurations.
func TestProblemsAsWorkloads(t *testing.T) {
	s := mustLoad(t, known)
	w := s.Workload("strings")
	if got := w.Problem.Map(); got["name"] != "bitstring" || got["bits"] != int64(50) || got["distortion"] != 1.0 {
		t.Errorf("options %v", got)
	}
	if s.Workload("phase").Problem.Examples() != 60 || s.Tuning.Trials != 2 {
		t.Errorf("%+v", s)
	}
	again := mustLoad(t, s.TOML())
	if again.Hash() != s.Hash() || !slices.Equal(ids(again), ids(s)) {
		t.Errorf("written out it is another suite:\n%s", s.TOML())
	}
	all := ids(s)
	slices.Sort(all)
	if len(slices.Compact(all)) != 8 {
		t.Errorf("%d identities", len(all))
	}
	written := mustLoad(t, strings.Replace(known, `problem = "phase"`, `problem = { dim = 20, name = "phase" }`, 1))
	if !slices.Equal(ids(written), ids(s)) {
		t.Error("a default written out changes identities")
	}
	other := ids(mustLoad(t, strings.Replace(known, `problem = "phase"`, `problem = { dim = 21, name = "phase" }`, 1)))
	if o := ids(s); !slices.Equal(other[:4], o[:4]) || slices.Contains(o, other[4]) {
		t.Error("another option leaves the identity as it is, or changes that of the other workload")
	}
}

func TestProblemsOfProblems(t *testing.T) {
	for _, c := range []struct{ from, to, want string }{
		{`problem = "phase"`, `problem = "phas"`, `11:11: problem: unknown value "phas" (expected "absolute", "bitstring", "game", "phase", "quadratic" or "simplex") | did you mean "phase"?`},
		{`bits = 50`, `bits = 0`, `8:40: bits: expected a whole number at least 1 and at most 1048576, found 0`},
		{`bits = 50`, `bits = 5.5`, `8:40: bits: expected a whole number, found the number 5.5`},
		{`bits = 50`, `bit = 50`, `8:33: unknown key "bit" in the problem of workload "strings" | did you mean "bits"?`},
		{`bits = 50`, `bits = 50, target = 60`, `8:53: target: expected at most the 50 bits, found 60`},
		{`batch_size = 2`, "dim = 3\nloss = { name = \"mse\" }", `12:1: unknown key "dim" in workload "phase" | it belongs to problem = { name = "phase", … }` + "\n" +
			`13:1: unknown key "loss" in workload "phase" | a problem has none: its examples and its exact objective follow from its options`},
		{`[budget]`, "[[metric]]\nname = \"gradnorm\"\nplugin = \"gradnorm\"\n[budget]", `13:3: metric "gradnorm" measures networks, but workload "strings" is a problem | leave the metrics out, or put the problem into a suite of its own` + "\n" +
			`13:3: metric "gradnorm" measures networks, but workload "phase" is a problem | leave the metrics out, or put the problem into a suite of its own`},
	} {
		_, err := load("s.toml", strings.Replace(known, c.from, c.to, 1), options())
		if got := show(err); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.to, got, c.want)
		}
	}
}
