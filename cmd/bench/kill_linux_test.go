package main

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
	"github.com/sharpbench/sharpbench/plugins"
)

// victim is a run that is killed again and again. It has one trial.
type victim struct {
	dir  string
	args []string
}

// children are the processes that a process has started, and that live.
func children(pid int) []int {
	var out []int
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range stats {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		// pid (command) state parent: the command may contain anything.
		_, rest, ok := strings.Cut(string(text[max(0, bytes.LastIndexByte(text, ')')):]), ") ")
		fields := strings.Fields(rest)
		if !ok || len(fields) < 2 || fields[0] == "Z" || fields[1] != strconv.Itoa(pid) {
			continue
		}
		child, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		out = append(out, child)
	}
	return out
}

// kill runs the victim to its end and kills it so many times on the way: the plugin, the process that runs the trial, or both,
// at random instants. It returns how often something that lived was killed while the trial was at work.
func (v victim) kill(t *testing.T, quota int, random *rand.Rand, within time.Duration) int {
	t.Helper()
	kills, seen := 0, v.attempts()
	for tries := 0; tries < quota+20; tries++ {
		run := bench(t, v.dir, v.args...)
		var said bytes.Buffer
		run.Stderr = &said
		if err := run.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- run.Wait() }()
		killed := false // this process, not only its plugins
		var err error
		for over := false; !over; {
			wait := time.Hour
			if kills < quota && !killed {
				wait = time.Millisecond
			}
			select {
			case err = <-ended:
				over = true
			case <-time.After(wait):
				// Each kill has an attempt of its own, which has got under way.
				if !v.atWork() || v.attempts() == seen {
					time.Sleep(3 * time.Millisecond)
					continue
				}
				time.Sleep(time.Duration(random.Int64N(int64(within))))
				plugin, worker := random.IntN(3) != 0, random.IntN(3) != 0
				hit := false
				if plugin || !worker {
					for _, child := range children(run.Process.Pid) {
						hit = syscall.Kill(child, syscall.SIGKILL) == nil || hit
					}
				}
				if worker {
					hit = syscall.Kill(run.Process.Pid, syscall.SIGKILL) == nil || hit
					killed = true
				}
				if hit {
					kills++
					seen = v.attempts()
				}
			}
		}
		if err == nil {
			return kills
		}
		if !killed && kills == 0 {
			t.Fatalf("%v\n%s", err, said.String())
		}
	}
	t.Fatal("it does not come to an end")
	return kills
}

// attempts is how many attempts at the trial have begun.
func (v victim) attempts() int {
	n := 0
	found, _ := filepath.Glob(filepath.Join(v.dir, ".bench/trials/*/*/attempts.jsonl"))
	for _, path := range found {
		text, _ := os.ReadFile(path)
		n += bytes.Count(text, []byte("\n")) - bytes.Count(text, []byte(`"timings"`)) // a line at its begin, and one at its end
	}
	return n
}

// atWork reports whether the trial has begun and is not trained yet.
func (v victim) atWork() bool {
	begun, _ := filepath.Glob(filepath.Join(v.dir, ".bench/trials/*/*/attempts.jsonl"))
	over, _ := filepath.Glob(filepath.Join(v.dir, ".bench/trials/*/*/result.json"))
	return len(begun) > 0 && len(over) == 0
}

