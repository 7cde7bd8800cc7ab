package suite

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// table reads the keys of one TOML table, with types, and collects what is wrong with them. Reading a key that is absent
// gives its default. A key that nobody reads is unknown.
type table struct {
	n        *node
	path     string // of the table, as in optimizer[1]
	name     string // for sentences, as in: optimizer "sam"
	problems *Problems
	known    map[string]bool
	broken   bool              // not a table at all, which is reported; nothing in it is missed
	later    map[string]string // keys of the format that this version does not support, and what to say
}

func (t *table) report(at Position, key, hint, format string, args ...any) {
	*t.problems = append(*t.problems, Problem{Pos: at, Path: join(t.path, key), Message: fmt.Sprintf(format, args...), Hint: hint})
}

// get returns the node of a key, or nil.
func (t *table) get(key string) *node {
	if t.known == nil {
		t.known = map[string]bool{}
	}
	t.known[key] = true
	if t.n == nil {
		return nil
	}
	return t.n.table[key]
}

// at is where to complain about a key: at its value, or at the table when the key is absent.
func (t *table) at(key string) Position {
	if n := t.n.table[key]; n != nil {
		return n.at
	}
	return t.n.key
}

func (t *table) wrong(n *node, key, expected, hint string) {
	t.report(n.at, key, hint, "%s: expected %s, found %s", key, expected, n.kindName())
}

// require reports a key that is absent, unless it is there with a slip in its name, which done reports.
func (t *table) require(key, example string) {
	if t.get(key) != nil || t.broken {
		return
	}
	for k := range t.n.table {
		if nearest(k, []string{key}) != "" {
			return
		}
	}
	t.report(t.n.key, key, "add "+example, "%s has no %s", t.name, key)
}

func (t *table) str(key, def string) string {
	n := t.get(key)
	if n == nil {
		return def
	}
	s, ok := n.value.(string)
	if !ok {
		hint := ""
		if n.value != nil {
			hint = "strings are quoted"
		}
		t.wrong(n, key, "a string", hint)
		return def
	}
	return s
}

// choice reads a string that must be one of choices. later holds further choices that this version does not support.
func (t *table) choice(key, def string, choices []string, later ...string) string {
	n := t.get(key)
	s := t.str(key, def)
	if n == nil || n.value == nil || slices.Contains(choices, s) {
		return s
	}
	if _, ok := n.value.(string); !ok {
		return def
	}
	if slices.Contains(later, s) {
		t.report(n.at, key, "expected "+oneOf(choices), "%s = %q is not supported by this version", key, s)
		return def
	}
	hint := ""
	if c := nearest(s, append(slices.Clone(choices), later...)); c != "" {
		hint = "did you mean " + quoted(c) + "?"
	}
	t.report(n.at, key, hint, "%s: unknown value %q (expected %s)", key, s, oneOf(choices))
	return def
}

func (t *table) boolean(key string, def bool) bool {
	n := t.get(key)
	if n == nil {
		return def
	}
	b, ok := n.value.(bool)
	if !ok {
		hint := ""
		if s, isText := n.value.(string); isText && (s == "true" || s == "false") {
			hint = "write " + s + " without quotes"
		}
		t.wrong(n, key, "true or false", hint)
		return def
	}
	return b
}

// whole reads a whole number from lo to hi.
func (t *table) whole(key string, def, lo, hi int) int {
	n := t.get(key)
	if n == nil {
		return def
	}
	v, ok := t.wholeNode(n, key, lo, hi)
	if !ok {
		return def
	}
	return v
}

func (t *table) wholeNode(n *node, key string, lo, hi int) (int, bool) {
	expected := fmt.Sprintf("a whole number from %d to %d", lo, hi)
	if hi == math.MaxInt {
		expected = fmt.Sprintf("a whole number of at least %d", lo)
	}
	v, ok := n.value.(int64)
	switch {
	case !ok:
		t.wrong(n, key, expected, numberHint(n))
		return 0, false
	case v < int64(lo) || v > int64(hi):
		t.report(n.at, key, "", "%s: expected %s, found %d", key, expected, v)
		return 0, false
	}
	return int(v), true
}

// number reads a finite number.
func (t *table) number(key string, def float64) float64 {
	n := t.get(key)
	if n == nil {
		return def
	}
	v, ok := n.number()
	if !ok {
		t.wrong(n, key, "a number", numberHint(n))
		return def
	}
	return v
}

// number is the finite number that n is.
func (n *node) number() (float64, bool) {
	switch v := n.value.(type) {
	case int64:
		return float64(v), true
	case float64:
		if v == 0 {
			v = 0 // -0 is 0
		}
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	}
	return 0, false
}

