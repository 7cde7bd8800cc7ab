package suite

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is where a key and its value stand in a TOML text, with the places of what the value contains. The TOML
// library says what a text means but not where; this index says where, for texts the library has accepted. On other
// texts it is incomplete, which only makes a position less exact.
type place struct {
	key   int // byte offset of the key, of the header for an element of an array of tables, of the value for other elements
	value int // byte offset of the value; of the key for a table made by a header or a dotted key
	table map[string]*place
	items []*place
}

func (p *place) child(name string, at int) *place {
	if p.table == nil {
		p.table = map[string]*place{}
	}
	c := p.table[name]
	if c == nil {
		c = &place{key: at, value: at}
		p.table[name] = c
	}
	return c
}

// last is the table that a key path goes on in: the newest element of an array of tables.
func (p *place) last() *place {
	if n := len(p.items); n > 0 {
		return p.items[n-1]
	}
	return p
}

// maxNesting is how deep values may nest before their insides are no longer indexed.
const maxNesting = 200

// indexPlaces reads the whole text and returns the place of its root table.
func indexPlaces(text string) *place {
	s := &scanner{text: text}
	root := &place{}
	current := root
	if strings.HasPrefix(text, "\ufeff") {
		s.at = len("\ufeff")
	}
	for s.space(true); s.at < len(s.text); s.space(true) {
		start := s.at
		switch {
		case strings.HasPrefix(s.text[s.at:], "[["):
			s.at += 2
			current = s.header(root, true)
		case s.text[s.at] == '[':
			s.at++
			current = s.header(root, false)
		default:
			s.pair(current, 0)
		}
		if s.at == start { // not TOML; go on behind it
			s.at++
		}
	}
	return root
}

type scanner struct {
	text string
	at   int
}

// peek is the current byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// space skips blanks and, where lines do not matter, line ends and comments.
func (s *scanner) space(lines bool) {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; {
		case c == ' ' || c == '\t':
		case lines && (c == '\n' || c == '\r'):
		case lines && c == '#':
			for s.at < len(s.text) && s.text[s.at] != '\n' {
				s.at++
			}
			continue
		default:
			return
		}
		s.at++
	}
}

// header reads a table header behind its opening brackets and returns the table that the following pairs belong to.
func (s *scanner) header(root *place, array bool) *place {
	names, offsets := s.path()
	for s.peek() == ']' {
		s.at++
	}
	t := root
	for i, name := range names {
		t = t.child(name, offsets[i])
		if array && i == len(names)-1 {
			item := &place{key: offsets[i], value: offsets[i]}
			t.items = append(t.items, item)
			return item
		}
		t = t.last()
	}
	return t
}

// pair reads KEY = VALUE into t.
func (s *scanner) pair(t *place, depth int) {
	names, offsets := s.path()
	if len(names) == 0 {
		return
	}
	for i, name := range names[:len(names)-1] {
		t = t.child(name, offsets[i]).last()
	}
	n := len(names) - 1
	c := t.child(names[n], offsets[n])
	if s.peek() == '=' {
		s.at++
		s.space(false)
		s.value(c, depth)
	}
}

// path reads a dotted key and the blanks around it.
func (s *scanner) path() (names []string, offsets []int) {
	for {
		s.space(false)
		start := s.at
		name, ok := s.key()
		if !ok {
			return names, offsets
		}
		names, offsets = append(names, name), append(offsets, start)
		s.space(false)
		if s.peek() != '.' {
			return names, offsets
		}
		s.at++
	}
}

// key reads one part of a key.
func (s *scanner) key() (string, bool) {
	start := s.at
	switch s.peek() {
	case '"':
		s.text1('"')
		return unescape(unquote(s.text[start:s.at], `"`)), true
	case '\'':
		s.text1('\'')
		return unquote(s.text[start:s.at], `'`), true
	}
	for s.at < len(s.text) {
		c := s.text[s.at]
		if c != '_' && c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z') && c < utf8.RuneSelf {
			break
		}
		s.at++
	}
	return s.text[start:s.at], s.at > start
}

func unquote(s, quote string) string { return strings.TrimSuffix(s[1:], quote) }

// text1 skips a string on one line, quotes included.
func (s *scanner) text1(quote byte) {
	for s.at++; s.at < len(s.text) && s.text[s.at] != '\n'; s.at++ {
		switch {
		case s.text[s.at] == quote:
			s.at++
			return
		case quote == '"' && s.text[s.at] == '\\':
			s.at++
		}
	}
	s.at = min(s.at, len(s.text))
}

// text3 skips a string between triple quotes. Up to two quotes may stand directly before the closing ones.
func (s *scanner) text3(quote byte) {
	fence := strings.Repeat(string(quote), 3)
	for s.at += 3; s.at < len(s.text); s.at++ {
		switch {
		case strings.HasPrefix(s.text[s.at:], fence):
			s.at += 3
			for range 2 {
				if s.peek() == quote {
					s.at++
				}
			}
			return
		case quote == '"' && s.text[s.at] == '\\':
			s.at++
		}
	}
	s.at = min(s.at, len(s.text))
}

// value reads a value into p.
func (s *scanner) value(p *place, depth int) {
	p.value = s.at
	switch c := s.peek(); {
	case strings.HasPrefix(s.text[s.at:], `"""`), strings.HasPrefix(s.text[s.at:], `'''`):
		s.text3(c)
	case c == '"' || c == '\'':
		s.text1(c)
	case (c == '[' || c == '{') && depth >= maxNesting:
		s.at = len(s.text)
	case c == '[':
		s.at++
		for s.space(true); s.at < len(s.text) && s.peek() != ']'; s.space(true) {
			start := s.at
			item := &place{key: s.at}
			s.value(item, depth+1)
			p.items = append(p.items, item)
			if s.space(true); s.peek() == ',' {
				s.at++
			}
			if s.at == start {
				s.at++
			}
		}
		s.at = min(s.at+1, len(s.text))
	case c == '{':
		s.at++
		for s.space(true); s.at < len(s.text) && s.peek() != '}'; s.space(true) {
			start := s.at
			s.pair(p, depth+1)
			if s.space(true); s.peek() == ',' {
				s.at++
			}
			if s.at == start {
				s.at++
			}
		}
		s.at = min(s.at+1, len(s.text))
	default:
		for s.at < len(s.text) && !strings.ContainsRune(",]}#\n\r", rune(s.text[s.at])) {
			s.at++
		}
	}
}

// unescape resolves the escapes of a quoted key.
func unescape(s string) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' || i+1 == len(s) {
			b.WriteByte(s[i])
			continue
		}
		i++
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[i]]
		if digits > 0 && i+digits < len(s) {
			if code, err := strconv.ParseUint(s[i+1:i+1+digits], 16, 32); err == nil {
				b.WriteRune(rune(code))
				i += digits
				continue
			}
		}
		if plain := strings.IndexByte("btnfre", s[i]); plain >= 0 {
			b.WriteByte("\b\t\n\f\r\x1b"[plain])
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// lineCol turns a byte offset into a line and a column in characters, both counted from 1.
func lineCol(text string, offset int) (line, col int) {
	text = strings.TrimPrefix(text[:max(0, min(offset, len(text)))], "\ufeff")
	start := strings.LastIndexByte(text, '\n') + 1
	return strings.Count(text, "\n") + 1, utf8.RuneCountInString(text[start:]) + 1
}
