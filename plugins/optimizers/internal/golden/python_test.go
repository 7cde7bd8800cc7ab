//go:build python

package golden

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Every script writes the file that is there, byte for byte.
func TestScriptsReproduceTheirFiles(t *testing.T) {
	scripts, err := filepath.Glob("../../*/testdata/golden.py")
	if err != nil || len(scripts) == 0 {
		t.Fatalf("found no scripts: %v", err)
	}
	written := func(script string) string {
		if script == "problems.py" {
			return "problems.json"
		}
		return filepath.Join(filepath.Dir(script), "golden.json")
	}
	for _, script := range append(scripts, "problems.py") {
		path := written(script)
		want, err := os.ReadFile(path)
		if err != nil {
			t.Errorf("%s: %v", script, err)
			continue
		}
		run := exec.Command("python3", script)
		run.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
		if out, err := run.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", script, err, out)
			continue
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != string(want) {
			t.Errorf("%s writes another %s than the one that is there", script, filepath.Base(path))
			// The file that is there is what the Go tests read.
			if err := os.WriteFile(path, want, 0o666); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// Every optimizer has a script: its trajectories are checked against a reference.
func TestEveryOptimizerHasAReference(t *testing.T) {
	folders, err := filepath.Glob("../../*/*_test.go")
	if err != nil || len(folders) == 0 {
		t.Fatalf("found no optimizers: %v", err)
	}
	seen := map[string]bool{}
	for _, f := range folders {
		dir := filepath.Dir(f)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		if _, err := os.Stat(filepath.Join(dir, "testdata", "golden.py")); err != nil {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
