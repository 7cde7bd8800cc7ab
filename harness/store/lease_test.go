package store

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var trialID = hash("trial")

func leaseDir(t *testing.T, s *Store) string {
	t.Helper()
	dir := filepath.Join(s.Dir(), "leases")
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	return dir
}

// plant writes a lease of another process.
func plant(t *testing.T, path string, h holder) {
	t.Helper()
	body, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, body, 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestLeaseIsExclusive(t *testing.T) {
	s, _ := open(t)
	l, err := s.Lease(trialID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Lease(trialID)
	var held *HeldError
	if !errors.Is(err, ErrHeld) || !errors.As(err, &held) || held.PID != os.Getpid() || held.Host == "" || held.Since.IsZero() {
		t.Errorf("second lease: %v", err)
	}
	other, err := s.Lease(hash("another"))
	if err != nil {
		t.Errorf("lease of another trial: %v", err)
	}
	other.Release()
	for range 2 {
		if err := l.Release(); err != nil {
			t.Fatal(err)
		}
	}
	l, err = s.Lease(trialID)
	if err != nil {
		t.Fatalf("after release: %v", err)
	}
	l.Release()
	if left, _ := os.ReadDir(leaseDir(t, s)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// TestLeaseRace lets goroutines take, hold and release a lease that starts out stale: at no time do two hold it.
func TestLeaseRace(t *testing.T) {
	s, _ := open(t)
	path := filepath.Join(leaseDir(t, s), trialID)
	dead := self()
	dead.Birth = "0" // a process of that number, but not the one that took the lease
	plant(t, path, dead)
	var holders, taken atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				l, err := s.Lease(trialID)
				if errors.Is(err, ErrHeld) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				if n := holders.Add(1); n != 1 {
					t.Errorf("%d hold the lease", n)
				}
				taken.Add(1)
				time.Sleep(100 * time.Microsecond)
				holders.Add(-1)
				if taken.Load()%3 == 0 { // die instead of releasing it
					close(l.stop)
					<-l.done
					l.file.Close()
					plant(t, path+".dead", dead)
					os.Rename(path+".dead", path)
					continue
				}
				if err := l.Release(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if taken.Load() == 0 {
		t.Error("nobody ever got the lease")
	}
}

func TestStaleLeases(t *testing.T) {
	if self().Machine == "" || self().Birth == "" {
		t.Skip("this system does not tell when processes start")
	}
	me := self()
	reused, gone, away, rebooted := me, me, me, me
	reused.Birth = me.Birth + "0"
	gone.PID = 1<<22 + 1 // above the largest process number of Linux
	away.Host = "elsewhere"
	rebooted.Machine = "another boot"
	old := time.Now().Add(-time.Hour)
	for _, c := range []struct {
		name    string
		h       holder
		age     time.Time
		taken   bool
		watched bool
	}{
		{"our own living process", me, old, false, false}, // old or not, it is alive
		{"a process that is gone", gone, time.Now(), true, false},
		{"a process number used again", reused, time.Now(), true, false},
		{"another host, heard of lately", away, time.Now(), false, false},
		{"another host, silent for an hour", away, old, true, true},
		{"another boot, heard of lately", rebooted, time.Now(), false, false},
		{"another boot, silent for an hour", rebooted, old, true, true},
		{"a damaged lease, new", holder{}, time.Now(), false, false},
		{"a damaged lease, old", holder{}, old, true, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, _ := open(t)
			path := filepath.Join(leaseDir(t, s), trialID)
			plant(t, path, c.h)
			if strings.HasPrefix(c.name, "a damaged") {
				os.WriteFile(path, []byte(`{"host":`), 0o666)
			}
			if err := os.Chtimes(path, c.age, c.age); err != nil {
				t.Fatal(err)
			}
			l, err := s.Lease(trialID)
			if c.watched {
				// Its age alone is no proof: it is watched for a beat.
				if !errors.Is(err, ErrHeld) {
					t.Fatalf("taken without a look at it: %v", err)
				}
				s.suspects.seen[path] = suspect{s.suspects.seen[path].age, time.Now().Add(-time.Minute)}
				l, err = s.Lease(trialID)
			}
			if (err == nil) != c.taken || err != nil && !errors.Is(err, ErrHeld) {
				t.Fatalf("lease: %v; taken over should be %v", err, c.taken)
			}
			if l != nil {
				l.Release()
			}
		})
	}
}

// TestBrokenBreaker leaves the mark of a process that died while it broke a lease.
func TestBrokenBreaker(t *testing.T) {
	if self().Birth == "" {
		t.Skip("this system does not tell when processes start")
	}
	s, _ := open(t)
	path := filepath.Join(leaseDir(t, s), trialID)
	dead := self()
	dead.Birth = "0"
	plant(t, path, dead)
	plant(t, path+".break", dead)
	l, err := s.Lease(trialID)
	if err != nil {
		t.Fatal(err)
	}
	l.Release()
	if left, _ := os.ReadDir(leaseDir(t, s)); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestHeartbeatAndLoss(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lease")
	l, err := take(path, patience{stale: time.Minute}, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-time.Hour)
	os.Chtimes(path, old, old)
	deadline := time.Now().Add(10 * time.Second)
	for {
		st, err := os.Stat(path)
		if err == nil && time.Since(st.ModTime()) < 30*time.Minute {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no heartbeat")
		}
		time.Sleep(time.Millisecond)
	}
	// Somebody takes the lease away.
	plant(t, path+".new", holder{Host: "elsewhere", PID: 1})
	os.Rename(path+".new", path)
	select {
	case <-l.Lost():
	case <-time.After(10 * time.Second):
		t.Fatal("the loss was not noticed")
	}
	if err := l.Release(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("Release removed somebody else's lease: %v", err)
	}
}

// TestLeaseOfKilledProcess takes a lease in another process, kills it, and takes the lease over.
func TestLeaseOfKilledProcess(t *testing.T) {
	if dir := os.Getenv("STORE_HOLD"); dir != "" {
		s, err := Open(dir, Options{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Lease(trialID); err != nil {
			t.Fatal(err)
		}
		os.WriteFile(filepath.Join(dir, "held"), nil, 0o666)
		time.Sleep(time.Minute)
		return
	}
	if self().Machine == "" {
		t.Skip("this system does not tell which processes live")
	}
	s, _ := open(t)
	leaseDir(t, s)
	child := exec.Command(os.Args[0], "-test.run=^TestLeaseOfKilledProcess$")
	child.Env = append(os.Environ(), "STORE_HOLD="+s.Dir())
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer child.Process.Kill()
	deadline := time.Now().Add(20 * time.Second)
	for {
		if _, err := os.Stat(filepath.Join(s.Dir(), "held")); err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the child did not take the lease")
		}
		time.Sleep(2 * time.Millisecond)
	}
	var held *HeldError
	if _, err := s.Lease(trialID); !errors.As(err, &held) || held.PID != child.Process.Pid {
		t.Fatalf("while the child lives: %v", err)
	}
	child.Process.Kill()
	// Killed but not waited for, it is a zombie for a while: dead all the same.
	for {
		l, err := s.Lease(trialID)
		if err == nil {
			l.Release()
			break
		}
		if !errors.Is(err, ErrHeld) || time.Now().After(deadline) {
			t.Fatalf("after the child was killed: %v", err)
		}
		time.Sleep(time.Millisecond)
	}
	child.Wait()
}

// A lease that looks old is not broken while it moves, whatever the clocks say.
func TestOldButAlive(t *testing.T) {
	if self().Machine == "" {
		t.Skip("this system does not tell which processes live")
	}
	s, _ := open(t)
	path := filepath.Join(leaseDir(t, s), trialID)
	away := self()
	away.Host = "elsewhere"
	plant(t, path, away)
	r := patience{stale: time.Minute, suspects: &suspects{}}
	at := func(age time.Duration) bool {
		t.Helper()
		old := time.Now().Add(-age)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		dead, _, err := judge(path, time.Now(), r)
		if err != nil {
			t.Fatal(err)
		}
		return dead
	}
	hour := func() { r.suspects.seen[path] = suspect{r.suspects.seen[path].age, time.Now().Add(-time.Hour)} }
	if at(time.Hour) {
		t.Error("broken at first sight")
	}
	hour()
	if at(2 * time.Hour) { // it moved, though to an older time: a clock was set
		t.Error("broken although it had moved")
	}
	hour()
	if dead, _, _ := judge(path, time.Now(), r); !dead {
		t.Error("not broken after an hour of silence")
	}
}
