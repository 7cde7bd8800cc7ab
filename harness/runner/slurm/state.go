package slurm

import (
	"context"
	"fmt"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"
)

// State is Slurm's word for where a job stands. How a job ended is judged by it alone: the exit code of a lost node is 0:0,
// and the reason of a killed script is misleading.
type State string

// States that are spoken of here. Slurm has more, and newer versions have others.
const (
	Pending   State = "PENDING"
	Running   State = "RUNNING"
	Completed State = "COMPLETED"
	Canceled  State = "CANCELLED"
)

var (
	alive = []State{Pending, Running, "CONFIGURING", "COMPLETING", "REQUEUED", "REQUEUE_FED", "REQUEUE_HOLD", "RESIZING", "RESV_DEL_HOLD",
		"SIGNALING", "SPECIAL_EXIT", "STAGE_OUT", "STOPPED", "SUSPENDED"}
	over = []State{Completed, Canceled, "BOOT_FAIL", "DEADLINE", "FAILED", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT", "LAUNCH_FAILED", "RECONFIG_FAIL"}
)

// Ended reports whether a job in this state will do nothing any more. A state that is not known here is not an end: what
// a later version of Slurm says is shown, never guessed at.
func (s State) Ended() bool { return slices.Contains(over, s) }

// Known reports whether the state is one of those this version knows.
func (s State) Known() bool { return s.Ended() || slices.Contains(alive, s) }

// Active reports whether the job has a node: it may be writing.
func (s State) Active() bool {
	return slices.Contains([]State{Running, "CONFIGURING", "COMPLETING", "RESIZING", "SIGNALING", "STAGE_OUT", "STOPPED", "SUSPENDED"}, s) || !s.Known()
}

// parseState reads what squeue, scontrol and sacct print: "CANCELLED by 1000", "CANCELLED+".
func parseState(s string) State {
	word, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	return State(strings.ToUpper(strings.TrimRight(word, "+*")))
}

// Job is what Slurm says of a job or of one task of an array.
type Job struct {
	ID       string `json:"id"`   // of the array, or of the job
	Task     int    `json:"task"` // index in the array; -1 for a job that is none
	State    State  `json:"state"`
	Reason   string `json:"reason,omitempty"` // why it waits
	Nodes    string `json:"nodes,omitempty"`
	Restarts int    `json:"restarts,omitempty"`
	Source   string `json:"source"` // the command that said so
}

// Key names the job as Slurm's commands do.
func (j Job) Key() string { return taskKey(j.ID, j.Task) }

func taskKey(id string, task int) string {
	if task < 0 {
		return id
	}
	return fmt.Sprintf("%s_%d", id, task)
}

// queueFormat makes squeue print columns of these widths, which is the one form that all versions share.
var queueColumns = []struct {
	name  string
	width int
}{{"JobArrayID", 30}, {"State", 20}, {"RestartCnt", 8}, {"Reason", 60}, {"NodeList", 60}}

// Jobs asks what has become of jobs: squeue first, then for what it does not know sacct, then scontrol. The notes say which
// of them could not be asked; a job that none of them knows is not in the answer.
func (c *Client) Jobs(ctx context.Context, ids []string) (map[string]Job, []string) {
	found := map[string]Job{}
	var notes []string
	if len(ids) == 0 {
		return found, nil
	}
	add := func(jobs []Job, source string) {
		for _, j := range jobs {
			j.Source = source
			if _, known := found[j.Key()]; !known {
				found[j.Key()] = j
			}
		}
	}
	unknown := func() []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
			for key := range found {
				if key == id || strings.HasPrefix(key, id+"_") {
					return true
				}
			}
			return false
		})
	}
	format := ""
	for _, col := range queueColumns {
		format += fmt.Sprintf(",%s:%d", col.name, col.width)
	}
	// One unknown number makes squeue refuse the whole list in some versions, so it is asked for all jobs of the user's when
	// it does.
	out, err := c.run(ctx, "squeue", "-h", "-r", "-t", "all", "-j", strings.Join(ids, ","), "-O", format[1:])
	if err != nil && strings.Contains(err.Error(), "Invalid job id") {
		out, err = c.run(ctx, "squeue", "-h", "-r", "-t", "all", "-u", userName(), "-O", format[1:])
	}
	if err != nil {
		notes = append(notes, err.Error())
	} else {
		add(ofJobs(parseQueue(out), ids), "squeue")
	}
	// An array may be known in part: tasks that ended long ago are gone from the queue. sacct, where there is one, has them.
	out, err = c.run(ctx, "sacct", "-n", "-P", "-X", "-j", strings.Join(ids, ","), "-o", "JobID,State,NodeList")
	switch {
	case err == nil:
		add(ofJobs(parseAccounting(out), ids), "sacct")
	case len(unknown()) > 0 && !strings.Contains(err.Error(), "accounting storage is disabled"):
		notes = append(notes, err.Error())
	}
	for _, id := range unknown() {
		out, err := c.run(ctx, "scontrol", "show", "job", "-o", id)
		if err != nil {
			if !strings.Contains(err.Error(), "Invalid job id") {
				notes = append(notes, err.Error())
				break // it will say the same of the others
			}
			continue
		}
		add(ofJobs(parseShow(out), ids), "scontrol")
	}
	return found, notes
}

