package store

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// Attempt is one process's work on a training: a training that was killed and gone on with has several. The last line of a
// killed attempt is missing, so that Ended is zero.
type Attempt struct {
	Number int       `json:"attempt"` // from 1
	Began  time.Time `json:"began"`
	PID    int       `json:"pid"`
	Job    string    `json:"job,omitempty"` // what the engine calls it
	From   uint64    `json:"from"`          // the step it went on from

	Ended   time.Time `json:"ended,omitzero"`
	How     string    `json:"how,omitempty"` // a status of a result, "stopped", or "crashed" when the plugin did
	Reason  string    `json:"reason,omitempty"`
	Step    uint64    `json:"step"` // committed at its end
	Timings Timings   `json:"timings,omitzero"`

	Provenance Provenance `json:"provenance,omitzero"`
}

// Timings are where the time of an attempt went, in seconds.
type Timings struct {
	Launch  Float `json:"launch"`  // starting the plugin
	Host    Float `json:"host"`    // answering it
	Plugin  Float `json:"plugin"`  // the plugin's turns, and the messages around them
	Records Float `json:"records"` // checkpoints, snapshots and the curve
	Wall    Float `json:"wall"`
}

func (t *Trial) attemptsPath() string { return t.path("attempts.jsonl") }

// attempts is the number of attempts so far.
func (t *Trial) attempts() int {
	list, _ := t.Attempts()
	if len(list) == 0 {
		return 0
	}
	return list[len(list)-1].Number
}

// BeginAttempt writes down that an attempt begins, and gives it its number. The trial's folder exists.
func (t *Trial) BeginAttempt(a Attempt) (Attempt, error) {
	a.Number, a.PID, a.Job = t.attempts()+1, os.Getpid(), t.store.Job()
	return a, t.appendAttempt(a)
}

// EndAttempt writes down how an attempt ended.
func (t *Trial) EndAttempt(a Attempt) error {
	a.Provenance = Provenance{} // it stands in the first line
	return t.appendAttempt(a)
}

func (t *Trial) appendAttempt(a Attempt) error {
	line, err := json.Marshal(a)
	if err != nil {
		return fmt.Errorf("attempt of trial %s: %w", t.Short(), err)
	}
	f, err := os.OpenFile(t.attemptsPath(), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o666)
	if err == nil {
		_, err = f.Write(append(line, '\n'))
		if e := f.Close(); err == nil {
			err = e
		}
	}
	if err != nil {
		return fmt.Errorf("cannot write %s: %w", t.attemptsPath(), cause(err))
	}
	return nil
}

// Attempts lists the attempts at the training, the first one first, as far as the file is whole.
func (t *Trial) Attempts() ([]Attempt, error) {
	text, err := os.ReadFile(t.attemptsPath())
	switch {
	case missing(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("cannot read %s: %w", t.attemptsPath(), cause(err))
	}
	var out []Attempt
	for lines := bufio.NewScanner(bytes.NewReader(text)); lines.Scan(); {
		var a Attempt
		if json.Unmarshal(lines.Bytes(), &a) != nil {
			continue // cut off by a crash
		}
		if n := len(out); n > 0 && out[n-1].Number == a.Number {
			a.Provenance = out[n-1].Provenance
			out[n-1] = a
			continue
		}
		out = append(out, a)
	}
	return out, nil
}
