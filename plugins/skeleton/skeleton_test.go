package skeleton

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// Each of the four names itself as it was asked to, throughout. That they compile, keep the rules and train is tested
// with the command that makes them.
func TestCreate(t *testing.T) {
	left := regexp.MustCompile(`(?i)my[-_]plugin|PACKAGE_DIR|MODULE_NOTE`)
	for _, o := range []Options{
		{Lang: Go, Kind: Optimizer}, {Lang: Go, Kind: Metric}, {Lang: Python, Kind: Optimizer}, {Lang: Python, Kind: Metric},
	} {
		o.Name, o.Dir = "so-and-so", filepath.Join(t.TempDir(), "a", "folder")
		r, err := Create(o)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range r.Files {
			text, err := os.ReadFile(filepath.Join(o.Dir, name))
			if err != nil || left.Match(text) || left.MatchString(name) {
				t.Errorf("%s %s: %s: %q, %v", o.Lang, o.Kind, name, left.Find(text), err)
			}
			if name == "README.md" && !strings.Contains(string(text), "bench plugin test ./folder\n") {
				t.Errorf("%s", text)
			}
		}
		if again, err := Create(o); !errors.Is(err, ErrUsage) {
			t.Errorf("made twice: %+v, %v", again, err)
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"", "A", "1st", "a b", "../a", "a/b", strings.Repeat("a", 65), "taken"} {
		dir := filepath.Join(t.TempDir(), "x")
		if _, err := Create(Options{Name: name, Lang: Go, Dir: dir, Taken: []string{"taken"}}); !errors.Is(err, ErrUsage) {
			t.Errorf("%q: %v", name, err)
		}
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%q: something was written", name)
		}
	}
}

func TestModules(t *testing.T) {
	here, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if got := sourceOver(filepath.Join(here, "plugins", "skeleton")); got != here {
		t.Errorf("the source over this folder is %q, want %q", got, here)
	}
	if got := sourceOver(t.TempDir()); got != "" {
		t.Errorf("the source over an empty folder is %q", got)
	}
	mod, sum, err := module{version: "v1.2.3"}.files("x")
	if err != nil || sum != "" || !strings.Contains(mod, "require github.com/sharpbench/sharpbench v1.2.3\n") || strings.Contains(mod, "replace") {
		t.Errorf("%s%s%v", mod, sum, err)
	}
	for dir, want := range map[string]string{"/a/b-1.0": "/a/b-1.0", "/a b": `"/a b"`} {
		if got := modWord(dir); got != want {
			t.Errorf("%s in go.mod is %s", dir, got)
		}
	}
	for word, want := range map[string]string{"./a": "./a", "a b": "'a b'", "it's": `'it'\''s'`} {
		if got := shellWord(word); got != want {
			t.Errorf("%s in a shell is %s", word, got)
		}
	}
}
