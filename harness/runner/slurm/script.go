package slurm

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/sharpbench/sharpbench/harness/store"
)

// script is what sbatch is given for an array or the board. folder is where the run was started.
func script(st *store.Store, run, folder string, p *Plan, a Array) (string, error) {
	for _, path := range []string{st.Dir(), folder, p.Bench} {
		if strings.ContainsAny(path, "\\\"\n\r") {
			return "", fmt.Errorf("%q: sbatch cannot be told of paths with quotes, backslashes or line ends", path)
		}
	}
	var b strings.Builder
	directive := func(format string, args ...any) { fmt.Fprintf(&b, "#SBATCH "+format+"\n", args...) }
	fmt.Fprintf(&b, "#!/bin/bash\n# Run %s, %s. Written by bench; sbatch is given it as it is.\n", run, a.what())
	directive("--job-name=%s", a.Name)
	output := LogPath(st, run, a.Name, -1)
	if len(a.Tasks) > 0 {
		limit := ""
		if a.Limit > 0 {
			limit = fmt.Sprintf("%%%d", a.Limit)
		}
		directive("--array=0-%d%s", len(a.Tasks)-1, limit)
		output = LogPath(st, run, a.Name, -1)
		output = strings.TrimSuffix(output, ".out") + "_\x00.out"
	}
	// In names of files % begins a pattern of sbatch's, such as %a, the index of the task.
	output = strings.ReplaceAll(strings.ReplaceAll(output, "%", "%%"), "\x00", "%a")
	directive("--output=%s", sbatchQuote(output))
	directive("--chdir=%s", sbatchQuote(folder))
	directive("--open-mode=append")
	directive("--requeue")
	directive("--ntasks=1")
	for _, o := range a.Options {
		key, value, ok := strings.Cut(o, "=")
		if ok {
			o = key + "=" + sbatchQuote(value)
		}
		directive("%s", o)
	}
	fmt.Fprintf(&b, "\nexport BENCH_CACHE=%s\n", shellQuote(p.Cache))
	verb := "board"
	task := len(a.Tasks) > 0
	if task {
		verb = "task"
	}
	// Should the time be up during the setup.
	if task && len(p.Setup) > 0 {
		b.WriteString("late=\ntrap 'late=1' USR1\n")
	}
	for _, line := range p.Setup {
		b.WriteString(line + "\n")
	}
	if task && len(p.Setup) > 0 {
		b.WriteString("[ -z \"$late\" ] || exec scontrol requeue \"${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}\"\n")
	}
	if task {
		b.WriteString("trap '' USR1\n") // bench sees it from its first moment on; until then it must not kill
	}
	fmt.Fprintf(&b, "exec %s --offline --store %s slurm %s %s %s\n", shellQuote(p.Bench), shellQuote(st.Dir()), verb, run, a.Name)
	if strings.ContainsRune(b.String(), 0) {
		return "", errors.New("a path contains a zero byte")
	}
	return b.String(), nil
}

// what says in words what a job is for.
func (a Array) what() string {
	trials := 0
	for _, t := range a.Tasks {
		trials += len(t)
	}
	switch a.Stage {
	case tuning:
		return fmt.Sprintf("%d trials", trials)
	case selected:
		return fmt.Sprintf("%d trials of the configurations that the tuning selects", trials)
	}
	return "the board"
}

var safe = regexp.MustCompile(`^[A-Za-z0-9_@%+=:,./*-]+$`)

// sbatchQuote quotes a value on a line of #SBATCH, where words are split at spaces and # begins a comment.
func sbatchQuote(s string) string {
	if safe.MatchString(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func shellQuote(s string) string {
	if safe.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
