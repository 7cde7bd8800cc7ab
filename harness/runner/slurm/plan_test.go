package slurm

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// many is a manifest of optimizers with so many trials of the tuning and of the selected configuration each.
func many(optimizers, tuned, final int) runner.Manifest {
	m := runner.Manifest{Suite: "many", Hash: strings.Repeat("0", 64)}
	for o := range optimizers {
		for i := range tuned {
			m.Tasks = append(m.Tasks, runner.Task{Key: fmt.Sprintf("w/o%d/%d", o, i), Workload: "w", Optimizer: fmt.Sprintf("o%d", o), Trial: "t"})
		}
	}
	for o := range optimizers {
		for i := range final {
			m.Tasks = append(m.Tasks, runner.Task{Key: fmt.Sprintf("w/o%d/selected/%d", o, i), Workload: "w", Optimizer: fmt.Sprintf("o%d", o)})
		}
	}
	return m
}

// TestPlan divides runs of all sizes and checks what must hold of every plan.
func TestPlan(t *testing.T) {
	for _, c := range []struct {
		name   string
		m      runner.Manifest
		left   func(i int) bool
		slurm  *suite.Slurm
		limits Limits
		arrays int
	}{
		{"nothing said", many(2, 16, 4), nil, nil, Limits{1001, 5000}, 2},
		{"large", many(10, 800, 200), nil, nil, Limits{1001, 20000}, 8 + 2},
		{"more than may be submitted", many(10, 800, 200), nil, nil, Limits{1001, 3000}, 0},
		{"hardly anything may be submitted", many(3, 50, 5), nil, nil, Limits{1001, 8}, 2},
		{"the tuning is done", many(2, 16, 4), func(i int) bool { return i >= 32 }, nil, Limits{1001, 5000}, 1},
		{"half of the tuning is done", many(2, 16, 4), func(i int) bool { return i >= 16 }, nil, Limits{1001, 5000}, 2},
		{"resources", many(3, 16, 4), nil, &suite.Slurm{Options: []suite.SlurmOption{{Key: "mem", Value: "1G"}}, MaxConcurrent: 10,
			Optimizers: map[string][]suite.SlurmOption{"o1": {{Key: "mem", Value: "8G"}, {Key: "cpus-per-task", Value: "4"}}}}, Limits{1001, 5000}, 4},
		{"several trials a task", many(1, 10, 0), nil, &suite.Slurm{TrialsPerTask: 3}, Limits{1001, 5000}, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			var left []int
			for i := range c.m.Tasks {
				if c.left == nil || c.left(i) {
					left = append(left, i)
				}
			}
			o := Options{Runner: &runner.Runner{Suite: &suite.Suite{Slurm: c.slurm}}, Output: "reports/many"}
			p := o.plan(c.m, left, "token", c.limits)
			seen := map[int]string{}
			tasks, limit := 1, map[string]int{}
			place := map[string]int{}
			for n, a := range p.Arrays {
				if len(a.Tasks) == 0 || len(a.Tasks) > c.limits.ArraySize {
					t.Errorf("%s has %d tasks", a.Name, len(a.Tasks))
				}
				if _, twice := place[a.Name]; twice {
					t.Errorf("%s is there twice", a.Name)
				}
				place[a.Name] = n
				tasks += len(a.Tasks)
				limit[a.Stage] += a.Limit
				for _, part := range a.Tasks {
					for _, i := range part {
						if seen[i] != "" {
							t.Errorf("task %d is in %s and in %s", i, seen[i], a.Name)
						}
						seen[i] = a.Name
					}
				}
				for _, name := range a.After {
					if before, ok := place[name]; !ok || before >= n {
						t.Errorf("%s waits for %s, which is not submitted before it", a.Name, name)
					}
				}
			}
			if len(seen) != len(left) {
				t.Errorf("%d tasks are planned, want %d", len(seen), len(left))
			}
			if tasks > c.limits.Submit {
				t.Errorf("%d tasks, %d may be submitted", tasks, c.limits.Submit)
			}
			if c.arrays > 0 && len(p.Arrays) != c.arrays {
				t.Errorf("%d arrays, want %d", len(p.Arrays), c.arrays)
			}
			if len(p.Board.After) != len(p.Arrays) {
				t.Errorf("the board waits for %d of %d arrays", len(p.Board.After), len(p.Arrays))
			}
			if c.slurm != nil && c.slurm.MaxConcurrent > 0 && (limit[tuning] > c.slurm.MaxConcurrent || limit[tuning] == 0) {
				t.Errorf("%d tasks at a time, want at most %d", limit[tuning], c.slurm.MaxConcurrent)
			}
			// What is selected waits for every trial that it is selected from.
			tuned := map[string]map[string]bool{} // arrays by optimizer
			for i, name := range seen {
				if task := c.m.Tasks[i]; task.Tuning() {
					if tuned[task.Optimizer] == nil {
						tuned[task.Optimizer] = map[string]bool{}
					}
					tuned[task.Optimizer][name] = true
				}
			}
			for i, name := range seen {
				if task := c.m.Tasks[i]; !task.Tuning() {
					for other := range tuned[task.Optimizer] {
						if !slices.Contains(p.Arrays[place[name]].After, other) {
							t.Fatalf("%s in %s does not wait for %s", task.Key, name, other)
						}
					}
				}
			}
		})
	}
}

