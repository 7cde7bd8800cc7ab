// Package slurm runs the trials of a suite on a Slurm cluster, through Slurm's own commands and with nothing of its own
// running in between.
//
// Submit resolves the suite, copies bench, plugins and data by their hashes into the store, which lies on a disk that all
// machines share, writes what is to be done into the folder of the run, hands Slurm an array of jobs for each class of
// resources and a last job that renders the board, and is done: nothing has to stay behind on the login node. A task of
// an array (Work) trains its trials like any other process on the store. Before its time is up Slurm sends USR1; it makes
// a checkpoint and puts itself back into the queue. What has become of everything is told by files first (Look); Slurm is
// asked for what a job cannot write itself: that it waits, was canceled, ran out of time or lost its node.
//
// In the folder of a run:
//
//	slurm/plan.json           arrays, jobs, files with their hashes
//	slurm/NAME.sh             what sbatch was given
//	slurm/jobs/NAME.json      the number that Slurm gave it
//	slurm/tasks/NAME.I.json   what task I of an array says of itself
//	slurm/logs/NAME_I.out     what it printed
package slurm

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/store"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// EngineName is what manifests call this engine.
const EngineName = "slurm"

// Plan is what a run hands to Slurm. It is written before anything is submitted and not changed afterwards.
type Plan struct {
	Token       string   `json:"token"`       // part of the names of the jobs, so that they are nobody else's
	Fingerprint string   `json:"fingerprint"` // the same for the same trials of the same suite
	Bench       string   `json:"bench"`       // the copy that the jobs run
	Cache       string   `json:"cache"`       // BENCH_CACHE of the jobs
	Files       []File   `json:"files"`       // copies that every node verifies
	SocketDir   string   `json:"socket_dir"`
	Setup       []string `json:"setup,omitempty"`
	Output      string   `json:"output"` // folder of the report, from the folder of the run's manifest
	Arrays      []Array  `json:"arrays"` // in the order in which they are submitted
	Board       Array    `json:"board"`  // the job that renders the board once all arrays have ended
}

// Array is a job array, or the board's job, which is none and has no tasks.
type Array struct {
	Name    string   `json:"name"`            // of the job
	Stage   string   `json:"stage"`           // "tuning", "selected" or "board"
	Tasks   [][]int  `json:"tasks,omitempty"` // of the manifest, by the index in the array
	After   []string `json:"after,omitempty"` // names of the arrays that must have ended
	Limit   int      `json:"limit,omitempty"` // tasks at a time; 0: no limit
	Workers int      `json:"workers"`         // trials at a time within a task
	Options []string `json:"options"`         // of sbatch
}

// The stages of a run.
const (
	tuning   = "tuning"
	selected = "selected"
	board    = "board"
)

// Submitted is what Slurm has answered.
type Submitted struct {
	Job string    `json:"job"`
	At  time.Time `json:"at"`
}

// Withdrawn says that a run is not to go on.
type Withdrawn struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// all are the arrays and the board.
func (p *Plan) all() []Array { return append(append([]Array(nil), p.Arrays...), p.Board) }

// Array finds an array or the board by the name of its job.
func (p *Plan) Array(name string) (Array, bool) {
	for _, a := range p.all() {
		if a.Name == name {
			return a, true
		}
	}
	return Array{}, false
}

func planName() string                { return "slurm/plan.json" }
func jobName(name string) string      { return "slurm/jobs/" + name + ".json" }
func withdrawnName() string           { return "slurm/withdrawn.json" }
func taskName(n string, i int) string { return fmt.Sprintf("slurm/tasks/%s.%d.json", n, i) }

// scriptPath is where the script of a job lies.
func scriptPath(st *store.Store, run, name string) string {
	return filepath.Join(st.RunDir(run), "slurm", name+".sh")
}

// logDir is where the jobs of a run write what they print.
func logDir(st *store.Store, run string) string {
	return filepath.Join(st.RunDir(run), "slurm", "logs")
}

// LogPath is where a task writes what it prints, or the board's job with a negative index.
func LogPath(st *store.Store, run, name string, index int) string {
	if index < 0 {
		return filepath.Join(logDir(st, run), name+".out")
	}
	return filepath.Join(logDir(st, run), fmt.Sprintf("%s_%d.out", name, index))
}

// ReadPlan returns the plan of a run; false when the run was not handed to Slurm.
func ReadPlan(st *store.Store, run string) (*Plan, bool, error) {
	var p Plan
	ok, err := st.RunRecord(run, planName(), &p)
	if !ok {
		return nil, false, err
	}
	return &p, true, nil
}

// submitted returns the numbers of the jobs of a run that are known, by name.
func submitted(st *store.Store, run string, p *Plan) (map[string]string, error) {
	ids := map[string]string{}
	for _, a := range p.all() {
		var s Submitted
		ok, err := st.RunRecord(run, jobName(a.Name), &s)
		if err != nil {
			return nil, err
		}
		if ok {
			ids[a.Name] = s.Job
		}
	}
	return ids, nil
}

// fingerprint identifies what a run is to compute.
func fingerprint(m runner.Manifest) string {
	plugins := map[string]string{}
	for name, p := range m.Plugins {
		plugins[name] = p.Version
	}
	var tasks []string // some of the suite's may be chosen
	for _, t := range m.Tasks {
		tasks = append(tasks, t.Key)
	}
	text, err := json.Marshal([]any{m.Hash, m.Numeric, m.Given.Optimizers, m.Given.Metrics, plugins, tasks})
	if err != nil {
		panic("slurm: " + err.Error())
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func token() string {
	var b [4]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// options are the resources of an optimizer's trials, with what holds when the suite says nothing. s may be nil.
func options(s *suite.Slurm, optimizer string) []string {
	var out []string
	set := map[string]bool{}
	for _, o := range s.For(optimizer) {
		out = append(out, o.String())
		set[o.Key] = true
	}
	if !set["cpus-per-task"] {
		out = append(out, "--cpus-per-task=1")
	}
	if !set["signal"] {
		out = append(out, "--signal="+defaultSignal)
	}
	return out
}

// defaultSignal leaves a trial two minutes to make a checkpoint. Slurm may send it up to a minute early.
const defaultSignal = "B:USR1@120"
