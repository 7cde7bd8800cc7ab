package suite

import (
	"fmt"
	"strings"
	"testing"

	"github.com/BurntSushi/toml"
)

const everyForm = `# a comment with = and [brackets]
top = 1
"quoted key" . 'and literal' = true
a.b.c = "dotted"
text3 = """
not.a.key = 1
""quotes\"" end"""
literal3 = '''
[not a header]
''two quotes'''''
inline = { x = 1, y.z = [ 1, [2, 3] ], "k.k" = { deep = 'v' } } # after
[table]
s = "\"]} # not a comment"
lit = 'C:\'
list = [
  0.5, # first, with a comma
  "two",
  { in = "list", n = -1 },
  []
]
date = 1979-05-27 07:32:00
[table.sub."x.y"]
v = +inf
[[rows]]
n = 1
[[rows.inner]]
m = 1
[rows.inner.t]
q = 1
[[rows]]
n = 2
rest.of.it = {}
"tab\tand\u00e9" = 0x1F
`

// TestPositions states the place of keys and values, found by reading the text above.
func TestPositions(t *testing.T) {
	root, problems := parse("f.toml", everyForm)
	if problems != nil {
		t.Fatal(problems)
	}
	at := func(path ...any) *node {
		n := root
		for _, p := range path {
			if i, ok := p.(int); ok {
				n = n.items[i]
			} else {
				n = n.table[p.(string)]
			}
			if n == nil {
				t.Fatalf("no node at %v", path)
			}
		}
		return n
	}
	for _, c := range []struct {
		path       []any
		key, value string
	}{
		{[]any{"top"}, "2:1", "2:7"},
		{[]any{"quoted key"}, "3:1", "3:1"},
		{[]any{"quoted key", "and literal"}, "3:16", "3:32"},
		{[]any{"a", "b", "c"}, "4:5", "4:9"},
		{[]any{"text3"}, "5:1", "5:9"},
		{[]any{"literal3"}, "8:1", "8:12"},
		{[]any{"inline"}, "11:1", "11:10"},
		{[]any{"inline", "y"}, "11:19", "11:19"},
		{[]any{"inline", "y", "z"}, "11:21", "11:25"},
		{[]any{"inline", "y", "z", 1, 1}, "11:34", "11:34"},
		{[]any{"inline", "k.k", "deep"}, "11:50", "11:57"},
		{[]any{"table"}, "12:2", "12:2"},
		{[]any{"table", "lit"}, "14:1", "14:7"},
		{[]any{"table", "list", 0}, "16:3", "16:3"},
		{[]any{"table", "list", 1}, "17:3", "17:3"},
		{[]any{"table", "list", 2, "n"}, "18:18", "18:22"},
		{[]any{"table", "list", 3}, "19:3", "19:3"},
		{[]any{"table", "sub", "x.y", "v"}, "23:1", "23:5"},
		{[]any{"rows"}, "24:3", "24:3"},
		{[]any{"rows", 0, "inner", 0, "m"}, "27:1", "27:5"},
		{[]any{"rows", 0, "inner", 0, "t", "q"}, "29:1", "29:5"},
		{[]any{"rows", 1}, "30:3", "30:3"},
		{[]any{"rows", 1, "n"}, "31:1", "31:5"},
		{[]any{"rows", 1, "rest", "of", "it"}, "32:9", "32:14"},
		{[]any{"rows", 1, "tab\tand\u00e9"}, "33:1", "33:20"},
	} {
		n := at(c.path...)
		if got := n.key.String(); got != "f.toml:"+c.key {
			t.Errorf("key of %v at %s, want %s", c.path, got, c.key)
		}
		if got := n.at.String(); got != "f.toml:"+c.value {
			t.Errorf("value of %v at %s, want %s", c.path, got, c.value)
		}
	}
}

func TestPositionsCountCharacters(t *testing.T) {
	root, problems := parse("f", "\ufeffa = { 'é' = 1, b = \"ü\", c = 2 }\r\nd = 1\r\n")
	if problems != nil {
		t.Fatal(problems)
	}
	if got := root.table["a"].table["c"].at.String(); got != "f:1:29" {
		t.Errorf("behind two characters of two bytes: %s", got)
	}
	if got := root.table["d"].at.String(); got != "f:2:5" {
		t.Errorf("on the second line: %s", got)
	}
}

// checkPlaces compares the index with what the library has read: every key and value has a place, and what stands there
// is that key or that kind of value.
func checkPlaces(text string, v any, p *place, path string) error {
	if p == nil {
		return fmt.Errorf("%s has no place", path)
	}
	starts := func(prefixes ...string) error {
		for _, s := range prefixes {
			if strings.HasPrefix(text[p.value:], s) {
				return nil
			}
		}
		return fmt.Errorf("%s: at %d stands %.20q, want one of %q", path, p.value, text[p.value:], prefixes)
	}
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			c := p.table[k]
			if err := checkPlaces(text, e, c, path+"."+k); err != nil {
				return err
			}
			if !strings.HasPrefix(text[c.key:], k) && !strings.HasPrefix(text[c.key:], `"`) && !strings.HasPrefix(text[c.key:], `'`) {
				return fmt.Errorf("%s.%s: its key is not at %d but %.20q", path, k, c.key, text[c.key:])
			}
		}
	case []map[string]any:
		if len(v) != len(p.items) {
			return fmt.Errorf("%s: %d elements, %d places", path, len(v), len(p.items))
		}
		for i, e := range v {
			if err := checkPlaces(text, e, p.items[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
	case []any:
		if len(v) != len(p.items) {
			return fmt.Errorf("%s: %d elements, %d places", path, len(v), len(p.items))
		}
		for i, e := range v {
			if err := checkPlaces(text, e, p.items[i], fmt.Sprintf("%s[%d]", path, i)); err != nil {
				return err
			}
		}
		return starts("[")
	case string:
		return starts(`"`, `'`)
	case bool:
		return starts(fmt.Sprint(v))
	case int64, float64:
		return starts("0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "+", "-", "inf", "nan")
	}
	return nil
}

func TestPlacesAgreeWithTheLibrary(t *testing.T) {
	var tree map[string]any
	if _, err := toml.Decode(everyForm, &tree); err != nil {
		t.Fatal(err)
	}
	if err := checkPlaces(everyForm, tree, indexPlaces(everyForm), ""); err != nil {
		t.Error(err)
	}
}

func FuzzPlaces(f *testing.F) {
	f.Add(everyForm)
	f.Add(small)
	for _, s := range []string{"", "=", "[", "[[", "a", "a.", "a=[", "a={", `"`, `a="`, `a="""`, "a='''", "[a]\n[a", "a={b={c=[{", "\ufeff", `"\u12" = 1`, `"\x41"=1`, "a=[[[[", "x={,}", "[[a]]\n[a.b]\n[[a.b.c]]\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		root := indexPlaces(text) // must end, without a panic, whatever the text
		var tree map[string]any
		if _, err := toml.Decode(text, &tree); err != nil {
			return
		}
		if strings.Count(text, "[")+strings.Count(text, "{") > maxNesting {
			return
		}
		if err := checkPlaces(text, tree, root, ""); err != nil {
			t.Error(err)
		}
	})
}

func TestDeepNesting(t *testing.T) {
	text := "a = " + strings.Repeat("[", 100_000)
	indexPlaces(text) // must not exhaust the stack
	if _, problems := parse("f", text); problems == nil {
		t.Error("brackets that are never closed were accepted")
	}
}
