package dataset

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"time"
)

// download gets one file over HTTP and goes on where an earlier one stopped, in this process or in another.
type download struct {
	FetchOptions
	url      string
	file     string        // grows as bytes come; a small file beside it remembers which version of url they are of
	patience time.Duration // without a byte; 0: defaultPatience
	pause    time.Duration // before the first retry, doubled for the next ones; 0: defaultPause
	stitched bool          // what run said last
}

const (
	// maxFailures is how many tries in a row may bring nothing before a download is given up.
	maxFailures = 4
	// maxTries bounds the tries of a connection that breaks again and again but always brings something.
	maxTries = 100
	// maxDownload is far above any file that is fetched: a server may not fill the disk.
	maxDownload = 4 << 30
)

// origin says which version of which file the bytes of a download are of.
type origin struct {
	URL       string `json:"url"`
	Validator string `json:"validator"` // strong ETag or Last-Modified, for If-Range
	Total     int64  `json:"total"`     // -1: the server did not say
}

// statusError is an answer without content.
type statusError struct {
	code   int
	status string
}

func (e *statusError) Error() string { return "the server answered " + e.status }

// hopeless says whether asking again is no use.
func (e *statusError) hopeless() bool {
	return e.code < 500 && e.code != http.StatusRequestTimeout && e.code != http.StatusTooManyRequests
}

// unreachable is a failure to get any answer.
type unreachable struct{ err error }

func (e *unreachable) Error() string { return e.err.Error() }
func (e *unreachable) Unwrap() error { return e.err }

// errStalled is the cause when a connection went silent.
var errStalled = errors.New("the connection went silent")

// run completes d.file and says whether it was put together from several answers.
func (d *download) run(ctx context.Context) (stitched bool, err error) {
	if d.patience == 0 {
		d.patience = defaultPatience
	}
	if d.pause == 0 {
		d.pause = defaultPause
	}
	if o, ok := d.origin(); !ok || o.URL != d.url { // bytes of nobody knows what
		d.discard()
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = d.patience
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}

	began := d.size()
	if began > 0 {
		d.say("going on after %s of an earlier download", humanBytes(began))
	}
	failures := 0
	for try := 1; ; try++ {
		before := d.size()
		restarted, err := d.attempt(ctx, client)
		if err == nil {
			return before > 0 && !restarted, nil
		}
		if ctx.Err() != nil {
			return false, context.Cause(ctx)
		}
		now := d.size()
		var status *statusError
		var gone *unreachable
		var disk *fs.PathError
		switch {
		case errors.As(err, &status) && status.hopeless(), errors.As(err, &disk):
			return false, err
		case errors.As(err, &gone) && now <= began:
			// Nothing has come in this run: other sources are the better bet.
			return false, err
		}
		if now > before {
			failures = 0
		}
		if failures++; failures >= maxFailures || try >= maxTries {
			return false, fmt.Errorf("given up after %d tries: %w", try, err)
		}
		d.say("%v; trying again", err)
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-time.After(d.pause << (failures - 1)):
		}
	}
}

