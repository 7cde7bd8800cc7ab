//go:build unix

package slurm

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// fake puts commands of Slurm's names on PATH that do what a test says: shell by the name of the command. $D is a folder
// for their notes; queue in it has a line "NUMBER NAME" for every job. Every call is noted in calls.
func fake(t *testing.T, commands map[string]string) (c *Client, dir string) {
	t.Helper()
	dir = t.TempDir()
	bin := filepath.Join(dir, "bin")
	if err := os.Mkdir(bin, 0o777); err != nil {
		t.Fatal(err)
	}
	defaults := map[string]string{
		"squeue":  `cat "$D/queue" 2>/dev/null; exit 0`,
		"sacct":   `echo "Slurm accounting storage is disabled" >&2; exit 1`,
		"scancel": `exit 0`,
	}
	maps.Copy(defaults, commands)
	for name, text := range defaults {
		script := "#!/bin/sh\nD='" + dir + "'\necho " + name + ` "$@" >> "$D/calls"` + "\n" + text + "\n"
		if err := os.WriteFile(filepath.Join(bin, name), []byte(script), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	return &Client{Pause: func(int) time.Duration { return time.Millisecond }}, dir
}

func calls(t *testing.T, dir, name string) (n int) {
	t.Helper()
	text, _ := os.ReadFile(filepath.Join(dir, "calls"))
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, name+" ") {
			n++
		}
	}
	return n
}

