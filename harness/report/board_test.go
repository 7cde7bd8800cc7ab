package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// render builds a board and renders it every way, checking what holds for every board: well-formed tables, CSV and SVG, and no
// number that is none.
func render(t *testing.T, in Input) (*Board, string) {
	t.Helper()
	b, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	var md, term, data bytes.Buffer
	for _, err := range []error{b.Markdown(&md), b.Terminal(&term, 80, true), b.CSV(&data)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	outputs := map[string]string{"Markdown": md.String(), "Terminal": term.String(), "CSV": data.String()}
	for i := range b.Sections {
		for k := range b.Sections[i].Scatters {
			var svg bytes.Buffer
			if err := b.SVG(&svg, &b.Sections[i].Scatters[k]); err != nil {
				t.Fatal(err)
			}
			outputs["SVG "+b.Sections[i].Scatters[k].File] = svg.String()
			for d := xml.NewDecoder(bytes.NewReader(svg.Bytes())); ; {
				if _, err := d.Token(); err == io.EOF {
					break
				} else if err != nil {
					t.Fatalf("SVG: %v", err)
				}
			}
		}
	}
	broken := regexp.MustCompile(`(?i)\bnan\b|[+−-]?\binf\b|%!|e[+-]\d{3}|−0\.0+\b[^0-9]`)
	for name, text := range outputs {
		if m := broken.FindString(text); m != "" {
			at := strings.Index(text, m)
			t.Errorf("%s prints %q in …%s…", name, m, text[max(0, at-60):min(len(text), at+60)])
		}
	}
	for _, name := range []string{"Markdown", "Terminal"} {
		checkTables(t, name, outputs[name])
	}
	rows, err := csv.NewReader(&data).ReadAll()
	if err != nil || len(rows) != 1+len(in.Trials) {
		t.Errorf("CSV has %d rows for %d trials: %v", len(rows), len(in.Trials), err)
	}
	return b, md.String()
}

// rowLink is the link to the trials of a row.
var rowLink = regexp.MustCompile(`^\[(.*)\]\(data\.csv[^)]*\)$`)

// cells cuts a table line at the borders that are not escaped.
func cells(line string) []string {
	var out []string
	cell := ""
	for i := 0; i < len(line); i++ {
		switch {
		case line[i] == '\\' && i+1 < len(line):
			cell += line[i : i+2]
			i++
		case line[i] == '|':
			out = append(out, rowLink.ReplaceAllString(strings.TrimSpace(cell), "$1"))
			cell = ""
		default:
			cell += string(line[i])
		}
	}
	return out[1:]
}

func checkTables(t *testing.T, name, text string) {
	t.Helper()
	width, at := 0, 0
	for _, line := range strings.Split(text, "\n") {
		if !strings.HasPrefix(line, "|") {
			width, at = 0, 0
			continue
		}
		n := len(cells(line))
		if at == 0 {
			width = n
		}
		if n != width {
			t.Errorf("%s: %d cells instead of %d in %s", name, n, width, line)
		}
		if at == 1 {
			for _, c := range cells(line) {
				if !regexp.MustCompile(`^:-+$|^-+:$`).MatchString(c) {
					t.Errorf("%s: no alignment row: %s", name, line)
				}
			}
		}
		at++
	}
}

// tableRow returns the cells of the first table line whose cell at column equals key.
func tableRow(t *testing.T, text string, column int, key string) []string {
	t.Helper()
	for _, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "|") {
			if c := cells(line); column < len(c) && c[column] == key {
				return c
			}
		}
	}
	t.Fatalf("no row %q in\n%s", key, text)
	return nil
}

// edit changes every trial of a copy of the input.
func edit(in Input, f func(*Trial)) Input {
	in.Trials = append([]Trial(nil), in.Trials...)
	for i := range in.Trials {
		f(&in.Trials[i])
	}
	return in
}

func keep(in Input, f func(*Trial) bool) Input {
	var kept []Trial
	for _, t := range in.Trials {
		if f(&t) {
			kept = append(kept, t)
		}
	}
	in.Trials = kept
	return in
}

func has(t *testing.T, text string, wants ...string) {
	t.Helper()
	for _, w := range wants {
		if !strings.Contains(text, w) {
			t.Errorf("missing %q in\n%s", w, text)
		}
	}
}