func TestScript(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a b's 100%")
	st, err := store.Open(dir, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	p := &Plan{Bench: dir + "/frozen/bench", Cache: dir + "/data", Setup: []string{"module load go"}}
	a := Array{Name: "bench-x-tuning", Stage: tuning, Tasks: [][]int{{0}, {1}, {2}}, Limit: 2, Options: []string{"--comment=it is \"so\" # really", "--exclusive", "--time=04:00:00"}}
	text, err := script(st, "run", "/home/me/my project", p, a)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"#SBATCH --array=0-2%2", `#SBATCH --comment="it is \"so\" # really"`, "#SBATCH --exclusive", "#SBATCH --time=04:00:00", "#SBATCH --requeue", "#SBATCH --open-mode=append",
		`#SBATCH --output="` + strings.ReplaceAll(dir, "%", "%%") + `/runs/run/slurm/logs/bench-x-tuning_%a.out"`, `#SBATCH --chdir="/home/me/my project"`, "module load go",
		"export BENCH_CACHE='" + strings.ReplaceAll(dir, "'", `'\''`) + "/data'",
	} {
		if !slices.Contains(strings.Split(text, "\n"), line) {
			t.Errorf("there is no line %s in\n%s", line, text)
		}
	}
	if !strings.HasSuffix(text, " slurm task run bench-x-tuning\n") || !strings.Contains(text, " --offline ") {
		t.Error(text)
	}
	if out, err := exec.Command("bash", "-n", "-c", text).CombinedOutput(); err != nil {
		t.Errorf("bash: %v %s", err, out)
	}
	if text, err = script(st, "run", "/home", p, Array{Name: "bench-x-board", Stage: board}); err != nil || strings.Contains(text, "--array") || !strings.HasSuffix(text, " slurm board run bench-x-board\n") {
		t.Errorf("%v\n%s", err, text)
	}
	if _, err = script(st, "run", "/home/\"me\"", p, a); err == nil {
		t.Error("a path that sbatch cannot be told was accepted")
	}
}

