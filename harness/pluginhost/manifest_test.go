package pluginhost

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

func write(t *testing.T, dir, name, text string, mode os.FileMode) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func TestResolveBundled(t *testing.T) {
	known := func(name string) bool { return name == "sgd" }
	p, err := Resolve("sgd", t.TempDir(), known)
	exe, _ := os.Executable()
	if err != nil || !slices.Equal(p.Command, []string{exe, "plugin", "serve", "sgd"}) || !p.Bundled || p.MTLS || p.Hash != "" || p.Name != "sgd" {
		t.Errorf("%+v, %v", p, err)
	}
	if _, err := Resolve("sdg", t.TempDir(), known); err == nil || !strings.Contains(err.Error(), "./sdg") {
		t.Errorf("unknown name: %v", err)
	}
	if _, err := Resolve("", t.TempDir(), known); err == nil {
		t.Error("an empty name was accepted")
	}
}

func TestResolvePath(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("programs are named otherwise")
	}
	base := t.TempDir()
	dir := filepath.Join(base, "mine")
	write(t, dir, "bin/mine", "#!/bin/sh\n", 0o755)
	write(t, dir, "data.txt", "1", 0o644)
	write(t, dir, ManifestName, `
kind = "optimizer"
command = ["bin/mine", "--data", "data.txt", "other.txt"]
files = ["bin/mine", "data.txt"]
`, 0o644)
	none := func(string) bool { return false }
	p, err := Resolve("./mine", base, none)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "bin/mine"), "--data", filepath.Join(dir, "data.txt"), "other.txt"}
	if !slices.Equal(p.Command, want) || p.Dir != dir || !p.MTLS || p.Bundled || p.Kind != "optimizer" || p.Name != "mine" || p.Ref != "./mine" {
		t.Errorf("%+v", p)
	}
	for _, ref := range []string{dir, "mine/plugin.toml", "../" + filepath.Base(base) + "/mine"} {
		if q, err := Resolve(ref, base, none); err != nil || q.Hash != p.Hash || q.Command[0] != want[0] {
			t.Errorf("%s: %+v, %v", ref, q, err)
		}
	}

	// Computed with sha256sum: of each file, then of the lines `SUM  "NAME"`.
	if want := "3459fd39ab118739aabd26b638307579cc79da4cdcc5ae8f98b9e48f85670fca"; p.Hash != want {
		t.Errorf("hash %s, want %s", p.Hash, want)
	}
	write(t, dir, "notes.md", "not part of it", 0o644)
	if q, _ := Resolve("./mine", base, none); q.Hash != p.Hash {
		t.Error("a file that is not declared has changed the hash")
	}
	write(t, dir, "data.txt", "2", 0o644)
	if q, _ := Resolve("./mine", base, none); q.Hash == p.Hash {
		t.Error("a declared file has changed without changing the hash")
	}
	write(t, dir, ManifestName, "kind = 'metric'\nmtls = false\ncommand = ['sh', 'data.txt']\nfiles = ['data.txt']\n", 0o644)
	q, err := Resolve("./mine", base, none)
	if err != nil || q.MTLS || !filepath.IsAbs(q.Command[0]) || filepath.Base(q.Command[0]) != "sh" || q.Command[1] != want[2] {
		t.Errorf("%+v, %v", q, err)
	}
}

func TestManifestsThatAreWrong(t *testing.T) {
	for name, c := range map[string]struct {
		text string
		want []string
	}{
		"empty":           {``, []string{"kind is missing", "command is missing", "files is missing"}},
		"syntax":          {"kind = \"metric\"\ncommand = [", []string{"plugin.toml:2: "}},
		"type":            {"kind = 3", []string{"kind"}},
		"unknown key":     {"kind = 'metric'\ncommand = ['./a']\nfiles = ['a']\nmlts = true", []string{`unknown key "mlts"`}},
		"kind":            {"kind = 'solver'\ncommand = ['./a']\nfiles = ['a']", []string{`kind is "solver"`}},
		"outside":         {"kind = 'metric'\ncommand = ['./a']\nfiles = ['../a', '/etc/passwd']", []string{`"../a"`, `"/etc/passwd"`}},
		"not listed":      {"kind = 'metric'\ncommand = ['./a']\nfiles = ['b']", []string{"./a must be listed under files"}},
		"not built":       {"kind = 'metric'\ncommand = ['./a']\nfiles = ['a']", []string{"build it first"}},
		"not in PATH":     {"kind = 'metric'\ncommand = ['no-such-program']\nfiles = ['b']", []string{"./no-such-program"}},
		"missing file":    {"kind = 'metric'\ncommand = ['./b']\nfiles = ['b', 'gone']", []string{"files: ", "gone"}},
		"several at once": {"kind = 'x'\ncommand = []\nfiles = ['../a']\nfoo = 1", []string{"foo", "kind", "command", "../a"}},
	} {
		dir := t.TempDir()
		write(t, dir, ManifestName, c.text, 0o644)
		write(t, dir, "b", "", 0o755)
		_, err := Resolve(dir, "/", func(string) bool { return false })
		if err == nil {
			t.Errorf("%s: accepted", name)
			continue
		}
		for _, part := range c.want {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %v, want %q in it", name, err, part)
			}
		}
	}
	if _, err := Resolve("./nowhere", t.TempDir(), func(string) bool { return false }); err == nil || !strings.Contains(err.Error(), "plugin.toml") {
		t.Errorf("a path that is not there: %v", err)
	}
}

func FuzzManifest(f *testing.F) {
	f.Add("kind = 'metric'\ncommand = ['./b', 'b']\nfiles = ['b']\nmtls = false")
	f.Add("command = [")
	f.Fuzz(func(t *testing.T, text string) {
		dir := t.TempDir()
		write(t, dir, ManifestName, text, 0o644)
		write(t, dir, "b", "", 0o755)
		p, err := Resolve(dir, "/", func(string) bool { return false })
		if err == nil && (len(p.Command) == 0 || !filepath.IsAbs(p.Command[0]) || len(p.Hash) != 64) {
			t.Errorf("%q: %+v", text, p)
		}
	})
}
