package store

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// Trial is the record of one training, with its evaluations and measurements. Whoever writes it should hold its lease;
// anybody may read it at any time.
type Trial struct {
	store *Store
	id    string
	dir   string
}

// ID is the identity of the training: 64 hexadecimal digits.
func (t *Trial) ID() string { return t.id }

// Short is the part of the identity that people are shown and may type.
func (t *Trial) Short() string { return t.id[:8] }

// Dir is the trial's folder. It may not exist.
func (t *Trial) Dir() string { return t.dir }

func (t *Trial) path(elem ...string) string {
	return filepath.Join(append([]string{t.dir}, elem...)...)
}

// LogPath is the trial's text log.
func (t *Trial) LogPath() string { return t.path("log.txt") }

// Start opens the trial for work: makes the folder, writes spec.json, sets the status to running, and returns the log,
// opened for appending, which the caller closes. spec is the canonical text whose sha256 is the trial's identity;
// anything else is refused, so that a record can never lie under a wrong name.
func (t *Trial) Start(spec []byte) (*os.File, error) {
	if sum := sha256.Sum256(spec); hex.EncodeToString(sum[:]) != t.id {
		return nil, fmt.Errorf("trial %s: the spec has another identity", t.Short())
	}
	if err := t.store.mkdir(t.dir); err != nil {
		return nil, err
	}
	for _, folder := range []string{"", "checkpoint", "evals", "metrics", "snapshots"} {
		sweep(t.path(folder))
	}
	if have, err := os.ReadFile(t.path("spec.json")); err != nil || !bytes.Equal(have, spec) {
		if err := t.store.replace(t.path("spec.json"), spec); err != nil {
			return nil, err
		}
	}
	now := time.Now().UTC().Truncate(time.Millisecond)
	host, _ := os.Hostname()
	if err := t.SetStatus(Status{State: Running, Host: host, PID: os.Getpid(), Started: now, Updated: now}); err != nil {
		return nil, err
	}
	return t.Log()
}

// Log opens the trial's log for appending, for what comes after the training. The caller closes it.
func (t *Trial) Log() (*os.File, error) {
	log, err := os.OpenFile(t.LogPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", t.LogPath(), cause(err))
	}
	return log, nil
}