// TestNumbersOfTheBoard recomputes cells of the example by hand from its trials.
func TestNumbersOfTheBoard(t *testing.T) {
	in := example(8)
	b, _ := render(t, in)
	errorsOf := func(optimizer string) []float64 {
		var x []float64
		for s := range 8 {
			for _, tr := range in.Trials {
				if tr.Optimizer == optimizer && tr.Final && tr.Seed == uint64(s) {
					x = append(x, tr.Error["test"])
				}
			}
		}
		return x
	}
	mean := func(x []float64) (m, half float64) {
		for _, v := range x {
			m += v / float64(len(x))
		}
		ss := 0.0
		for _, v := range x {
			ss += (v - m) * (v - m)
		}
		return m, 2.364624 * math.Sqrt(ss/7/8) // t(0.975, 7)
	}
	close := func(what string, got, want float64) {
		t.Helper()
		if math.Abs(got-want) > 1e-7 {
			t.Errorf("%s = %g, want %g", what, got, want)
		}
	}
	rows := b.Sections[0].Rankings[0].Rows
	if rows[0].Optimizer != "sam" || rows[3].Optimizer != "mine" || rows[3].Ranked {
		t.Fatalf("order %v", rows)
	}
	sam, sgd := errorsOf("sam"), errorsOf("sgd")
	m, half := mean(sam)
	close("sam's test error", rows[0].Test.Value, m)
	close("its half width", rows[0].Test.Half(), half)
	d := make([]float64, 8)
	for i := range d {
		d[i] = sam[i] - sgd[i]
	}
	m, half = mean(d)
	close("the difference", rows[0].Delta.Delta.Value, m)
	close("its half width", rows[0].Delta.Delta.Half(), half)
	// All eight differences have one sign: p = 2/2^8, times two comparisons.
	close("adjusted p", rows[0].Adjusted, 2*2.0/256)
	if !rows[0].Significant() || rows[2].Compared || !rows[2].Baseline {
		t.Errorf("marks: %+v", rows)
	}
	close("cost", rows[0].Cost.Value, 2880)

	// τ of the metric with the test error over the means of configurations, without dp-sat's other model.
	type xy struct{ x, y, n float64 }
	sums := map[string]*xy{}
	var keys []string
	for _, tr := range in.Trials {
		v, measured := tr.Metrics["adaptive-worst-linf"]
		if tr.Status != Done || !measured || v.Null || tr.Optimizer == "dp-sat" {
			continue
		}
		if sums[tr.ConfigKey] == nil {
			sums[tr.ConfigKey] = &xy{}
			keys = append(keys, tr.ConfigKey)
		}
		s := sums[tr.ConfigKey]
		s.x, s.y, s.n = s.x+v.Value, s.y+tr.Error["test"], s.n+1
	}
	sort.Strings(keys)
	c, pairs := 0.0, 0.0
	for i, k := range keys {
		for _, l := range keys[:i] {
			a, b := sums[k], sums[l]
			c += math.Copysign(1, (a.x/a.n-b.x/b.n)*(a.y/a.n-b.y/b.n))
			pairs++
		}
	}
	row := b.Sections[0].Correlations[0].Rows[0]
	close("tau", row.Tau.Value, c/pairs)
	if row.Tau.N != 15 || !row.Tau.Interval || !row.Flipped || row.Groups != 4 {
		t.Errorf("row %+v", row)
	}
	names := ""
	for _, c := range b.Sections[0].Correlations {
		names += c.Target.Key + " "
	}
	if names != "error:test gap error:shift:corruptions " {
		t.Errorf("targets %s", names)
	}
}

func TestOrderOfTrialsDoesNotMatter(t *testing.T) {
	in := example(5)
	_, want := render(t, in)
	shuffled := in
	shuffled.Trials = nil
	for _, i := range rng.New(1, "test", 0).Perm(len(in.Trials)) {
		shuffled.Trials = append(shuffled.Trials, in.Trials[i])
	}
	if _, got := render(t, shuffled); got != want {
		t.Error("the order of the trials changed the board")
	}
}

func TestOneSeed(t *testing.T) {
	b, md := render(t, example(1))
	row := b.Sections[0].Rankings[0].Rows[0]
	if !row.Ranked || row.Test.Interval || row.Rank.Interval {
		t.Errorf("%+v", row)
	}
	has(t, md, "One seed: no interval can be given", "1 seed: effect only", "one seed says nothing")
	if strings.Contains(md, "± 0.0") || regexp.MustCompile(`\d [*~] *\|`).MatchString(strings.Split(md, "## Does")[0]) {
		t.Errorf("an interval or a mark from one seed:\n%s", md)
	}
}

