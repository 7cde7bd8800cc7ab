package report

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/stats"
)

func estimate(v, half float64) stats.Estimate {
	return stats.Estimate{Value: v, OK: true, Lo: v - half, Hi: v + half, Interval: half >= 0, N: 5}
}

func TestMeasured(t *testing.T) {
	for _, c := range []struct {
		v, half float64
		want    string
	}{
		{0.412345, 0.0131, "0.412 ± 0.013"},
		{0.412345, 0.0431, "0.41 ± 0.04"},
		{2.4461, 0.0168, "2.446 ± 0.017"},
		{-3.25, 0.7, "−3.2 ± 0.7"},
		{153.2, 12.4, "153 ± 12"},
		{15321, 840, "15321 ± 840"},
		{3.21e-5, 4.4e-6, "(3.2 ± 0.4)×10⁻⁵"},
		{3.21e-5, 1.4e-4, "(0.3 ± 1.4)×10⁻⁴"},
		{7.5e8, 2e7, "(7.50 ± 0.20)×10⁸"},
		{1, 0.00996, "1.000 ± 0.010"},
		{0.5, -1, "0.500"},
		{123456, -1, "123456"},
		{0.0012345, -1, "0.00123"},
		{9.999, -1, "10.0"},
		{1e-12, -1, "1.00×10⁻¹²"},
		{5e-324, -1, "4.94×10⁻³²⁴"},
		{0, -1, "0"},
		{0, 0, "0"},
		{2, 0, "2.00"},
		{math.Inf(1), -1, "n/a"},
	} {
		e := estimate(c.v, c.half)
		if c.half < 0 {
			e.Lo, e.Hi = 0, 0
		}
		if got := measured(e); got != c.want {
			t.Errorf("measured(%g ± %g) = %q, want %q", c.v, c.half, got, c.want)
		}
	}
	if got := measured(stats.Estimate{}); got != "n/a" {
		t.Errorf("undefined: %q", got)
	}
}

func TestSmallFormats(t *testing.T) {
	for got, want := range map[string]string{
		fixed(-0.04, 1):                         "0.0",
		fixed(-0.06, 1):                         "−0.1",
		fixed(math.NaN(), 1):                    "n/a",
		fixed(12.5, -3):                         "12",
		whole(1234567.4):                        "1\u202f234\u202f567",
		whole(-1560):                            "−1\u202f560",
		whole(156):                              "156",
		cost(estimate(1560.4, -1)):              "1\u202f560",
		cost(estimate(12.25, -1)):               "12.2",
		cost(stats.Estimate{}):                  "–",
		percent(estimate(0.319, 0.0044), 1):     "31.9 ± 0.4",
		percent(estimate(0.319, -1), 1):         "31.9",
		percent(stats.Estimate{}, 1):            "–",
		pvalue(0.0625):                          "0.0625",
		pvalue(0.1875):                          "0.188",
		pvalue(1e-7):                            "< 0.001",
		superscript(-120):                       "⁻¹²⁰",
		seeds([]uint64{0, 1, 2}):                "0–2",
		seeds([]uint64{0, 1}):                   "0, 1",
		seeds([]uint64{0, 2, 3}):                "0, 2, 3",
		seeds(nil):                              "none",
		correlation(stats.Estimate{}):           "n/a",
		correlation(estimate(0.5, -1)):          "0.50",
		correlation(estimate(-0.5, 0.25)):       "−0.50 [−0.75, −0.25]",
		correlation(estimate(0.25, 0.25)):       "0.25 [0.00, 0.50] ~",
		tickLabel(2e-5, 1e-5):                   "2×10⁻⁵",
		tickLabel(1e-5, 1e-5):                   "10⁻⁵",
		tickLabel(12.5, 0.5):                    "12.5",
		tickLabel(40, 10):                       "40",
		code("a|b"):                             `a\|b`,
		code("a`b"):                             "a\\`b",
		code("plain"):                           "`plain`",
		escape("weight_decay=1 _x_ *y* <b>\n|"): `weight_decay=1 \_x\_ \*y\* \<b\> \|`,
		short("0123456789abcdef"):               "0123456789ab",
		logPath("0123456789abcdef"):             ".bench/trials/01/0123456789ab*/log.txt",
		logPath("0123"):                         ".bench/trials/01/0123/log.txt",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestPercentDecimals(t *testing.T) {
	if d := percentDecimals([]stats.Estimate{estimate(0.3, 0.01), estimate(0.3, 0)}); d != 1 {
		t.Errorf("%d decimals", d)
	}
	if d := percentDecimals([]stats.Estimate{estimate(0.3, 0.01), estimate(0.3, 0.0004)}); d != 2 {
		t.Errorf("%d decimals: ± 0.04 must not print as 0.0", d)
	}
}