func TestFreeze(t *testing.T) {
	from, root := t.TempDir(), filepath.Join(t.TempDir(), "frozen")
	write := func(name, text string) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(from, name)), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(from, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("run", "#!/bin/sh\n")
	write("sub/data", "42\n")
	files := func() []source {
		return []source{{name: "run", path: filepath.Join(from, "run")}, {name: "sub/data", path: filepath.Join(from, "sub/data")}}
	}
	dir, copied, err := freeze(root, "p", files(), false)
	if err != nil || len(copied) != 2 || Verify(copied) != nil {
		t.Fatalf("%s, %v, %v", dir, copied, err)
	}
	if st, err := os.Stat(filepath.Join(dir, "run")); err != nil || st.Mode()&0o100 == 0 {
		t.Errorf("the copy cannot be executed: %v", err)
	}
	if again, _, err := freeze(root, "p", files(), false); err != nil || again != dir {
		t.Errorf("the same files have another copy %s, %v", again, err)
	}
	// What happens to the original is no matter; other contents are another copy.
	write("sub/data", "43\n")
	if err := Verify(copied); err != nil {
		t.Error(err)
	}
	other, _, err := freeze(root, "p", files(), true)
	if err != nil || other == dir {
		t.Errorf("%s, %v", other, err)
	}
	// A damaged copy is found on every node, and made anew.
	if err := os.WriteFile(filepath.Join(dir, "sub/data"), []byte("44\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := Verify(copied); err == nil || !strings.Contains(err.Error(), "is not the file that was copied") {
		t.Error(err)
	}
	write("sub/data", "42\n")
	if again, _, err := freeze(root, "p", files(), false); err != nil || again != dir || Verify(copied) != nil {
		t.Errorf("after it was damaged: %s, %v, %v", again, err, Verify(copied))
	}
	if _, _, err := freeze(root, "p", []source{{name: "run", path: filepath.Join(from, "run"), sha256: strings.Repeat("0", 64)}}, false); err == nil {
		t.Error("a file that was changed after it had been hashed was copied")
	}
}

func TestVerifyOnce(t *testing.T) {
	node := t.TempDir()
	path := filepath.Join(t.TempDir(), "data")
	if err := os.WriteFile(path, []byte("42"), 0o666); err != nil {
		t.Fatal(err)
	}
	size, sum, err := hash(path)
	if err != nil {
		t.Fatal(err)
	}
	files := []File{{path, size, sum}}
	for range 2 {
		if err := verifyOnce(node, files); err != nil {
			t.Fatal(err)
		}
	}
	later := time.Now().Add(time.Second)
	if err := os.WriteFile(path, []byte("43"), 0o666); err != nil {
		t.Fatal(err)
	}
	os.Chtimes(path, later, later)
	if err := verifyOnce(node, files); err == nil {
		t.Error("a file that was touched was not looked at again")
	}
}

// TestDisagreements compares what files and Slurm say of a trial.
func TestDisagreements(t *testing.T) {
	for _, c := range []struct {
		state string
		slurm State
		why   string
		lease time.Duration // since it was renewed; 0: there is none
		want  string
	}{
		{store.Done, Completed, "", 0, ""},
		{store.Failed, "FAILED", "", 0, ""},
		{waiting, Pending, "Priority", 0, ""},
		{store.Running, Running, "", time.Second, ""},
		{store.Stopped, Pending, "BeginTime", 0, ""},
		{store.Stopped, Canceled, "", 0, ""},
		{waiting, "", "", 0, ""},
		{waiting, Completed, "", 0, "there is no result"},
		{store.Done, "TIMEOUT", "", 0, "it is done, although Slurm says TIMEOUT"},
		{store.Running, "NODE_FAIL", "", time.Hour, "its files say that it runs, but Slurm says NODE_FAIL"},
		{store.Running, "NODE_FAIL", "", time.Second, "somebody works on it, although Slurm says NODE_FAIL"},
		{store.Running, Running, "", time.Minute, "last renewed 1m0s ago"},
		{store.Running, Pending, "", time.Second, "somebody works on it, although Slurm says PENDING"},
		{store.Running, "", "", time.Hour, "nobody works on it any more"},
		{waiting, "HIBERNATING", "", 0, "HIBERNATING, which this bench does not know"},
		{waiting, Pending, "DependencyNeverSatisfied", 0, "it will never run"},
		{waiting, Pending, "launch_failed_requeued_held", 0, "it will never run"},
	} {
		x := TaskStatus{State: c.state, Slurm: c.slurm, Reason: c.why, Trial: "t"}
		leases := map[string]time.Time{}
		if c.lease > 0 {
			leases["t"] = time.Now().Add(-c.lease)
		}
		x.compare(c.slurm != "", true, Record{State: c.state}, leases)
		if (c.want == "") != (x.Disagreement == "") || !strings.Contains(x.Disagreement, c.want) {
			t.Errorf("%s, Slurm %s %s, lease %s: %q, want %q", c.state, c.slurm, c.why, c.lease, x.Disagreement, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("12_[0-3,7-9:2%4]")
	f.Add("12")
	f.Add("JobId=14 ArrayJobId=12 ArrayTaskId=1 JobState=RUNNING")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) < 100 && !strings.Contains(text, "-") { // ranges may be long
			parseArray(text)
		}
		for _, j := range slices.Concat(parseQueue(queueText(text)), parseShow(text)) {
			if j.ID == "" || j.Task < -1 {
				t.Errorf("%q: %+v", text, j)
			}
		}
	})
}

func queueText(s string) string { return fmt.Sprintf("%-30.20s%-20.10s", s, s) }
