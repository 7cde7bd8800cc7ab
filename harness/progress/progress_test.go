package progress

import (
	"bytes"
	"strings"
	"testing"
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
	p := Panel(&out, func() int { return 30 }).(*panel)
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
