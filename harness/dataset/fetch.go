package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
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
	if s.maker != nil && s.maker.of != "" {
		o.say("%s is made of %s", name, s.maker.of)
		return Fetch(ctx, s.maker.of, o)
	}
	if s.published == nil {
		o.say("%s is part of the program: there is nothing to fetch", name)
		return nil
	}
	return s.published.fetch(ctx, o)
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

func (p *published) fetch(ctx context.Context, o FetchOptions) error {
	dir, err := p.dir()
	if err != nil {
		return err
	}
	root := filepath.Dir(dir)
	if err := os.MkdirAll(root, 0o755); err != nil {
		return err
	}
	// The lock saves work. What keeps the cache whole is that files move in one by one and are verified where they land.
	hidden := filepath.Join(root, "."+p.name)
	unlock, alone, err := lock(ctx, hidden+".lock", func() { o.say("another process is fetching %s: waiting for it", p.name) })
	if err != nil {
		return err
	}
	defer unlock()

	_, err = p.digest()
	var missing *Missing
	switch {
	case err == nil:
		o.say("%s is in %s, verified", p.name, dir)
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
	j.files = filepath.Join(j.work, p.name)

	failed := &FetchError{Name: p.name, hint: p.hint(o.From)}
	for _, w := range p.sources(o.From) {
		o.say("fetching %s from %s", p.name, w.name)
		err := p.try(ctx, j, w)
		if err == nil {
			if err := p.install(j.files, dir); err != nil {
				return fmt.Errorf("%s was fetched but cannot be put into the cache: %w", p.name, err)
			}
			o.say("%s is in %s, verified", p.name, dir)
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("fetching %s: %w", p.name, context.Cause(ctx))
		}
		o.say("%s: %v", w.name, err)
		failed.Attempts = append(failed.Attempts, Attempt{w.name, err})
	}
	return failed
}

// try lets one source fill j.files and verifies what it brought.
func (p *published) try(ctx context.Context, j *job, w way) error {
	if err := j.empty(); err != nil {
		return err
	}
	if err := w.get(ctx, j); err != nil {
		return err
	}
	return p.check(j.files)
}

// check checks the files of a source and leaves a stamp beside them.
func (p *published) check(dir string) error {
	_, _, err := p.read(dir)
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
func (p *published) install(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(to, stampName)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	for _, f := range p.files {
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
func (p *published) sources(from string) []way {
	if from != "" {
		return []way{{from, p.fromPath}}
	}
	var out []way
	for i := range p.hosts {
		out = append(out, way{p.hosts[i].name(), func(ctx context.Context, j *job) error { return p.fromHost(ctx, j, i) }})
	}
	for _, c := range p.packages {
		out = append(out, way{c.title(), func(ctx context.Context, j *job) error { return c.get(ctx, p, j) }})
	}
	return out
}

func (p *published) hint(from string) string {
	takes := "a folder with " + p.noun
	if a := p.archives(); len(a) > 0 {
		takes += ", or " + strings.Join(a, ", or ")
	}
	if from != "" {
		return "--from takes " + takes
	}
	return fmt.Sprintf("get it from %s on a machine that can, copy it here, and run `bench data fetch %s --from PATH`; --from takes %s",
		strings.Join(p.places(), " or "), p.name, takes)
}

// fromHost downloads what a host has. The downloads are kept until all of them have come and are found to be right: a
// fetch that is stopped in between goes on.
func (p *published) fromHost(ctx context.Context, j *job, number int) error {
	h := p.hosts[number]
	var all []*download
	discard := func(stitched bool) {
		for _, d := range all {
			if !stitched || d.stitched {
				d.discard()
				d.stitched = false
			}
		}
	}
	for i, r := range h.files {
		d := &download{url: r.url, file: j.part, FetchOptions: j.FetchOptions, patience: p.patience, pause: p.pause}
		if d.file == "" {
			d.file = filepath.Join(j.work, "archive")
		}
		if i > 0 {
			d.file += fmt.Sprintf("-%d", i)
		}
		all = append(all, d)
	}
	for {
		anyStitched := false
		for _, d := range all {
			stitched, err := d.run(ctx)
			if err != nil {
				return err
			}
			d.stitched = stitched
			anyStitched = anyStitched || stitched
		}
		err := p.open(ctx, j, h, all)
		if err == nil {
			err = p.check(j.files)
		}
		var bad *refused
		if err != nil && !errors.As(err, &bad) {
			return err // cancelled, or the disk is full: the downloads are complete and stay
		}
		if err == nil || !anyStitched {
			discard(false)
			return err
		}
		// Parts of two downloads may not belong together: the server's file changed, or the machine went down while the
		// first was written. One clean download tells.
		j.say("%s: %v; downloading it once more from the start", h.name(), err)
		discard(true)
		if err := j.empty(); err != nil {
			return err
		}
	}
}

// open puts the files that were downloaded into j.files.
func (p *published) open(ctx context.Context, j *job, h host, all []*download) error {
	for i, r := range h.files {
		if err := r.check(all[i].file); err != nil {
			return err
		}
		k := slices.IndexFunc(p.files, func(f file) bool { return r.base() == f.name || r.base() == f.name+".gz" })
		if k < 0 {
			if err := p.unpack(ctx, j, all[i].file, j.files); err != nil {
				return err
			}
			continue
		}
		if err := p.copyFile(ctx, all[i].file, filepath.Join(j.files, p.files[k].name), p.files[k], nil); err != nil {
			return err
		}
	}
	return nil
}

// check compares a download with what has been published of it.
func (r remote) check(name string) error {
	if r.size == 0 && r.sha256 == "" {
		return nil
	}
	n, sum, err := takeFile(name, func(io.Reader) error { return nil }, r.sha256 != "")
	if err != nil {
		return err
	}
	if wrong := (file{r.base(), r.size, r.sha256}).check(n, sum); wrong != "" {
		return &refused{"refused, it is not the published file: " + wrong}
	}
	return nil
}

// The time without a byte after which a connection counts as dead, and the first pause before it is tried again.
const (
	defaultPatience = 30 * time.Second
	defaultPause    = time.Second
)
