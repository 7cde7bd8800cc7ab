package suite

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// selector is one word of Options.Optimizers or Options.Metrics: the name of an entry of the suite, "*" for all of them,
// or the path of a plugin to be added to it, possibly with values of its parameters: ./mine[lr=0.01,0.1 momentum=0.9].
type selector struct {
	at     Position
	word   string // without the brackets
	params []setting
}

type setting struct {
	name   string
	values []*node
}

// isPath reports whether the word can only be a path.
func (s selector) isPath() bool {
	return strings.ContainsAny(s.word, `/\`) || strings.HasPrefix(s.word, ".")
}

// selectors reads the words of a flag, which are separated by commas outside of brackets.
func selectors(flag string, texts []string) ([]selector, Problems) {
	var out []selector
	var problems Problems
	for _, text := range texts {
		for _, word := range splitOutside(text) {
			s := selector{at: Position{File: flag + " " + word}, word: word}
			bad := func(hint, format string, args ...any) {
				problems = append(problems, Problem{Pos: s.at, Message: fmt.Sprintf(format, args...), Hint: hint})
			}
			const example = "brackets hold parameters, as in './mine[lr=0.01,0.1 momentum=0.9]'"
			if i := strings.IndexByte(word, '['); i >= 0 {
				if !strings.HasSuffix(word, "]") {
					bad(example, "the bracket is not closed at the end")
					continue
				}
				var message string
				s.word = word[:i]
				if s.params, message = settings(s.at.File, word[i+1:len(word)-1]); message != "" {
					bad(example, "%s", message)
					continue
				}
			}
			if s.word == "" {
				bad("", "there is no name")
				continue
			}
			out = append(out, s)
		}
	}
	return out, problems
}

// splitOutside splits at the commas that are in no brackets.
func splitOutside(text string) []string {
	var out []string
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth <= 0 {
				out = append(out, strings.TrimSpace(text[from:i]))
				from = i + 1
			}
		}
	}
	return append(out, strings.TrimSpace(text[from:]))
}

// settings reads NAME=VALUE,VALUE NAME=VALUE. A comma may stand between names as well.
func settings(file, text string) (out []setting, problem string) {
	for _, item := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' || r == ';' }) {
		name, value, named := strings.Cut(item, "=")
		if named {
			if slices.ContainsFunc(out, func(s setting) bool { return s.name == name }) {
				return nil, fmt.Sprintf("%s is there twice", name)
			}
			out = append(out, setting{name: name})
		} else {
			value = item
		}
		if len(out) == 0 || out[len(out)-1].name == "" || value == "" {
			return nil, fmt.Sprintf("%q: expected NAME=VALUE", item)
		}
		n, problems := parse(file, "x = "+value)
		if problems != nil && bareWord.MatchString(value) {
			n, problems = parse(file, "x = "+quoted(value))
		}
		if problems != nil {
			return nil, fmt.Sprintf("%s: %q is not a value", out[len(out)-1].name, value)
		}
		n.forgetLines()
		s := &out[len(out)-1]
		s.values = append(s.values, n.table["x"])
	}
	if len(out) == 0 {
		return nil, "the brackets are empty"
	}
	return out, ""
}

// choose finds what the selectors name among the entries of root under key, "optimizer" or "metric", and adds an entry
// for each plugin that is not among them. It returns the names of what was chosen, nil for everything.
func (l *loader) choose(root *node, key, flag string, texts []string) []string {
	words, problems := selectors(flag, texts)
	l.problems = append(l.problems, problems...)
	if len(words) == 0 {
		return nil
	}
	chosen := []string{}
	entries := root.table[key]
	var own []*node // as written in the suite
	var names []string
	if entries != nil && entries.array {
		for _, n := range entries.items {
			if n.table != nil && entryName(n) != "" {
				own, names = append(own, n), append(names, entryName(n))
			}
		}
	}
	for _, s := range words {
		bad := func(hint, format string, args ...any) {
			l.problems = append(l.problems, Problem{Pos: s.at, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
		switch {
		case s.word == "*":
			chosen = append(chosen, names...)
		case slices.Contains(names, s.word):
			chosen = append(chosen, s.word)
		case !s.isPath() && !isPluginFolder(s.word):
			hint := suggest(s.word, names, "it has")
			if slices.Contains(l.options.PluginNames, s.word) {
				hint += "; bundled plugins are added in the suite, with a grid as large as the others have"
			}
			bad(hint, "the suite has no %s of that name", key)
			continue
		default:
			name, problem := l.addPlugin(root, key, flag, s, own)
			if problem != nil {
				bad(problem.Hint, "%s", problem.Message)
				continue
			}
			chosen = append(chosen, name...)
			continue
		}
		if len(s.params) > 0 {
			bad("its parameters stand in the suite; --set changes them", "%s is an entry of the suite: brackets are for plugins named by a path", s.word)
		}
	}
	return chosen
}

// isPluginFolder reports whether a word without a slash names a folder with a plugin in it.
func isPluginFolder(word string) bool {
	info, err := os.Stat(filepath.Join(word, pluginhost.ManifestName))
	return err == nil && !info.IsDir()
}

// addPlugin returns the names of the entries that have the plugin already; without any it adds one.
func (l *loader) addPlugin(root *node, key, flag string, s selector, own []*node) ([]string, *Problem) {
	plugin := filepath.ToSlash(s.word)
	if !s.isPath() {
		plugin = "./" + plugin
	}
	ref, problem := l.resolve(plugin)
	if problem != nil {
		return nil, problem
	}
	var same []string
	for _, n := range own {
		if p := n.table["plugin"]; p != nil {
			written, _ := p.value.(string)
			if r, problem := l.resolve(written); problem == nil && r == ref {
				same = append(same, entryName(n))
			}
		}
	}
	if len(same) > 0 {
		if len(s.params) > 0 {
			return nil, &Problem{Message: fmt.Sprintf("the suite has this plugin already, as %s", strings.Join(same, ", ")), Hint: "its parameters stand in the suite; --set changes them"}
		}
		return same, nil
	}

	leaf := func(v any) *node { return &node{key: s.at, at: s.at, value: v} }
	entry := &node{key: s.at, at: s.at, added: true, table: map[string]*node{"plugin": leaf(plugin)}}
	name := filepath.Base(ref)
	if l.options.Describe != nil {
		l.describe([]*table{{n: entry}})
		d := l.described[ref]
		if d.err != nil {
			return nil, &Problem{Message: fmt.Sprintf("plugin %q cannot be used: %s", plugin, strings.ReplaceAll(d.err.Error(), "\n", "; ")), Hint: hintOf(d.err)}
		}
		other := map[string]string{"optimizer": "-M", "metric": "-O"}[key]
		if d.info.Kind != key {
			return nil, &Problem{Message: fmt.Sprintf("the plugin is of kind %q (expected %q)", d.info.Kind, key), Hint: "write " + other + " " + s.word}
		}
		name = d.info.Name
	}
	for _, n := range own {
		if strings.EqualFold(entryName(n), name) {
			return nil, &Problem{Message: fmt.Sprintf("the plugin calls itself %q, and the suite has an %s of that name already", name, key), Hint: "give the plugin a name of its own, or add it to the suite under another one"}
		}
	}
	entry.table["name"] = leaf(name)
	values := &node{key: s.at, at: s.at, table: map[string]*node{}}
	fixed := &node{key: s.at, at: s.at, table: map[string]*node{}}
	for _, p := range s.params {
		if len(p.values) == 1 {
			fixed.table[p.name] = p.values[0]
		} else {
			values.table[p.name] = &node{key: s.at, at: s.at, array: true, items: p.values}
		}
	}
	if len(fixed.table) > 0 {
		entry.table["params"] = fixed
	}
	switch {
	case len(values.table) == 0:
	case key == "metric":
		return nil, &Problem{Message: "a metric is measured with one value of each parameter", Hint: "repeat the [[metric]] under another name in the suite to measure with several"}
	default:
		entry.table["grid"] = values
	}
	if key == "metric" {
		if on := headlineOn(own); on != nil {
			entry.table["on"] = on
		}
	}
	entries := root.table[key]
	if entries == nil || !entries.array {
		entries = &node{key: s.at, at: s.at, array: true}
		root.table[key] = entries
	}
	entries.items = append(entries.items, entry)
	return []string{name}, nil
}

// headlineOn is what the headline metric is measured on: an added metric sees the same examples.
func headlineOn(metrics []*node) *node {
	var on *node
	for i, m := range metrics {
		if h := m.table["headline"]; i == 0 || h != nil && h.value == true {
			on = m.table["on"]
		}
	}
	return on
}

// hintOf is what an error advises, if it does.
func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}

// Added lists the names of the optimizers and metrics that are not in the file but were added by Options, in order.
func (s *Suite) Added() []string {
	var names []string
	for _, o := range s.Optimizers {
		if o.Added {
			names = append(names, o.Name)
		}
	}
	for _, m := range s.Metrics {
		if m.Added {
			names = append(names, m.Name)
		}
	}
	return names
}
