//go:build slurm

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner/slurm"
	"github.com/sharpbench/sharpbench/harness/runner/slurm/slurmtest"
)

// forty is the small suite with 40 trials: 2 optimizers × (8 configurations × 2 seeds + the selected one on 4 more).
var forty = strings.NewReplacer(
	"seeds = [0, 1]\n", "seeds = [0, 1, 2, 3, 4, 5]\n", "trials = 2", "trials = 8", "seeds = [0]", "seeds = [0, 1]",
	"lr = [0.05, 0.1]", "lr = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2]", "rho = [0.05, 0.1]", "rho = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2]",
	"limit = 10", "limit = 3").Replace(small)

// onPartition adds the resources of a suite.
func onPartition(suite string, partition int, more string) string {
	return suite + fmt.Sprintf("[engine.slurm]\npartition = \"p%d\"\nmem = \"100M\"\n%s", partition, more)
}

// field is a project on a cluster.
type field struct {
	t       *testing.T
	cluster *slurmtest.Cluster
	dir     string
}

func newField(t *testing.T, c *slurmtest.Cluster, suite string) *field {
	// Not in the folder of the test, which goes while jobs may still be writing.
	dir, err := os.MkdirTemp("/tmp", "bench slurm") // with a space: paths have them
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !t.Failed() {
			os.RemoveAll(dir)
		} else {
			t.Logf("the project is in %s", dir)
		}
	})
	writeFile(t, filepath.Join(dir, "small.toml"), suite)
	return &field{t, c, dir}
}

func (f *field) bench(args ...string) *exec.Cmd {
	c := bench(f.t, f.dir, args...)
	c.Env = append(c.Env, "SLURM_CONF="+f.cluster.Conf)
	return c
}

// submit runs bench run --engine slurm and returns what it printed.
func (f *field) submit(args ...string) (s slurm.Submission) {
	f.t.Helper()
	c := f.bench(append([]string{"run", "small.toml", "--engine", "slurm", "--json"}, args...)...)
	var errs bytes.Buffer
	c.Stderr = &errs
	out, err := c.Output()
	if err != nil {
		f.t.Fatalf("%v\n%s%s", err, out, errs.Bytes())
	}
	if err := json.Unmarshal(out, &s); err != nil {
		f.t.Fatalf("%v\n%s", err, out)
	}
	return s
}

// jobs are all jobs that Slurm has of this project.
func (f *field) jobs() map[string]slurm.Job {
	f.t.Helper()
	var ids []string
	found, err := filepath.Glob(filepath.Join(f.dir, ".bench/runs/*/slurm/jobs/*.json"))
	if err != nil {
		f.t.Fatal(err)
	}
	for _, path := range found {
		var s struct{ Record slurm.Submitted }
		if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &s) != nil {
			f.t.Fatalf("%s: %v", path, err)
		}
		ids = append(ids, s.Record.Job)
	}
	f.t.Setenv("SLURM_CONF", f.cluster.Conf)
	jobs, notes := (&slurm.Client{}).Jobs(f.t.Context(), ids)
	if len(jobs) == 0 && len(notes) > 0 {
		return nil // no controller just now
	}
	return jobs
}

func (f *field) results() int {
	return len(files(f.t, f.dir, ".bench/trials", func(n string) bool { return n == "result.json" }))
}

// ended waits until no job is left, and returns the last job's state: that of the board.
func (f *field) ended(s slurm.Submission, limit time.Duration) slurm.State {
	f.t.Helper()
	board := s.Jobs[len(s.Jobs)-1].Job
	var state slurm.State
	f.cluster.Await(limit, "the board", func() bool {
		state = f.jobs()[board].State
		return state.Ended()
	})
	return state
}

func (f *field) log(s slurm.Submission) string {
	text, err := os.ReadFile(filepath.Join(f.dir, ".bench/runs", s.Run, "slurm/logs", s.Jobs[len(s.Jobs)-1].Name+".out"))
	if err != nil {
		f.t.Error(err)
	}
	return string(text)
}

// local runs a suite without a cluster and returns the report, which is what every other way must lead to.
func local(t *testing.T, suite string) map[string][]byte {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "small.toml"), suite)
	if out, err := bench(t, dir, "run", "small.toml").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return files(t, dir, "reports", func(string) bool { return true })
}

func (f *field) mustBe(want map[string][]byte, s slurm.Submission) {
	f.t.Helper()
	mustEqual(f.t, "report", want, files(f.t, f.dir, "reports", func(string) bool { return true }))
	if f.t.Failed() {
		f.t.Logf("the log of the board's job:\n%s\n%s", f.log(s), f.cluster.Describe())
	}
}

func TestSlurm(t *testing.T) {
	c := slurmtest.Start(t, 2, 2)
	want := local(t, forty)

	// 40 trials; the process that submits is killed as soon as it has, and so is a node in the middle.
	f := newField(t, c, onPartition(forty, 1, ""))
	login := f.bench("run", "small.toml", "--engine", "slurm", "--json")
	var out bytes.Buffer
	login.Stdout = &out
	if err := login.Run(); err != nil {
		t.Fatal(err)
	}
	_ = syscall.SIGKILL
	_ = errors.New
	var s slurm.Submission
	json.Unmarshal(out.Bytes(), &s)
	if state := f.ended(s, 3*time.Minute); state != slurm.Completed {
		t.Errorf("the board's job: %s\n%s", state, f.log(s))
	}
	f.mustBe(want, s)
}
