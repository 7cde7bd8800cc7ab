//go:build python && linux

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A plugin in Python that keeps a vector in a slot is killed in its training, and ends with the same bits.
func TestPythonKilled(t *testing.T) {
	dir := t.TempDir()
	if out, err := bench(t, dir, "plugin", "new", "my-opt", "--lang", "py").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	plugin := filepath.Join(dir, "my-opt")
	text, err := os.ReadFile("../../suites/quickstart.toml")
	if err != nil {
		t.Fatal(err)
	}
	more := []string{"--set", "suite.seeds=[3]", "--set", "tuning.seeds=[3]", "--set", "budget.limit=60", "-O", plugin, "-M", "gradnorm"}
	if n := killed(t, "quickstart.toml", string(text), more, 10, 100*time.Millisecond, 1); n < 10 {
		t.Errorf("%d kills, want 10", n)
	}
}
