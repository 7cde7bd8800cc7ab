package pluginhost

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func lockProgram(dir string, files ...File) Program { return Program{Dir: dir, Files: files} }

func TestLockKeepsWhatItIsGiven(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "suites", LockName)
	if err := os.Mkdir(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	a := lockProgram(filepath.Join(dir, "plugins", "a"), File{"a b\"\\\t.py", "11"}, File{"plugin.toml", "22"})
	b := lockProgram(filepath.Join(dir, "suites", "b"), File{"b", "33"})
	one, err := ReadLock(path)
	if err != nil || len(one.Pins) != 0 {
		t.Fatalf("a lock that does not exist: %+v, %v", one, err)
	}
	infoA, infoB := Info{Name: "x", Kind: KindOptimizer, Version: 3}, Info{Name: "a", Kind: KindMetric, Version: 1}
	if !one.Put(a, infoA) || !one.Put(b, infoB) || one.Put(a, infoA) {
		t.Error("Put does not tell what changes")
	}
	if err := one.Write(); err != nil {
		t.Fatal(err)
	}
	two := &Lock{Path: path}
	two.Put(b, infoB)
	two.Put(a, infoA)
	if !bytes.Equal(one.Text(), two.Text()) {
		t.Errorf("the order of pins shows:\n%s\n%s", one.Text(), two.Text())
	}
	read, err := ReadLock(path)
	if err != nil || !bytes.Equal(read.Text(), one.Text()) {
		t.Fatalf("%v\n%s\n%s", err, read.Text(), one.Text())
	}
	if pin := read.Find(a); pin == nil || pin.Path != "../plugins/a" || pin.Version != 3 || pin.Protocol != 1 || pin.Kind != KindOptimizer ||
		len(pin.Changes(a)) != 0 || pin.Files["a b\"\\\t.py"] != "11" {
		t.Errorf("%+v", pin)
	}
	if pin := read.Find(lockProgram(filepath.Join(dir, "plugins", "c"))); pin != nil {
		t.Errorf("a plugin that is not there: %+v", pin)
	}
	if pin := read.Find(Program{Bundled: true, Dir: a.Dir}); pin != nil {
		t.Errorf("a bundled plugin: %+v", pin)
	}
	if pin := (*Lock)(nil).Find(a); pin != nil {
		t.Errorf("no lock: %+v", pin)
	}
	if left, _ := filepath.Glob(path + ".*"); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

func TestPinChanges(t *testing.T) {
	pin := Pin{Files: map[string]string{"a": "1", "b": "2", "c": "333333333333333"}}
	got := strings.Join(pin.Changes(lockProgram("", File{"a", "1"}, File{"b", "9"}, File{"d", "4"})), "\n")
	const want = "b has sha256 9, in the lock it is 2\nd is not in the lock (sha256 4)\nc (sha256 333333333333) is in the lock and no longer declared"
	if got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

func TestBrokenLocks(t *testing.T) {
	for text, want := range map[string]string{
		"nonsense":                      ":1: ",
		"[[plugin]]\nnome = \"a\"":      `unknown key "plugin.nome"`,
		"[[plugin]]\nname = \"a\"":      "without a name, a path or files",
		"[[plugin]]\nversion = \"two\"": "version",
	} {
		path := filepath.Join(t.TempDir(), LockName)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadLock(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

// A program knows plugin.toml and every declared file; the hash that identifies it is of the declared ones alone, as
// trials that exist are called by it.
func TestFilesOfAProgram(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"plugin.toml": "kind = \"metric\"\ncommand = [\"./p\"]\nfiles = [\"p\", \"lib/q\", \"./p\"]\n", "p": "abc", "lib/q": "",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	p, err := Resolve(dir, "", func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	const empty, abc = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if len(p.Files) != 3 || p.Files[0] != (File{"lib/q", empty}) || p.Files[1] != (File{"p", abc}) || p.Files[2].Name != "plugin.toml" {
		t.Errorf("%+v", p.Files)
	}
	if want := hashOf(p.Files[:2]); p.Hash != want {
		t.Errorf("the hash is %s, that of the declared files %s", p.Hash, want)
	}
}
