package runner

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"

	"github.com/sharpbench/sharpbench/harness/store"
)

// Difference is a field in which two trials differ. A field that one does not have is "—".
type Difference struct {
	Field string `json:"field"`
	Was   string `json:"was"`
	Is    string `json:"is"`
}

// Why says why trials of a suite are new or cached.
type Why struct {
	Optimizer string `json:"optimizer"`
	Workload  string `json:"workload"`
	// State is new, cached, failed (cached as a failure), or partly (trained, but something is to be measured).
	State  string   `json:"state"`
	Trials []string `json:"trials"`
	Names  []string `json:"names"`
	// Near is the stored trial that differs least, empty when there is none that is like it, and Differences in what.
	Near        string       `json:"near,omitempty"`
	Differences []Difference `json:"differences,omitempty"`
	Missing     []string     `json:"missing,omitempty"` // evaluations and measurements, of trained ones
}

// Why explains every trial of the suite, those with one explanation together.
func (r *Runner) Why() ([]Why, error) {
	if err := r.survey(r.all); err != nil {
		return nil, err
	}
	stored, err := r.specs()
	if err != nil {
		return nil, err
	}
	var out []Why
	for _, g := range r.all {
		best, err := r.selected(g)
		if err != nil {
			return nil, err
		}
		trials := r.tuning(g)
		for _, seed := range r.finalSeeds() {
			if best >= 0 {
				trials = append(trials, r.trial(g, best, seed))
			}
		}
		at := map[string]int{}
		for _, t := range trials {
			w, err := r.why(t, stored)
			if err != nil {
				return nil, err
			}
			// Trials with the same explanation are one line, whatever their seeds and nearest trials are.
			var differences []Difference
			for _, d := range w.Differences {
				if d.Field == "seed" {
					d.Was, d.Is = "", ""
				}
				differences = append(differences, d)
			}
			text, _ := json.Marshal([]any{w.State, differences, w.Missing})
			i, ok := at[string(text)]
			if !ok {
				i = len(out)
				at[string(text)] = i
				out = append(out, w)
			}
			out[i].Trials, out[i].Names = append(out[i].Trials, t.ID), append(out[i].Names, t.String())
		}
	}
	return out, nil
}

func (r *Runner) why(t *Trial, stored []storedSpec) (Why, error) {
	w := Why{Optimizer: t.Optimizer.Name, Workload: t.Workload.Name}
	left, err := r.remaining(t)
	if err != nil {
		return w, err
	}
	switch {
	case left.result == nil:
		w.State = "new"
		w.Near, w.Differences = nearest(flatten(t.text), t.ID, stored)
	case left.result.Status != store.Done:
		w.State = "failed"
		w.Missing = []string{left.result.Status + ": " + left.result.Reason}
	case left.none():
		w.State = "cached"
	default:
		w.State = "partly"
		for _, e := range left.evaluations {
			w.Missing = append(w.Missing, "evaluation "+e.Key)
		}
		for _, m := range left.measurements {
			name := "metric " + m.Metric.Name
			if m.At != atEnd {
				name += fmt.Sprintf(" at step %d", m.At)
			}
			w.Missing = append(w.Missing, name)
		}
	}
	return w, nil
}

// storedSpec is the specification of a trial of the store.
type storedSpec struct {
	id     string
	fields map[string]string
}

// specs reads the specifications of all trials that have a result.
func (r *Runner) specs() ([]storedSpec, error) { return storedSpecs(r.Store) }

func storedSpecs(st *store.Store) ([]storedSpec, error) {
	ids, err := st.Find("")
	if err != nil {
		return nil, err
	}
	known, err := st.Records(ids)
	if err != nil {
		return nil, err
	}
	var out []storedSpec
	for i, id := range ids {
		if known[i] == nil {
			continue
		}
		if spec, ok, err := st.Trial(id).Spec(); err == nil && ok {
			out = append(out, storedSpec{id, flatten(spec)})
		}
	}
	return out, nil
}

// Spec is what determines a stored trial, field by field.
func Spec(st *store.Store, id string) (map[string]string, error) {
	spec, ok, err := st.Trial(id).Spec()
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("trial %.12s has no specification that can be read", id)
	}
	return flatten(spec), nil
}

// Nearest finds the stored trial that differs least from a stored one.
func Nearest(st *store.Store, id string) (string, []Difference, error) {
	fields, err := Spec(st, id)
	if err != nil {
		return "", nil, err
	}
	stored, err := storedSpecs(st)
	if err != nil {
		return "", nil, err
	}
	near, differences := nearest(fields, id, stored)
	return near, differences, nil
}

// nearest compares with every stored trial of the same optimizer. A seed counts for little: the same with another seed is
// what one looks for last, after the same seed with other settings.
func nearest(fields map[string]string, id string, stored []storedSpec) (string, []Difference) {
	best, cost := -1, 0
	for i, s := range stored {
		if s.id == id || s.fields["plugin.name"] != fields["plugin.name"] {
			continue
		}
		c := 0
		for name, v := range fields {
			if s.fields[name] != v {
				c += 2
			}
		}
		for name := range s.fields {
			if _, ok := fields[name]; !ok {
				c += 2
			}
		}
		if s.fields["seed"] != fields["seed"] {
			c-- // a tie of one field goes to the other seed
		}
		if best < 0 || c < cost {
			best, cost = i, c
		}
	}
	if best < 0 {
		return "", nil
	}
	return stored[best].id, differ(stored[best].fields, fields)
}

func differ(was, is map[string]string) []Difference {
	names := slices.Collect(maps.Keys(is))
	for name := range was {
		if _, ok := is[name]; !ok {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	var out []Difference
	for _, name := range names {
		a, b := was[name], is[name]
		if a == b {
			continue
		}
		if a == "" {
			a = "—"
		}
		if b == "" {
			b = "—"
		}
		out = append(out, Difference{name, a, b})
	}
	return out
}

// flatten writes a JSON text as dotted names and values.
func flatten(text []byte) map[string]string {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	var tree any
	out := map[string]string{}
	if d.Decode(&tree) != nil {
		return out
	}
	var walk func(path string, v any)
	walk = func(path string, v any) {
		if m, ok := v.(map[string]any); ok {
			for k, e := range m {
				next := k
				if path != "" {
					next = path + "." + k
				}
				walk(next, e)
			}
			return
		}
		switch v := v.(type) {
		case string:
			out[path] = v
		default:
			b, _ := json.Marshal(v)
			out[path] = string(b)
		}
	}
	walk("", tree)
	return out
}
