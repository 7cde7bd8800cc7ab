package pluginhost

import (
	"fmt"
	"slices"
	"strings"
)

// Range says in a few characters which values a parameter takes: "≥ 0", "0 ≤ x < 1", "l2 | linf"; empty for any.
func (p Param) Range() string {
	if len(p.Choices) > 0 {
		words := slices.Clone(p.Choices)
		if i := slices.Index(words, ""); i >= 0 {
			words[i] = `""`
		}
		return strings.Join(words, " | ")
	}
	below, above := "≤", "≥"
	if p.MaxOpen {
		below = "<"
	}
	if p.MinOpen {
		above = ">"
	}
	switch {
	case p.Min != nil && p.Max != nil:
		left := "≤"
		if p.MinOpen {
			left = "<"
		}
		return fmt.Sprintf("%g %s x %s %g", *p.Min, left, below, *p.Max)
	case p.Min != nil:
		return fmt.Sprintf("%s %g", above, *p.Min)
	case p.Max != nil:
		return fmt.Sprintf("%s %g", below, *p.Max)
	}
	return ""
}