// attempt makes one request. It says whether it began the file anew.
func (d *download) attempt(ctx context.Context, client *http.Client) (restarted bool, err error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.url, nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("User-Agent", "bench (+https://github.com/sharpbench/sharpbench)")
	req.Header.Set("Accept-Encoding", "identity") // ranges count the bytes of the file itself
	have := d.size()
	known, _ := d.origin()
	if have > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
		if known.Validator != "" {
			req.Header.Set("If-Range", known.Validator)
		}
	}
	resp, err := client.Do(req)
	if err != nil {
		var whole *url.Error // says the address again
		if errors.As(err, &whole) {
			err = whole.Err
		}
		return false, &unreachable{err}
	}
	defer resp.Body.Close()
	now := origin{URL: d.url, Validator: validator(resp.Header), Total: -1}
	switch resp.StatusCode {
	case http.StatusOK: // from the start: nothing was there, the file has changed, or the server does not know ranges
		now.Total = resp.ContentLength
		have, restarted = 0, true
	case http.StatusPartialContent:
		from, total, ok := contentRange(resp.Header)
		if !ok || from != have || known.Total >= 0 && total >= 0 && total != known.Total {
			d.discard()
			return true, fmt.Errorf("the server answered a request for byte %d with %q", have, resp.Header.Get("Content-Range"))
		}
		now.Total = total
	case http.StatusRequestedRangeNotSatisfiable:
		if _, total, _ := contentRange(resp.Header); have > 0 && total == have {
			return false, nil // all of it was here
		}
		d.discard()
		return true, &statusError{http.StatusServiceUnavailable, resp.Status} // worth another try, without a range
	default:
		return false, &statusError{resp.StatusCode, resp.Status}
	}
	if now.Total > maxDownload {
		return restarted, &statusError{resp.StatusCode, fmt.Sprintf("a file of %s", humanBytes(now.Total))}
	}

	flags := os.O_CREATE | os.O_WRONLY
	if restarted {
		flags |= os.O_TRUNC
	}
	f, err := os.OpenFile(d.file, flags, 0o644)
	if err != nil {
		return restarted, err
	}
	defer f.Close()
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return restarted, err
	}
	if err := d.remember(now); err != nil {
		return restarted, err
	}
	silent := time.AfterFunc(d.patience, func() { cancel(errStalled) })
	defer silent.Stop()
	m := d.meter("download", now.Total, have)
	defer m.close()
	size, err := io.Copy(io.MultiWriter(f, m, writerFunc(func(p []byte) (int, error) {
		silent.Reset(d.patience)
		return len(p), nil
	})), io.LimitReader(resp.Body, maxDownload-have))
	size += have
	if err != nil {
		if errors.Is(context.Cause(ctx), errStalled) {
			err = errStalled
		}
		return restarted, fmt.Errorf("after %s of %s: %w", humanBytes(size), humanBytes(now.Total), err)
	}
	if err := f.Close(); err != nil {
		return restarted, err
	}
	if now.Total >= 0 && size != now.Total {
		if size > now.Total {
			d.discard()
		}
		return restarted, fmt.Errorf("the download ended after %s of %s", humanBytes(size), humanBytes(now.Total))
	}
	return restarted, nil
}

// validator is what a later request can name this version of the file by. Weak tags do not promise equal bytes.
func validator(h http.Header) string {
	if tag := h.Get("ETag"); len(tag) > 1 && tag[0] == '"' {
		return tag
	}
	return h.Get("Last-Modified")
}

var contentRangePattern = regexp.MustCompile(`^bytes (?:(\d+)-\d+|\*)/(\d+|\*)$`)

// contentRange reads the first byte and the size of the whole file; -1: not said.
func contentRange(h http.Header) (from, total int64, ok bool) {
	m := contentRangePattern.FindStringSubmatch(h.Get("Content-Range"))
	if m == nil {
		return -1, -1, false
	}
	from, total = -1, -1
	for _, f := range []struct {
		text string
		to   *int64
	}{{m[1], &from}, {m[2], &total}} {
		if f.text == "" || f.text == "*" {
			continue
		}
		v, err := strconv.ParseInt(f.text, 10, 64)
		if err != nil {
			return -1, -1, false
		}
		*f.to = v
	}
	return from, total, true
}

func (d *download) size() int64 {
	info, err := os.Stat(d.file)
	if err != nil {
		return 0
	}
	return info.Size()
}

func (d *download) origin() (origin, bool) {
	text, err := os.ReadFile(d.file + ".json")
	if err != nil {
		return origin{}, false
	}
	var o origin
	err = json.Unmarshal(text, &o)
	return o, err == nil
}

func (d *download) remember(o origin) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(d.file+".json", text, 0o644)
}

// discard forgets what was downloaded.
func (d *download) discard() {
	os.Remove(d.file)
	os.Remove(d.file + ".json")
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
