//go:build python

package store

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestPythonReadsParams lets another implementation read a file.
func TestPythonReadsParams(t *testing.T) {
	file, err := params().encode()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "p.safetensors")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("python3", "-c", `
import sys
from safetensors.numpy import load_file
t = load_file(sys.argv[1])
print(sorted((k, v.shape, v.dtype.name) for k, v in t.items()))
print(t["a.bias"][0], t["z.weight"][0, 1])
`, path).CombinedOutput()
	want := "[('a.bias', (2,), 'float32'), ('bench.buffers', (2,), 'float32'), ('bench.init', (6,), 'float32'), ('bench.update', (6,), 'float32'), ('z.weight', (2, 2), 'float32')]\n5.0 -2.0"
	if err != nil || strings.TrimSpace(string(out)) != want {
		t.Errorf("%v: %s", err, out)
	}
}
