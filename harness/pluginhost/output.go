package pluginhost

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
)

const (
	maxOutput  = 16 << 20 // bytes of a plugin's output that are kept in the log
	tailLines  = 200      // lines remembered for the report of a crash …
	tailWidth  = 500      // … and bytes of each
	shownLines = 12
)

// output is where everything a plugin prints ends up: the log of the trial, bounded, and a memory of the last lines.
type output struct {
	mu      sync.Mutex
	log     io.Writer // may be nil
	written int
	lines   []string // whole lines
	last    []byte   // the line being printed
}

// Write never fails: a full disk must not look like a fault of the plugin.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.log != nil && o.written < maxOutput {
		keep := p[:min(len(p), maxOutput-o.written)]
		_, _ = o.log.Write(keep)
		if o.written += len(keep); o.written == maxOutput {
			fmt.Fprintf(o.log, "\n[bench] the plugin printed more than %d MiB; the rest is dropped\n", maxOutput>>20)
		}
	}
	for rest := p; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		if room := tailWidth - len(o.last); room > 0 {
			o.last = append(o.last, line[:min(room, len(line))]...)
		}
		if whole {
			if len(o.lines) == tailLines {
				o.lines = append(o.lines[:0], o.lines[1:]...)
			}
			o.lines = append(o.lines, strings.TrimRight(string(o.last), "\r"))
			o.last = o.last[:0]
		}
		rest = after
	}
	return len(p), nil
}

// tail is what to show of a plugin that crashed: from the beginning of a Go panic, or else the last lines.
func (o *output) tail() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	lines := append([]string(nil), o.lines...)
	if len(o.last) > 0 {
		lines = append(lines, string(o.last))
	}
	for i, l := range lines {
		if strings.HasPrefix(l, "panic: ") || strings.HasPrefix(l, "fatal error: ") {
			return strings.Join(lines[i:min(len(lines), i+shownLines)], "\n")
		}
	}
	return strings.Join(lines[max(0, len(lines)-shownLines):], "\n")
}

// firstLine passes on what is read up to the end of the first line, the handshake, and sends all the rest to another
// writer. Without it a long line on standard output would stop go-plugin's reader and then, once the pipe is full, the
// plugin.
type firstLine struct {
	io.ReadCloser
	rest io.Writer
	past bool
}

func (f *firstLine) Read(p []byte) (int, error) {
	if f.past {
		_, err := io.Copy(f.rest, f.ReadCloser)
		if err == nil {
			err = io.EOF
		}
		return 0, err
	}
	n, err := f.ReadCloser.Read(p)
	if end := bytes.IndexByte(p[:n], '\n'); end >= 0 {
		_, _ = f.rest.Write(p[end+1 : n])
		f.past = true
		return end + 1, err
	}
	return n, err
}
