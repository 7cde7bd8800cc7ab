package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// marks are the blocks of the panel, one a trial.
var marks = map[Phase]string{
	Queued: "·", Training: "▶", Evaluating: "▶", Measuring: "▶", Done: "█", Cached: "█", Failed: "✗",
}

// Panel draws a row for each optimizer and a block for each trial, and redraws it in place. size returns the terminal's
// present width and height. Nothing of the terminal is changed but what is written on it, so that there is nothing to
// restore, however the program ends.
func Panel(w io.Writer, size func() (columns, lines int)) Reporter {
	p := &panel{w: w, size: size, tally: newTally(), stop: make(chan struct{})}
	p.ticking.Add(1)
	go p.tick()
	return p
}

type panel struct {
	mu   sync.Mutex
	w    io.Writer
	size func() (columns, lines int)
	*tally
	lines   int // of the panel now on screen
	dirty   bool
	stop    chan struct{}
	once    sync.Once
	ticking sync.WaitGroup
}

func (p *panel) Event(e Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.add(e) && e.Phase == Failed {
		p.say(fmt.Sprintf("%s failed: %s", e.name(), e.Detail))
	}
	p.dirty = true
}

func (p *panel) Note(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.say(text)
}

func (p *panel) Close() {
	p.once.Do(func() {
		close(p.stop)
		p.ticking.Wait()
		p.mu.Lock()
		defer p.mu.Unlock()
		p.draw()
	})
}

// tick redraws a few times a second: trials report far more often than an eye can read.
func (p *panel) tick() {
	defer p.ticking.Done()
	t := time.NewTicker(200 * time.Millisecond)
	defer t.Stop()
	for {
		select {
		case <-p.stop:
			return
		case <-t.C:
			p.mu.Lock()
			if p.dirty {
				p.draw()
			}
			p.mu.Unlock()
		}
	}
}

// say puts a lasting line above the panel.
func (p *panel) say(text string) {
	p.erase()
	fmt.Fprintln(p.w, text)
	p.draw()
}

func (p *panel) erase() {
	if p.lines > 0 {
		fmt.Fprintf(p.w, "\x1b[%dA\x1b[J", p.lines)
		p.lines = 0
	}
}

func (p *panel) draw() {
	if len(p.order) == 0 {
		return
	}
	p.erase()
	p.dirty = false
	rows := p.rows()
	for _, r := range rows {
		fmt.Fprintln(p.w, r)
	}
	p.lines = len(rows)
}

// rows is the panel as text, no line wider than the terminal: a wrapped line could not be erased.
func (p *panel) rows() []string {
	type row struct {
		name    string
		blocks  strings.Builder
		trials  int
		ended   int
		failed  int
		running bool
		now     string
	}
	var rows []*row
	byName := map[string]*row{}
	for _, id := range p.order {
		e := p.trials[id]
		name := e.Optimizer
		r := byName[e.Workload+"/"+name]
		if r == nil {
			r = &row{name: name}
			byName[e.Workload+"/"+name] = r
			rows = append(rows, r)
		}
		r.trials++
		r.blocks.WriteString(marks[e.Phase])
		switch e.Phase {
		case Training, Evaluating, Measuring:
			r.running = true
			r.now = fmt.Sprintf("%s seed %d: %s %.0f %%", e.Config, e.Seed, e.Phase, 100*e.Share)
		case Failed:
			r.failed++
		}
		if e.Phase.Ended() {
			r.ended++
		}
	}
	columns, lines := p.size()
	limit := max(20, columns-1)
	// More rows than the screen has could not be erased: then those at work are shown.
	if room := max(3, lines-2); len(rows) > room {
		rows = slices.DeleteFunc(rows, func(r *row) bool { return !r.running })
		rows = rows[:min(len(rows), room)]
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, utf8.RuneCountInString(r.name))
	}
	var out []string
	for _, r := range rows {
		pad := strings.Repeat(" ", widest-utf8.RuneCountInString(r.name))
		blocks := r.blocks.String()
		if r.trials > maxBlocks {
			blocks = fmt.Sprintf("%d of %d", r.ended, r.trials)
			if r.failed > 0 {
				blocks += fmt.Sprintf(", %d failed", r.failed)
			}
		}
		out = append(out, cut(r.name+pad+"  "+blocks+"  "+r.now, limit))
	}
	return append(out, cut(fmt.Sprintf("%d of %d trials%s%s", p.ended, len(p.order), p.cost(", "), p.left(", ")), limit))
}

// maxBlocks is how many trials of an optimizer have a block each.
const maxBlocks = 48

func cut(s string, limit int) string {
	if utf8.RuneCountInString(s) <= limit {
		return strings.TrimRight(s, " ")
	}
	return string([]rune(s)[:limit-1]) + "…"
}
