package suite

import (
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Slurm is [engine.slurm]: how the trials are run on a cluster. It is part of no identity.
type Slurm struct {
	Options       []SlurmOption            // of every job, sorted by key
	Optimizers    map[string][]SlurmOption // what is different for the trials of an optimizer, by its name in the suite
	Setup         []string                 // lines of shell that every job runs first
	MaxConcurrent int                      // tasks at a time; 0: as many as Slurm allows
	MaxSubmit     int                      // tasks that may be in the queue; 0: what Slurm tells of its own limits
	TrialsPerTask int                      // trials one after the other in a task; 0: as many as the limits make necessary
	SocketDir     string                   // folder for the sockets of plugins, on the node itself and with a short path
}

// SlurmOption is an option of sbatch: --Key=Value, or --Key when Value is empty.
type SlurmOption struct{ Key, Value string }

func (o SlurmOption) String() string {
	if o.Value == "" {
		return "--" + o.Key
	}
	return "--" + o.Key + "=" + o.Value
}

// For are the options of an optimizer's trials, sorted by key. s may be nil.
func (s *Slurm) For(optimizer string) []SlurmOption {
	if s == nil {
		return nil
	}
	merged := map[string]string{}
	for _, o := range slices.Concat(s.Options, s.Optimizers[optimizer]) {
		merged[o.Key] = o.Value
	}
	var out []SlurmOption
	for _, key := range slices.Sorted(maps.Keys(merged)) {
		out = append(out, SlurmOption{key, merged[key]})
	}
	return out
}

// DefaultSocketDir is on the node itself on every cluster.
const DefaultSocketDir = "/tmp"

// maxSocketDir leaves room for the names of a plugin's sockets in the 108 bytes that the path of one may have.
const maxSocketDir = 30

// slurmOwn are options of sbatch that the engine sets itself, with the reason or what to write instead.
var slurmOwn = map[string]string{
	"array": "the trials of a run are its array; max_concurrent limits how many run at a time", "job-name": "it is how a run finds its jobs again",
	"dependency": "the order of a run's jobs is the engine's", "output": "logs lie in the folder of the run", "error": "logs lie in the folder of the run",
	"open-mode": "", "requeue": "", "no-requeue": "tasks go on from their checkpoints when they are put back into the queue", "parsable": "", "wait": "bench status --watch waits",
	"wrap": "", "chdir": "jobs run where bench run was started", "input": "", "hold": "", "test-only": "bench run --print-sbatch shows what would be submitted",
	"ntasks": "a task is one process", "nodes": "a task is one process", "clusters": "run bench on the cluster's own login node",
}

var (
	slurmKey    = regexp.MustCompile(`^[a-z][a-z0-9_-]+$`)
	slurmSignal = regexp.MustCompile(`^B:(SIG)?USR1@[0-9]+$`)
)

// slurm reads [engine.slurm]; nil when there is none.
func (l *loader) slurm(engines *table) *Slurm {
	if engines.get("slurm") == nil {
		return nil
	}
	t := engines.sub("slurm")
	t.name = "[engine.slurm]"
	s := &Slurm{
		MaxConcurrent: t.whole("max_concurrent", 0, 1, math.MaxInt32),
		MaxSubmit:     t.whole("max_submit", 0, 1, math.MaxInt32),
		TrialsPerTask: t.whole("trials_per_task", 0, 1, math.MaxInt32),
		SocketDir:     t.str("socket_dir", DefaultSocketDir),
		Setup:         t.strings("setup", "lines of shell"),
		Optimizers:    map[string][]SlurmOption{},
	}
	if d := s.SocketDir; !strings.HasPrefix(d, "/") || len(d) > maxSocketDir {
		t.report(t.at("socket_dir"), "socket_dir", "", "socket_dir: expected an absolute path of at most %d bytes, found %q", maxSocketDir, d)
	}
	own := t.sub("optimizer")
	for _, name := range own.n.keys() {
		if !slices.ContainsFunc(l.suite.Optimizers, func(o Optimizer) bool { return o.Name == name }) {
			var names []string
			for _, o := range l.suite.Optimizers {
				names = append(names, o.Name)
			}
			own.report(own.n.table[name].key, name, suggest(name, names, "optimizers here"), "there is no optimizer %q", name)
			continue
		}
		o := own.sub(name)
		o.name = "[engine.slurm.optimizer." + name + "]"
		s.Optimizers[name] = o.sbatch()
	}
	s.Options = t.sbatch()
	return s
}

// sbatch reads the keys that have not been read yet as options of sbatch.
func (t *table) sbatch() []SlurmOption {
	var out []SlurmOption
	for _, key := range t.n.keys() {
		if t.known[key] {
			continue
		}
		n := t.get(key)
		name := strings.ReplaceAll(key, "_", "-")
		why, own := slurmOwn[name]
		if !slurmKey.MatchString(key) {
			t.report(n.key, key, "write the long name of an option of sbatch, as in partition = \"cpu\"", "%s: not an option of sbatch", key)
			continue
		}
		if own {
			t.report(n.key, key, why, "%s: this option is set by bench", key)
			continue
		}
		value, set, ok := n.sbatchValue()
		if !ok {
			t.wrong(n, key, "a string, a number, true, false or a list of them", "")
			continue
		}
		if name == "signal" && !slurmSignal.MatchString(value) {
			t.report(n.at, key, "the number is how many seconds before the time limit a checkpoint is made", "signal: expected \"B:USR1@120\", found %q", value)
			continue
		}
		if set {
			out = append(out, SlurmOption{name, value})
		}
	}
	slices.SortFunc(out, func(a, b SlurmOption) int { return strings.Compare(a.Key, b.Key) })
	return out
}

// sbatchValue is how sbatch is given a value; set is false for an option that is switched off.
func (n *node) sbatchValue() (value string, set, ok bool) {
	switch v := n.value.(type) {
	case string:
		return v, true, v != "" && !strings.ContainsAny(v, "\n\r")
	case int64:
		return strconv.FormatInt(v, 10), true, true
	case float64:
		return fmt.Sprint(v), true, true
	case bool:
		return "", v, true
	}
	if !n.array || len(n.items) == 0 {
		return "", false, false
	}
	var parts []string
	for _, item := range n.items {
		part, set, ok := item.sbatchValue()
		if !ok || !set || part == "" || item.array {
			return "", false, false
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, ","), true, true
}
