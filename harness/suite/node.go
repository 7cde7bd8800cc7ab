package suite

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
)

// node is a TOML value with its place.
type node struct {
	key   Position // of the key; of the value for an element of an array
	at    Position // of the value
	value any      // string, int64, float64, bool, or a date or time; nil for tables and arrays
	array bool
	items []*node          // of an array
	table map[string]*node // non-nil for a table
	added bool             // an entry that Options adds, not the file
}

// kindName says what n is, for "found …".
func (n *node) kindName() string {
	switch v := n.value.(type) {
	case string:
		if len(v) > 40 {
			return "a string"
		}
		return "the string " + quoted(v)
	case int64:
		return fmt.Sprintf("the whole number %d", v)
	case float64:
		if math.IsNaN(v) {
			return "nan"
		}
		return "the number " + FormatValue(v)
	case bool:
		return fmt.Sprintf("%t", v)
	case nil:
		if n.array {
			return "a list"
		}
		return "a table"
	}
	return "a date or time"
}

// keys lists a table's keys in the order they were written.
func (n *node) keys() []string {
	return slices.SortedFunc(maps.Keys(n.table), func(a, b string) int {
		p, q := n.table[a].key, n.table[b].key
		return cmp.Or(cmp.Compare(p.File, q.File), cmp.Compare(p.Line, q.Line), cmp.Compare(p.Col, q.Col), cmp.Compare(a, b))
	})
}

// parse reads a TOML text. The problems are one syntax error, where the library stops.
func parse(file, text string) (*node, Problems) {
	var tree map[string]any
	if _, err := toml.Decode(text, &tree); err != nil {
		return nil, Problems{syntaxProblem(file, text, err)}
	}
	b := builder{file: file, text: text}
	return b.node(tree, indexPlaces(text)), nil
}

func syntaxProblem(file, text string, err error) Problem {
	p := Problem{Pos: Position{File: file, Line: 1, Col: 1}, Message: "not TOML: " + err.Error()}
	var pe toml.ParseError
	if !errors.As(err, &pe) {
		return p
	}
	p.Pos.Line, p.Pos.Col = lineCol(text, pe.Position.Start)
	p.Message = "not TOML: " + strings.TrimSuffix(pe.Message, ".")
	p.Path = pe.LastKey
	switch {
	case strings.Contains(pe.Message, "already been defined"), strings.Contains(pe.Message, "already created"):
		if first := earlier(file, text[:max(0, min(pe.Position.Start, len(text)))], pe.Message); first != "" {
			p.Message += " at " + first
		}
		p.Hint = "every key and every [table] is written once; entries that repeat are written with two brackets, as in [[optimizer]]"
	case strings.Contains(pe.Message, "expected value but found"):
		p.Hint = "strings are quoted, as in name = \"cifar\"; true, false and numbers are not"
	case strings.Contains(pe.Message, "instead of '='"), strings.Contains(pe.Message, "expected '.' or '='"):
		p.Hint = "a line is KEY = VALUE, a [table] or a # comment"
	case strings.Contains(pe.Message, "NULL bytes"), strings.Contains(pe.Message, "UTF-8"):
		p.Hint = "save the file as UTF-8 text"
	}
	return p
}

var keyInMessage = regexp.MustCompile(`'([A-Za-z0-9_.-]+)'`)

// earlier finds where the key that the library's message names was first written, in the text before.
func earlier(file, before, message string) string {
	m := keyInMessage.FindStringSubmatch(message)
	if m == nil {
		return ""
	}
	p := indexPlaces(before[:strings.LastIndexByte(before, '\n')+1])
	for part := range strings.SplitSeq(m[1], ".") {
		if p = p.last().table[part]; p == nil {
			return ""
		}
	}
	line, col := lineCol(before, p.key)
	return Position{file, line, col}.String()
}

type builder struct{ file, text string }

func (b *builder) pos(offset int) Position {
	if b.text == "" {
		return Position{File: b.file}
	}
	line, col := lineCol(b.text, offset)
	return Position{File: b.file, Line: line, Col: col}
}

// node joins a decoded value with its place. A missing place means that the index lost track; the parent's then serves.
func (b *builder) node(v any, p *place) *node {
	n := &node{key: b.pos(p.key), at: b.pos(p.value)}
	switch v := v.(type) {
	case map[string]any:
		n.table = make(map[string]*node, len(v))
		for k, e := range v {
			c := p.table[k]
			if c == nil {
				c = &place{key: p.key, value: p.value}
			}
			n.table[k] = b.node(e, c)
		}
	case []map[string]any:
		n.array = true
		for i, e := range v {
			n.items = append(n.items, b.node(e, item(p, i)))
		}
	case []any:
		n.array = true
		for i, e := range v {
			n.items = append(n.items, b.node(e, item(p, i)))
		}
	default:
		n.value = v
	}
	return n
}

func item(p *place, i int) *place {
	if i < len(p.items) {
		return p.items[i]
	}
	return &place{key: p.value, value: p.value}
}
