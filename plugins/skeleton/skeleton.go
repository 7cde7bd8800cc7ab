// Package skeleton makes the folder of a new plugin: a program that works, its test, and what to do next. Its
// templates are plugins themselves, compiled and tested with this package.
package skeleton

import (
	"bufio"
	"cmp"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
)

// Languages and kinds there are skeletons for.
const (
	Go     = "go"
	Python = "py"

	Optimizer = "optimizer"
	Metric    = "metric"
)

// Module is the module that a plugin in Go imports.
const Module = "github.com/sharpbench/sharpbench"

//go:embed go-optimizer go-metric py-optimizer py-metric
var templates embed.FS

// Options say what to make.
type Options struct {
	Name string // of the plugin: lower-case letters, digits, - and _
	Lang string // Go or Python
	Kind string // Optimizer or Metric; "" is Optimizer
	Dir  string // the folder to make; "" is one of the plugin's name
	// Source is a checkout of Module, for go.mod to be replaced by. "" is the one this program was built from or, failing
	// that, the one the current folder is in.
	Source string
	Taken  []string // names that other plugins have
}

// Result is what was made.
type Result struct {
	Dir    string   `json:"dir"`
	Files  []string `json:"files"`  // names within Dir
	Source string   `json:"source"` // the checkout that the plugin builds against; "" when it needs none, or a released version
	Next   []string `json:"next"`   // commands, to be run from the current folder
}

// ErrUsage marks errors of what was asked for, as against those of the file system.
var ErrUsage = errors.New("usage")

type usageError struct{ error }

func (usageError) Is(target error) bool { return target == ErrUsage }

func usage(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

// Create writes the skeleton. It overwrites nothing: when a file is there already, none is written.
func Create(o Options) (Result, error) {
	if o.Kind == "" {
		o.Kind = Optimizer
	}
	if o.Dir == "" {
		o.Dir = o.Name
	}
	switch {
	case !nameRule.MatchString(o.Name) || len(o.Name) > 64:
		return Result{}, usage("%q cannot be the name of a plugin: expected at most 64 lower-case letters, digits, - and _, a letter first, as in my-opt", o.Name)
	case slices.Contains(o.Taken, o.Name):
		return Result{}, usage("a plugin that comes with bench is called %s already: choose another name", o.Name)
	case o.Lang == "":
		return Result{}, usage("--lang is missing: expected go or py")
	case o.Lang != Go && o.Lang != Python:
		return Result{}, usage("--lang %q: expected go or py", o.Lang)
	case o.Kind != Optimizer && o.Kind != Metric:
		return Result{}, usage("--kind %q: expected optimizer or metric", o.Kind)
	}
	python := strings.ReplaceAll(o.Name, "-", "_")
	if o.Lang == Python && slices.Contains(pythonTaken, python) {
		return Result{}, usage("%q cannot be the name of a plugin in Python: its module would be %s.py, which Python has a meaning for", o.Name, python)
	}
	var m module
	if o.Lang == Go {
		var err error
		if m, err = findModule(o.Source); err != nil {
			return Result{}, err
		}
	} else {
		if o.Source != "" && !isSource(o.Source) {
			return Result{}, notSource(o.Source)
		}
		m.dir = cmp.Or(o.Source, built(), around())
	}

	packageDir := "sharpbench/plugins/sdk/python"
	if m.dir != "" {
		packageDir = shellWord(filepath.Join(m.dir, "plugins", "sdk", "python"))
	}
	here := pathFromHere(o.Dir)
	replace := strings.NewReplacer(
		"./my-plugin", "./"+o.Name, "my-plugin", o.Name, "my_plugin", python,
		"PACKAGE_DIR", packageDir, "MODULE_NOTE", m.note(),
	)
	root := o.Lang + "-" + o.Kind
	files := map[string]string{}
	err := fs.WalkDir(templates, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(name)
		if err == nil {
			files[strings.ReplaceAll(path.Base(name), "my_plugin", python)] = strings.TrimRight(replace.Replace(string(text)), "\n") + "\n"
		}
		return err
	})
	if err != nil {
		return Result{}, err
	}
	r := Result{Dir: o.Dir}
	// In README.md the commands run from the folder above, where the plugin's folder may have another name.
	if base := filepath.Base(o.Dir); base != o.Name && o.Dir != "." {
		files["README.md"] = strings.NewReplacer("./"+o.Name, "./"+base, "cd "+o.Name, "cd "+base).Replace(files["README.md"])
	}
	if o.Lang == Go {
		files[".gitignore"] = "/" + o.Name + "\n"
		if files["go.mod"], files["go.sum"], err = m.files(o.Name); err != nil {
			return Result{}, err
		}
		if files["go.sum"] == "" {
			delete(files, "go.sum")
			r.Next = append(r.Next, "(cd "+shellWord(o.Dir)+" && go mod tidy)")
		} else {
			r.Source = m.dir
		}
		r.Next = append(r.Next, "(cd "+shellWord(o.Dir)+" && go build && go test)")
	} else {
		files[".gitignore"] = "__pycache__/\n"
		r.Source = m.dir
		if m.dir == "" {
			r.Next = append(r.Next, "git clone https://"+Module)
		}
		r.Next = append(r.Next, "python3 -m pip install "+packageDir, "(cd "+shellWord(o.Dir)+" && python3 -m unittest)")
	}
	flag := map[string]string{Optimizer: "-O", Metric: "-M"}[o.Kind]
	r.Next = append(r.Next, "bench plugin test "+shellWord(here), "bench run suites/quickstart.toml",
		"bench run suites/quickstart.toml "+flag+" "+shellWord(here))
	for name := range files {
		r.Files = append(r.Files, name)
	}
	slices.Sort(r.Files)
	return r, write(o.Dir, r.Files, files)
}

