package store

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A lease keeps two workers off one trial. It is a file that link(2) puts under the trial's name, which exactly one of
// any number of hosts can do, on NFS too. While the trial runs, its holder rewrites the file every heartbeat, so that
// the file server's clock stamps it.
//
// A lease is broken when its holder is known to be dead: a process of this machine that is gone or has been replaced by
// another with the same number; elsewhere, one that has missed three heartbeats and whose engine does not say that it
// runs. Where there is no engine to ask, it must have been silent for longer; and as clocks may jump, the age of a lease alone
// proves nothing: whoever finds one too old watches it for a beat by its own stopwatch, and breaks it only if nothing has moved.

const (
	heartbeat   = 10 * time.Second
	missedBeats = 3 * heartbeat
	staleAfter  = 2 * time.Minute // long enough for a paused machine or a file server that hangs for a while
)

// Engine is the system that runs the processes of a store on many machines. It knows what no file can say: whether a
// process that is silent still runs.
type Engine interface {
	// Self is this process's own job and which attempt at it this is; empty when it is none.
	Self() (job string, attempt int)
	// Running reports whether a job runs; known is false when that cannot be found out.
	Running(job string) (running, known bool)
}

// suspects are the leases that look stale: how old they were when that was first seen, and when.
type suspects struct {
	mu   sync.Mutex
	seen map[string]suspect
}

type suspect struct {
	age   time.Time // of the lease, by the file server's clock
	since time.Time // by our own, which is monotonic
}

// still reports whether the lease at path has been watched for long enough without a beat.
func (s *suspects) still(path string, age time.Time, watch time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	was, known := s.seen[path]
	if !known || !was.age.Equal(age) {
		if s.seen == nil {
			s.seen = map[string]suspect{}
		}
		s.seen[path] = suspect{age, time.Now()}
		return false
	}
	return time.Since(was.since) >= watch
}

// holder is the content of a lease.
type holder struct {
	Host    string    `json:"host"`
	Machine string    `json:"machine"` // boot and process namespace: where PID means something
	PID     int       `json:"pid"`
	Birth   string    `json:"birth"` // start time of the process, in the kernel's units; empty where unknown
	Since   time.Time `json:"since"`
	Token   string    `json:"token"`
	Job     string    `json:"job,omitempty"` // of the engine; empty outside of one
	Attempt int       `json:"attempt,omitempty"`
}

// HeldError says that somebody else works on a trial.
type HeldError struct {
	Host  string    `json:"host"`
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
	Job   string    `json:"job,omitempty"` // of the engine; empty outside of one
}

func (e *HeldError) Error() string {
	if e.Host == "" {
		return "somebody else is at work on it"
	}
	return fmt.Sprintf("process %d on %s has been at work on it since %s", e.PID, e.Host, e.Since.Local().Format(time.DateTime))
}

// ErrHeld is what errors.Is finds in a *HeldError.
var ErrHeld = errors.New("held by somebody else")

// Is makes errors.Is(err, ErrHeld) true.
func (e *HeldError) Is(target error) bool { return target == ErrHeld }

// Lease is the right to work on a trial until Release.
type Lease struct {
	path string
	own  string // another name of the same file, while the lease is taken
	body []byte

	mu   sync.Mutex
	file *os.File
	info os.FileInfo
	stop chan struct{}
	done chan struct{}
	lost chan struct{}
}

// Lease takes the lease of a trial. If somebody else has it the error is a *HeldError. A lease whose holder is dead is
// taken over.
func (s *Store) Lease(id string) (*Lease, error) {
	if !validID.MatchString(id) {
		panic("store: not the identity of a trial: " + id)
	}
	dir := filepath.Join(s.dir, "leases")
	if err := s.mkdir(dir); err != nil {
		return nil, err
	}
	return take(filepath.Join(dir, id), patience{stale: staleAfter, missed: missedBeats, engine: s.engine, suspects: &s.suspects}, heartbeat)
}

