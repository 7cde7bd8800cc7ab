package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Curve appends to the trial's training curve.
type Curve struct {
	f *os.File
}

// Curve opens the training curve for a training that goes on behind step: later points, which an interrupted attempt has
// left, are removed, and so is a line that was cut off.
func (t *Trial) Curve(step uint64) (*Curve, error) {
	path := t.path("curve.jsonl")
	if err := t.store.mkdir(t.dir); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o666)
	if err != nil {
		return nil, fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	end, err := keepUpTo(f, step)
	if err == nil {
		err = f.Truncate(end)
	}
	if err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("cannot write %s: %w", path, cause(err))
	}
	return &Curve{f: f}, nil
}

// keepUpTo returns the length of the leading lines that are whole and not behind step. At step 0 nothing is kept.
func keepUpTo(r io.Reader, step uint64) (int64, error) {
	if step == 0 {
		return 0, nil
	}
	var end int64
	in := bufio.NewReader(r)
	for {
		line, err := in.ReadBytes('\n')
		if err == io.EOF {
			return end, nil
		}
		if err != nil {
			return 0, err
		}
		var p Point
		if json.Unmarshal(line, &p) != nil || p.Step > step {
			return end, nil
		}
		end += int64(len(line))
	}
}

// Append writes one point. Points are not synced one by one: a crash may lose the last ones, and the training then goes
// on from a checkpoint before them.
func (c *Curve) Append(p Point) error {
	line, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("training curve: %w", err)
	}
	if _, err := c.f.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("cannot write %s: %w", c.f.Name(), cause(err))
	}
	return nil
}

// Close syncs and closes the curve.
func (c *Curve) Close() error {
	err := c.f.Sync()
	if e := c.f.Close(); err == nil {
		err = e
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", c.f.Name(), cause(err))
	}
	return nil
}

// Points reads the training curve as far as it is whole. A missing curve is empty.
func (t *Trial) Points() ([]Point, error) {
	text, err := os.ReadFile(t.path("curve.jsonl"))
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", t.path("curve.jsonl"), cause(err))
	}
	var points []Point
	for line := range bytes.Lines(text) {
		var p Point
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &p) != nil {
			break
		}
		points = append(points, p)
	}
	return points, nil
}

// compact removes white space from a JSON text and changes nothing else.
func compact(dst *bytes.Buffer, src []byte) error { return json.Compact(dst, src) }
