package suite

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// Chosen is the suite with one configuration of every optimizer, in the order of its optimizers, and nothing else to tune, as
// TOML: itself a suite, whose trials are those that the suite has trained for these configurations. A nil entry leaves the
// optimizer out. It holds one workload.
func (s *Suite) Chosen(workload string, chosen []*Configuration, comment string) (string, error) {
	d := s.document()
	d.Suite.Name += "-selected"
	d.Suite.Title += ", selected configurations"
	d.Workload = slices.DeleteFunc(d.Workload, func(w documentWorkload) bool { return w.Name != workload })
	d.Tuning.Method, d.Tuning.Trials = "list", 1
	var kept []documentOptimizer
	var left []string
	for i, o := range d.Optimizer {
		if chosen[i] == nil {
			left = append(left, o.Name)
			continue
		}
		o.Grid, o.List, o.Space, o.Params = nil, nil, nil, withoutNoise(&s.Optimizers[i], maps.Clone(chosen[i].Params))
		kept = append(kept, o)
	}
	if slices.Contains(left, d.Suite.Baseline) || len(kept) == 0 {
		return "", fmt.Errorf("no configuration of the baseline %q was selected on workload %q", d.Suite.Baseline, workload)
	}
	d.Optimizer = kept
	var b bytes.Buffer
	for _, line := range strings.Split(comment, "\n") {
		fmt.Fprintln(&b, strings.TrimRight("# "+line, " "))
	}
	if len(left) > 0 {
		fmt.Fprintf(&b, "# Nothing was selected of %s.\n", strings.Join(left, ", "))
	}
	e := toml.NewEncoder(&b)
	e.Indent = ""
	if err := e.Encode(d); err != nil {
		return "", err
	}
	return b.String(), nil
}
