package dataset

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// meter shows how far a piece of work is: a moving bar on a terminal, otherwise a line every lineEvery. It is a Writer
// that counts what is written.
type meter struct {
	w           io.Writer // nil: silent
	bar         *progressbar.ProgressBar
	title       string
	total, done int64 // bytes; total -1: unknown
	spoken      time.Time
}

const lineEvery = 5 * time.Second

// meter starts to show work of total bytes, of which done are done.
func (o FetchOptions) meter(title string, total, done int64) *meter {
	m := &meter{w: o.Progress, title: title, total: total, done: done, spoken: time.Now()}
	if m.w != nil && o.TTY {
		m.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(m.w),
			progressbar.OptionSetDescription(title),
			progressbar.OptionShowBytes(true),
			progressbar.OptionShowTotalBytes(true),
			progressbar.OptionSetWidth(24),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionSetRenderBlankState(true),
			progressbar.OptionClearOnFinish(),
		)
		m.bar.Set64(done)
	}
	return m
}

func (m *meter) Write(p []byte) (int, error) {
	m.done += int64(len(p))
	switch {
	case m.w == nil:
	case m.bar != nil:
		m.bar.Add(len(p)) // what a bar cannot show is no reason to stop
	case time.Since(m.spoken) >= lineEvery:
		m.spoken = time.Now()
		if m.total > 0 {
			fmt.Fprintf(m.w, "%s: %s of %s (%d %%)\n", m.title, humanBytes(m.done), humanBytes(m.total), 100*m.done/m.total)
		} else {
			fmt.Fprintf(m.w, "%s: %s\n", m.title, humanBytes(m.done))
		}
	}
	return len(p), nil
}

// close takes the bar away.
func (m *meter) close() {
	if m.bar != nil {
		m.bar.Finish()
	}
}

// humanBytes writes a number of bytes in decimal units, as servers and shops do.
func humanBytes(n int64) string {
	switch {
	case n < 0:
		return "an unknown size"
	case n < 1000:
		return fmt.Sprintf("%d bytes", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(n)/1e9)
}
