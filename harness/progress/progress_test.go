package progress

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func event(key, optimizer string, phase Phase, share float64) Event {
	return Event{Key: key, Workload: "w", Optimizer: optimizer, Config: "lr=0.1", Phase: phase, Share: share, Work: 1, Detail: "detail"}
}

func TestPlainSaysOnceHowATrialEnded(t *testing.T) {
	var out bytes.Buffer
	p := Plain(&out)
	p.Event(event("a", "sgd", Queued, 0))
	p.Event(event("b", "sam", Queued, 0))
	p.Event(event("c", "sam", Queued, 0))
	p.Event(event("a", "sgd", Training, 0.5))
	p.Event(event("a", "sgd", Done, 1))
	p.Event(event("a", "sgd", Done, 1))
	p.Event(event("c", "sam", Dropped, 0))
	p.Event(event("b", "sam", Failed, 1))
	p.Close()
	if got, want := out.String(), "1/3 sgd lr=0.1 seed 0: detail\n2/2 sam lr=0.1 seed 0: FAILED: detail\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// A line wider than the terminal would wrap, and the panel could not be erased.
func TestPanelFitsTheTerminal(t *testing.T) {
	var out bytes.Buffer
	p := Panel(&out, func() (int, int) { return 30, 24 }).(*panel)
	for _, key := range strings.Split("abcdefghijklmnopqrstuvwxyz", "") {
		p.Event(event(key, "an-optimizer-with-a-long-name", Training, 0.1))
	}
	p.Event(event("a", "an-optimizer-with-a-long-name", Done, 1))
	p.Close()
	if !strings.Contains(out.String(), "1 of 26 trials") {
		t.Errorf("no count in %q", out.String())
	}
	for _, row := range p.rows() {
		if n := utf8.RuneCountInString(row); n > 29 {
			t.Errorf("%d columns: %q", n, row)
		}
	}
}

// With many optimizers the panel keeps to the screen, with many trials to one line a row, and nothing of the terminal is
// changed that would have to be restored.
func TestPanelOfALargeRun(t *testing.T) {
	var out bytes.Buffer
	p := Panel(&out, func() (int, int) { return 100, 12 }).(*panel)
	for o := range 40 {
		for n := range 250 {
			phase := Queued
			if o < 3 && n < 100 {
				phase = Done
			} else if o == 3 && n == 0 {
				phase = Training
			}
			p.Event(event(fmt.Sprintf("%d/%d", o, n), fmt.Sprintf("optimizer%02d", o), phase, 0.5))
		}
	}
	p.start = time.Now().Add(-10 * time.Second)
	rows := p.rows()
	p.Close()
	if len(rows) > 10 {
		t.Errorf("%d rows on a screen of 12", len(rows))
	}
	if last := rows[len(rows)-1]; !strings.HasPrefix(last, "300 of 10000 trials, 5150 of 10k G, 5") {
		t.Errorf("the last row: %s", last)
	}
	if !strings.Contains(rows[0], "optimizer03  0 of 250") {
		t.Errorf("the row at work: %s", rows[0])
	}
	for _, escape := range regexp.MustCompile("\x1b\\[[0-9;?]*[a-zA-Z]").FindAllString(out.String(), -1) {
		if last := escape[len(escape)-1]; last != 'A' && last != 'J' {
			t.Errorf("%q is written", escape)
		}
	}
}
