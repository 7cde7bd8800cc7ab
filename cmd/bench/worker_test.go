package main

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
)

// Trials that workers have computed one by one, in processes that know nothing but the manifest, are the same as those of a
// plain run.
func TestWorkers(t *testing.T) {
	whole := project(t)
	if out, err := bench(t, whole, "run", "small.toml", "-j", "1").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	dir := project(t)
	t.Chdir(dir)
	host := newPlugins()
	s, err := suite.Load("small.toml", suite.Options{Describe: host.Describe, PluginNames: plugins.Names()})
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(".bench", store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := &runner.Runner{Suite: s, Store: st, Plugins: host, Jobs: 1, Reporter: progress.Silent{}, Release: release}
	if err := r.Prepare(); err != nil {
		t.Fatal(err)
	}
	f, err := r.Forecast()
	if err != nil {
		t.Fatal(err)
	}
	run, m, err := r.Begin("local", f)
	if err != nil {
		t.Fatal(err)
	}
	run.Close()
	if len(m.Tasks) != 6 {
		t.Fatalf("%d tasks, want 6", len(m.Tasks))
	}
	// The suite may be edited meanwhile: workers know what it was.
	writeFile(t, filepath.Join(dir, "small.toml"), "schema = 99\n")

	var exit *exec.ExitError
	out, err := bench(t, dir, "worker", run.ID(), "4").CombinedOutput()
	if !errors.As(err, &exit) || exit.ExitCode() != exitUnavailable || !strings.Contains(string(out), "the tuning has not ended") {
		t.Fatalf("a selected configuration before the tuning: %v\n%s", err, out)
	}
	for _, tasks := range [][]int{{0, 1}, {2}, {3}, {4}, {5}} {
		args := []string{"worker", run.ID()}
		for _, i := range tasks {
			args = append(args, fmt.Sprint(i))
		}
		if out, err := bench(t, dir, args...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", tasks, err, out)
		}
	}
	writeFile(t, filepath.Join(dir, "small.toml"), small)
	if out, err := bench(t, dir, "run", "small.toml").CombinedOutput(); err != nil || !strings.Contains(string(out), "all 6 trials cached") {
		t.Fatalf("%v\n%s", err, out)
	}
	all := func(string) bool { return true }
	mustEqual(t, "report", files(t, whole, "reports", all), files(t, dir, "reports", all))
}
