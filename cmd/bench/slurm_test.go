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
	c.Env = append(c.Env, "SLURM_CONF="+f.cluster.Conf, "HOME="+f.dir)
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

// submitted are the numbers of the jobs of this project that were noted.
func (f *field) submitted() []string {
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
	return ids
}

// jobs are all jobs that Slurm has of this project.
func (f *field) jobs() map[string]slurm.Job {
	f.t.Helper()
	jobs, notes := (&slurm.Client{Env: []string{"SLURM_CONF=" + f.cluster.Conf}}).Jobs(f.t.Context(), f.submitted())
	if len(jobs) == 0 && len(notes) > 0 {
		return nil // no controller just now
	}
	return jobs
}

func (f *field) results() int {
	if _, err := os.Stat(filepath.Join(f.dir, ".bench/trials")); err != nil {
		return 0
	}
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
	putSlow(t, dir)
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

// six is the small suite; it has 6 trials.
const six = small

// slow has two trials of a plugin of somebody's, which take 40 seconds each where there is a file called slow at home.
var slow = strings.NewReplacer("seeds = [0, 1]\n", "seeds = [0]\n", "trials = 2", "trials = 1", "limit = 10", "limit = 120",
	"lr = [0.05, 0.1]", "lr = [0.1]", "rho = [0.05, 0.1]", "momentum = [0.5]", "plugin = \"sgd\"", "plugin = \"./slow\"", "plugin = \"sam\"", "plugin = \"./slow\"",
	"params = { base = \"sgd\", momentum = 0.9, lr = 0.1 }", "params = { lr = 0.1 }").Replace(small)

// putSlow puts its plugin into a project.
func putSlow(t *testing.T, dir string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(dir, "slow"), 0o777); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "slow/plugin.toml"), "kind = \"optimizer\"\ncommand = [\"./run\"]\nfiles = [\"run\"]\n")
	if err := os.WriteFile(filepath.Join(dir, "slow/run"), []byte("#!/bin/sh\nexec '"+self+"' slow-sgd\n"), 0o777); err != nil {
		t.Fatal(err)
	}
}

