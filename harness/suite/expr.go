package suite

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

// Expr chooses trials by what they are: words KEY:VALUE that must all hold, as in
//
//	optimizer:sam seed:0,1 -status:done
//
// A value may be a list, of which one must hold, and have * and ? in it; a minus in front of a word turns it around. An empty
// expression holds for everything.
type Expr struct {
	terms []term
}

type term struct {
	key      string
	patterns []string
	not      bool
}

// ParseExpr reads an expression from a flag, which stands in the places of problems. keys are all that there are.
func ParseExpr(flag, text string, keys []string) (Expr, Problems) {
	var e Expr
	var problems Problems
	for at := 0; at < len(text); {
		if strings.IndexByte(" \t\n", text[at]) >= 0 {
			at++
			continue
		}
		end := at
		for end < len(text) && strings.IndexByte(" \t\n", text[end]) < 0 {
			end++
		}
		word, pos := text[at:end], Position{File: flag, Line: 1, Col: utf8.RuneCountInString(text[:at]) + 1}
		at = end
		bad := func(hint, format string, args ...any) {
			problems = append(problems, Problem{Pos: pos, Message: fmt.Sprintf(format, args...), Hint: hint})
		}
		t := term{}
		body := word
		if rest, ok := strings.CutPrefix(word, "-"); ok {
			t.not, body = true, rest
		}
		key, values, ok := strings.Cut(body, ":")
		if !ok || key == "" {
			bad("as in optimizer:sam seed:0,1 status:failed", "%q: expected KEY:VALUE", word)
			continue
		}
		if !slices.Contains(keys, key) {
			bad(suggest(key, keys, "keys here"), "%q: unknown key %q", word, key)
			continue
		}
		t.key = key
		for _, p := range strings.Split(values, ",") {
			if p == "" {
				bad("", "%q: a value is empty", word)
				continue
			}
			if _, err := path.Match(p, ""); err != nil {
				bad("* stands for any text, ? for one character", "%q: not a pattern", p)
				continue
			}
			t.patterns = append(t.patterns, p)
		}
		e.terms = append(e.terms, t)
	}
	if len(problems) > 0 {
		return Expr{}, problems
	}
	return e, nil
}

// Match reports whether the expression holds for something with these fields. The key "trial" is matched by the beginning of
// the identity.
func (e Expr) Match(fields map[string]string) bool {
	for _, t := range e.terms {
		value, there := fields[t.key]
		holds := there && slices.ContainsFunc(t.patterns, func(p string) bool {
			if t.key == "trial" && strings.HasPrefix(value, strings.ToLower(p)) {
				return true
			}
			ok, _ := path.Match(p, value)
			return ok
		})
		if holds == t.not {
			return false
		}
	}
	return true
}

// Empty reports whether the expression holds for everything.
func (e Expr) Empty() bool { return len(e.terms) == 0 }

// ExprKeys are what expressions may ask of the suite's trials: the parts of a trial, and the parameters of its optimizers.
func (s *Suite) ExprKeys() []string {
	keys := []string{"workload", "optimizer", "seed", "status", "trial"}
	for _, o := range s.Optimizers {
		for _, c := range o.configurations {
			for name := range c.Params {
				if !slices.Contains(keys, name) {
					keys = append(keys, name)
				}
			}
		}
	}
	slices.Sort(keys[5:])
	return keys
}
