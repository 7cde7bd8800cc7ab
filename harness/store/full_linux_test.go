package store

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// TestDiskFull writes to /dev/full, which every Linux has: each write fails with "no space left on device".
func TestDiskFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full here")
	}
	s, _ := open(t)
	tr := start(t, s)
	if err := tr.Finish(Result{Status: Done, Steps: 1}, params()); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	c := &Curve{f: f}
	if err := c.Append(Point{Step: 1}); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("appending to a full disk: %v", err)
	}
	r := &Run{store: s, id: "x", events: f}
	if err := r.Event("x"); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("an event on a full disk: %v", err)
	}
}

// TestFileSizeLimit makes the kernel refuse to write more than a few bytes to any file, as a full disk does in the
// middle of a record: the write fails, the old record stays, and no temporary file is left.
func TestFileSizeLimit(t *testing.T) {
	if os.Getenv("STORE_LIMITED") == "" {
		runLimited(t)
		return
	}
	dir := os.Getenv("STORE_LIMITED")
	s, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	tr := s.Trial(hash(spec))
	limit := syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &limit); err != nil {
		t.Skip(err)
	}
	err = tr.write7()
	if err == nil {
		t.Fatal("the limit had no effect")
	}
	left, _ := filepath.Glob(tr.path(".tmp-*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if r, ok, err := tr.Result(); !ok || err != nil || r.Steps != 1 {
		t.Errorf("the old record: %+v, %v, %v", r, ok, err)
	}
}

func (t *Trial) write7() error {
	return t.store.write(t.path("result.json"), Result{Status: Done, Steps: 7})
}

// runLimited runs TestFileSizeLimit in a process of its own, since the limit cannot be lifted.
func runLimited(t *testing.T) {
	s, _ := open(t)
	tr := start(t, s)
	if err := tr.Finish(Result{Status: Done, Steps: 1}, params()); err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0], "-test.run=^TestFileSizeLimit$")
	child.Env = append(os.Environ(), "STORE_LIMITED="+s.Dir())
	if out, err := child.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}
