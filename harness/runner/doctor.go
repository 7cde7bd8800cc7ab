package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/store"
)

// Finding is one thing that a check of the machine has looked at.
type Finding struct {
	What string `json:"what"`
	OK   bool   `json:"ok"`
	// Needed means that nothing runs without it; otherwise it is only good to know.
	Needed bool   `json:"needed"`
	Text   string `json:"text"`
	Hint   string `json:"hint,omitempty"`
}

// Examine looks at the machine, the store, the data and every plugin: what has to work for suites to run.
func Examine(ctx context.Context, st *store.Store, host *Plugins, names []string, release string) []Finding {
	var out []Finding
	add := func(what string, needed bool, err error, text, hint string) {
		f := Finding{What: what, OK: err == nil, Needed: needed, Text: text}
		if err != nil {
			f.Text, f.Hint = err.Error(), hint
		}
		out = append(out, f)
	}
	add("bench", true, nil, strings.TrimSpace(fmt.Sprintf("%s, engine %d, %s %s", release, engine.Version, runtime.Version(), commit())), "")
	add("machine", true, nil, fmt.Sprintf("%s/%s, %d cores, %s, kernels in %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), orUnknown(cpu()["model name"]), engine.ISA()), "")
	if free, ok := store.Free(st.Dir()); ok {
		var err error
		if free < 1<<30 {
			err = fmt.Errorf("%.1f GB free where the store lies", float64(free)/1e9)
		}
		add("disk", false, err, fmt.Sprintf("%.0f GB free where the store lies", float64(free)/1e9), "a trained network and its records take up to some megabytes")
	}
	add("store", true, st.Writable(), st.Dir()+" can be written, and its file system allows hard links", "choose another folder with --store")

	started := time.Now()
	host.Preload(ctx, names)
	var broken []string
	for _, name := range names {
		if _, err := host.Get(name); err != nil {
			broken = append(broken, name+": "+strings.ReplaceAll(err.Error(), "\n", "; "))
		}
	}
	var err error
	if len(broken) > 0 {
		err = fmt.Errorf("%d of %d do not start: %s", len(broken), len(names), strings.Join(broken, "; "))
	}
	add("plugins", true, err, fmt.Sprintf("all %d bundled ones start, %.0f ms each", len(names), 1000*time.Since(started).Seconds()/float64(max(1, len(names)))),
		"plugins are processes that talk through a socket in a short folder: TMPDIR must be writable")

	for _, name := range dataset.Names() {
		s, err := dataset.Inspect(name)
		var missing *dataset.Missing
		if errors.As(err, &missing) {
			err = errors.New("not fetched")
		}
		if err != nil {
			add("data "+name, false, err, "", "bench data fetch "+name)
			continue
		}
		add("data "+name, false, nil, fmt.Sprintf("%d and %d examples", s.Train, s.Test), "")
	}
	for _, tool := range []struct{ name, why string }{
		{"git", "records then say which revision a suite is of"},
		{"go", "plugins in Go are built with it"},
		{"python3", "plugins in Python run in it"},
	} {
		path, err := exec.LookPath(tool.name)
		if err != nil {
			err = fmt.Errorf("%s is not here", tool.name)
		}
		add(tool.name, false, err, path, tool.why)
	}
	path, err := exec.LookPath("sinfo")
	if err != nil {
		add("slurm", false, fmt.Errorf("its commands are not here"), "", "--engine slurm needs sbatch, squeue and scancel")
	} else {
		ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
		defer cancel()
		text, err := exec.CommandContext(ctx, path, "-h", "-o", "%P %a %D nodes").Output()
		if err != nil {
			err = fmt.Errorf("sinfo: %w", err)
		}
		add("slurm", false, err, strings.Join(strings.Fields(strings.ReplaceAll(string(text), "\n", ", ")), " "), "is the controller up? scontrol ping")
	}
	if dir := os.TempDir(); len(dir) > 60 {
		add("sockets", true, fmt.Errorf("the folder for temporary files has a long name: %s", dir), "", "a socket's path has at most 107 bytes: set TMPDIR to a shorter one")
	}
	return out
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown processor"
	}
	return s
}
