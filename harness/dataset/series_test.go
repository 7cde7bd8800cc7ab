package dataset

import (
	"math"
	"path/filepath"
	"strings"
	"testing"
)

// A series of ETTh1's length; channel c is t + 1000·c, which makes every window readable.
func counting(t *testing.T, perHour int) *Series {
	t.Helper()
	s := &Series{Name: "x", Columns: ettColumns, Train: ettTrain * perHour, Validation: ettEach * perHour, Test: ettEach * perHour}
	for r := range ettHours * perHour {
		for c := range 7 {
			s.Values = append(s.Values, float64(r+1000*c))
		}
	}
	return s
}

func TestETTWindows(t *testing.T) {
	for _, k := range []struct{ perHour, length, horizon, train, validation, test int }{
		{1, 512, 96, 8033, 2785, 2785}, // the counts of the published protocol
		{1, 512, 192, 8640 - 512 - 192 + 1, 2880 - 192 + 1, 2880 - 192 + 1},
		{1, 512, 720, 8640 - 512 - 720 + 1, 2880 - 720 + 1, 2880 - 720 + 1},
		{4, 512, 96, 4*8640 - 512 - 96 + 1, 4*2880 - 96 + 1, 4*2880 - 96 + 1},
	} {
		f, err := counting(t, k.perHour).Forecast(k.length, k.horizon)
		if err != nil {
			t.Fatal(err)
		}
		if f.Train.Len() != k.train || f.Validation.Len() != k.validation || f.Test.Len() != k.test {
			t.Errorf("%+v: %d, %d and %d windows", k, f.Train.Len(), f.Validation.Len(), f.Test.Len())
		}
	}
}

func TestETTScaling(t *testing.T) {
	s := counting(t, 1)
	f, err := s.Forecast(512, 96)
	if err != nil {
		t.Fatal(err)
	}
	// 0..n−1 has mean (n−1)/2 and population variance (n²−1)/12.
	n := 8640.0
	mean, std := (n-1)/2, math.Sqrt((n*n-1)/12)
	for c := range 7 {
		if math.Abs(f.Mean[c]-mean-1000*float64(c)) > 1e-6 || math.Abs(f.Std[c]-std) > 1e-6 {
			t.Errorf("channel %d: mean %v, deviation %v", c, f.Mean[c], f.Std[c])
		}
	}
	back := func(v float32, c int) float64 { return float64(v)*f.Std[c] + f.Mean[c] }
	for _, k := range []struct {
		w     *Windows
		i     int
		first float64 // row of the first input
	}{{&f.Train, 0, 0}, {&f.Train, 8032, 8032}, {&f.Validation, 0, 8640 - 512}, {&f.Validation, 2784, 8640 - 512 + 2784}, {&f.Test, 0, 11520 - 512}, {&f.Test, 2784, 11520 - 512 + 2784}} {
		in, out := k.w.Input(k.i), k.w.Target(k.i)
		if len(in) != 512*7 || len(out) != 96*7 {
			t.Fatalf("window of %d and %d values", len(in), len(out))
		}
		for c := range 7 {
			at := k.first + 1000*float64(c)
			if math.Abs(back(in[c], c)-at) > 0.01 || math.Abs(back(in[511*7+c], c)-at-511) > 0.01 ||
				math.Abs(back(out[c], c)-at-512) > 0.01 || math.Abs(back(out[95*7+c], c)-at-607) > 0.01 {
				t.Errorf("window %d, channel %d: not rows %v to %v", k.i, c, k.first, k.first+607)
			}
		}
	}
	if last := back(f.Test.Target(2784)[95*7], 0); math.Abs(last-14399) > 0.01 {
		t.Errorf("the last row used is %v, want 14399: the rest of the file is ignored", last)
	}
	for _, k := range [][2]int{{0, 1}, {1, 0}, {8640, 1}, {1, 2881}} {
		if _, err := s.Forecast(k[0], k[1]); err == nil {
			t.Errorf("windows of %v: no error", k)
		}
	}
}

// The quarter-hourly files have four times as many rows, and their times are checked too.
func TestETTMinutes(t *testing.T) {
	p := newETT("quarters", "ETTm1.csv", 4)
	root := cache(t)
	lines := ettLines(69680, 4, func(t, c int) float64 { return float64(t) * 0.5 })
	if err := writeAll(filepath.Join(root, "quarters"), map[string][]byte{"ETTm1.csv": lines}); err != nil {
		t.Fatal(err)
	}
	content, _, err := p.content()
	if err != nil {
		t.Fatal(err)
	}
	s := content.(*Series)
	if s.Len() != 69680 || s.Train != 4*8640 || s.Values[7*69679] != 69679*0.5 {
		t.Errorf("%d rows, %d of them to train on", s.Len(), s.Train)
	}
	short := lines[:len(lines)-40]
	short = short[:len(short)-len(lineAtEnd(short))]
	if err := writeAll(filepath.Join(root, "quarters"), map[string][]byte{"ETTm1.csv": short}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.content(); err == nil || !strings.Contains(err.Error(), "expected 69680") {
		t.Errorf("a row too few: %v", err)
	}
}

func lineAtEnd(b []byte) []byte {
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] == '\n' {
			return b[i+1:]
		}
	}
	return b
}
