package slurm

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/runner"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// File is a copy in the store.
type File struct {
	Path   string `json:"path"` // absolute
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// source is a file that is to be copied.
type source struct {
	name   string // within the folder of the copy, with slashes
	path   string
	sha256 string // what its contents must be; empty: whatever they are
}

// stamp is what datasets keep beside their files for themselves.
const stamp = "verified.json"

// freeze copies files into a folder of root that is named after label and their contents. A folder that is there already
// is used if it is whole. With link, files are linked where the file system allows it: for files that nobody writes to.
func freeze(root, label string, files []source, link bool) (dir string, out []File, err error) {
	all := sha256.New()
	for i, f := range files {
		size, sum, err := hash(f.path)
		if err != nil {
			return "", nil, err
		}
		if f.sha256 != "" && sum != f.sha256 {
			return "", nil, fmt.Errorf("%s was changed just now: it has sha256 %.12s, expected %.12s", f.path, sum, f.sha256)
		}
		files[i].sha256 = sum
		if f.name != stamp {
			fmt.Fprintf(all, "%s\x00%s\x00", f.name, sum)
			out = append(out, File{Path: f.name, Size: size, SHA256: sum})
		}
	}
	dir = filepath.Join(root, label+"-"+hex.EncodeToString(all.Sum(nil))[:16])
	for i := range out {
		out[i].Path = filepath.Join(dir, filepath.FromSlash(out[i].Path))
	}
	switch err := Verify(out); {
	case err == nil:
		return dir, out, nil
	case !errors.Is(err, fs.ErrNotExist):
		// A damaged copy: nothing that runs from it can be right.
		if err := os.RemoveAll(dir); err != nil {
			return "", nil, err
		}
	}
	if err := os.MkdirAll(root, 0o777); err != nil {
		return "", nil, err
	}
	var b [6]byte
	rand.Read(b[:])
	tmp := filepath.Join(root, ".tmp-"+hex.EncodeToString(b[:]))
	defer os.RemoveAll(tmp)
	for _, f := range files {
		to := filepath.Join(tmp, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(to), 0o777); err != nil {
			return "", nil, err
		}
		if link && f.name != stamp && os.Link(f.path, to) == nil {
			continue
		}
		if err := copyFile(f.path, to); err != nil {
			return "", nil, fmt.Errorf("cannot copy %s into the store: %w", f.path, err)
		}
	}
	if err := os.Rename(tmp, dir); err != nil {
		// Somebody else was quicker, or a copy of which files are missing is in the way.
		if Verify(out) == nil {
			return dir, out, nil
		}
		if err := os.RemoveAll(dir); err != nil {
			return "", nil, err
		}
		if err := os.Rename(tmp, dir); err != nil {
			return "", nil, err
		}
	}
	return dir, out, Verify(out)
}

func hash(path string) (size int64, sum string, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, "", err
	}
	defer f.Close()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return size, hex.EncodeToString(h.Sum(nil)), err
}

// copyFile copies contents, permissions and the time of the last change, which datasets rely on.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, info.Mode().Perm()|0o200)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	if err == nil {
		err = out.Sync()
	}
	if e := out.Close(); err == nil {
		err = e
	}
	if err != nil {
		return err
	}
	return os.Chtimes(to, info.ModTime(), info.ModTime())
}

// Verify checks that files are what they were when they were copied. The error names the first that is not.
func Verify(files []File) error {
	for _, f := range files {
		size, sum, err := hash(f.Path)
		if err != nil {
			return err
		}
		if size != f.Size || sum != f.SHA256 {
			return fmt.Errorf("%s is not the file that was copied: it has %d bytes and sha256 %.12s, expected %d and %.12s", f.Path, size, sum, f.Size, f.SHA256)
		}
	}
	return nil
}

// frozen is where copies lie in a store.
func frozen(storeDir string) string { return filepath.Join(storeDir, "frozen") }

// freezeBench copies the running program.
func freezeBench(storeDir string) (path string, files []File, err error) {
	exe, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	from := exe
	if _, err := os.Stat("/proc/self/exe"); err == nil {
		from = "/proc/self/exe" // also when it has been replaced since it was started
	}
	dir, files, err := freeze(frozen(storeDir), "bench", []source{{name: "bench", path: from}}, false)
	if err != nil {
		return "", nil, err
	}
	return filepath.Join(dir, "bench"), files, nil
}

// freezePlugins copies the plugins that do not come with bench, starts each copy, and lets the manifest name the copies.
func freezePlugins(storeDir string, m *runner.Manifest, host *runner.Plugins) ([]File, error) {
	var all []File
	for written, was := range m.Plugins {
		p, err := host.Get(was.Ref)
		if err != nil {
			return nil, err
		}
		if p.Program.Bundled {
			continue
		}
		var files []source
		for _, f := range p.Program.Files {
			files = append(files, source{name: f.Name, path: filepath.Join(p.Program.Dir, filepath.FromSlash(f.Name)), sha256: f.SHA256})
		}
		dir, copied, err := freeze(frozen(storeDir), "plugin-"+p.Program.Name, files, false)
		if err != nil {
			return nil, fmt.Errorf("plugin %q: %w", written, err)
		}
		ref := dir
		if st, err := os.Stat(was.Ref); err == nil && !st.IsDir() {
			ref = filepath.Join(dir, filepath.Base(was.Ref)) // the suite names the file
		}
		again, err := host.Get(ref)
		if err != nil {
			return nil, fmt.Errorf("plugin %q does not start from a copy of the files that its plugin.toml declares; list there everything that it is made of: %w", written, err)
		}
		if again.Version() != p.Version() {
			return nil, fmt.Errorf("plugin %q: its copy %s is not the same plugin", written, dir)
		}
		was.Ref = ref
		m.Plugins[written] = was
		all = append(all, copied...)
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return slices.Compact(all), nil
}

// freezeData copies the fetched data of a suite and makes a cache in cacheDir that has them. Data that comes with bench
// needs none.
func freezeData(storeDir, cacheDir string, s *suite.Suite) ([]File, error) {
	if err := os.MkdirAll(cacheDir, 0o777); err != nil {
		return nil, err
	}
	from, err := dataset.CacheDir()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, w := range s.Workloads {
		names = append(names, w.Data.Name)
		for _, shift := range w.Shifts {
			names = append(names, shift.Data.Name)
		}
	}
	slices.Sort(names)
	var all []File
	for _, name := range slices.Compact(names) {
		root := filepath.Join(from, name)
		if st, err := os.Stat(root); name == "" || err != nil || !st.IsDir() {
			continue
		}
		var files []source
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			rel, err := filepath.Rel(root, path)
			if err == nil {
				files = append(files, source{name: filepath.ToSlash(rel), path: path})
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		dir, copied, err := freeze(frozen(storeDir), "data-"+name, files, true)
		if err != nil {
			return nil, err
		}
		if err := os.Symlink(dir, filepath.Join(cacheDir, name)); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		all = append(all, copied...)
	}
	return all, nil
}