// trained is what a run has made of its one trial, without times.
func (v victim) trained(t *testing.T) (params, curve []byte, result store.Result, attempts int) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(v.dir, ".bench/trials/*/*"))
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	if params, err = os.ReadFile(filepath.Join(found[0], "params.safetensors")); err != nil {
		t.Fatal(err)
	}
	if curve, err = os.ReadFile(filepath.Join(found[0], "curve.jsonl")); err != nil {
		t.Fatal(err)
	}
	curve = regexp.MustCompile(`"seconds":[^,}]*`).ReplaceAll(curve, nil)
	st, err := store.Open(filepath.Join(v.dir, ".bench"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r, ok, err := st.Trial(filepath.Base(found[0])).Result()
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	list, err := st.Trial(filepath.Base(found[0])).Attempts()
	if err != nil {
		t.Fatal(err)
	}
	r.Bill.Seconds = 0
	return params, curve, *r, len(list)
}

// killed compares a training that is killed with one that is not.
func killed(t *testing.T, file, text string, more []string, quota int, within time.Duration, seed uint64) int {
	t.Helper()
	args := append([]string{"run", file, "-j", "1", "-q", "--retries", "1000"}, more...)
	whole := victim{t.TempDir(), args}
	broken := victim{t.TempDir(), append(args, "--checkpoint-every", "10ms")}
	for _, dir := range []string{whole.dir, broken.dir} {
		writeFile(t, filepath.Join(dir, file), text)
	}
	if out, err := bench(t, whole.dir, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	kills := broken.kill(t, quota, rand.New(rand.NewPCG(seed, 1)), within)
	wantParams, wantCurve, want, _ := whole.trained(t)
	params, curve, got, attempts := broken.trained(t)
	if !bytes.Equal(params, wantParams) {
		t.Errorf("after %d kills and %d attempts the parameters are others", kills, attempts)
	}
	if !bytes.Equal(curve, wantCurve) {
		t.Errorf("after %d kills the curve is another:\n%s\nwant\n%s", kills, curve, wantCurve)
	}
	a, _ := json.Marshal([]any{got.Status, got.Steps, got.G, got.Bill, got.TrainLoss, got.Privacy, got.Norm})
	b, _ := json.Marshal([]any{want.Status, want.Steps, want.G, want.Bill, want.TrainLoss, want.Privacy, want.Norm})
	if !bytes.Equal(a, b) {
		t.Errorf("after %d kills the record is another: %s, want %s", kills, a, b)
	}
	t.Logf("%d kills, %d attempts, %d steps", kills, attempts, got.Steps)
	return kills
}

// TestKilled kills the training of every bundled optimizer that can resume, 200 times in all, at random instants: it must end
// with the same bits as one that nobody has disturbed.
func TestKilled(t *testing.T) {
	host := newPlugins()
	text, err := os.ReadFile("../../suites/optimizers.toml")
	if err != nil {
		t.Fatal(err)
	}
	s, err := suite.Load("optimizers.toml", suite.Options{Source: text, Describe: host.Describe, PluginNames: plugins.Names()})
	if err != nil {
		t.Fatal(err)
	}
	s.Seeds, s.Tuning.Seeds, s.Metrics = []uint64{3}, []uint64{3}, nil
	s.Report.Correlate.Within, s.Report.Correlate.Control = nil, nil
	for i := range s.Workloads {
		s.Workloads[i].Shifts = nil
	}
	s.Report.Correlate.Y = []string{"error:test"}
	s.Budget.Limit = 1500
	seen := map[string]bool{}
	var kills atomic.Int64
	t.Run("optimizers", func(t *testing.T) {
		for i := range s.Optimizers {
			o := &s.Optimizers[i]
			seen[o.Info.Name] = true
			if !o.Info.Resumable {
				continue
			}
			one := *s
			chosen := make([]*suite.Configuration, len(s.Optimizers))
			chosen[0] = &s.Configurations(nil, &s.Optimizers[0])[0] // the baseline
			chosen[i] = &s.Configurations(nil, o)[0]
			text, err := one.Chosen(s.Workloads[0].Name, chosen, "one optimizer")
			if err != nil {
				t.Fatal(err)
			}
			t.Run(o.Name, func(t *testing.T) {
				t.Parallel()
				kills.Add(int64(killed(t, "one.toml", text, []string{"-O", o.Name}, 7, 40*time.Millisecond, uint64(i))))
			})
		}
	})
	for _, name := range plugins.Names() {
		if p, err := host.Get(name); err == nil && p.Info.Kind == "optimizer" && p.Info.Resumable && !seen[name] {
			t.Errorf("suites/optimizers.toml has no %s", name)
		}
	}
	if n := kills.Load(); n < 200 {
		t.Errorf("%d kills, want 200", n)
	}
	t.Logf("%d kills", kills.Load())
}
