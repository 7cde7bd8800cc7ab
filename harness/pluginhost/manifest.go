package pluginhost

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/BurntSushi/toml"
)

// ManifestName is the name of the file that describes a plugin which is not bundled.
const ManifestName = "plugin.toml"

// Program is a plugin that can be launched.
type Program struct {
	Ref     string   // as the suite writes it
	Name    string   // of a bundled plugin, or the name of the manifest's folder
	Kind    string   // what the manifest says, KindOptimizer or KindMetric; "" for bundled plugins: ask Describe
	Command []string // absolute
	Dir     string   // the manifest's folder; "" for bundled plugins
	MTLS    bool     // the connection is encrypted with one-time certificates on both sides
	Bundled bool
	Hash    string // sha256 over the declared files; "" for bundled plugins, which their version identifies
	Files   []File // plugin.toml and the declared files, sorted by name; nil for bundled plugins
}

// File is one file of a plugin.
type File struct {
	Name   string // within the plugin's folder, with slashes
	SHA256 string // of its contents, hexadecimal
}

// manifest is plugin.toml.
type manifest struct {
	Command []string `toml:"command"`
	Files   []string `toml:"files"`
	MTLS    *bool    `toml:"mtls"`
	Kind    string   `toml:"kind"`
}

// Resolve finds the program a suite refers to: the name of a bundled plugin, or the path of a plugin.toml or its
// folder, relative to baseDir. Paths begin with ./, ../ or /. Errors say what was expected.
func Resolve(ref, baseDir string, bundled func(name string) bool) (Program, error) {
	if ref == "" {
		return Program{}, errors.New("an empty plugin name")
	}
	if !isPath(ref) {
		if !bundled(ref) {
			return Program{}, fmt.Errorf("no bundled plugin is called %q; a plugin of your own is named by its path, as ./%s", ref, ref)
		}
		exe, err := os.Executable()
		if err != nil {
			return Program{}, fmt.Errorf("bundled plugin %q: %w", ref, err)
		}
		// The sockets of bundled plugins are in a directory of mode 0700, so certificates would add nothing but the
		// time to make them.
		return Program{Ref: ref, Name: ref, Command: []string{exe, "plugin", "serve", ref}, Bundled: true}, nil
	}
	path := filepath.FromSlash(ref)
	if !filepath.IsAbs(path) {
		path = filepath.Join(baseDir, path)
	}
	info, err := os.Stat(path)
	if err != nil {
		return Program{}, fmt.Errorf("plugin %s: expected a folder with a %s: %w", ref, ManifestName, err)
	}
	if info.IsDir() {
		path = filepath.Join(path, ManifestName)
	}
	p, err := readManifest(path)
	if err != nil {
		return Program{}, fmt.Errorf("plugin %s: %w", ref, err)
	}
	p.Ref = ref
	return p, nil
}

func isPath(ref string) bool {
	return filepath.IsAbs(ref) || strings.HasPrefix(ref, ".") || strings.ContainsAny(ref, `/\`)
}

func readManifest(path string) (Program, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Program{}, err
	}
	var m manifest
	md, err := toml.DecodeFile(path, &m)
	if err != nil {
		var syntax toml.ParseError
		if errors.As(err, &syntax) {
			return Program{}, fmt.Errorf("%s:%d: %s", path, syntax.Position.Line, syntax.Message)
		}
		return Program{}, err
	}
	dir := filepath.Dir(path)
	var problems []error
	bad := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: "+format, append([]any{path}, args...)...))
	}
	for _, key := range md.Undecoded() {
		bad("unknown key %q: expected command, files, mtls, kind", key)
	}
	switch m.Kind {
	case KindOptimizer, KindMetric:
	case "":
		bad(`kind is missing: expected "optimizer" or "metric"`)
	default:
		bad(`kind is %q: expected "optimizer" or "metric"`, m.Kind)
	}
	if len(m.Command) == 0 || m.Command[0] == "" {
		bad(`command is missing: expected the program and its arguments, as ["./my-optimizer"] or ["python3", "my_optimizer.py"]`)
	}
	if len(m.Files) == 0 {
		bad("files is missing: expected every file the plugin is made of, the program first; their sha256 identifies it")
	}
	for _, f := range m.Files {
		if !filepath.IsLocal(filepath.FromSlash(f)) {
			bad("file %q: expected a path inside the plugin's folder", f)
		}
	}
	if len(problems) > 0 {
		return Program{}, errors.Join(problems...)
	}

	p := Program{Name: filepath.Base(dir), Kind: m.Kind, Dir: dir, MTLS: m.MTLS == nil || *m.MTLS}
	if p.Command, err = absolute(m, dir); err != nil {
		return Program{}, fmt.Errorf("%s: %w", path, err)
	}
	declared, err := hashFiles(dir, m.Files)
	if err != nil {
		return Program{}, fmt.Errorf("%s: %w", path, err)
	}
	p.Hash, p.Files = hashOf(declared), declared
	if !slices.ContainsFunc(declared, func(f File) bool { return f.Name == filepath.Base(path) }) {
		own, err := hashFiles(dir, []string{filepath.Base(path)})
		if err != nil {
			return Program{}, fmt.Errorf("%s: %w", path, err)
		}
		p.Files = slices.Concat(declared, own)
		slices.SortFunc(p.Files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	}
	return p, nil
}

// absolute makes the paths of a command absolute: a program with a slash in its name, and arguments that are listed
// under files. A program without a slash is looked up in PATH, never in the folder.
func absolute(m manifest, dir string) ([]string, error) {
	listed := func(s string) bool {
		return slices.ContainsFunc(m.Files, func(f string) bool { return filepath.Clean(f) == filepath.Clean(s) })
	}
	command := slices.Clone(m.Command)
	program := filepath.FromSlash(command[0])
	switch {
	case filepath.IsAbs(program):
	case strings.ContainsAny(command[0], `/\`):
		if !listed(program) {
			return nil, fmt.Errorf("command: %s must be listed under files, as its contents identify the plugin", command[0])
		}
		program = filepath.Join(dir, program)
	default:
		found, err := exec.LookPath(program)
		if err != nil {
			return nil, fmt.Errorf("command: %w (a program in the plugin's folder is written ./%s)", err, program)
		}
		if program, err = filepath.Abs(found); err != nil {
			return nil, err
		}
	}
	command[0] = program
	if info, err := os.Stat(program); err != nil || info.IsDir() {
		return nil, fmt.Errorf("command: there is no program %s; build it first", program)
	}
	for i, arg := range command[1:] {
		if listed(arg) {
			command[i+1] = filepath.Join(dir, filepath.FromSlash(arg))
		}
	}
	return command, nil
}

// hashFiles hashes files, each once, in the order of their names.
func hashFiles(dir string, files []string) ([]File, error) {
	files = slices.Clone(files)
	for i, f := range files {
		files[i] = filepath.ToSlash(filepath.Clean(filepath.FromSlash(f)))
	}
	sort.Strings(files)
	files = slices.Compact(files)
	var out []File
	for _, name := range files {
		sum, err := hashFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil {
			return nil, fmt.Errorf("files: %w", err)
		}
		out = append(out, File{name, sum})
	}
	return out, nil
}

// hashOf is one hash of the names and contents of files.
func hashOf(files []File) string {
	all := sha256.New()
	for _, f := range files {
		fmt.Fprintf(all, "%s  %q\n", f.SHA256, f.Name)
	}
	return hex.EncodeToString(all.Sum(nil))
}

func hashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
