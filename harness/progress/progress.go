// Package progress shows how a run advances: a live panel on a terminal, plain lines elsewhere, or JSON lines for
// programs. It always writes to the stream it is given, which is standard error: results go to standard output.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"time"
)

// Phase is where a trial stands.
type Phase string

// The phases of a trial, in order. Cached means that nothing had to be computed.
const (
	Queued     Phase = "queued"
	Training   Phase = "training"
	Evaluating Phase = "evaluating"
	Measuring  Phase = "measuring"
	Done       Phase = "done"
	Cached     Phase = "cached"
	Failed     Phase = "failed"
	Dropped    Phase = "dropped" // it will not take place, and does not count
)

// Ended reports whether nothing more will be heard of a trial in phase p.
func (p Phase) Ended() bool { return p == Done || p == Cached || p == Failed }

// Event is a trial reaching a phase, or advancing in it.
type Event struct {
	Key       string  `json:"-"`     // the trial's place in the run, known before its identity is
	Trial     string  `json:"trial"` // identity of the trial, empty while its configuration is not selected yet
	Workload  string  `json:"workload"`
	Optimizer string  `json:"optimizer"`
	Config    string  `json:"configuration"`
	Seed      uint64  `json:"seed"`
	Phase     Phase   `json:"phase"`
	Share     float64 `json:"share"`            // how much of the trial's work is done, 0 to 1
	Work      float64 `json:"work"`             // the trial's expected cost in G: what the time left is estimated from
	Detail    string  `json:"detail,omitempty"` // for people: the error reached, why it failed
}

// name says for people which trial e is about.
func (e Event) name() string {
	return strings.Join(strings.Fields(fmt.Sprintf("%s %s seed %d", e.Optimizer, e.Config, e.Seed)), " ")
}

// Reporter takes events from any goroutine.
type Reporter interface {
	Event(Event)
	Note(text string) // a line for the user, kept on screen
	Close()           // leaves the last state on screen
}

// Silent reports nothing.
type Silent struct{}

func (Silent) Event(Event) {}
func (Silent) Note(string) {}
func (Silent) Close()      {}

// JSON writes one object a line for each event and note.
func JSON(w io.Writer) Reporter { return &jsonLines{enc: json.NewEncoder(w)} }

type jsonLines struct {
	mu  sync.Mutex
	enc *json.Encoder
}

func (j *jsonLines) Event(e Event) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.enc.Encode(e)
}

func (j *jsonLines) Note(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.enc.Encode(map[string]string{"note": text})
}

func (j *jsonLines) Close() {}

// Plain writes a line when a trial ends, for logs and pipes.
func Plain(w io.Writer) Reporter { return &plain{w: w, tally: newTally()} }

type plain struct {
	mu sync.Mutex
	w  io.Writer
	*tally
}

func (p *plain) Event(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := p.add(e)
	if first && (e.Phase == Done || e.Phase == Failed) {
		word := ""
		if e.Phase == Failed {
			word = "FAILED: "
		}
		fmt.Fprintf(p.w, "%*d/%d %s: %s%s%s\n", len(fmt.Sprint(len(p.trials))), p.ended, len(p.trials), e.name(), word, e.Detail, p.left(", "))
	}
}

func (p *plain) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.w, text)
}

func (p *plain) Close() {}

// tally counts trials and estimates the time left from the work done since the start.
type tally struct {
	start  time.Time
	trials map[string]Event // by Key
	order  []string
	ended  int
}

func newTally() *tally { return &tally{start: time.Now(), trials: map[string]Event{}} }

// add records e and reports whether it is the one that ends its trial.
func (t *tally) add(e Event) bool {
	old, known := t.trials[e.Key]
	if e.Phase == Dropped {
		delete(t.trials, e.Key)
		t.order = slices.DeleteFunc(t.order, func(key string) bool { return key == e.Key })
		return false
	}
	if !known {
		t.order = append(t.order, e.Key)
	}
	if e.Phase.Ended() {
		e.Share = 1
	}
	t.trials[e.Key] = e
	if e.Phase.Ended() && !old.Phase.Ended() {
		t.ended++
		return true
	}
	return false
}

// cost says what the run has cost so far, of how much, and how fast it goes; it is empty while nothing is computed.
func (t *tally) cost(before string) string {
	var done, all float64
	for _, e := range t.trials {
		if e.Phase != Cached {
			done += e.Work * e.Share
			all += e.Work
		}
	}
	seconds := time.Since(t.start).Seconds()
	if done == 0 || seconds < 1 {
		return ""
	}
	return fmt.Sprintf("%s%s of %s G, %s G/s", before, short(done), short(all), short(done/seconds))
}

// short is a number with three digits: 0.123, 12.3, 4.56k.
func short(x float64) string {
	switch {
	case x >= 1e6:
		return fmt.Sprintf("%.3gM", x/1e6)
	case x >= 1e4:
		return fmt.Sprintf("%.3gk", x/1e3)
	}
	return fmt.Sprintf("%.4g", math.Round(x*10)/10)
}

// left estimates the time left, or is empty while there is nothing to estimate from.
func (t *tally) left(before string) string {
	var done, all float64
	for _, e := range t.trials {
		if e.Phase != Cached {
			done += e.Work * e.Share
			all += e.Work
		}
	}
	elapsed := time.Since(t.start)
	if done == 0 || done == all || elapsed < time.Second {
		return ""
	}
	return before + "about " + Duration(time.Duration(float64(elapsed)*(all-done)/done)) + " left"
}

// Duration is d as a person would say it: 8 s, 3 min, 2 h 10 min.
func Duration(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%d s", max(1, int(d.Round(time.Second).Seconds())))
	case d < time.Hour:
		return fmt.Sprintf("%d min", int(d.Round(time.Minute).Minutes()))
	}
	m := int(d.Round(time.Minute).Minutes())
	return fmt.Sprintf("%d h %02d min", m/60, m%60)
}