// Spec returns the trial's spec, or false if there is none that has the trial's identity.
func (t *Trial) Spec() ([]byte, bool, error) {
	path := t.path("spec.json")
	spec, err := os.ReadFile(path)
	switch {
	case missing(err):
		return nil, false, nil
	case err != nil:
		return nil, false, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	if sum := sha256.Sum256(spec); hex.EncodeToString(sum[:]) != t.id {
		t.store.report(&Corrupt{Path: path, Reason: "its checksum is not the trial's identity"})
		return nil, false, nil
	}
	return spec, true, nil
}

// SetStatus replaces the status. It is for onlookers, so it need not survive a power cut and is not synced.
func (t *Trial) SetStatus(s Status) error {
	text, err := seal(s)
	if err != nil {
		return fmt.Errorf("status of trial %s: %w", t.Short(), err)
	}
	path := t.path("status.json")
	tmp := t.path(temporaryName("status"))
	err = os.WriteFile(tmp, text, 0o666)
	if err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		os.Remove(tmp)
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	return nil
}

// Status returns where the trial stands; the zero Status if nobody has started it.
func (t *Trial) Status() (Status, error) {
	var s Status
	ok, err := t.store.read(t.path("status.json"), &s)
	if !ok {
		return Status{}, err
	}
	return s, err
}

// Result returns the record of the training, or false if it has not ended. Done, failed, diverged and timeout are all
// results. A result whose parameters are gone is not one.
func (t *Trial) Result() (*Result, bool, error) {
	var r Result
	ok, err := t.store.read(t.path("result.json"), &r)
	if !ok || err != nil {
		return nil, false, err
	}
	if r.ParamsSHA256 != "" {
		if _, err := os.Stat(t.path("params.safetensors")); missing(err) {
			t.store.report(&Corrupt{Path: t.path("result.json"), Reason: "its parameters are gone"})
			return nil, false, nil
		}
	}
	return &r, true, nil
}

// Finish records the end of the training: the parameters first, if there are any, then the result, which makes the
// trial trained, then the checkpoint goes. A crash in between leaves a trial that is either trained or resumable.
func (t *Trial) Finish(r Result, p *Params) error {
	if err := t.store.mkdir(t.dir); err != nil {
		return err
	}
	r.ParamsSHA256, r.Dim, r.Norm = "", 0, 0
	if p != nil {
		file, err := p.encode()
		if err != nil {
			return fmt.Errorf("parameters of trial %s: %w", t.Short(), err)
		}
		if err := t.store.replace(t.path("params.safetensors"), file); err != nil {
			return err
		}
		r.ParamsSHA256, r.Dim, r.Norm = HashParams(p.W), len(p.W), Float(Norm(p.W))
	}
	if err := t.store.write(t.path("result.json"), r); err != nil {
		return err
	}
	if p == nil {
		os.Remove(t.path("params.safetensors")) // of an earlier attempt
	}
	s, err := t.Status()
	if err != nil {
		return err
	}
	s.State, s.Detail, s.Step, s.Updated = r.Status, r.Reason, r.Steps, time.Now().UTC().Truncate(time.Millisecond)
	if err := t.SetStatus(s); err != nil {
		return err
	}
	return t.DropCheckpoint()
}

// ErrNoParams means that a trial has no usable parameters: it was not done, or the file is damaged.
var ErrNoParams = errors.New("the trial has no parameters")

// Params returns the trained parameters, verified against the file's own checksum and the result's. The slices are the
// caller's.
func (t *Trial) Params() (*Params, error) {
	path := t.path("params.safetensors")
	file, err := os.ReadFile(path)
	switch {
	case missing(err):
		return nil, fmt.Errorf("trial %s: %w", t.Short(), ErrNoParams)
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	p, err := decodeParams(file)
	if err == nil {
		if r, ok, _ := t.Result(); ok && r.ParamsSHA256 != HashParams(p.W) {
			err = errors.New("it is not what the result names")
		}
	}
	if err != nil {
		t.store.report(&Corrupt{Path: path, Reason: err.Error()})
		return nil, fmt.Errorf("trial %s: %w", t.Short(), ErrNoParams)
	}
	return p, nil
}

// LogTail returns the last n bytes of the log at most, from the start of a line on. A missing log is empty.
func (t *Trial) LogTail(n int) string {
	f, err := os.Open(t.LogPath())
	if err != nil {
		return ""
	}
	defer f.Close()
	size, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return ""
	}
	from := max(0, size-int64(n))
	tail := make([]byte, size-from)
	read, _ := f.ReadAt(tail, from)
	tail = tail[:read]
	if from > 0 {
		if i := bytes.IndexByte(tail, '\n'); i >= 0 {
			tail = tail[i+1:]
		}
	}
	return string(bytes.ToValidUTF8(tail, []byte("\ufffd")))
}

// validName is what evaluations and measurements may be called: the name becomes a file name.
var validName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// derived is the path of a record that belongs to the trained model. It panics on names that do not fit a file name.
func (t *Trial) derived(folder, name, hash string) string {
	if !validName.MatchString(name) || !validID.MatchString(hash) {
		panic(fmt.Sprintf("store: %q with hash %q cannot be a record", name, hash))
	}
	return t.path(folder, name+"-"+hash[:16]+".json")
}

// readDerived reads a record of the trained model whose spec has the hash.
func (t *Trial) readDerived(path, hash string, record any, spec func() []byte) (bool, error) {
	ok, err := t.store.read(path, record)
	if !ok || err != nil {
		return false, err
	}
	if h := specHash(spec()); h != hash {
		t.store.report(&Corrupt{Path: path, Reason: "it is the record of something else"})
		return false, nil
	}
	return true, nil
}

// specHash is the hash of a canonical spec, which the record shows indented.
func specHash(spec []byte) string {
	var b bytes.Buffer
	if err := compact(&b, spec); err != nil {
		return ""
	}
	sum := sha256.Sum256(b.Bytes())
	return hex.EncodeToString(sum[:])
}

// Evaluation returns the record of an evaluation, or false if there is none.
func (t *Trial) Evaluation(name, hash string) (*Evaluation, bool, error) {
	var e Evaluation
	ok, err := t.readDerived(t.derived("evals", name, hash), hash, &e, func() []byte { return e.Spec })
	if !ok {
		return nil, false, err
	}
	return &e, true, nil
}

// PutEvaluation records an evaluation. e.Spec must have the hash.
func (t *Trial) PutEvaluation(name, hash string, e Evaluation) error {
	if h := specHash(e.Spec); h != hash {
		return fmt.Errorf("evaluation %s of trial %s: the spec has another hash", name, t.Short())
	}
	return t.store.write(t.derived("evals", name, hash), e)
}

// Measurement returns the record of a measurement, or false if there is none.
func (t *Trial) Measurement(name, hash string) (*Measurement, bool, error) {
	var m Measurement
	ok, err := t.readDerived(t.derived("metrics", name, hash), hash, &m, func() []byte { return m.Spec })
	if !ok {
		return nil, false, err
	}
	return &m, true, nil
}

// PutMeasurement records a measurement. m.Spec must have the hash.
func (t *Trial) PutMeasurement(name, hash string, m Measurement) error {
	if h := specHash(m.Spec); h != hash {
		return fmt.Errorf("measurement %s of trial %s: the spec has another hash", name, t.Short())
	}
	return t.store.write(t.derived("metrics", name, hash), m)
}

// Reset removes the trial with everything that belongs to it, so that it can be trained again. Readers see it whole or
// not at all.
func (t *Trial) Reset() error {
	aside := filepath.Join(filepath.Dir(t.dir), temporaryName(t.Short()))
	switch err := os.Rename(t.dir, aside); {
	case missing(err):
		return nil
	case err != nil:
		return fmt.Errorf("cannot remove trial %s: %w", t.Short(), cause(err))
	}
	if err := os.RemoveAll(aside); err != nil {
		return fmt.Errorf("cannot remove trial %s: %w", t.Short(), cause(err))
	}
	return syncDir(filepath.Dir(t.dir))
}
