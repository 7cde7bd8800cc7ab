package store

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// temporaryName is a name nobody else uses. Names that start with a dot are never records.
func temporaryName(of string) string { return ".tmp-" + of + "-" + token() }

func token() string {
	var b [8]byte
	rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// sweep removes temporary files of a folder that a killed process has left.
func sweep(dir string) {
	left, _ := filepath.Glob(filepath.Join(dir, ".tmp-*"))
	for _, path := range left {
		if st, err := os.Stat(path); err == nil && time.Since(st.ModTime()) > time.Hour {
			os.Remove(path)
		}
	}
}

// writeFile makes a new file whose content, with sync, is on the disk when it returns. What it leaves on an error is the caller's
// to remove.
func writeFile(path string, sync bool, parts ...[]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			f.Close()
			return err
		}
	}
	if sync {
		if err := f.Sync(); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close() // NFS reports a full disk here
}

// replace puts content under path in one step: readers see the old file or the new one. The folder must exist.
func (s *Store) replace(path string, parts ...[]byte) error {
	dir, name := filepath.Split(path)
	tmp := filepath.Join(dir, temporaryName(name))
	if err := writeFile(tmp, s.sync, parts...); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if err := os.Rename(tmp, path); err != nil {
		os.Remove(tmp)
		return fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	if !s.sync {
		return nil
	}
	return syncDir(dir)
}

// syncDir makes the names in a folder durable.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be synced there, and need not be
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("cannot sync %s: %w", dir, cause(err))
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, errors.ErrUnsupported) && !isInvalid(err) {
		return fmt.Errorf("cannot sync %s: %w", dir, cause(err))
	}
	return nil
}

// sealed is how a record lies in its file: with the hash of its exact bytes.
type sealed struct {
	SHA256 string          `json:"sha256"`
	Record json.RawMessage `json:"record"`
}

// Newer is a record that verifies and says more than this version of bench understands: a later one wrote it. It is neither
// used nor replaced.
type Newer struct {
	Path  string
	Field string
}

func (n *Newer) Error() string {
	return fmt.Sprintf("%s was written by a later version of bench: this one does not know its %s; use that version, or another store with --store", n.Path, n.Field)
}

// seal encodes a record for people to read and programs to verify.
func seal(record any) ([]byte, error) {
	var body bytes.Buffer
	e := json.NewEncoder(&body)
	e.SetEscapeHTML(false)
	e.SetIndent("  ", "  ")
	if err := e.Encode(record); err != nil {
		return nil, err
	}
	raw := bytes.TrimSpace(body.Bytes())
	sum := sha256.Sum256(raw)
	return fmt.Appendf(nil, "{\n  \"sha256\": \"%x\",\n  \"record\": %s\n}\n", sum, raw), nil
}

// unseal verifies and decodes a record. Unknown fields are a *Newer without path: they come from a later version of the
// format.
func unseal(text []byte, record any) error {
	if sum, raw, ok := plainSeal(text); ok {
		if have := sha256.Sum256(raw); hex.EncodeToString(have[:]) == sum {
			return newer(strict(raw, record))
		}
	}
	var s sealed
	if err := strict(text, &s); err != nil {
		return fmt.Errorf("not a whole record: %w", err)
	}
	if sum := sha256.Sum256(s.Record); hex.EncodeToString(sum[:]) != s.SHA256 {
		return errors.New("its checksum does not match")
	}
	return newer(strict(s.Record, record))
}

// newer tells records with unknown fields from damaged ones.
func newer(err error) error {
	if err == nil {
		return nil
	}
	if _, field, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return &Newer{Field: field}
	}
	return err
}

// plainSeal takes a record out of a text that is laid out exactly as seal does it, without decoding the text twice.
func plainSeal(text []byte) (sum string, raw []byte, ok bool) {
	const head, middle, tail = "{\n  \"sha256\": \"", "\",\n  \"record\": ", "\n}\n"
	at := len(head) + 2*sha256.Size
	if len(text) < at+len(middle)+len(tail) || string(text[:len(head)]) != head || string(text[at:at+len(middle)]) != middle || !bytes.HasSuffix(text, []byte(tail)) {
		return "", nil, false
	}
	return string(text[len(head):at]), text[at+len(middle) : len(text)-len(tail)], true
}

func strict(text []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return errors.New("something follows it")
	}
	return nil
}

// write seals a record and puts it under path, whose folder is made.
func (s *Store) write(path string, record any) error {
	text, err := seal(record)
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", path, err)
	}
	if err := s.mkdir(filepath.Dir(path)); err != nil {
		return err
	}
	return s.replace(path, text)
}

// read fills record from path. A missing record is (false, nil), and so is a damaged one, after a report. An error means
// that the file is there but cannot be read.
func (s *Store) read(path string, record any) (bool, error) {
	text, err := os.ReadFile(path)
	switch {
	case missing(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("cannot read %s: %w", path, cause(err))
	}
	if err := unseal(text, record); err != nil {
		var later *Newer
		if errors.As(err, &later) {
			later.Path = path
			return false, later
		}
		s.report(&Corrupt{Path: path, Reason: err.Error()})
		return false, nil
	}
	return true, nil
}

func missing(err error) bool { return errors.Is(err, fs.ErrNotExist) }
