package suite

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// mine is a folder with a plugin, and options that know what it is.
func mine(t *testing.T, info pluginhost.Info) (string, Options) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "folder")
	if err := os.Mkdir(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, pluginhost.ManifestName), nil, 0o666); err != nil {
		t.Fatal(err)
	}
	o := options()
	o.Describe = func(ref string) (pluginhost.Info, error) {
		if ref == dir {
			return info, nil
		}
		return describe(ref)
	}
	return dir, o
}

func TestAddedOptimizer(t *testing.T) {
	info := plugins["sgd"]
	info.Name = "mine"
	dir, o := mine(t, info)
	o.Optimizers = []string{"sgd," + dir + "[lr=0.5,1e-3, momentum=0.9 nesterov=true]"}
	o.Source = []byte(small)
	s, err := Load("small.toml", o)
	if err != nil {
		t.Fatal(err)
	}
	added := s.Optimizer("mine")
	if added == nil || !added.Added || !added.Selected || !s.Optimizer("sgd").Selected || s.Optimizer("sgd").Added {
		t.Fatalf("%+v", s.Optimizers)
	}
	for _, other := range s.Optimizers {
		if other.Selected != (other.Name == "sgd" || other.Name == "mine") {
			t.Errorf("%s: selected %v", other.Name, other.Selected)
		}
	}
	var labels []string
	for _, c := range s.Configurations(nil, added) {
		labels = append(labels, c.Label)
		if c.Params["momentum"] != 0.9 || c.Params["nesterov"] != true || c.Params["weight_decay"] != 0.0 {
			t.Errorf("%v", c.Params)
		}
	}
	if !slices.Equal(labels, []string{"lr=0.5", "lr=1e-3"}) {
		t.Errorf("%q", labels)
	}
	if !slices.Equal(s.Added(), []string{"mine"}) {
		t.Errorf("added: %q", s.Added())
	}

	// Written into the file it is the same training.
	o.Optimizers, o.Source = nil, []byte(strings.Replace(small, "[[optimizer]]", "[[optimizer]]\nname = \"other-name\"\nplugin = \""+dir+
		"\"\nlist = [{lr = 0.5, momentum = 0.9, nesterov = true}, {lr = 1e-3, momentum = 0.9, nesterov = true}]\n[[optimizer]]", 1))
	written, problems := resolve("small.toml", string(o.Source), o, map[string]*description{})
	if written == nil || written.Optimizer("other-name") == nil {
		t.Fatal(problems)
	}
	a, b := s.Configurations(nil, added)[1], written.Configurations(nil, written.Optimizer("other-name"))[1]
	id := Identity{PluginVersion: "hash"}
	if got, want := s.Training(&s.Workloads[0], added, a, 1, id).ID(), written.Training(&written.Workloads[0], written.Optimizer("other-name"), b, 1, id).ID(); got != want {
		t.Errorf("added on the command line it is training %s, in the file %s", got, want)
	}
}

// An added metric sees the examples of the headline metric.
func TestAddedMetric(t *testing.T) {
	dir, o := mine(t, pluginhost.Info{Name: "mine", Kind: "metric", Version: 1})
	o.Metrics = []string{dir}
	o.Source = []byte(small)
	s, err := Load("small.toml", o)
	if err != nil {
		t.Fatal(err)
	}
	m := s.Metric("mine")
	if m == nil || !m.Added || m.Headline || !m.Selected || m.On != s.Headline().On || s.Headline().Selected {
		t.Errorf("%+v", m)
	}
	if !s.Optimizers[0].Selected {
		t.Error("-M alone chooses among the optimizers")
	}
	// Without another metric, it sees as many as every workload has.
	text := small[:strings.Index(small, "[[metric]]")]
	if i := strings.Index(small, "[report]"); i >= 0 {
		text += small[i:]
	}
	o.Source = []byte(text)
	if s, err = Load("small.toml", o); err != nil {
		t.Fatal(err)
	}
	if m := s.Metric("mine"); !m.Headline || m.On.Batch != 128 || m.On.Examples != 384 {
		t.Errorf("%+v, want 3 batches of 128 of the 500 examples", m.On)
	}
}

func TestSplitOutside(t *testing.T) {
	for text, want := range map[string][]string{
		"sgd":               {"sgd"},
		"a, ./b[x=1,2],c":   {"a", "./b[x=1,2]", "c"},
		"./b[x=1,2 y=3],*":  {"./b[x=1,2 y=3]", "*"},
		"./b[x=[1,2]],./c]": {"./b[x=[1,2]]", "./c]"},
	} {
		if got := splitOutside(text); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

func TestSettings(t *testing.T) {
	for text, want := range map[string]string{
		"": "empty", "0.1": "expected NAME=VALUE", "lr=": "expected NAME=VALUE", "lr=0.1,lr=0.2": "twice", "lr={": "is not a value",
	} {
		if _, problem := settings("-O", text); !strings.Contains(problem, want) {
			t.Errorf("%q: %q, want %q", text, problem, want)
		}
	}
	got, problem := settings("-O", "lr=0.1,2; base=adamw,nesterov=false")
	if problem != "" || len(got) != 3 || got[0].values[0].value != 0.1 || got[0].values[1].value != int64(2) ||
		got[1].values[0].value != "adamw" || got[2].values[0].value != false {
		t.Errorf("%+v %s", got, problem)
	}
}