func ofJobs(jobs []Job, ids []string) []Job {
	return slices.DeleteFunc(jobs, func(j Job) bool { return !slices.Contains(ids, j.ID) })
}

// parseQueue reads the columns of squeue.
func parseQueue(text string) []Job {
	var out []Job
	for _, line := range strings.Split(text, "\n") {
		var f []string
		rest := []rune(line)
		for _, col := range queueColumns {
			n := min(col.width, len(rest))
			f = append(f, strings.TrimSpace(string(rest[:n])))
			rest = rest[n:]
		}
		id, tasks, ok := parseArray(f[0])
		if !ok || f[1] == "" {
			continue
		}
		restarts, _ := strconv.Atoi(f[2])
		for _, task := range tasks {
			j := Job{ID: id, Task: task, State: parseState(f[1]), Nodes: f[4], Restarts: restarts}
			if f[3] != "None" {
				j.Reason = f[3]
			}
			out = append(out, j)
		}
	}
	return out
}

// parseAccounting reads JobID|State|NodeList of sacct.
func parseAccounting(text string) []Job {
	var out []Job
	for _, line := range strings.Split(text, "\n") {
		f := strings.Split(strings.TrimSpace(line), "|")
		if len(f) < 3 || strings.Contains(f[0], ".") {
			continue
		}
		id, tasks, ok := parseArray(f[0])
		if !ok {
			continue
		}
		for _, task := range tasks {
			j := Job{ID: id, Task: task, State: parseState(f[1])}
			if f[2] != "None assigned" {
				j.Nodes = f[2]
			}
			out = append(out, j)
		}
	}
	return out
}

// parseShow reads the lines of scontrol show job -o.
func parseShow(text string) []Job {
	var out []Job
	for _, line := range strings.Split(text, "\n") {
		value := map[string]string{}
		for _, word := range strings.Fields(line) {
			key, v, ok := strings.Cut(word, "=")
			if _, twice := value[key]; ok && !twice {
				value[key] = v
			}
		}
		id, array := value["JobId"], value["ArrayJobId"]
		if array != "" {
			id = array + "_" + value["ArrayTaskId"]
			if strings.ContainsAny(value["ArrayTaskId"], "-,%:") {
				id = array + "_[" + value["ArrayTaskId"] + "]"
			}
		}
		id, tasks, ok := parseArray(id)
		if !ok || value["JobState"] == "" {
			continue
		}
		restarts, _ := strconv.Atoi(value["Restarts"])
		for _, task := range tasks {
			j := Job{ID: id, Task: task, State: parseState(value["JobState"]), Restarts: restarts}
			if r := value["Reason"]; r != "None" {
				j.Reason = r
			}
			if n := value["NodeList"]; n != "(null)" {
				j.Nodes = n
			}
			out = append(out, j)
		}
	}
	return out
}

// parseArray reads 12, 12_3 and 12_[0-3,7-9:2%4]: the number of the job and the indices, -1 where it is no array.
func parseArray(s string) (id string, tasks []int, ok bool) {
	id, rest, array := strings.Cut(s, "_")
	if n, err := strconv.Atoi(id); err != nil || n <= 0 {
		return "", nil, false
	}
	if !array {
		return id, []int{-1}, true
	}
	rest = strings.TrimSuffix(strings.TrimPrefix(rest, "["), "]")
	rest, _, _ = strings.Cut(rest, "%")
	for _, part := range strings.Split(rest, ",") {
		part, stride, stepped := strings.Cut(part, ":")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stride)
			if err != nil || n < 1 {
				return "", nil, false
			}
			step = n
		}
		from, to, isRange := strings.Cut(part, "-")
		a, err := strconv.Atoi(from)
		if err != nil || a < 0 {
			return "", nil, false
		}
		b := a
		if isRange {
			if b, err = strconv.Atoi(to); err != nil || b < a || b-a > 1<<24 {
				return "", nil, false
			}
		}
		for i := a; i <= b; i += step {
			tasks = append(tasks, i)
		}
	}
	return id, tasks, true
}

// userName is who submits.
func userName() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}
