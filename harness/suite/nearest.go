package suite

import (
	"slices"
	"strings"
)

// distance is the number of insertions, deletions, substitutions and swaps of neighbours that turn a into b
// (optimal string alignment, Damerau 1964).
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			change := 1
			if s[i-1] == t[j-1] {
				change = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+change)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

// nearest returns the candidate that was probably meant by name, or "". Case and the choice between - and _ count
// for nothing; a candidate that name abbreviates or extends counts as near from three letters on.
func nearest(name string, candidates []string) string {
	fold := func(s string) string { return strings.ReplaceAll(strings.ToLower(s), "-", "_") }
	if len(name) > 64 { // nothing that long is a slip of the finger, and the distance is quadratic
		return ""
	}
	want, best, found := fold(name), -1, ""
	for _, c := range slices.Sorted(slices.Values(candidates)) {
		have := fold(c)
		d := distance(want, have)
		limit := max(1, min(len(want), len(have))/3)
		if n := min(len(want), len(have)); n >= 3 && (strings.HasPrefix(have, want) || strings.HasPrefix(want, have)) {
			d = min(d, limit)
		}
		if len(want) == 1 && d > 0 { // one letter is near to every other letter
			continue
		}
		if d <= limit && (best < 0 || d < best) {
			best, found = d, c
		}
	}
	return found
}

// suggest is a hint: the candidate that was probably meant, or else all of them.
func suggest(name string, candidates []string, what string) string {
	if len(candidates) == 0 {
		return ""
	}
	if c := nearest(name, candidates); c != "" {
		return "did you mean " + quoted(c) + "?"
	}
	return what + ": " + strings.Join(candidates, ", ")
}

func quoted(s string) string { return `"` + s + `"` }

// oneOf lists choices for a sentence: "a", "b" or "c".
func oneOf(choices []string) string {
	q := make([]string, len(choices))
	for i, c := range choices {
		q[i] = quoted(c)
	}
	if len(q) < 2 {
		return strings.Join(q, "")
	}
	return strings.Join(q[:len(q)-1], ", ") + " or " + q[len(q)-1]
}