func numberHint(n *node) string {
	if _, ok := n.value.(string); ok {
		return "numbers are written without quotes"
	}
	return ""
}

// list reads the elements of an array, or of a single value where that is allowed by the caller's each.
func (t *table) list(key, of string, each func(i int, n *node) bool) bool {
	n := t.get(key)
	if n == nil {
		return false
	}
	if !n.array {
		hint := ""
		if n.value != nil {
			hint = "a list is written in brackets, even with one element: " + key + " = [" + n.literal() + "]"
		}
		t.wrong(n, key, "a list of "+of, hint)
		return false
	}
	ok := true
	for i, e := range n.items {
		ok = each(i, e) && ok
	}
	return ok
}

// literal is how a plain value is written in TOML.
func (n *node) literal() string {
	if s, ok := n.value.(string); ok {
		return fmt.Sprintf("%q", s)
	}
	if s := FormatValue(n.value); s != "" {
		return s
	}
	return "…"
}

func (t *table) strings(key, of string) []string {
	var out []string
	t.list(key, of, func(i int, n *node) bool {
		s, ok := n.value.(string)
		if !ok {
			t.wrong(n, fmt.Sprintf("%s[%d]", key, i), "a string", "strings are quoted")
			return false
		}
		out = append(out, s)
		return true
	})
	return out
}

// wholes reads a list of whole numbers from lo to hi, none of them twice.
func (t *table) wholes(key, of string, lo, hi int) []int {
	var out []int
	t.list(key, of, func(i int, n *node) bool {
		name := fmt.Sprintf("%s[%d]", key, i)
		v, ok := t.wholeNode(n, name, lo, hi)
		if ok && slices.Contains(out, v) {
			t.report(n.at, name, "", "%s: %d is there already", key, v)
			ok = false
		}
		out = append(out, v)
		return ok
	})
	return out
}

// sub reads a table inside this one; absent, it is an empty table at the place of this one.
func (t *table) sub(key string) *table {
	n := t.get(key)
	s := &table{path: join(t.path, key), name: key, problems: t.problems}
	switch {
	case n == nil:
		s.n = &node{key: t.n.key, at: t.n.key, table: map[string]*node{}}
	case n.table == nil:
		hint := "write " + key + " = { … }"
		if n.array {
			hint = "write [" + s.path + "] with one bracket"
		}
		t.wrong(n, key, "a table", hint)
		s.broken = true
		s.n = &node{key: n.key, at: n.at, table: map[string]*node{}}
	default:
		s.n = n
	}
	return s
}

// subs reads an array of tables.
func (t *table) subs(key string) []*table {
	n := t.get(key)
	if n == nil {
		return nil
	}
	path := join(t.path, key)
	if !n.array {
		t.report(n.key, key, "write [["+trimIndices(path)+"]] with two brackets", "%s: expected entries, found %s", key, n.kindName())
		return nil
	}
	var out []*table
	for i, e := range n.items {
		name := fmt.Sprintf("%s[%d]", path, i)
		if e.table == nil {
			t.report(e.at, fmt.Sprintf("%s[%d]", key, i), "", "%s: expected a table, found %s", key, e.kindName())
			continue
		}
		s := &table{n: e, path: name, problems: t.problems}
		s.name = key + " " + quoted(entryName(e))
		if entryName(e) == "" {
			s.name = fmt.Sprintf("%s number %d", key, i+1)
		}
		out = append(out, s)
	}
	return out
}

// trimIndices turns workload[0].shift into workload.shift.
func trimIndices(path string) string {
	var b []byte
	skip := false
	for i := range len(path) {
		switch path[i] {
		case '[':
			skip = true
		case ']':
			skip = false
		default:
			if !skip {
				b = append(b, path[i])
			}
		}
	}
	return string(b)
}

// done reports the keys that nobody has read. extra gives a better hint for a key, or "".
func (t *table) done(extra func(key string) string) {
	if t.n == nil {
		return
	}
	known := slices.Sorted(maps.Keys(t.known))
	for _, key := range t.n.keys() {
		if t.known[key] {
			continue
		}
		n := t.n.table[key]
		if why, ok := t.later[key]; ok {
			t.report(n.key, key, why, "%s: not supported by this version", key)
			continue
		}
		hint := ""
		if extra != nil {
			hint = extra(key)
		}
		if hint == "" {
			hint = suggest(key, known, "keys here")
		}
		where := ""
		if t.path != "" {
			where = " in " + t.name
		}
		t.report(n.key, key, hint, "unknown key %q%s", key, where)
	}
}