func TestSixSeedsAndThreeComparisonsMarkNothing(t *testing.T) {
	in := example(6)
	in = edit(in, func(t *Trial) {
		if t.Status == Failed { // so that three are compared
			t.Status, t.Reason = Done, ""
			t.Error = map[string]float64{"test": 0.36}
		}
	})
	b, md := render(t, in)
	r := b.Sections[0].Rankings[0]
	if r.Comparisons != 3 || r.Testable() || r.NeededSeeds != 7 {
		t.Errorf("%+v", r)
	}
	has(t, md, "6 seeds: effect and interval only", "the smallest is 0.0938 after", "7 seeds could")
}

func TestAllFailed(t *testing.T) {
	in := edit(example(3), func(t *Trial) {
		t.Status, t.Reason, t.Error, t.Loss, t.Metrics = Failed, "plugin crashed\nwith | two lines", nil, nil, nil
	})
	b, md := render(t, in)
	if len(b.Sections[0].Failures) != len(in.Trials) || len(b.Sections[0].Scatters) != 0 {
		t.Errorf("%d failures, %d plots", len(b.Sections[0].Failures), len(b.Sections[0].Scatters))
	}
	has(t, md, "No optimizer is ranked on `cifar10-cnn` yet", "0 of 30 trials done, 30 failed", "plugin crashed with \\| two lines")
}

func TestAllDivergedSelectsNothing(t *testing.T) {
	in := edit(example(3), func(t *Trial) { t.Status, t.Final = Diverged, false })
	_, md := render(t, in)
	has(t, md, "`sgd` is not ranked: no configuration is selected yet", "`sgd`: 4 of 4 trials of the grid did not finish")
}

func TestOnlyTuningFinished(t *testing.T) {
	in := edit(example(5), func(t *Trial) {
		t.Final = false
		if t.Optimizer == "mine" {
			t.Status = Missing
		}
	})
	in = keep(in, func(t *Trial) bool { return t.Tuning })
	b, md := render(t, in)
	if len(b.Sections[0].Tuning) != 20 || len(b.Sections[0].Scatters) != 1 {
		t.Errorf("%d rows of tuning, %d plots", len(b.Sections[0].Tuning), len(b.Sections[0].Scatters))
	}
	has(t, md, "no configuration is selected yet", "(4 trials of the grid not finished)", "4 not finished: this board is preliminary")
	// The selected configurations are known, their other seeds are not there yet.
	in = keep(example(5), func(t *Trial) bool { return t.Tuning })
	_, md = render(t, in)
	has(t, md, "`sgd` is not ranked: 1 of 5 seeds done: seed 1 is not finished; seed 2 is not finished; seed 3 is not finished; and 1 more")
}

func TestConstantMetric(t *testing.T) {
	in := edit(example(5), func(t *Trial) {
		if t.Metrics != nil {
			t.Metrics = map[string]Metric{"adaptive-worst-linf": {Value: 0.25}, "gradnorm": {Value: 0}}
		}
	})
	b, md := render(t, in)
	for _, c := range b.Sections[0].Correlations {
		if c.Rows[0].Tau.OK || c.Rows[1].Tau.OK || c.Rows[0].Within.OK {
			t.Errorf("τ with a constant is defined: %+v", c.Rows[0])
		}
	}
	row := tableRow(t, md, 0, "adaptive-worst-linf")
	for _, c := range row[1:4] {
		if c != "n/a" {
			t.Errorf("constant metric: %q", row)
		}
	}
	var svg bytes.Buffer
	if err := b.SVG(&svg, &b.Sections[0].Scatters[0]); err != nil {
		t.Fatal(err)
	}
	has(t, svg.String(), "τ undefined")
	if got := tableRow(t, md, 1, "sam")[5]; got != "0.250" {
		t.Errorf("constant sharpness printed as %q", got)
	}
}

func TestTies(t *testing.T) {
	in := edit(example(5), func(t *Trial) {
		if t.Error != nil {
			t.Error["test"] = 0.4
		}
	})
	b, md := render(t, in)
	for _, row := range b.Sections[0].Rankings[0].Rows[:3] {
		if row.Rank.String() != "1" || row.Compared && row.Delta.P != 1 {
			t.Errorf("equal optimizers: %+v", row)
		}
	}
	if tableRow(t, md, 1, "sam")[7] != "0.0 [0.0, 0.0]" {
		t.Errorf("difference of equals: %q", tableRow(t, md, 1, "sam"))
	}
}

