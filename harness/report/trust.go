package report

import (
	"fmt"
	"math"
	"runtime"
	"sort"
	"strings"
	"sync"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// TrustRow says what the τ of a metric against the first target rests on.
type TrustRow struct {
	Metric      MetricInfo
	Reliability stats.Reliability // of the metric over seeds
	Ceiling     stats.Estimate    // the largest correlation that seeds leave room for
	// Gain is |τ| minus the largest |τ| of a trivial control, named Control, over the same configurations.
	Gain    stats.Estimate
	Control string
	Gained  bool // after Holm over the metrics
	gainP   float64
	tested  bool
	Psi     stats.Granulated
	Signs   stats.SignError
}

// trivial names the controls that need no sharpness and no luck: what a metric has to beat.
func trivial(name string) bool {
	return strings.HasPrefix(name, "−ln ") || name == "‖w‖" || name == "train loss"
}

func (b *Board) trust(s *Section, configs []*configuration) []TrustRow {
	targets, values := b.targets(s)
	if len(targets) == 0 {
		return nil
	}
	y := values[0]
	over := func(q quantity) [][]float64 {
		var all [][]float64
		for _, c := range configs {
			all = append(all, c.over(func(t *Trial) bool { return t.Status == Done }, q))
		}
		return all
	}
	target := stats.ICC(over(y))
	examples := 0
	for i := range b.Trials {
		if t := &b.Trials[i]; t.Workload == s.Workload {
			examples = max(examples, t.Examples["test"])
		}
	}
	rows := make([]TrustRow, len(b.Metrics))
	sources := b.sources(configs)
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, m := range b.Metrics {
		wg.Add(1)
		go func() {
			defer wg.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			r := &rows[i]
			r.Metric = m
			metric := func(t *Trial) (float64, bool) { return t.metric(m.Column) }
			r.Reliability = stats.ICC(over(metric))
			if v, ok := stats.Ceiling(r.Reliability, target); ok {
				r.Ceiling = stats.Estimate{Value: v, OK: true, N: r.Reliability.Configurations}
			}
			b.gain(r, configs, sources, y)
			b.granulate(r, configs, metric, y, examples, targets[0].Key == "error:test" || targets[0].Key == "gap")
		}()
	}
	wg.Wait()
	var p []float64
	var marks []*bool
	for i := range rows {
		if rows[i].tested {
			p, marks = append(p, rows[i].gainP), append(marks, &rows[i].Gained)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		*marks[i] = adjusted < Alpha
	}
	return rows
}

// gain compares a metric with the best trivial control by a paired bootstrap: the same configurations for both.
func (b *Board) gain(r *TrustRow, configs []*configuration, sources []source, y quantity) {
	sm := b.sample(configs, func(*configuration) quantity {
		return func(t *Trial) (float64, bool) { return t.metric(r.Metric.Column) }
	}, y)
	at := map[*configuration]int{}
	for i, c := range sm.configs {
		at[c] = i
	}
	type rival struct {
		name string
		x    []float64
	}
	var rivals []rival
	for _, src := range sources {
		if !src.control || !trivial(src.name) {
			continue
		}
		other := b.sample(sm.configs, src.value, y)
		if len(other.x) == len(sm.x) && stats.Kendall(other.x, sm.y).OK {
			rivals = append(rivals, rival{src.name, other.x})
		}
	}
	own := stats.Kendall(sm.x, sm.y)
	if !own.OK || len(rivals) == 0 {
		return
	}
	best := 0.0
	for _, v := range rivals {
		if tau := math.Abs(stats.Kendall(v.x, sm.y).Tau); tau > best || r.Control == "" {
			best, r.Control = tau, v.name
		}
	}
	if len(sm.x) > stats.LargeSample {
		r.Gain = stats.Estimate{Value: math.Abs(own.Tau) - best, OK: true, N: len(sm.x),
			Warnings: []string{fmt.Sprintf("no interval beyond %d configurations", stats.LargeSample)}}
		return
	}
	list := []stats.Statistic{stats.TauStatistic(sm.x, sm.y)}
	for _, v := range rivals {
		list = append(list, stats.TauStatistic(v.x, sm.y))
	}
	below, above, n := 0, 0, 0
	var mu sync.Mutex
	stat := func(w []float64) (float64, bool) {
		mine, ok := list[0](w)
		if !ok {
			return 0, false
		}
		most := 0.0
		for _, f := range list[1:] {
			if v, ok := f(w); ok {
				most = math.Max(most, math.Abs(v))
			}
		}
		d := math.Abs(mine) - most
		drawn := 0.0
		for _, v := range w {
			drawn += v
		}
		if int(drawn) != len(w) { // the jackknife leaves one out
			return d, true
		}
		mu.Lock()
		n++
		if d <= 0 {
			below++
		}
		if d >= 0 {
			above++
		}
		mu.Unlock()
		return d, true
	}
	r.Gain = stats.NewBootstrap(sm.group, b.Correlate.Resamples, seed).BCa(stat, stats.Level)
	if r.Gain.Interval && n > 0 {
		r.gainP, r.tested = math.Min(1, 2*float64(1+min(below, above))/float64(1+n)), true
	}
}

// granulate moves one hyper-parameter at a time. Axes are the parameters of which some optimizer has several values; values are
// compared as they are printed, so that 0.1 is 0.1 however it was computed.
func (b *Board) granulate(r *TrustRow, configs []*configuration, metric, y quantity, examples int, errors bool) {
	sm := b.sample(configs, func(*configuration) quantity { return metric }, y)
	seen := map[string]map[string]bool{}
	for _, c := range sm.configs {
		for name, v := range c.params.Params {
			if seen[name] == nil {
				seen[name] = map[string]bool{}
			}
			seen[name][fmt.Sprint(v)] = true
		}
	}
	var names []string
	for name, values := range seen {
		if len(values) > 1 {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	axes := append([]string{"optimizer"}, names...)
	level := make([][]string, len(axes))
	for _, c := range sm.configs {
		level[0] = append(level[0], c.optimizer)
		for k, name := range names {
			level[k+1] = append(level[k+1], fmt.Sprint(c.params.Params[name]))
		}
	}
	// ψ inside optimizers: their grids differ, so that each has its own lines and levels; ψ is the mean over them.
	psi := map[string][]float64{}
	short := map[string]int{}
	lines := map[string]int{}
	levels := map[string]int{}
	for _, o := range b.Optimizers {
		var x, yy []float64
		own := make([][]string, len(names))
		for i, c := range sm.configs {
			if c.optimizer == o.Name {
				x, yy = append(x, sm.x[i]), append(yy, sm.y[i])
				for k := range names {
					own[k] = append(own[k], level[k+1][i])
				}
			}
		}
		for _, a := range stats.Granulate(x, yy, names, own).Axes {
			if a.OK {
				psi[a.Name] = append(psi[a.Name], a.Psi)
			}
			short[a.Name] += a.Short
			lines[a.Name] += a.Lines
			levels[a.Name] = max(levels[a.Name], a.Levels)
		}
	}
	defined := 0
	for _, name := range names {
		a := stats.AxisTau{Name: name, Lines: lines[name], Short: short[name], Levels: levels[name]}
		if a.Psi, a.OK = stats.Mean(psi[name]); a.OK {
			r.Psi.Psi += a.Psi
			defined++
			r.Psi.Axes = append(r.Psi.Axes, a)
		}
	}
	if defined > 0 {
		r.Psi.Psi, r.Psi.OK = r.Psi.Psi/float64(defined), true
	}
	if errors && examples > 0 {
		r.Signs = stats.SignErrors(sm.x, sm.y, level, examples)
	}
}

// trustPart prints what the τ of the metrics rest on.
func (b *Board) trustPart(p *builder, s *Section) {
	if len(s.Trust) == 0 || len(s.Correlations) == 0 {
		return
	}
	against := s.Correlations[0].Target.Name
	p.fold("What these τ rest on: reliability, gain over trivial controls, hyper-parameters one at a time", func(p *builder) {
		t := &Table{Keys: 1, Part: "metrics", Name: anchor("trust", s.Workload), Title: "What the τ of metrics against " + escape(against) + " on " + code(s.Workload) + " rest on"}
		t.column("metric", false)
		t.column("reliability", true, "Share of the metric's variance between configurations that seeds do not explain (intraclass correlation of the mean over seeds).")
		t.column("ceiling", true, "The largest correlation that the seeds leave room for.")
		t.column("gain over control [95 % CI]", true, "The size of τ minus that of the best of −ln lr, ‖w‖ and train loss: how much more the metric tells.")
		t.column("best control", false)
		t.column("Ψ", true, "Mean of ψ: does the metric follow the target when one hyper-parameter alone moves?")
		t.column("ψ by hyper-parameter", false)
		t.column("sign-error: mean, 90 %, max", true, "How often the sign of a difference is predicted wrongly; 0.5 is chance.")
		signs := false
		for i := range s.Trust {
			r := &s.Trust[i]
			reliability := Cell{Text: na}
			if r.Reliability.OK {
				reliability = exactly(fixed(r.Reliability.Mean, 2), r.Reliability.Mean)
			}
			ceiling := Cell{Text: na}
			if r.Ceiling.OK {
				ceiling = quantify(fixed(r.Ceiling.Value, 2), r.Ceiling)
			}
			gain := t.correlation(r.Gain, "")
			if r.Gained {
				gain.Text += " *"
			}
			psi, strip, short := Cell{Text: na}, []string{}, 0
			if r.Psi.OK {
				psi = exactly(fixed(r.Psi.Psi, 2), r.Psi.Psi)
			}
			for _, a := range r.Psi.Axes {
				strip = append(strip, escape(a.Name)+" "+fixed(a.Psi, 2))
				short += a.Short
			}
			if short > 0 {
				psi.Text += " " + t.note("Lines that lack a level of their hyper-parameter are left out: "+fmt.Sprint(short)+" here.")
			}
			sign := Cell{Text: na}
			if r.Signs.OK {
				signs = true
				sign = exactly(fixed(r.Signs.Mean, 2)+", "+fixed(r.Signs.P90, 2)+", "+fixed(r.Signs.Max, 2), r.Signs.Max)
			}
			strips := strings.Join(strip, ", ")
			if strips == "" {
				strips = na
			}
			t.line(Line{Cells: []Cell{words(escape(r.Metric.Column)), reliability, ceiling, gain, words(escape(r.Control)), psi, words(strips), sign}})
		}
		p.table(t)
		text := "Reliability and ceiling need two configurations with two seeds or more. Gain: the size of τ minus that of the best control, by a paired bootstrap over the same configurations; `*`: p < 0.05 after Holm over the metrics. " +
			"ψ compares configurations of one optimizer that differ in one hyper-parameter alone; with two levels it can only be −1, 0 or 1 on each line."
		if !signs {
			text += " The sign-error needs twelve effective pairs in an environment: n/a."
		}
		p.paragraph(text)
	})
}
