package suite

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Moments are the points of a training at which a metric is taken, as words of the suite:
//
//	"init"       before the first step
//	"log:N"      after N steps whose logarithms are evenly spaced, from the first step to the last
//	"last20%"    at the ends of five stretches of equal length that make up the last fifth; "last20%:N" for another number
//	"end"        after the last step: the trained model, always among them
type Moments []string

var (
	logMoments  = regexp.MustCompile(`^log:([0-9]{1,4})$`)
	lastMoments = regexp.MustCompile(`^last([0-9]{1,3})%(?::([0-9]{1,4}))?$`)
)

// maxMoments of one word.
const maxMoments = 1000

// defaultLast is the number of moments of "last20%".
const defaultLast = 5

// word returns the steps that a word stands for in a training of total steps, or false for what is no such word.
func word(w string, total int) ([]int, bool) {
	switch {
	case w == "init":
		return []int{0}, true
	case w == "end":
		return []int{total}, true
	}
	if m := logMoments.FindStringSubmatch(w); m != nil {
		n, _ := strconv.Atoi(m[1])
		if n < 2 || n > maxMoments {
			return nil, false
		}
		var out []int
		for i := range n {
			out = append(out, int(math.Round(math.Pow(float64(total), float64(i)/float64(n-1)))))
		}
		return out, true
	}
	if m := lastMoments.FindStringSubmatch(w); m != nil {
		percent, _ := strconv.Atoi(m[1])
		n := defaultLast
		if m[2] != "" {
			n, _ = strconv.Atoi(m[2])
		}
		if percent < 1 || percent > 100 || n < 1 || n > maxMoments {
			return nil, false
		}
		from := float64(total) * (1 - float64(percent)/100)
		var out []int
		for i := range n {
			out = append(out, int(math.Round(from+(float64(total)-from)*float64(i+1)/float64(n))))
		}
		return out, true
	}
	return nil, false
}

// Steps returns the steps after which the metric is taken besides the last, in ascending order, for a training of total
// steps. Step 0 is the initialisation. Few steps have few moments: each is there once.
func (m Moments) Steps(total int) []int {
	var out []int
	for _, w := range m {
		steps, _ := word(w, total)
		out = append(out, steps...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return slices.DeleteFunc(out, func(s int) bool { return s < 0 || s >= total })
}

// Summary is a number made of a metric's values along a training, written as a word of the suite:
//
//	"max"        the largest value
//	"auc"        the mean over the logarithm of the step, by the trapezoid rule, from the first moment after step 0
//	"early"      the value at the last moment within the first epoch
//	"reach:X"    the epoch of the first moment at which the value is at least X
//	"dwell:X"    the share of the logarithm of the step, as for auc, during which the value is at least X
//	"slope:X"    the slope of the logarithm of the value on that of the step until the value is first at least X: for a ratio
//	             of sharpness to the edge of stability, "slope:1" is the progressive sharpening before it
//	"catapult"   the largest value before step 50 over that at step 0; needs the moment "init"
//
// What is called final elsewhere, the value at the end, is the metric's own column.
type Summary struct {
	Kind      string // "max", "auc", "early", "catapult", "reach", "dwell" or "slope"
	Threshold float64
}

// summaryKinds are the words without a threshold, then those with one.
var summaryKinds = []string{"max", "auc", "early", "catapult", "reach", "dwell", "slope"}

func (s Summary) hasThreshold() bool {
	return s.Kind == "reach" || s.Kind == "dwell" || s.Kind == "slope"
}

// ParseSummary reads a word.
func ParseSummary(w string) (Summary, bool) {
	kind, text, threshold := strings.Cut(w, ":")
	s := Summary{Kind: kind}
	if !slices.Contains(summaryKinds, kind) || threshold != s.hasThreshold() {
		return s, false
	}
	if threshold {
		x, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
			return s, false
		}
		s.Threshold = x
	}
	return s, true
}

func (s Summary) String() string {
	if s.hasThreshold() {
		return s.Kind + ":" + FormatValue(s.Threshold)
	}
	return s.Kind
}

// moments reads at = [WORDS] and summaries = [WORDS].
func (l *loader) moments(t *table) (Moments, []Summary) {
	var at Moments
	n := t.get("at")
	for i, w := range t.strings("at", `moments of the training, as "init", "log:12", "last20%" and "end"`) {
		if _, ok := word(w, 1<<20); !ok {
			where, name := t.at("at"), "at"
			if n.array && i < len(n.items) {
				where, name = n.items[i].at, fmt.Sprintf("at[%d]", i)
			}
			t.report(where, name, `"init", "end", "log:N" with N from 2 to 1000, "lastP%" or "lastP%:N" with P from 1 to 100`,
				"at: %q is no moment of a training", w)
			continue
		}
		at = append(at, w)
	}
	if n != nil && n.array && len(n.items) > 0 && len(at) == len(n.items) && !slices.Contains(at, "end") {
		t.report(n.at, "at", `add "end"`, `at: the trained model ("end") is always measured, and the list does not say so`)
	}
	var summaries []Summary
	n = t.get("summaries")
	for i, w := range t.strings("summaries", `summaries of the moments, as "max", "auc" and "reach:1"`) {
		where, name := t.at("summaries"), "summaries"
		if n.array && i < len(n.items) {
			where, name = n.items[i].at, fmt.Sprintf("summaries[%d]", i)
		}
		s, ok := ParseSummary(w)
		switch {
		case !ok:
			t.report(where, name, `"max", "auc", "early", "catapult", "reach:X", "dwell:X" or "slope:X" with a number X`, "summaries: %q is no summary", w)
		case slices.Contains(summaries, s):
			t.report(where, name, "", "summaries: %q is there already", w)
		default:
			summaries = append(summaries, s)
		}
	}
	if len(summaries) > 0 && (t.get("at") == nil || len(at) == 1 && at[0] == "end") {
		t.report(n.at, "summaries", `at = ["init", "log:12", "end"], for instance`, "summaries: there is nothing to sum up without several moments")
	}
	return at, summaries
}