// TestSlurm runs suites on a real Slurm and lets happen what happens on clusters. Whatever it was, the board is the one of a
// run without a cluster, byte for byte. The cases share the cluster, at the same time.
func TestSlurm(t *testing.T) {
	c := slurmtest.Start(t, 2, 2)
	wantForty, wantSix, wantSlow := local(t, forty), local(t, six), local(t, slow)

	t.Run("a node is lost", func(t *testing.T) {
		t.Parallel()
		f := newField(t, c, onPartition(forty, 2, ""))
		// The process that submits is killed as soon as Slurm has everything.
		login := f.bench("run", "small.toml", "--engine", "slurm")
		if err := login.Start(); err != nil {
			t.Fatal(err)
		}
		c.Await(time.Minute, "the submission", func() bool { return len(f.submitted()) == 3 })
		login.Process.Kill()
		login.Wait()
		// The same again, while the jobs are there: they are recognised.
		s := f.submit()
		if !s.Already || len(s.Jobs) != 3 || s.Trials != 40 {
			t.Errorf("submitted twice: %+v", s)
		}
		c.Await(2*time.Minute, "a few trials", func() bool { return f.results() >= 6 })
		// A trial takes about a second; now and then none is on the node just then.
		lost := 0
		for range 20 {
			if lost = c.LoseNode(3); lost > 0 {
				break
			}
			c.StartNode(3)
			c.Await(30*time.Second, "trials on node 3", func() bool {
				for _, j := range f.jobs() {
					if j.State == slurm.Running && j.Nodes == "node3" {
						return true
					}
				}
				return f.results() == 40
			})
		}
		if state := f.ended(s, 4*time.Minute); state != slurm.Completed {
			t.Errorf("the board's job: %s", state)
		}
		restarts := 0
		for _, j := range f.jobs() {
			restarts += j.Restarts
		}
		if lost == 0 || restarts == 0 {
			t.Errorf("%d tasks were on the node, %d started again: nothing was lost", lost, restarts)
		}
		f.mustBe(wantForty, s)
		if n := len(f.jobs()); n != 32+8+1 {
			t.Errorf("%d jobs, want 32 + 8 tasks and the board", n)
		}
	})

	t.Run("killed while submitting", func(t *testing.T) {
		t.Parallel()
		f := newField(t, c, onPartition(six, 1, ""))
		// Slurm takes the second job, but nobody lives to hear of it.
		slowly := t.TempDir()
		sbatch, err := exec.LookPath("sbatch")
		if err != nil {
			t.Fatal(err)
		}
		script := "#!/bin/sh\n" + sbatch + " \"$@\"\necho >> " + slowly + "/count\n[ $(wc -l < " + slowly + "/count) -lt 2 ] || sleep 100\n"
		if err := os.WriteFile(filepath.Join(slowly, "sbatch"), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
		login := f.bench("run", "small.toml", "--engine", "slurm")
		login.Env = append(login.Env, "PATH="+slowly+":"+os.Getenv("PATH"))
		login.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := login.Start(); err != nil {
			t.Fatal(err)
		}
		c.Await(time.Minute, "the second sbatch", func() bool {
			text, _ := os.ReadFile(filepath.Join(slowly, "count"))
			return bytes.Count(text, []byte("\n")) >= 2
		})
		syscall.Kill(-login.Process.Pid, syscall.SIGKILL)
		login.Wait()
		if n := len(f.submitted()); n != 1 {
			t.Fatalf("%d jobs are noted, want 1", n)
		}
		s := f.submit()
		if !s.Resumed || len(s.Jobs) != 3 {
			t.Errorf("after the login process was killed: %+v", s)
		}
		if state := f.ended(s, 4*time.Minute); state != slurm.Completed {
			t.Errorf("the board's job: %s", state)
		}
		f.mustBe(wantSix, s)
		// No job was handed over twice: their names say so.
		out, err := c.Command("squeue", "-h", "-t", "all", "-o", "%F %j").Output()
		if err != nil {
			t.Fatal(err)
		}
		for _, j := range s.Jobs {
			numbers := map[string]bool{}
			for _, line := range strings.Split(string(out), "\n") {
				if number, name, _ := strings.Cut(line, " "); name == j.Name {
					numbers[number] = true
				}
			}
			if len(numbers) != 1 || !numbers[j.Job] {
				t.Errorf("%s: jobs %v, want %s alone", j.Name, numbers, j.Job)
			}
		}
	})

	t.Run("the controller is killed", func(t *testing.T) {
		t.Parallel()
		// On a cluster of its own: what a controller has begun in the very moment in which it dies it begins twice, and Slurm
		// then takes the node out of service.
		own := slurmtest.Start(t, 1)
		f := newField(t, own, onPartition(slow, 1, ""))
		putSlow(t, f.dir)
		s := f.submit()
		running := func() int {
			n := 0
			for _, j := range f.jobs() {
				if j.State == slurm.Running {
					n++
				}
			}
			return n
		}
		own.Await(2*time.Minute, "two tasks that run", func() bool { return running() == 2 })
		time.Sleep(8 * time.Second) // the controller writes its state
		own.KillController()
		// The tasks go on, and end, without anybody to tell.
		own.Await(2*time.Minute, "a trial", func() bool { return f.results() >= 1 })
		own.StartController()
		if state := f.ended(s, 2*time.Minute); state != slurm.Completed {
			t.Errorf("the board's job: %s", state)
		}
		f.mustBe(wantSlow, s)
	})

	t.Run("the time is up", func(t *testing.T) {
		t.Parallel()
		f := newField(t, c, onPartition(slow, 1, "time = 1\nsignal = \"B:USR1@50\"\n"))
		putSlow(t, f.dir)
		s := f.submit()
		// The jobs have copies of everything.
		if err := errors.Join(os.RemoveAll(filepath.Join(f.dir, "slow")), os.Remove(filepath.Join(f.dir, "small.toml"))); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(f.dir, "slow"), "")
		if state := f.ended(s, 5*time.Minute); state != slurm.Completed {
			t.Errorf("the board's job: %s", state)
		}
		f.mustBe(wantSlow, s)
		restarts, continued := 0, 0
		for _, j := range f.jobs() {
			restarts += j.Restarts
		}
		for _, text := range files(t, f.dir, ".bench/trials", func(n string) bool { return n == "log.txt" }) {
			continued += strings.Count(string(text), "continuing at step")
		}
		if restarts == 0 || continued == 0 {
			t.Errorf("%d restarts, %d trials continued from a checkpoint: the time limit was not met", restarts, continued)
		}
		t.Logf("%d restarts, %d times continued", restarts, continued)
	})

	t.Run("canceled", func(t *testing.T) {
		t.Parallel()
		f := newField(t, c, onPartition(six, 1, "max_concurrent = 1\n"))
		first := f.submit()
		c.Await(2*time.Minute, "a trial", func() bool { return f.results() >= 1 })
		if out, err := f.bench("cancel", first.Run).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		c.Await(time.Minute, "the end of the jobs", func() bool {
			jobs := f.jobs()
			for _, j := range jobs {
				if !j.State.Ended() {
					return false
				}
			}
			return len(jobs) > 0
		})
		out, err := f.bench("status", first.Run, "--failed").CombinedOutput()
		if err != nil || !strings.Contains(string(out), "CANCELLED") || !strings.Contains(string(out), "not to go on: canceled") {
			t.Errorf("%v\n%s", err, out)
		}
		if f.results() == 6 {
			t.Error("nothing was canceled")
		}
		if _, err := os.Stat(filepath.Join(f.dir, "reports")); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("a canceled run has rendered a board: %v", err)
		}
		kept := f.results()
		s := f.submit()
		if s.Already || s.Resumed || s.Run == first.Run || s.Trials > 6-kept {
			t.Errorf("after it was canceled with %d trials kept: %+v", kept, s)
		}
		if state := f.ended(s, 4*time.Minute); state != slurm.Completed {
			t.Errorf("the board's job: %s", state)
		}
		f.mustBe(wantSix, s)
	})
}

