package runner

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/sharpbench/sharpbench/harness/progress"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Status is where a run stands, as its files say: anybody who sees the store can tell.
type Status struct {
	Run     string    `json:"run"`
	Suite   string    `json:"suite"`
	File    string    `json:"file"`
	Variant string    `json:"variant,omitempty"`
	Engine  string    `json:"engine"`
	Began   time.Time `json:"began"`
	Last    time.Time `json:"last"` // when something happened last
	// At is who carries the run out, nil when nobody does any more.
	At *store.HeldError `json:"at,omitempty"`

	Rows  []StatusRow  `json:"optimizers"`
	Tasks []TaskStatus `json:"trials"`
	// Work is the expected cost of the run in G, and Done how much of it there is.
	Work float64 `json:"work"`
	Done float64 `json:"done"`
}

// StatusRow counts the trials of an optimizer on a workload by state.
type StatusRow struct {
	Workload  string         `json:"workload"`
	Optimizer string         `json:"optimizer"`
	Trials    int            `json:"trials"`
	States    map[string]int `json:"states"`
}

// TaskStatus is where one trial of a run stands.
type TaskStatus struct {
	Task
	State  string    `json:"state"` // one of States
	Detail string    `json:"detail,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// States are the states of trials in a run, in the order in which they are shown. Stopped is a trial that was begun and that
// nobody works on: it goes on from its checkpoint. Dropped ones are not needed: nothing was selected, or they were canceled.
var States = []string{"queued", "running", "stopped", "done", "cached", "failed", "dropped"}

// Ended reports whether nothing of the run is left to do.
func (s *Status) Ended() bool {
	return !slices.ContainsFunc(s.Tasks, func(t TaskStatus) bool {
		return t.State == "queued" || t.State == "running" || t.State == "stopped"
	})
}

// Counts are the numbers of trials by state.
func (s *Status) Counts() map[string]int {
	out := map[string]int{}
	for _, t := range s.Tasks {
		out[t.State]++
	}
	return out
}

// Left is about how long the run still takes, 0 when that cannot be said.
func (s *Status) Left() time.Duration {
	done, span := 0.0, s.Last.Sub(s.Began)
	for _, t := range s.Tasks {
		if t.State == "done" || t.State == "failed" {
			done += t.Work
		}
	}
	if done == 0 || s.Ended() || span <= 0 {
		return 0
	}
	return time.Duration(float64(span) * (s.Work - s.Done) / done)
}

// LatestRun is the name of the last run of the store that text is the beginning of.
func LatestRun(st *store.Store, text string) (string, error) {
	runs, err := st.Runs()
	if err != nil {
		return "", err
	}
	if slices.Contains(runs, text) {
		return text, nil
	}
	for _, run := range slices.Backward(runs) {
		if len(run) >= len(text) && run[:len(text)] == text {
			return run, nil
		}
	}
	switch {
	case len(runs) == 0:
		return "", fmt.Errorf("store %s has no runs yet", st.Dir())
	default:
		return "", fmt.Errorf("store %s has no run %s; the last one is %s", st.Dir(), text, runs[len(runs)-1])
	}
}

// ReadManifest reads the manifest of a run.
func ReadManifest(st *store.Store, run string) (Manifest, error) {
	var m Manifest
	ok, err := st.Manifest(run, &m)
	if err == nil && !ok {
		err = fmt.Errorf("run %s has no manifest that can be read", run)
	}
	return m, err
}

// Look reads where a run stands.
func Look(st *store.Store, run string) (*Status, error) {
	m, err := ReadManifest(st, run)
	if err != nil {
		return nil, err
	}
	s := &Status{Run: run, Suite: m.Suite, File: m.Given.File, Variant: m.Given.Variant, Engine: m.Engine, Began: m.Provenance.Started}
	if s.At, err = st.RunHolder(run); err != nil {
		return nil, err
	}
	last, err := lastEvents(st.RunDir(run))
	if err != nil {
		return nil, err
	}
	rows := map[[2]string]int{}
	for _, task := range m.Tasks {
		t := TaskStatus{Task: task, State: "queued"}
		if e, ok := last[task.Key]; ok {
			t.Detail, t.Since = e.Detail, e.Time
			if t.Trial == "" {
				t.Trial = e.Trial
			}
			switch e.Phase {
			case progress.Done, progress.Cached, progress.Failed, progress.Dropped:
				t.State = string(e.Phase)
			default:
				t.State = "stopped"
				if holder, err := st.Holder(e.Trial); err != nil {
					return nil, err
				} else if holder != nil {
					t.State = "running"
					if now, err := st.Trial(e.Trial).Status(); err == nil && now.Step > 0 {
						t.Detail = fmt.Sprintf("step %d of %d", now.Step, now.Steps)
					}
				}
			}
			if e.Time.After(s.Last) {
				s.Last = e.Time
			}
		}
		if t.State != "dropped" {
			s.Work += t.Work
		}
		if t.State == "done" || t.State == "cached" || t.State == "failed" {
			s.Done += t.Work
		}
		at := [2]string{t.Workload, t.Optimizer}
		i, ok := rows[at]
		if !ok {
			i = len(s.Rows)
			rows[at] = i
			s.Rows = append(s.Rows, StatusRow{Workload: t.Workload, Optimizer: t.Optimizer, States: map[string]int{}})
		}
		s.Rows[i].Trials++
		s.Rows[i].States[t.State]++
		s.Tasks = append(s.Tasks, t)
	}
	return s, nil
}

// seenEvent is what status needs of a line of events.
type seenEvent struct {
	Time   time.Time      `json:"time"`
	Key    string         `json:"key"`
	Trial  string         `json:"trial"`
	Phase  progress.Phase `json:"phase"`
	Detail string         `json:"detail"`
}

// lastEvents reads what happened last at each place of a run, from the events of all its processes.
func lastEvents(dir string) (map[string]seenEvent, error) {
	files, err := filepath.Glob(filepath.Join(dir, "events*.jsonl"))
	if err != nil {
		return nil, err
	}
	out := map[string]seenEvent{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("cannot read %s: %w", file, err)
		}
		for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
			var e seenEvent
			if json.Unmarshal(lines.Bytes(), &e) != nil || e.Key == "" {
				continue // cut off by a crash
			}
			if was, ok := out[e.Key]; !ok || !e.Time.Before(was.Time) {
				out[e.Key] = e
			}
		}
	}
	return out, nil
}