// TestLostAnswers submits a job to a Slurm that does not answer, or not in time. Whatever happens, there is one job.
func TestLostAnswers(t *testing.T) {
	const (
		timedOut = `echo "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation" >&2; exit 1`
		away     = `echo "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)" >&2; exit 1`
		accept   = `n=$(( $(wc -l < "$D/queue" 2>/dev/null || echo 0) + 41 )); echo "$n key" >> "$D/queue"; `
		first    = `echo x >> "$D/tries"; [ $(wc -l < "$D/tries") -gt 1 ] || { `
	)
	for _, c := range []struct {
		name     string
		commands map[string]string
		look     bool
		queue    string // what is in it before
		want     string // number of the job, or what the error says
		sbatch   int    // how often it is called
		scancel  int
	}{
		{name: "all is well", commands: map[string]string{"sbatch": accept + `echo "$n"`}, want: "41", sbatch: 1},
		{name: "of a federation", commands: map[string]string{"sbatch": accept + `echo "$n;north"`}, want: "41", sbatch: 1},
		{name: "accepted, and the answer lost", commands: map[string]string{"sbatch": accept + timedOut}, want: "41", sbatch: 1},
		{name: "not accepted, then accepted", commands: map[string]string{"sbatch": first + away + "; }\n" + accept + `echo "$n"`}, want: "41", sbatch: 2},
		{name: "an earlier process has submitted it", commands: map[string]string{"sbatch": accept + `echo "$n"`}, look: true, queue: "7 key\n8 keys\n9 ke\n", want: "7"},
		{name: "accepted twice", commands: map[string]string{"sbatch": accept + `echo "$n"`}, look: true, queue: "19 key\n7 key\n", want: "7", scancel: 1},
		{name: "nobody can tell", commands: map[string]string{"sbatch": accept + timedOut, "squeue": "echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1"},
			want: "no answer arrived", sbatch: 1},
		{name: "the controller stays away", commands: map[string]string{"sbatch": away}, want: "no answer arrived", sbatch: attempts},
		{name: "refused", commands: map[string]string{"sbatch": `echo "sbatch: error: invalid partition specified: gpu" >&2; exit 1`}, want: "invalid partition specified: gpu", sbatch: 1},
		{name: "over the limit", commands: map[string]string{"sbatch": `echo "sbatch: error: AssocMaxSubmitJobLimit" >&2; echo "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size and/or time limits)" >&2; exit 1`},
			want: "AssocMaxSubmitJobLimit", sbatch: 1},
		{name: "accepted, and something else printed", commands: map[string]string{"sbatch": accept + `echo welcome`}, want: "41", sbatch: 1},
		{name: "nonsense", commands: map[string]string{"sbatch": `echo welcome`}, want: `found "welcome"`, sbatch: 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, dir := fake(t, c.commands)
			if c.queue != "" {
				if err := os.WriteFile(filepath.Join(dir, "queue"), []byte(c.queue), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			id, err := client.Submit(t.Context(), "key", "script.sh", []string{"--dependency=afterany:3"}, c.look)
			if err != nil {
				id = err.Error()
			}
			if id != c.want && (err == nil || !strings.Contains(id, c.want)) {
				t.Errorf("got %q, want %q", id, c.want)
			}
			if n := calls(t, dir, "sbatch"); n != c.sbatch {
				t.Errorf("sbatch was called %d times, want %d", n, c.sbatch)
			}
			if n := calls(t, dir, "scancel"); n != c.scancel {
				t.Errorf("scancel was called %d times, want %d", n, c.scancel)
			}
		})
	}
}

// queueLine is a line as squeue prints it.
func queueLine(fields ...string) string {
	line := ""
	for i, f := range fields {
		line += fmt.Sprintf("%-*s", queueColumns[i].width, f)
	}
	return line
}

const (
	noController = "echo 'slurm_load_jobs error: Unable to contact slurm controller (connect failure)' >&2; exit 1"
	invalid      = "echo 'slurm_load_jobs error: Invalid job id specified' >&2; exit 1"
)

// TestWhatSlurmSays asks about array 12 and job 13 in every way there is.
func TestWhatSlurmSays(t *testing.T) {
	queue := strings.Join([]string{
		queueLine("12_0", "COMPLETED", "0", "None", "node1"),
		queueLine("12_1", "RUNNING", "2", "None", "node2"),
		queueLine("12_2", "HIBERNATING", "0", "None", "node2"),
		queueLine("12_[3-4%1]", "PENDING", "0", "JobArrayTaskLimit", ""),
		queueLine("13", "PENDING", "0", "Dependency", ""),
		queueLine("99_0", "RUNNING", "0", "None", "node1"), queueLine("123", "FAILED", "0", "None", "node1"), "", "garbage",
	}, "\n")
	show := "cat <<'E'\n" +
		"JobId=14 ArrayJobId=12 ArrayTaskId=1 JobName=x y UserId=root(0) JobState=RUNNING Reason=None Restarts=2 NodeList=node2 BatchHost=node2\n" +
		"JobId=12 ArrayJobId=12 ArrayTaskId=3-4%1 JobName=x JobState=PENDING Reason=JobArrayTaskLimit Restarts=0 NodeList=(null)\n" +
		"JobId=20 ArrayJobId=12 ArrayTaskId=0 JobName=x JobState=NODE_FAIL Reason=NodeDown Restarts=0 NodeList=node1 ExitCode=0:0\nE\n"
	for _, c := range []struct {
		name     string
		commands map[string]string
		want     string
		notes    string
	}{
		{"squeue", map[string]string{"squeue": "cat <<'E'\n" + queue + "\nE"},
			"12_0 COMPLETED squeue; 12_1 RUNNING squeue; 12_2 HIBERNATING squeue; 12_3 PENDING squeue; 12_4 PENDING squeue; 13 PENDING squeue", ""},
		{"squeue knows one of them no more", map[string]string{"squeue": `case "$*" in *-j*) ` + invalid + ";; esac\ncat <<'E'\n" + queue + "\nE"},
			"12_0 COMPLETED squeue; 12_1 RUNNING squeue; 12_2 HIBERNATING squeue; 12_3 PENDING squeue; 12_4 PENDING squeue; 13 PENDING squeue", ""},
		{"what squeue has forgotten, sacct knows", map[string]string{"squeue": "cat <<'E'\n" + queueLine("12_4", "RUNNING", "0", "None", "node1") + "\nE",
			"sacct": "cat <<'E'\n12_0|CANCELLED by 1000|node1\n12_1|TIMEOUT|node1\n12_4|PENDING|None assigned\n12_[2-3]|PENDING|None assigned\n13|OUT_OF_MEMORY|node2\n13.batch|FAILED|node2\nE"},
			"12_0 CANCELLED sacct; 12_1 TIMEOUT sacct; 12_2 PENDING sacct; 12_3 PENDING sacct; 12_4 RUNNING squeue; 13 OUT_OF_MEMORY sacct", ""},
		{"no accounting, and squeue knows nothing", map[string]string{"squeue": invalid, "scontrol": `case $4 in 12) ` + show + ";; *) " + invalid + ";; esac"},
			"12_0 NODE_FAIL scontrol; 12_1 RUNNING scontrol; 12_3 PENDING scontrol; 12_4 PENDING scontrol", "squeue: slurm_load_jobs error: Invalid job id specified"},
		{"no controller", map[string]string{"squeue": noController, "sacct": noController, "scontrol": noController}, "",
			"squeue: slurm_load_jobs error: Unable to contact slurm controller (connect failure)|sacct: slurm_load_jobs error: Unable to contact slurm controller (connect failure)|scontrol: slurm_load_jobs error: Unable to contact slurm controller (connect failure)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			client, _ := fake(t, c.commands)
			jobs, notes := client.Jobs(t.Context(), []string{"12", "13"})
			var got []string
			for _, key := range slices.Sorted(maps.Keys(jobs)) {
				got = append(got, fmt.Sprintf("%s %s %s", key, jobs[key].State, jobs[key].Source))
			}
			if text := strings.Join(got, "; "); text != c.want {
				t.Errorf("got  %s\nwant %s", text, c.want)
			}
			if text := strings.Join(notes, "|"); text != c.notes {
				t.Errorf("notes %q, want %q", text, c.notes)
			}
			if j, ok := jobs["12_1"]; ok && j.Source != "sacct" && (j.Restarts != 2 || j.Nodes != "node2") {
				t.Errorf("%+v", j)
			}
		})
	}
	client, _ := fake(t, nil)
	t.Setenv("PATH", t.TempDir())
	if _, notes := client.Jobs(t.Context(), []string{"1"}); len(notes) == 0 || !strings.Contains(notes[0], "there is no such command") {
		t.Errorf("without Slurm: %q", notes)
	}
}