func TestMissingMetrics(t *testing.T) {
	_, md := render(t, edit(example(5), func(t *Trial) { t.Metrics = nil }))
	has(t, md, "`adaptive-worst-linf` measured on 0 of 5 seeds: not measured (5×)", "is missing in finished trials: not measured (30×)")
	if row := tableRow(t, md, 1, "sam"); row[5] != "n/a" {
		t.Errorf("a metric that was not measured: %q", row)
	}
}

func TestWarningsTravelWithTheirNumbers(t *testing.T) {
	_, md := render(t, edit(example(5), func(t *Trial) {
		if m, ok := t.Metrics["adaptive-worst-linf"]; ok && !m.Null && t.Optimizer == "sam" && t.Seed < 2 {
			m.Warnings = []string{"still rising after 20 steps."}
			t.Metrics["adaptive-worst-linf"] = m
		}
	}))
	has(t, md, "`sam`: `adaptive-worst-linf` warns: still rising after 20 steps (2×).")
}

func TestNoMetricsNoShifts(t *testing.T) {
	in := example(5)
	in.Metrics, in.Shifts = nil, nil
	b, md := render(t, in)
	if strings.Contains(md, "sharpness predict") || b.Sections[0].Correlations != nil || strings.Contains(md, "corruptions error") {
		t.Errorf("a section about nothing:\n%s", md)
	}
}

func TestNumbersThatAreNone(t *testing.T) {
	in := edit(example(5), func(t *Trial) {
		if t.Optimizer == "sgd" && t.Seed == 1 {
			t.Error["test"] = math.NaN()
		}
		if t.Optimizer == "adamw" && t.Status == Done {
			t.Metrics["adaptive-worst-linf"] = Metric{Value: math.Inf(1)}
			t.Error["shift:corruptions"] = math.NaN()
			t.G = math.NaN()
			t.Loss["train"] = math.Inf(1)
			t.Params["lr"] = math.NaN()
		}
	})
	_, md := render(t, in)
	has(t, md, "seed 1 has no test error", "the value is not finite", "No difference is given: the baseline `sgd` is not ranked",
		"error under `corruptions` known for 0 of 5 seeds")
}

func TestNothingAtAll(t *testing.T) {
	render(t, Input{})
	in := example(0)
	in.Trials = nil
	_, md := render(t, in)
	has(t, md, "No optimizer is ranked")
	in = example(3)
	in.Suite.Baseline = ""
	_, md = render(t, in)
	if strings.Contains(md, "Δ") {
		t.Error("a difference without a baseline")
	}
	in.Correlate = CorrelateSpec{}
	_, md = render(t, in)
	if strings.Contains(md, "### Against") {
		t.Error("a correlation that was not asked for")
	}
}

func TestFewConfigurations(t *testing.T) {
	in := keep(example(5), func(t *Trial) bool { return t.Optimizer == "sgd" })
	b, md := render(t, in)
	if row := b.Sections[0].Correlations[0].Rows[0]; row.Tau.Interval || !row.Tau.OK || row.Tau.N != 4 {
		t.Errorf("%+v", row)
	}
	has(t, md, "Fewer than 8 configurations give no interval.", "the only one ranked", "1.00") // detectable |τ| of 4
}

func TestHostileNames(t *testing.T) {
	in := edit(example(5), func(t *Trial) {
		t.ConfigLabel = "a|b*c*`d`_e_ <img> [x](y)"
		t.Workload = "w|1 ../../x"
	})
	in.Workloads = []string{"w|1 ../../x"}
	in.Shifts[0] = ShiftInfo{"s|h*", "w|1 ../../x"}
	in.Metrics[0].Unit = "a|b"
	in.Suite.Title = "# <script>"
	b, md := render(t, in)
	if strings.Contains(md, "<script>") || strings.Contains(md, "<img>") {
		t.Error("markup of a name reached the board")
	}
	dir := t.TempDir()
	paths, err := Write(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		if filepath.Dir(p) != dir {
			t.Errorf("wrote outside the folder: %s", p)
		}
	}
}

