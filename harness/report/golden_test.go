package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write testdata instead of comparing with it")

// TestGolden compares every file of a report with testdata/NAME, written by "go test -update" and read by people.
func TestGolden(t *testing.T) {
	for _, c := range []struct {
		name  string
		seeds int
	}{{"example", 8}, {"five-seeds", 5}} {
		b, err := Build(example(c.seeds))
		if err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", c.name)
		dir := golden
		if !*update {
			dir = t.TempDir()
		}
		paths, err := Write(dir, b, "md", "csv", "latex", "json")
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			got, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(golden, filepath.Base(path)))
			if err != nil {
				t.Fatal(err)
			}
			// A checkout may have turned line ends around.
			want = bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))
			if !bytes.Equal(got, want) {
				t.Errorf("%s/%s differs from testdata (go test ./harness/report -update, then read the difference); got:\n%s", c.name, filepath.Base(path), got)
			}
		}
	}
}
