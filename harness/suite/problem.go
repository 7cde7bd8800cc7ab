package suite

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a suite file, or an override given on the command line.
type Position struct {
	File string // as the user named it; "--set KEY=VALUE" for an override
	Line int    // counted from 1; 0 where there is no line, as in an override or a file that cannot be read
	Col  int    // in characters, counted from 1
}

// String is FILE:LINE:COL, or FILE alone where there is no line.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Problem is one thing that is wrong with a suite.
type Problem struct {
	Pos     Position
	Path    string // of the key, as in optimizer[1].grid.lr; empty for the whole file
	Message string // what is wrong and what was expected
	Hint    string // what to do, if anything better than reading Message; may be empty
}

// String is FILE:LINE:COL: MESSAGE, without the hint.
func (p Problem) String() string { return p.Pos.String() + ": " + p.Message }

// Problems is everything that is wrong with a suite, in the order of the file. It is never empty as an error.
type Problems []Problem

// Error has one line a problem, and one more for its hint.
func (ps Problems) Error() string {
	var b strings.Builder
	for i, p := range ps {
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(p.String())
		if p.Hint != "" {
			b.WriteString("\nhint: " + p.Hint)
		}
	}
	return b.String()
}

// Sorted is the problems in the order of the file, without repetitions.
func (ps Problems) Sorted() Problems { return ps.sorted() }

// sorted orders problems by place and drops repetitions.
func (ps Problems) sorted() Problems {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(
			cmp.Compare(min(a.Pos.Line, 1), min(b.Pos.Line, 1)), // overrides and unreadable files first
			cmp.Compare(a.Pos.File, b.Pos.File),
			cmp.Compare(a.Pos.Line, b.Pos.Line),
			cmp.Compare(a.Pos.Col, b.Pos.Col),
		)
	})
	return slices.Compact(ps)
}
