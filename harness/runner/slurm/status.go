package slurm

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Status is where a run stands: what the files say, and beside it what Slurm says.
type Status struct {
	Run       string       `json:"run"`
	Withdrawn *Withdrawn   `json:"withdrawn,omitempty"`
	Jobs      []JobStatus  `json:"jobs"`
	Tasks     []TaskStatus `json:"tasks"`
	Notes     []string     `json:"notes,omitempty"` // what could not be asked, and what is wrong with the run as a whole
}

// JobStatus is an array or the board.
type JobStatus struct {
	Name  string         `json:"name"`
	Stage string         `json:"stage"`
	Job   string         `json:"job,omitempty"` // empty: not submitted
	Tasks int            `json:"tasks"`
	Slurm map[State]int  `json:"slurm"` // how many tasks are in which state; those Slurm does not know are missing
	Why   map[string]int `json:"why,omitempty"`
}

// TaskStatus is one trial of the run.
type TaskStatus struct {
	Key      string `json:"key"`
	Trial    string `json:"trial,omitempty"`
	State    string `json:"state"` // of the files: done, failed, diverged, timeout, running, stopped or waiting
	Detail   string `json:"detail,omitempty"`
	Array    string `json:"array"`
	Index    int    `json:"index"`
	Job      string `json:"job,omitempty"`
	Slurm    State  `json:"slurm,omitempty"` // empty: Slurm does not know it, or could not be asked
	Reason   string `json:"reason,omitempty"`
	Nodes    string `json:"nodes,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
	// Disagreement says in what files and Slurm contradict each other; empty when they do not.
	Disagreement string `json:"disagreement,omitempty"`
}

// Counts are the numbers of trials by state, in Order.
func (s *Status) Counts() map[string]int {
	n := map[string]int{}
	for _, t := range s.Tasks {
		n[t.State]++
	}
	return n
}

// Disagreements are the trials of which files and Slurm say different things.
func (s *Status) Disagreements() []TaskStatus {
	return slices.DeleteFunc(slices.Clone(s.Tasks), func(t TaskStatus) bool { return t.Disagreement == "" })
}

// Active reports whether Slurm has jobs of the run that have not ended.
func (s *Status) Active() bool {
	for _, j := range s.Jobs {
		for state, n := range j.Slurm {
			if n > 0 && !state.Ended() {
				return true
			}
		}
	}
	return false
}

// The states of trials that the store has no word for.
const waiting = "waiting"

// seen is what Slurm said the last time it was asked: it forgets, and not every cluster keeps accounts.
type seen struct {
	At   time.Time      `json:"at"`
	Jobs map[string]Job `json:"jobs"`
}

func seenName() string { return "slurm/seen.json" }

// Look says where a run stands. c may be nil: then only the files are looked at.
func Look(ctx context.Context, st *store.Store, run string, c *Client) (*Status, error) {
	p, ok, err := ReadPlan(st, run)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("run %s was not handed to Slurm", run)
	}
	var m runner.Manifest
	if ok, err := st.Manifest(run, &m); err != nil {
		return nil, err
	} else if !ok {
		return nil, fmt.Errorf("run %s has no manifest", run)
	}
	ids, err := submitted(st, run, p)
	if err != nil {
		return nil, err
	}
	s := &Status{Run: run}
	var w Withdrawn
	if gone, err := st.RunRecord(run, withdrawnName(), &w); err != nil {
		return nil, err
	} else if gone {
		s.Withdrawn = &w
	}
	var numbers []string
	for _, a := range p.all() {
		if ids[a.Name] != "" {
			numbers = append(numbers, ids[a.Name])
		} else if s.Withdrawn == nil {
			s.Notes = append(s.Notes, fmt.Sprintf("job %s was never submitted: the same bench run command completes the run", a.Name))
		}
	}
	jobs := map[string]Job{}
	if c != nil {
		var notes []string
		jobs, notes = c.Jobs(ctx, numbers)
		s.Notes = append(s.Notes, notes...)
		remember(st, run, jobs)
	}
	leases := leaseTimes(st)
	for _, a := range p.all() {
		js := JobStatus{Name: a.Name, Stage: a.Stage, Job: ids[a.Name], Tasks: len(a.Tasks), Slurm: map[State]int{}, Why: map[string]int{}}
		for i := range max(1, len(a.Tasks)) {
			key := taskKey(js.Job, -1)
			if len(a.Tasks) > 0 {
				key = taskKey(js.Job, i)
			}
			j, known := jobs[key]
			if known {
				js.Slurm[j.State]++
				if j.Reason != "" && j.State == Pending {
					js.Why[j.Reason]++
				}
			}
			if len(a.Tasks) == 0 {
				continue
			}
			var r Record
			begun, err := st.RunRecord(run, taskName(a.Name, i), &r)
			if err != nil {
				return nil, err
			}
			for n, task := range a.Tasks[i] {
				t := TaskStatus{Key: m.Tasks[task].Key, Trial: m.Tasks[task].Trial, Array: a.Name, Index: i, State: waiting}
				if js.Job != "" {
					t.Job = key
				}
				if known {
					t.Slurm, t.Reason, t.Nodes, t.Restarts = j.State, j.Reason, j.Nodes, j.Restarts
				}
				if begun && n < len(r.Trials) {
					t.Trial = r.Trials[n].ID
				}
				if err := t.look(st, begun, r, n); err != nil {
					return nil, err
				}
				t.compare(known, begun, r, leases)
				s.Tasks = append(s.Tasks, t)
			}
		}
		s.Jobs = append(s.Jobs, js)
	}
	return s, nil
}

// look sets what the files say.
func (t *TaskStatus) look(st *store.Store, begun bool, r Record, n int) error {
	if begun && n < len(r.Trials) && r.Trials[n].Status != "" {
		t.State, t.Detail = r.Trials[n].Status, r.Trials[n].Reason
		if t.Trial == "" {
			return nil // nothing was selected
		}
	}
	if t.Trial == "" {
		return nil
	}
	rec := st.Trial(t.Trial)
	res, ok, err := rec.Result()
	switch {
	case err != nil:
		return err
	case ok && res.Status != store.Done:
		t.State, t.Detail = res.Status, res.Reason
		return nil
	case ok && begun && r.State != AtWork:
		if t.State == waiting { // its evaluations or measurements are missing
			t.State, t.Detail = store.Stopped, "trained"
		}
		return nil
	case ok && !begun:
		t.State = store.Done // by another run
		return nil
	case !ok && t.State != waiting:
		t.Detail = "its record is gone"
		t.State = waiting
	}
	if !begun {
		return nil
	}
	if t.State == waiting {
		switch r.State {
		case AtWork:
			t.State, t.Detail = store.Running, "on "+r.Node
		default:
			t.State, t.Detail = store.Stopped, strings.TrimSpace(r.State+" "+r.Message)
		}
	}
	return nil
}

// leaseTimes tells when each lease was renewed last.
func leaseTimes(st *store.Store) map[string]time.Time {
	times := map[string]time.Time{}
	entries, err := os.ReadDir(filepath.Join(st.Dir(), "leases"))
	if err != nil {
		return times
	}
	for _, e := range entries {
		if info, err := e.Info(); err == nil {
			times[e.Name()] = info.ModTime()
		}
	}
	return times
}

// silence is how long a trial may say nothing before that is said: three heartbeats.
const silence = 30 * time.Second

// compare finds contradictions between the files and Slurm.
func (t *TaskStatus) compare(known, begun bool, r Record, leases map[string]time.Time) {
	ended := t.State != waiting && t.State != store.Running && t.State != store.Stopped
	renewed, held := leases[t.Trial]
	quiet := time.Since(renewed)
	switch {
	case !known:
		if t.State == store.Running && (!held || quiet > silence) {
			t.Disagreement = "its files say that it runs, but nobody works on it any more and Slurm does not know the job"
		}
	case !t.Slurm.Known():
		t.Disagreement = fmt.Sprintf("Slurm says %s, which this bench does not know", t.Slurm)
	case t.Slurm == Completed && !ended:
		t.Disagreement = "Slurm says COMPLETED, but there is no result"
	case t.Slurm.Ended() && t.Slurm != Completed && t.State == store.Done && r.State == Done:
		if t.Slurm != "FAILED" {
			t.Disagreement = fmt.Sprintf("it is done, although Slurm says %s", t.Slurm)
		}
	case t.Slurm.Ended() && held && quiet <= silence && !ended:
		t.Disagreement = fmt.Sprintf("somebody works on it, although Slurm says %s", t.Slurm)
	case t.Slurm.Ended() && t.State == store.Running:
		t.Disagreement = fmt.Sprintf("its files say that it runs, but Slurm says %s", t.Slurm)
	case t.Slurm == Running && t.State == store.Running && held && quiet > silence:
		t.Disagreement = fmt.Sprintf("Slurm says RUNNING, but its lease was last renewed %s ago", quiet.Round(time.Second))
	case t.Slurm == Pending && t.State == store.Running && held && quiet <= silence:
		t.Disagreement = "somebody works on it, although Slurm says PENDING"
	case t.Slurm == Pending && hopeless(t.Reason):
		t.Disagreement = fmt.Sprintf("it will never run: Slurm says PENDING, %s", t.Reason)
	}
}

// hopeless are the reasons for which a job waits for ever.
func hopeless(reason string) bool {
	r := strings.ToLower(reason)
	return strings.Contains(r, "neversatisfied") || strings.Contains(r, "launch_failed_requeued_held") || strings.Contains(r, "jobheld") ||
		strings.Contains(r, "partitiontimelimit") || strings.Contains(r, "badconstraints")
}

// remember keeps the ends that Slurm has told of: it forgets them after a few minutes. That nobody can write is no matter.
func remember(st *store.Store, run string, jobs map[string]Job) {
	var before seen
	if ok, err := st.RunRecord(run, seenName(), &before); err == nil && ok {
		for key, j := range before.Jobs {
			if _, known := jobs[key]; !known && j.State.Ended() {
				jobs[key] = j
			}
		}
	}
	ends := map[string]Job{}
	for key, j := range jobs {
		if j.State.Ended() {
			ends[key] = j
		}
	}
	if len(ends) > len(before.Jobs) {
		_ = st.PutRunRecord(run, seenName(), seen{time.Now().UTC(), ends})
	}
}

// Cancel ends the jobs of a run: first those that wait for others. What was finished stays; trials at work make a
// checkpoint. It returns the numbers of the jobs.
func Cancel(ctx context.Context, st *store.Store, run string, c *Client) ([]string, error) {
	p, ok, err := ReadPlan(st, run)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("run %s was not handed to Slurm", run)
	}
	ids, err := submitted(st, run, p)
	if err != nil {
		return nil, err
	}
	var numbers []string
	for _, a := range slices.Backward(p.all()) {
		id := ids[a.Name]
		if id == "" {
			// Submitted by a process that did not live to note it?
			named, err := c.Named(ctx, a.Name)
			if err != nil {
				return nil, &Unavailable{err}
			}
			numbers = append(numbers, named...)
			continue
		}
		numbers = append(numbers, id)
	}
	// Before the jobs end: their ends must not look like accidents, and nobody may complete the run meanwhile.
	if err := st.PutRunRecord(run, withdrawnName(), Withdrawn{At: time.Now().UTC(), Reason: "canceled"}); err != nil {
		return nil, err
	}
	if err := c.Cancel(ctx, numbers...); err != nil {
		return nil, &Unavailable{err}
	}
	return numbers, nil
}

// Close sums up a run whose arrays have ended: the trials of which something is missing, and those that failed. What Slurm
// says of the jobs is kept, as it forgets.
func Close(ctx context.Context, st *store.Store, run string, r *runner.Runner, m runner.Manifest, c *Client) (missing, failed []string, err error) {
	for _, task := range m.Tasks {
		left, err := r.Left(task)
		if err != nil {
			return nil, nil, err
		}
		if left {
			missing = append(missing, task.Key)
			continue
		}
		t, err := r.Of(task)
		if errors.Is(err, runner.ErrNothingSelected) {
			continue // its tuning has failed, which is counted
		} else if err != nil {
			return nil, nil, err
		}
		res, ok, err := st.Trial(t.ID).Result()
		if err != nil {
			return nil, nil, err
		}
		if ok && res.Status != store.Done {
			failed = append(failed, task.Key)
		}
	}
	_, err = Look(ctx, st, run, c)
	return missing, failed, err
}

// Text is the status for people: the jobs with Slurm's words, the contradictions, and with failed what failed or is missing.
func (s *Status) Text(failed bool) string {
	var b strings.Builder
	counts := s.Counts()
	var parts []string
	for _, state := range order {
		if n := counts[state]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, state))
		}
	}
	fmt.Fprintf(&b, "run %s on Slurm: %d trials", s.Run, len(s.Tasks))
	if len(parts) > 0 {
		fmt.Fprintf(&b, ", %s", strings.Join(parts, ", "))
	}
	b.WriteString("\n")
	if s.Withdrawn != nil {
		fmt.Fprintf(&b, "not to go on: %s (%s)\n", s.Withdrawn.Reason, s.Withdrawn.At.Local().Format(time.DateTime))
	}
	for _, j := range s.Jobs {
		job := j.Job
		if job == "" {
			job = "not submitted"
		}
		var states []string
		known := 0
		for _, state := range slices.Sorted(maps.Keys(j.Slurm)) {
			states = append(states, fmt.Sprintf("%d %s", j.Slurm[state], state))
			known += j.Slurm[state]
		}
		if rest := max(1, j.Tasks) - known; rest > 0 && j.Job != "" {
			states = append(states, fmt.Sprintf("%d not known to Slurm", rest))
		}
		fmt.Fprintf(&b, "  job %s, %s: %s", job, j.Stage, strings.Join(states, ", "))
		for _, why := range slices.Sorted(maps.Keys(j.Why)) {
			fmt.Fprintf(&b, "; waits: %s", why)
		}
		b.WriteString("\n")
	}
	if odd := s.Disagreements(); len(odd) > 0 {
		b.WriteString("files and Slurm disagree:\n")
		for _, t := range odd {
			fmt.Fprintf(&b, "  %s, job %s: %s\n", t.Key, t.Job, t.Disagreement)
		}
	}
	if failed {
		for _, t := range s.Tasks {
			if t.State == store.Done || t.State == store.Running || t.State == waiting && (t.Slurm == "" || !t.Slurm.Ended()) {
				continue
			}
			fmt.Fprintf(&b, "  %s, job %s: %s", t.Key, t.Job, t.State)
			if t.Detail != "" {
				fmt.Fprintf(&b, ", %s", t.Detail)
			}
			if t.Slurm != "" {
				fmt.Fprintf(&b, " (Slurm: %s)", t.Slurm)
			}
			b.WriteString("\n")
		}
	}
	for _, note := range s.Notes {
		fmt.Fprintf(&b, "note: %s\n", note)
	}
	return b.String()
}

// order is the one in which states are listed.
var order = []string{store.Done, store.Failed, store.Diverged, store.Timeout, store.Running, store.Stopped, waiting}
