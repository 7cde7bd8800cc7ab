package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// na is printed for a number that does not exist.
const na = "n/a"

// dash is printed where a number would not mean anything.
const dash = "–"

// fixed prints v with the given decimals, a true minus sign, and no minus before zero. It prints n/a for what is not finite.
func fixed(v float64, decimals int) string {
	if !finite(v) {
		return na
	}
	s := strconv.FormatFloat(v, 'f', max(decimals, 0), 64)
	if rest, negative := strings.CutPrefix(s, "-"); negative {
		if strings.Trim(rest, "0.") == "" {
			return rest
		}
		return "−" + rest
	}
	return s
}

// whole prints v rounded, thousands set apart by a narrow space that does not break.
func whole(v float64) string {
	s := fixed(v, 0)
	sign := ""
	if rest, negative := strings.CutPrefix(s, "−"); negative {
		sign, s = "−", rest
	}
	if !finite(v) {
		return s
	}
	var out strings.Builder
	for i, d := range s {
		if i > 0 && (len(s)-i)%3 == 0 {
			out.WriteString("\u202f")
		}
		out.WriteRune(d)
	}
	return sign + out.String()
}

// cost prints a number of G: whole when that loses nothing that matters.
func cost(e stats.Estimate) string {
	switch {
	case !e.OK:
		return dash
	case math.Abs(e.Value) >= 100 || e.Value == math.Trunc(e.Value):
		return whole(e.Value)
	}
	return fixed(e.Value, 1)
}

// percentDecimals chooses the decimals of a column of percentages: one, or two when the smallest half width would
// otherwise be printed as 0.0.
func percentDecimals(column []stats.Estimate) int {
	for _, e := range column {
		if h := 100 * e.Half(); e.Interval && h > 0 && h < 0.095 {
			return 2
		}
	}
	return 1
}

// percent prints a fraction as a percentage with the half width of its interval.
func percent(e stats.Estimate, decimals int) string {
	switch {
	case !e.OK:
		return dash
	case !e.Interval:
		return fixed(100*e.Value, decimals)
	}
	return fixed(100*e.Value, decimals) + " ± " + fixed(100*e.Half(), decimals)
}

// exponent10 is the decimal exponent of |v| > 0.
func exponent10(v float64) int {
	s := strconv.FormatFloat(math.Abs(v), 'e', 1, 64)
	e, _ := strconv.Atoi(s[strings.IndexByte(s, 'e')+1:])
	return e
}

// measured prints a value of any size with its half width: the half width with one significant digit (two when it begins
// with 1 or 2), the value to the same place; three significant digits when there is no half width. Very large and very small
// values share a power of ten.
func measured(e stats.Estimate) string {
	if !e.OK || !finite(e.Value) {
		return na
	}
	half := e.Half()
	if !finite(half) {
		half = 0
	}
	size := math.Max(math.Abs(e.Value), half)
	if size == 0 {
		return "0"
	}
	power := exponent10(size)
	shift := 0
	if power < -3 || power > 5 {
		shift = power
	}
	scale := math.Pow(10, float64(-shift))
	// For subnormal numbers 10^-shift overflows; two factors do not.
	scaled := func(v float64) float64 {
		if shift < -300 {
			return v * 1e300 * math.Pow(10, float64(-shift-300))
		}
		return v * scale
	}
	v, h := scaled(e.Value), scaled(half)
	if h == 0 {
		decimals := 2
		if v != 0 {
			decimals = 2 - exponent10(v)
		}
		return fixed(v, decimals) + powerOfTen(shift)
	}
	decimals := -exponent10(h)
	if leading := h * math.Pow(10, float64(decimals)); leading < 2.95 {
		decimals++
	}
	text := fixed(v, decimals) + " ± " + fixed(h, decimals)
	if shift != 0 {
		return "(" + text + ")" + powerOfTen(shift)
	}
	return text
}

// superscripts turns a number into superscript characters.
func superscript(n int) string {
	return strings.Map(func(r rune) rune {
		if r == '-' {
			return '⁻'
		}
		return []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")[r-'0']
	}, strconv.Itoa(n))
}

func powerOfTen(e int) string {
	if e == 0 {
		return ""
	}
	return "×10" + superscript(e)
}

// interval prints [lo, hi].
func interval(lo, hi float64, decimals int) string {
	return "[" + fixed(lo, decimals) + ", " + fixed(hi, decimals) + "]"
}

// correlation prints a τ with its interval; ~ marks an interval that covers 0.
func correlation(e stats.Estimate) string {
	switch {
	case !e.OK:
		return na
	case !e.Interval:
		return fixed(e.Value, 2)
	case e.Contains(0):
		return fixed(e.Value, 2) + " " + interval(e.Lo, e.Hi, 2) + " ~"
	}
	return fixed(e.Value, 2) + " " + interval(e.Lo, e.Hi, 2)
}

// pvalue prints a p with three significant digits.
func pvalue(p float64) string {
	if !finite(p) {
		return na
	}
	if p < 0.001 {
		return "< 0.001"
	}
	return strconv.FormatFloat(p, 'g', 3, 64)
}

// seeds prints "0–5" or "0, 2, 7".
func seeds(s []uint64) string {
	if len(s) == 0 {
		return "none"
	}
	run := len(s) > 2
	for i := 1; i < len(s); i++ {
		run = run && s[i] == s[i-1]+1
	}
	if run {
		return fmt.Sprintf("%d–%d", s[0], s[len(s)-1])
	}
	parts := make([]string, len(s))
	for i, v := range s {
		parts[i] = strconv.FormatUint(v, 10)
	}
	return strings.Join(parts, ", ")
}

// loss prints a loss with its half width, a dash where there is none. Losses of problems spread over orders of magnitude between
// seeds: both have three digits, or nothing would be left of a mean below its half width.
func loss(e stats.Estimate) string {
	switch {
	case !e.OK:
		return dash
	case !e.Interval:
		return significant(e.Value)
	}
	return significant(e.Value) + " ± " + significant(e.Half())
}

// score prints an error in per cent, or the loss of a section that is ranked by it.
func score(s *Section, e stats.Estimate, decimals int) string {
	if s.ByLoss {
		return loss(e)
	}
	return percent(e, decimals)
}

// significant prints a number of any size with three significant digits.
func significant(v float64) string { return measured(stats.Estimate{Value: v, OK: true}) }
