package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
)

// A trial that is made again is the same; a record of another training is told apart, with its distance.
func TestRepro(t *testing.T) {
	dir := project(t)
	if out, err := bench(t, dir, "run", "small.toml", "--only", "optimizer:sgd seed:0").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found, err := filepath.Glob(filepath.Join(dir, ".bench/trials/*/*"))
	if err != nil || len(found) != 2 {
		t.Fatal(found, err)
	}
	id := filepath.Base(found[0])
	// The suite may have been changed since.
	writeFile(t, filepath.Join(dir, "small.toml"), strings.Replace(small, "limit = 10", "limit = 3", 1))
	out, err := bench(t, dir, "repro", id[:10]).Output()
	if err != nil || !strings.Contains(string(out), "the same, bit for bit") {
		t.Fatalf("%v\n%s", err, out)
	}
	st, err := store.Open(filepath.Join(dir, ".bench"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p, err := st.Trial(id).Params()
	if err != nil {
		t.Fatal(err)
	}
	r, _, err := st.Trial(id).Result()
	if err != nil {
		t.Fatal(err)
	}
	p.W[3] += 0.5
	if err := st.Trial(id).Finish(*r, p); err != nil {
		t.Fatal(err)
	}
	out, err = bench(t, dir, "repro", id, "--json").Output()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != exitDiffers {
		t.Fatalf("%v\n%s", err, out)
	}
	var got runner.Reproduction
	if err := json.Unmarshal(out, &got); err != nil {
		t.Fatal(err)
	}
	if got.Same || got.Distance < 0.499999 || got.Distance > 0.500001 || got.Largest < 0.499999 {
		t.Errorf("%+v", got)
	}
}

// Somebody else ends a run, or takes a trial out of it: both leave checkpoints, and the run goes on later to the same end.
func TestCancel(t *testing.T) {
	long := []string{"run", "small.toml", "-j", "1", "-O", "sgd", "--set", "budget.limit=2000"}
	begin := func(dir string) (*exec.Cmd, *strings.Builder) {
		t.Helper()
		run := bench(t, dir, long...)
		said := &strings.Builder{}
		run.Stderr = said
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		for deadline := time.Now().Add(time.Minute); len(files(t, dir, ".", func(n string) bool { return n == "curve.jsonl" })) == 0; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("no trial began")
			}
		}
		return run, said
	}
	interrupted := func(err error) bool {
		var exit *exec.ExitError
		return errors.As(err, &exit) && exit.ExitCode() == exitInterrupted
	}
	dir := project(t)
	run, said := begin(dir)
	out, err := bench(t, dir, "status").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "running: ") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := bench(t, dir, "cancel", "20").CombinedOutput(); err != nil || !strings.Contains(string(out), "has ended") {
		t.Errorf("%v\n%s", err, out)
	}
	if err := run.Wait(); !interrupted(err) || !strings.Contains(said.String(), "canceled with bench cancel") {
		t.Errorf("%v\n%s", err, said)
	}
	if len(files(t, dir, ".bench/trials", func(name string) bool { return name == "state.safetensors" })) != 1 {
		t.Error("no checkpoint")
	}
	out, err = bench(t, dir, "status").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "nobody carries it out any more") {
		t.Errorf("%v\n%s", err, out)
	}
	os.RemoveAll(filepath.Join(dir, ".bench"))
	run, said = begin(dir)
	if out, err := bench(t, dir, "cancel", "20", "--only", "optimizer:sgd").CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := run.Wait(); !interrupted(err) || !strings.Contains(said.String(), "2 trials were canceled") {
		t.Errorf("%v\n%s", err, said)
	}
}

// Two runs on one store at once share the work: no trial is trained twice, and both end with the same board.
func TestTwoRunsAtOnce(t *testing.T) {
	dir := project(t)
	a, b := bench(t, dir, "run", "small.toml", "-j", "2", "-o", "a"), bench(t, dir, "run", "small.toml", "-j", "2", "-o", "b")
	for _, c := range []*exec.Cmd{a, b} {
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []*exec.Cmd{a, b} {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	st, err := store.Open(filepath.Join(dir, ".bench"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := st.Find("")
	if err != nil || len(ids) != 6 {
		t.Fatal(ids, err)
	}
	for _, id := range ids {
		list, err := st.Trial(id).Attempts()
		if err != nil || len(list) != 1 || list[0].How != store.Done {
			t.Errorf("trial %.8s: %+v, %v", id, list, err)
		}
	}
	all := func(string) bool { return true }
	mustEqual(t, "boards", files(t, dir, "a", all), files(t, dir, "b", all))
}
