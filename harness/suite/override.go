package suite

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// merge puts over's values into base: tables are merged key by key, everything else is replaced. A table over an array
// of tables changes the elements it names: optimizer.sam.params.rho = 0.1 changes the [[optimizer]] whose name is "sam".
func merge(base, over *node, path string, problems *Problems) *node {
	switch {
	case over.table != nil && base.table != nil:
		for _, k := range over.keys() {
			o := over.table[k]
			b := base.table[k]
			if b == nil {
				base.table[k] = o
				continue
			}
			base.table[k] = merge(b, o, join(path, k), problems)
		}
		return base
	case over.table != nil && base.array && len(base.items) > 0 && base.items[0].table != nil:
		for _, name := range over.keys() {
			i := slices.IndexFunc(base.items, func(n *node) bool { return entryName(n) == name })
			if i < 0 {
				var names []string
				for _, n := range base.items {
					if entryName(n) != "" {
						names = append(names, entryName(n))
					}
				}
				*problems = append(*problems, Problem{Pos: over.table[name].key, Path: join(path, name),
					Message: fmt.Sprintf("there is no %s named %q to override", path, name), Hint: suggest(name, names, "names here")})
				continue
			}
			base.items[i] = merge(base.items[i], over.table[name], join(path, name), problems)
		}
		return base
	}
	return over
}

func entryName(n *node) string {
	if n.table == nil || n.table["name"] == nil {
		return ""
	}
	s, _ := n.table["name"].value.(string)
	return s
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// bareWord is a value that a shell user means as a string: a name, a path or a duration.
var bareWord = regexp.MustCompile(`^([A-Za-z_.][A-Za-z0-9_./-]*|([0-9.]+(ms|s|m|h))+)$`)

// parseSet reads KEY=VALUE. VALUE is TOML; a bare word that TOML does not know is taken as a string, because shells eat
// quotes.
func parseSet(set string) (*node, Problems) {
	file := "--set " + set
	key, value, ok := strings.Cut(set, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	bad := func(message string) Problems {
		return Problems{{Pos: Position{File: file}, Message: message, Hint: "an override is KEY=VALUE, as in budget.limit=2 or suite.seeds=[0,1]"}}
	}
	switch {
	case !ok:
		return nil, bad("there is no =")
	case key == "" || value == "":
		return nil, bad("nothing stands on one side of the =")
	case strings.ContainsAny(set, "\n\r"):
		return nil, bad("an override is one line")
	case key[0] == '[':
		return nil, bad("the key is dotted, without brackets")
	}
	n, problems := parse(file, key+" = "+value)
	if problems != nil && bareWord.MatchString(value) {
		n, problems = parse(file, key+" = "+quoted(value))
	}
	if problems != nil {
		p := problems[0]
		return nil, bad(p.Message)
	}
	n.forgetLines()
	return n, nil
}

// forgetLines leaves only the file: an override has no lines worth naming.
func (n *node) forgetLines() {
	n.key.Line, n.key.Col, n.at.Line, n.at.Col = 0, 0, 0, 0
	for _, c := range n.items {
		c.forgetLines()
	}
	for c := range maps.Values(n.table) {
		c.forgetLines()
	}
}