// TestSlurmPage does what docs/slurm.md says.
func TestSlurmPage(t *testing.T) {
	f := newField(t, nil, six)
	f.cluster = slurmtest.Start(t, 1) // ends before the folder goes: canceled tasks are still writing
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	if err := os.WriteFile(filepath.Join(bin, "bench"), []byte("#!/bin/sh\nexec '"+self+"' \"$@\"\n"), 0o777); err != nil {
		t.Fatal(err)
	}
	run, submissions := "", 0
	for _, b := range blocks(t, "../../docs/slurm.md") {
		if b.file != "" {
			path := filepath.Join(f.dir, b.file)
			if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
				t.Fatal(err)
			}
			writeFile(t, path, strings.ReplaceAll(b.text, `"cpu"`, `"p1"`))
			continue
		}
		if b.language != "console" {
			t.Fatalf("nobody tests the block under %q", b.section)
		}
		for _, line := range strings.Split(strings.TrimSpace(b.text), "\n") {
			command := strings.ReplaceAll(strings.TrimPrefix(line, "$ "), "RUN", run)
			cmd := f.bench()
			cmd.Path, cmd.Args = "/bin/sh", []string{"sh", "-e", "-c", command}
			cmd.Env = append(cmd.Env, "PATH="+bin+":"+os.Getenv("PATH"))
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%s: %v\n%s", command, err, out)
			}
			text := string(out)
			want := map[string]string{"Look before you submit": "#SBATCH --time=08:00:00", "Where it stands": "", "Cancel": "canceled"}[b.section]
			if b.section == "Submit" {
				want = "handed to Slurm: 6 trials\n"
				if submissions++; submissions == 2 {
					want = "nothing was submitted: 6 trials\n"
				}
				found, _ := filepath.Glob(filepath.Join(f.dir, ".bench/runs/*"))
				if len(found) != 1 {
					t.Fatalf("runs: %v\n%s", found, out)
				}
				run = filepath.Base(found[0])
			}
			if strings.HasPrefix(command, "bench status") {
				want = "run " + run + " on Slurm: 6 trials"
			}
			if !strings.Contains(text, want) {
				t.Errorf("%s: there is no %q in\n%s", command, want, text)
			}
		}
	}
	if submissions != 2 {
		t.Errorf("%d submissions, want 2", submissions)
	}
}