// pythonTaken are module names that a plugin cannot have: it would hide a module that it needs itself.
var pythonTaken = []string{"sharpbench", "numpy", "grpc", "google", "cryptography", "unittest", "torch", "test", "types", "random", "math", "os", "sys",
	"class", "def", "import", "lambda", "pass", "from", "global", "return", "with", "for", "while", "if", "else", "try", "is", "in", "not", "or", "and", "as"}

func write(dir string, names []string, files map[string]string) error {
	var there []string
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			there = append(there, name)
		}
	}
	if len(there) > 0 {
		return usage("%s has %s already, and nothing is overwritten: choose another folder with --dir", dir, strings.Join(there, ", "))
	}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		return usage("%s is a file: choose another folder with --dir", dir)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, name := range names {
		f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err != nil {
			return err
		}
		_, err = f.WriteString(files[name])
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// module is how a plugin in Go comes by Module: from a folder, or a released version of it.
type module struct {
	dir     string
	version string // "" for a checkout
}

// findModule finds the checkout that was named, or the one that this program was built from, or the one around the
// current folder. A program that was installed by its version names that version.
func findModule(named string) (module, error) {
	if named != "" {
		if !isSource(named) {
			return module{}, notSource(named)
		}
		dir, err := filepath.Abs(named)
		return module{dir: dir}, err
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == Module && info.Main.Sum != "" {
		return module{version: info.Main.Version}, nil // out of the module cache: go install …@VERSION
	}
	if dir := cmp.Or(built(), around()); dir != "" {
		return module{dir: dir}, nil
	}
	return module{}, usage("a plugin in Go is built against the source of bench, and this bench does not know where that is: name a clone of %s with --replace DIR", Module)
}

func notSource(dir string) error {
	return usage("--replace %s: expected a clone of %s; there is no go.mod of that module", dir, Module)
}

// built is the checkout that this program was built from, if it is still there.
func built() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return "" // built with -trimpath
	}
	return sourceOver(filepath.Dir(file))
}

// around is the checkout that the current folder is in.
func around() string {
	dir, err := os.Getwd()
	if err != nil {
		return ""
	}
	return sourceOver(dir)
}

func sourceOver(dir string) string {
	for {
		if isSource(dir) {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
}

func isSource(dir string) bool {
	f, err := os.Open(filepath.Join(dir, "go.mod"))
	if err != nil {
		return false
	}
	defer f.Close()
	s := bufio.NewScanner(f)
	for s.Scan() {
		if word, rest, _ := strings.Cut(strings.TrimSpace(s.Text()), " "); word == "module" {
			return strings.Trim(strings.TrimSpace(rest), `"`) == Module
		}
	}
	return false
}

func (m module) note() string {
	if m.version != "" {
		return "`go.mod` names the released version of bench that the plugin builds against."
	}
	return "The line `replace` of `go.mod` names the clone of bench that the plugin builds against, on this machine."
}

var (
	requirement = regexp.MustCompile(`(?m)^(?:require)?\s+(\S+\.\S+/\S+|\S+\.\S+)\s+(v\S+)`)
	goLine      = regexp.MustCompile(`(?m)^go \S+$`)
)

// files are go.mod and go.sum of the plugin. With a checkout they name whatever it needs, so that the plugin builds
// without a network on any machine that has built bench; `go mod tidy` shortens them. sum is "" for a released version.
func (m module) files(name string) (mod, sum string, err error) {
	mod = "// The path matters only to those who import the module.\nmodule example.com/" + name + "\n\n"
	if m.version != "" {
		return mod + "go " + strings.TrimPrefix(runtime.Version(), "go") + "\n\nrequire " + Module + " " + m.version + "\n", "", nil
	}
	theirs, err := os.ReadFile(filepath.Join(m.dir, "go.mod"))
	if err != nil {
		return "", "", err
	}
	sums, err := os.ReadFile(filepath.Join(m.dir, "go.sum"))
	if err != nil {
		return "", "", err
	}
	mod += goLine.FindString(string(theirs)) + "\n\nrequire " + Module + " v0.0.0\n\nreplace " + Module + " => " + modWord(m.dir) + "\n\nrequire (\n"
	for _, r := range requirement.FindAllStringSubmatch(string(theirs), -1) {
		mod += "\t" + r[1] + " " + r[2] + " // indirect\n"
	}
	return mod + ")\n", string(sums), nil
}

// modWord quotes a path for go.mod where it must be.
func modWord(s string) string {
	if strings.ContainsAny(s, " \t\"'`()[]{},;") || strings.Contains(s, "//") {
		return strconv.Quote(s)
	}
	return s
}

// pathFromHere is a path as bench takes plugins: with a slash.
func pathFromHere(dir string) string {
	dir = filepath.ToSlash(filepath.Clean(dir))
	if !filepath.IsAbs(dir) && !strings.HasPrefix(dir, ".") {
		dir = "./" + dir
	}
	return dir
}

var plainWord = regexp.MustCompile(`^[A-Za-z0-9_./:@%+=-]+$`)

// shellWord quotes what a shell would take apart.
func shellWord(s string) string {
	if plainWord.MatchString(s) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
