package store

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// cluster is an engine with given answers.
type cluster struct {
	job     string
	attempt int
	running map[string]bool // absent: it does not know
}

func (c cluster) Self() (string, int) { return c.job, c.attempt }

func (c cluster) Running(job string) (running, known bool) {
	running, known = c.running[job]
	return running, known
}

// TestSilentJobs says how long a holder on another machine is waited for, from what its engine says of it.
func TestSilentJobs(t *testing.T) {
	me := cluster{job: "slurm 7_3", attempt: 1, running: map[string]bool{"slurm 7_3": true, "slurm 7_4": true, "slurm 7_5": false}}
	for _, c := range []struct {
		name    string
		holder  holder
		engine  Engine
		seconds int // of silence after which it is dead, not a second earlier
	}{
		{"no engine", holder{Job: "slurm 7_5"}, nil, 121},
		{"no job", holder{}, me, 121},
		{"a job that runs", holder{Job: "slurm 7_4"}, me, -1},
		{"a job that does not run", holder{Job: "slurm 7_5"}, me, 31},
		{"a job nobody knows of", holder{Job: "slurm 9"}, me, 121},
		{"an earlier attempt at this job", holder{Job: "slurm 7_3", Attempt: 0}, me, 31},
		{"this attempt at this job", holder{Job: "slurm 7_3", Attempt: 1}, me, -1},
	} {
		p := patience{stale: staleAfter, missed: missedBeats, engine: c.engine}
		for s := range 3600 {
			over := p.over(c.holder, time.Duration(s)*time.Second)
			if want := c.seconds >= 0 && s >= c.seconds; over != want {
				t.Errorf("%s: dead after %d s of silence: %t, want %t", c.name, s, over, want)
				break
			}
		}
	}
}

// TestLeaseOfALostNode: the lease says which job holds it, and the next attempt at that job takes it over after three
// missed beats, not before.
func TestLeaseOfALostNode(t *testing.T) {
	dir := t.TempDir()
	st, err := Open(dir, Options{Engine: cluster{job: "slurm 7_3", attempt: 1}})
	if err != nil {
		t.Fatal(err)
	}
	id := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	path := filepath.Join(dir, "leases", id)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(holder{Host: "node9", Machine: "another", PID: 1, Job: "slurm 7_3", Token: "x"})
	if err := os.WriteFile(path, text, 0o666); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-25 * time.Second)
	os.Chtimes(path, old, old)
	if _, err := st.Lease(id); err == nil {
		t.Fatal("the lease was taken after two missed beats")
	}
	old = time.Now().Add(-31 * time.Second)
	os.Chtimes(path, old, old)
	l, err := st.Lease(id)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Release()
	var h holder
	if text, err = os.ReadFile(path); err != nil || json.Unmarshal(text, &h) != nil || h.Job != "slurm 7_3" || h.Attempt != 1 {
		t.Errorf("the lease says %s, %v", text, err)
	}
}