// TestStates: an unknown word is never an end, so that nobody takes over what may be running.
func TestStates(t *testing.T) {
	for _, c := range []struct {
		says                 string
		ended, known, active bool
	}{
		{"COMPLETED", true, true, false}, {"CANCELLED+", true, true, false}, {"CANCELLED by 0", true, true, false}, {"NODE_FAIL", true, true, false},
		{"TIMEOUT", true, true, false}, {"PENDING", false, true, false}, {"REQUEUED", false, true, false}, {"RUNNING", false, true, true},
		{"COMPLETING", false, true, true}, {"running*", false, true, true}, {"HIBERNATING", false, false, true}, {"", false, false, true},
	} {
		s := parseState(c.says)
		if s.Ended() != c.ended || s.Known() != c.known || s.Active() != c.active {
			t.Errorf("%q: ended %t, known %t, active %t", c.says, s.Ended(), s.Known(), s.Active())
		}
	}
}

func TestEngineAsksSlurm(t *testing.T) {
	client, dir := fake(t, map[string]string{"squeue": "cat <<'E'\n" + queueLine("12_1", "RUNNING", "0", "None", "n") + "\n" +
		queueLine("12_2", "TIMEOUT", "0", "None", "n") + "\n" + queueLine("12_3", "PENDING", "1", "BeginTime", "") + "\nE", "scontrol": invalid})
	e := &Engine{Client: client}
	for _, c := range []struct {
		job            string
		running, known bool
	}{
		{"slurm 12_1", true, true}, {"slurm 12_2", false, true}, {"slurm 12_3", false, true}, {"slurm 77", false, false}, {"other 12_1", false, false},
	} {
		if running, known := e.Running(c.job); running != c.running || known != c.known {
			t.Errorf("%s: running %t, known %t", c.job, running, known)
		}
	}
	before := calls(t, dir, "squeue")
	e = &Engine{Client: client}
	for range 20 {
		e.Running("slurm 12_1")
	}
	if n := calls(t, dir, "squeue") - before; n != 1 {
		t.Errorf("Slurm was asked %d times within a moment", n)
	}
	if job, _ := e.Self(); job != "" {
		t.Errorf("outside of a job: %q", job)
	}
	t.Setenv("SLURM_ARRAY_JOB_ID", "12")
	t.Setenv("SLURM_ARRAY_TASK_ID", "1")
	t.Setenv("SLURM_RESTART_COUNT", "2")
	if job, attempt := e.Self(); job != "slurm 12_1" || attempt != 2 {
		t.Errorf("%q, %d", job, attempt)
	}
}

func TestLimits(t *testing.T) {
	config := "cat <<'E'\nConfiguration data as of 2026-11-27\nMaxArraySize            = 2001\nMaxJobCount             = 10000\nMaxStepCount            = 40000\nE"
	client, _ := fake(t, map[string]string{"scontrol": config, "sacctmgr": "exit 1"})
	if l, err := client.Limits(context.Background()); err != nil || l != (Limits{2001, 10000}) {
		t.Errorf("%+v, %v", l, err)
	}
	client, _ = fake(t, map[string]string{"scontrol": config, "sacctmgr": `printf '\n500\n300\n'`})
	if l, err := client.Limits(context.Background()); err != nil || l != (Limits{2001, 500}) {
		t.Errorf("%+v, %v", l, err)
	}
}

func TestCancelEnded(t *testing.T) {
	client, dir := fake(t, map[string]string{"scancel": `echo "scancel: error: Kill job error on job id 5: Invalid job id specified" >&2; exit 1`})
	if err := client.Cancel(t.Context(), "5"); err != nil {
		t.Error(err)
	}
	if err := client.Cancel(t.Context()); err != nil || calls(t, dir, "scancel") != 1 {
		t.Errorf("nothing to cancel: %v", err)
	}
}