// LeaseRun takes the lease of a run, which says that somebody carries it out.
func (s *Store) LeaseRun(run string) (*Lease, error) {
	dir := filepath.Join(s.dir, "leases")
	if err := s.mkdir(dir); err != nil {
		return nil, err
	}
	return take(filepath.Join(dir, "run-"+run), patience{stale: staleAfter, missed: missedBeats, engine: s.engine, suspects: &s.suspects}, heartbeat)
}

// RunHolder says who carries a run out, or nil, as Holder does.
func (s *Store) RunHolder(run string) (*HeldError, error) { return s.Holder("run-" + run) }

// Holder says who works on a trial, or nil. It takes nothing and breaks nothing.
func (s *Store) Holder(id string) (*HeldError, error) {
	dead, who, err := judge(filepath.Join(s.dir, "leases", id), time.Now(), patience{stale: staleAfter, missed: missedBeats, engine: s.engine})
	if err != nil || dead {
		return nil, err
	}
	return who, nil
}

// patience says how long a silent holder on another machine is waited for.
type patience struct {
	stale  time.Duration // when nothing is known of it
	missed time.Duration // when its engine says that it does not run
	engine Engine        // may be nil
	// suspects are watched before the clock alone decides; nil: they are not.
	suspects *suspects
}

// over reports whether a holder that has been silent for so long is dead.
func (p patience) over(h holder, silent time.Duration) bool {
	if h.Job == "" || p.engine == nil || silent <= p.missed {
		return silent > p.stale
	}
	if job, attempt := p.engine.Self(); job == h.Job && attempt > h.Attempt {
		return true // the engine has given that attempt up and started this one
	}
	running, known := p.engine.Running(h.Job)
	if !known {
		return silent > p.stale
	}
	return !running
}

// knows reports whether the engine itself says that a holder does not run.
func (p patience) knows(h holder) bool {
	if h.Job == "" || p.engine == nil {
		return false
	}
	if job, attempt := p.engine.Self(); job == h.Job && attempt > h.Attempt {
		return true
	}
	running, known := p.engine.Running(h.Job)
	return known && !running
}