func TestManyOptimizersAndLogScale(t *testing.T) {
	in := Input{Suite: SuiteInfo{Name: "many", Seeds: []uint64{4}}, Workloads: []string{"a", "b"},
		Metrics:   []MetricInfo{{Column: "Trace/N", Headline: true, Better: "higher"}, {Column: "trace n", Headline: true}},
		Correlate: CorrelateSpec{Y: []string{"loss:test"}}}
	for k := range 40 {
		name := fmt.Sprintf("opt%02d", k)
		in.Optimizers = append(in.Optimizers, OptimizerInfo{Name: name})
		for _, w := range in.Workloads {
			in.Trials = append(in.Trials, Trial{ID: w + name, Workload: w, Optimizer: name, ConfigKey: name, Seed: 4, Final: true, Status: Done,
				Error: map[string]float64{"test": 0.1 + 0.01*float64(k)}, Loss: map[string]float64{"test": float64(k)},
				Metrics: map[string]Metric{"Trace/N": {Value: math.Pow(10, float64(k)/4-5)}, "trace n": {Value: float64(k) - 3}}})
		}
	}
	b, md := render(t, in)
	if len(b.Sections) != 2 || len(b.Sections[1].Scatters) != 2 {
		t.Fatalf("%d sections", len(b.Sections))
	}
	if f := b.Sections[1].Scatters[0].File; f != "b-trace-n.svg" {
		t.Errorf("file %s", f)
	}
	if f := b.Sections[1].Scatters[1].File; f != "b-trace-n-2.svg" {
		t.Errorf("file %s", f)
	}
	xs := func(k int) (out []float64) {
		for _, p := range b.Sections[0].Scatters[k].Points {
			out = append(out, p.X)
		}
		return out
	}
	if !logScale(xs(0)) || logScale(xs(1)) {
		t.Error("scales")
	}
	has(t, md, "Trace/N ↑", "### Against test loss", "| 40 |")
}

func TestContradictionsAreRefusedTogether(t *testing.T) {
	in := example(2)
	in.Suite.Baseline = "nobody"
	in.Workloads = append(in.Workloads, in.Workloads[0])
	in.Optimizers = append(in.Optimizers, in.Optimizers[0])
	in.Metrics = append(in.Metrics, in.Metrics[0])
	in.Correlate.Y = append(in.Correlate.Y, "sharpness")
	in.Correlate.Resamples = -1
	in.Trials = append(in.Trials, in.Trials[0], Trial{ID: "x", Workload: "w", Optimizer: "o", Status: "odd"})
	in.Trials = append(in.Trials, Trial{ID: "y", Workload: "cifar10-cnn", Optimizer: "sgd", ConfigKey: "other", Status: Done, Final: true})
	_, err := Build(in)
	if err == nil {
		t.Fatal("no error")
	}
	has(t, err.Error(), `baseline "nobody"`, `workload "cifar10-cnn" is named twice`, `optimizer "sgd" is named twice`, `column "adaptive-worst-linf"`,
		`correlate with "sharpness"`, "resamples is -1", "same configuration and seed", `unknown status "odd"`, `unknown workload "w"`, `unknown optimizer "o"`,
		"both are the final trial of sgd at seed 0")
}

func TestWriteChangesOnlyWhatChanged(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "reports", "example")
	b, err := Build(example(3))
	if err != nil {
		t.Fatal(err)
	}
	paths, err := Write(dir, b)
	if err != nil {
		t.Fatal(err)
	}
	before := map[string]os.FileInfo{}
	for _, p := range paths {
		if before[p], err = os.Stat(p); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "data.csv"), []byte("half a fi"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(dir, b); err != nil {
		t.Fatal(err)
	}
	for _, p := range paths {
		after, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		same := os.SameFile(before[p], after)
		if filepath.Base(p) == "data.csv" {
			if same || after.Size() != before[p].Size() {
				t.Errorf("%s was not replaced", p)
			}
		} else if !same {
			t.Errorf("%s was rewritten although nothing changed", p)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, ".*"))
	if err != nil || len(left) > 0 {
		t.Errorf("temporary files remain: %v %v", left, err)
	}
}

func TestTerminalFitsItsWidth(t *testing.T) {
	b, err := Build(example(8))
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := b.Terminal(&out, 80, false); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(out.String(), "\n") {
		if strings.HasPrefix(line, "|") && len([]rune(line)) > 80 && len(cells(line)) > 3 {
			t.Errorf("%d columns wide: %s", len([]rune(line)), line)
		}
	}
	has(t, out.String(), "## Summary")
	if strings.Contains(out.String(), "\x1b") {
		t.Error("colour without being asked")
	}
}
