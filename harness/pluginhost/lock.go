package pluginhost

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/sharpbench/sharpbench/harness/proto"
)

// LockName is the name of the file that pins the plugins of the suites beside it.
const LockName = "plugins.lock"

// Lock pins plugins that are not bundled to the contents of their files. A plugin is found by the place of its folder
// relative to the lock.
type Lock struct {
	Path string // of the file, which need not exist
	Pins []Pin  // sorted by name and path
}

// Pin is what a lock says of one plugin.
type Pin struct {
	Name     string            `toml:"name"` // that the plugin gives itself
	Kind     string            `toml:"kind"`
	Path     string            `toml:"path"`     // of its folder, relative to that of the lock, with slashes
	Version  int               `toml:"version"`  // that the plugin gives itself
	Protocol int               `toml:"protocol"` // major version that it was pinned with
	Files    map[string]string `toml:"files"`    // sha256 of plugin.toml and of every file it declares
}

// ReadLock reads a lock. One that does not exist is empty.
func ReadLock(path string) (*Lock, error) {
	l := &Lock{Path: path}
	var text struct {
		Plugin []Pin `toml:"plugin"`
	}
	md, err := toml.DecodeFile(path, &text)
	var syntax toml.ParseError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return l, nil
	case errors.As(err, &syntax):
		return nil, fmt.Errorf("%s:%d: %s; bench plugin lock writes it anew", path, syntax.Position.Line, syntax.Message)
	case err != nil:
		return nil, err
	}
	if unknown := md.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("%s: unknown key %q; bench plugin lock writes it anew", path, unknown[0])
	}
	for _, p := range text.Plugin {
		if p.Name == "" || p.Path == "" || len(p.Files) == 0 {
			return nil, fmt.Errorf("%s: a plugin without a name, a path or files; bench plugin lock writes it anew", path)
		}
	}
	l.Pins = text.Plugin
	return l, nil
}

// Text is the contents of the file: the same for the same pins, whatever their order was.
func (l *Lock) Text() []byte {
	slices.SortFunc(l.Pins, func(a, b Pin) int { return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Path, b.Path)) })
	var b bytes.Buffer
	b.WriteString("# The plugins that the suites beside this file were run with. Written by bench plugin lock; commit it.\n")
	for _, p := range l.Pins {
		fmt.Fprintf(&b, "\n[[plugin]]\nname     = %s\nkind     = %s\npath     = %s\nversion  = %d\nprotocol = %d\n[plugin.files]\n",
			tomlString(p.Name), tomlString(p.Kind), tomlString(p.Path), p.Version, p.Protocol)
		for _, name := range slices.Sorted(maps.Keys(p.Files)) {
			fmt.Fprintf(&b, "%s = %q\n", tomlString(name), p.Files[name])
		}
	}
	return b.Bytes()
}

// tomlString quotes a string for TOML.
func tomlString(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < 0x20 || r == 0x7f:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Write replaces the file.
func (l *Lock) Write() error {
	temporary := l.Path + "." + strconv.Itoa(os.Getpid())
	if err := os.WriteFile(temporary, l.Text(), 0o666); err != nil {
		return err
	}
	if err := os.Rename(temporary, l.Path); err != nil {
		os.Remove(temporary)
		return err
	}
	return nil
}

// place is where a program's folder lies, seen from the lock.
func (l *Lock) place(p Program) string {
	base, err := filepath.Abs(filepath.Dir(l.Path))
	if err != nil {
		return filepath.ToSlash(p.Dir)
	}
	rel, err := filepath.Rel(base, p.Dir)
	if err != nil { // another drive
		return filepath.ToSlash(p.Dir)
	}
	return filepath.ToSlash(rel)
}

// Find returns what the lock says of a program, nil when it says nothing, as of every bundled plugin. A nil lock is empty.
func (l *Lock) Find(p Program) *Pin {
	if l == nil || p.Bundled {
		return nil
	}
	place := l.place(p)
	for i := range l.Pins {
		if l.Pins[i].Path == place {
			return &l.Pins[i]
		}
	}
	return nil
}

// Put pins a program to the files it has now, in place of what was said of it before. It reports whether that is a change.
func (l *Lock) Put(p Program, info Info) bool {
	pin := Pin{Name: info.Name, Kind: info.Kind, Path: l.place(p), Version: info.Version, Protocol: proto.Version, Files: map[string]string{}}
	for _, f := range p.Files {
		pin.Files[f.Name] = f.SHA256
	}
	old := l.Find(p)
	if old == nil {
		l.Pins = append(l.Pins, pin)
		return true
	}
	same := old.Name == pin.Name && old.Kind == pin.Kind && old.Version == pin.Version && old.Protocol == pin.Protocol && maps.Equal(old.Files, pin.Files)
	*old = pin
	return !same
}

// Changes says in what the files of a program differ from those that were pinned; nil when they do not.
func (pin *Pin) Changes(p Program) []string {
	var out []string
	now := map[string]string{}
	for _, f := range p.Files {
		now[f.Name] = f.SHA256
		switch was, known := pin.Files[f.Name]; {
		case !known:
			out = append(out, fmt.Sprintf("%s is not in the lock (sha256 %s)", f.Name, shortHash(f.SHA256)))
		case was != f.SHA256:
			out = append(out, fmt.Sprintf("%s has sha256 %s, in the lock it is %s", f.Name, shortHash(f.SHA256), shortHash(was)))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pin.Files)) {
		if _, there := now[name]; !there {
			out = append(out, fmt.Sprintf("%s (sha256 %s) is in the lock and no longer declared", name, shortHash(pin.Files[name])))
		}
	}
	return out
}

func shortHash(h string) string { return h[:min(12, len(h))] }

// Unpinned is the error of a plugin that is not what a lock says.
type Unpinned struct {
	Lock    string   // path of the lock
	Changes []string // as Pin.Changes gives them; nil when the lock does not name the plugin
}

func (e *Unpinned) Error() string {
	if len(e.Changes) == 0 {
		return fmt.Sprintf("%s does not name it", e.Lock)
	}
	return fmt.Sprintf("it is not the one of %s: %s", e.Lock, strings.Join(e.Changes, "; "))
}

// Hint says what can be done.
func (e *Unpinned) Hint() string {
	if len(e.Changes) == 0 {
		return "bench plugin lock pins it"
	}
	return "bench plugin lock pins the files as they are now; --unlocked runs them as they are, off the board"
}