// take makes a file with this process's name on it and links it to path.
func take(path string, stale patience, beat time.Duration) (*Lease, error) {
	l := &Lease{path: path, own: filepath.Join(filepath.Dir(path), temporaryName("lease")),
		stop: make(chan struct{}), done: make(chan struct{}), lost: make(chan struct{})}
	me := self()
	me.Since, me.Token = time.Now().UTC().Truncate(time.Second), token()
	if stale.engine != nil {
		me.Job, me.Attempt = stale.engine.Self()
	}
	var err error
	if l.body, err = json.Marshal(me); err != nil {
		return nil, fmt.Errorf("lease %s: %w", path, err)
	}
	l.body = append(l.body, '\n')
	fail := func(err error) (*Lease, error) {
		if l.file != nil {
			l.file.Close()
		}
		os.Remove(l.own)
		return nil, err
	}
	l.file, err = os.OpenFile(l.own, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if err == nil {
		_, err = l.file.Write(l.body)
	}
	if err == nil {
		err = l.file.Sync()
	}
	if err == nil {
		l.info, err = l.file.Stat()
	}
	if err != nil {
		return fail(fmt.Errorf("cannot write lease %s: %w", path, cause(err)))
	}
	// A lease that is released or broken while we look at it makes another try worthwhile; a store where that never
	// ends is somebody's work in progress.
	for range 10 {
		ok, err := l.link()
		if err != nil {
			return fail(err)
		}
		if ok {
			os.Remove(l.own)
			go l.keep(beat)
			return l, nil
		}
		held, err := breakStale(path, l.info.ModTime(), stale)
		if err != nil {
			return fail(err)
		}
		if held != nil {
			return fail(held)
		}
	}
	return fail(&HeldError{})
}

// link tries to put the file under the lease's name. NFS may link and lose the answer, so a failure is believed only if
// the name does not lead to our file.
func (l *Lease) link() (bool, error) {
	err := os.Link(l.own, l.path)
	if err == nil || l.mine() {
		return true, nil
	}
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return false, fmt.Errorf("cannot take lease %s: %w", l.path, cause(err))
}

// mine reports whether the lease's name leads to our file.
func (l *Lease) mine() bool {
	st, err := os.Stat(l.path)
	return err == nil && os.SameFile(st, l.info)
}

// breakStale removes the lease at path if its holder is dead. It returns who holds it, or nil if the lease may be tried
// again. now is the time by the clock that stamps the lease.
func breakStale(path string, now time.Time, stale patience) (*HeldError, error) {
	dead, who, err := judge(path, now, stale)
	if err != nil || !dead {
		return who, err
	}
	// Two breakers must not remove one lease each, of which the second would be the first's own new one. So breaking
	// is itself under a lease, held for an instant, and the verdict is passed again under it.
	guard := path + ".break"
	tmp := filepath.Join(filepath.Dir(path), temporaryName("break"))
	body, err := json.Marshal(self())
	if err != nil {
		return nil, fmt.Errorf("lease %s: %w", path, err)
	}
	if err := writeFile(tmp, true, body); err != nil {
		os.Remove(tmp)
		return nil, fmt.Errorf("cannot write lease %s: %w", path, cause(err))
	}
	defer os.Remove(tmp)
	if err := os.Link(tmp, guard); err != nil {
		if !errors.Is(err, fs.ErrExist) {
			return nil, fmt.Errorf("cannot take lease %s: %w", path, cause(err))
		}
		// Somebody else is breaking it, or died doing so.
		if dead, _, err := judge(guard, now, stale); err == nil && dead {
			os.Remove(guard)
			return nil, nil
		}
		return who, nil
	}
	defer os.Remove(guard)
	if dead, who, err := judge(path, now, stale); err != nil || !dead {
		return who, err // broken by somebody else in the meantime, and perhaps taken
	}
	if err := os.Remove(path); err != nil && !missing(err) {
		return nil, fmt.Errorf("cannot break lease %s: %w", path, cause(err))
	}
	return nil, nil
}

// judge says whether the holder of the lease at path is dead, and who it is. A lease that is not there has no holder.
func judge(path string, now time.Time, stale patience) (dead bool, who *HeldError, err error) {
	f, err := os.Open(path)
	if missing(err) {
		return false, nil, nil
	}
	if err != nil {
		return false, nil, fmt.Errorf("cannot read lease %s: %w", path, cause(err))
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return false, nil, fmt.Errorf("cannot read lease %s: %w", path, cause(err))
	}
	var h holder
	body := make([]byte, 4096)
	n, _ := f.ReadAt(body, 0)
	if json.Unmarshal(body[:n], &h) != nil {
		h = holder{} // damaged: only its age counts
	}
	who = &HeldError{Host: h.Host, PID: h.PID, Since: h.Since, Job: h.Job}
	if me := self(); h.Host != "" && h.Host == me.Host && h.Machine != "" && h.Machine == me.Machine {
		birth, alive := processBirth(h.PID)
		return !alive || h.Birth != "" && birth != "" && birth != h.Birth, who, nil
	}
	dead = stale.over(h, now.Sub(st.ModTime()))
	if dead && stale.suspects != nil && !stale.knows(h) {
		dead = stale.suspects.still(path, st.ModTime(), heartbeat+heartbeat/2)
	}
	return dead, who, nil
}

// keep rewrites the lease until it is released or found to be somebody else's.
func (l *Lease) keep(every time.Duration) {
	defer close(l.done)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-tick.C:
			if !l.mine() {
				if st, err := os.Stat(l.path); missing(err) || err == nil && !os.SameFile(st, l.info) {
					close(l.lost)
					return
				}
				continue // the file server does not answer; the next beat may
			}
			l.file.WriteAt(l.body, 0)
			l.file.Sync()
		}
	}
}

// Lost is closed when somebody else has taken the lease, because this process seemed dead to them: its machine was
// suspended, or cut off from the file server. Work on the trial should end without writing results.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release gives the lease back. It may be called more than once.
func (l *Lease) Release() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	close(l.stop)
	<-l.done
	mine := l.mine()
	l.file.Close()
	l.file = nil
	if !mine {
		return nil
	}
	if err := os.Remove(l.path); err != nil && !missing(err) {
		return fmt.Errorf("cannot release lease %s: %w", l.path, cause(err))
	}
	return nil
}
