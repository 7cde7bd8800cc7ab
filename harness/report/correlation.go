package report

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/harness/stats"
)

// Target is what the metrics are correlated with.
type Target struct {
	Key  string // "error:test", "gap", "error:shift:corruptions"
	Name string // as printed: "test error"
}

// Correlation is the table of one target.
type Correlation struct {
	Target   Target
	Within   []string // what forms the groups of Within; empty: no such column
	Controls []string // one partial τ each
	Rows     []CorrelationRow
	Tests    int // size of the family that the marks are corrected for: that of all tables of the section
}

// CorrelationRow is one metric, or one control row: something that needs no sharpness and that a metric has to beat.
type CorrelationRow struct {
	Name    string
	Control bool
	// Tau is Kendall's τ_b over configurations, each the mean over its seeds, with the BCa interval of the bootstrap over
	// configurations, stratified by group. N is the number of configurations.
	Tau stats.Estimate
	// Detectable is the smallest |τ| that N configurations distinguish from 0.
	Detectable float64
	// Within is the τ inside groups; Groups says how many groups had a usable pair. Flipped: its sign is opposite to Tau's.
	Within  stats.Estimate
	Groups  int
	Flipped bool
	// Partial holds one partial τ a control, as Correlation.Controls. Its N may be smaller: configurations of optimizers
	// without the parameter drop out.
	Partial []stats.Estimate
	// Marked and WithinMarked: the permutation p of Tau, and of Within inside groups, is below Alpha after Holm's correction
	// over both columns of all metrics of the section's tables. Controls are not tested.
	Marked, WithinMarked bool
	p, withinP           float64
	tested, withinTested bool
	// Nulls says why seeds or configurations lack the metric, e.g. "did not converge (2×)".
	Nulls []string
}

// quantity is something a configuration has: a metric, a loss, a parameter.
type quantity func(*Trial) (float64, bool)

// targets resolves the spec for one workload. A shift that another workload has is not a target here.
func (b *Board) targets(s *Section) ([]Target, []quantity) {
	var targets []Target
	var values []quantity
	seen := map[string]bool{}
	add := func(key, name string, q quantity) {
		if !seen[key] {
			seen[key] = true
			targets = append(targets, Target{key, name})
			values = append(values, q)
		}
	}
	split := func(key string, of func(*Trial, string) (float64, bool)) quantity {
		return func(t *Trial) (float64, bool) { return of(t, key) }
	}
	for _, y := range b.Correlate.Y {
		kind, key, _ := strings.Cut(y, ":")
		of, word := (*Trial).error, kind
		switch {
		case kind == "loss":
			of = (*Trial).loss
		case s.ByLoss:
			of, word = (*Trial).loss, s.judged()
		}
		shift, isShift := strings.CutPrefix(key, "shift:")
		switch {
		case y == "gap" && s.ByLoss:
			add(y, "gap (test − train "+s.judged()+")", func(t *Trial) (float64, bool) {
				test, ok := t.loss("test")
				train, ok2 := t.loss("train")
				return test - train, ok && ok2
			})
		case y == "gap":
			add(y, "gap (test error − train error)", (*Trial).gap)
		case isShift && shift == "*":
			for _, sh := range s.Shifts {
				add(kind+":shift:"+sh.Name, sh.Name+" "+word, split("shift:"+sh.Name, of))
			}
		case isShift:
			name, _, _ := strings.Cut(shift, "/")
			for _, sh := range s.Shifts {
				if sh.Name == name {
					add(y, shift+" "+word, split(key, of))
				}
			}
		default:
			add(y, key+" "+word, split(key, of))
		}
	}
	return targets, values
}

// source is one row before it is computed.
type source struct {
	name    string
	control bool
	column  string // of a metric
	value   func(*configuration) (x quantity)
}

// sources lists the metrics, then the control rows. What is the same for all configurations is no baseline: the steps have a
// row where they vary, and the weight decay where it varies between configurations of one optimizer, as that of another may
// mean something else.
func (b *Board) sources(configs []*configuration) []source {
	var list []source
	for _, m := range b.Metrics {
		list = append(list, source{name: m.Column, column: m.Column, value: func(*configuration) quantity {
			return func(t *Trial) (float64, bool) { return t.metric(m.Column) }
		}})
	}
	control := func(name string, value func(*configuration) quantity) {
		list = append(list, source{name: name, control: true, value: value})
	}
	control("random noise", func(c *configuration) quantity {
		// The draw belongs to the configuration, so that adding another does not change it.
		v := rng.New(seed, "report.noise "+c.optimizer+" "+c.key, 0).Norm()
		return func(*Trial) (float64, bool) { return v, true }
	})
	control("test loss (oracle)", func(*configuration) quantity {
		return func(t *Trial) (float64, bool) { return t.loss("test") }
	})
	names := []string{"lr"}
	for _, name := range b.Correlate.Control {
		if name != "lr" {
			names = append(names, name)
		}
	}
	for _, name := range names {
		control("−ln "+name, func(*configuration) quantity {
			return func(t *Trial) (float64, bool) {
				v, ok := t.param(name)
				return -math.Log(v), ok && v > 0
			}
		})
	}
	decay := quantity(func(t *Trial) (float64, bool) { return t.param("weight_decay") })
	for _, o := range b.Optimizers {
		own := slices.DeleteFunc(slices.Clone(configs), func(c *configuration) bool { return c.optimizer != o.Name })
		if varies(own, decay) {
			control("weight decay", func(*configuration) quantity { return decay })
			break
		}
	}
	steps := quantity(func(t *Trial) (float64, bool) { return float64(t.Steps), t.Steps > 0 })
	if varies(configs, steps) {
		control("steps", func(*configuration) quantity { return steps })
	}
	control("‖w‖", func(*configuration) quantity {
		return func(t *Trial) (float64, bool) { return t.Norm, t.Dim > 0 && finite(t.Norm) }
	})
	control("number of parameters", func(*configuration) quantity {
		return func(t *Trial) (float64, bool) { return float64(t.Dim), t.Dim > 0 }
	})
	control("train loss", func(*configuration) quantity {
		return func(t *Trial) (float64, bool) { return t.loss("train") }
	})
	return list
}

// varies reports whether a quantity differs between finished trials.
func varies(configs []*configuration, x quantity) bool {
	first, any := 0.0, false
	for _, c := range configs {
		for _, t := range c.trials {
			v, ok := x(t)
			switch {
			case !ok || t.Status != Done:
			case !any:
				first, any = v, true
			case v != first:
				return true
			}
		}
	}
	return false
}

// group names the group of a configuration.
func (b *Board) group(c *configuration) string {
	var parts []string
	for _, w := range b.Correlate.Within {
		if w == "optimizer" {
			parts = append(parts, c.optimizer)
		} else {
			parts = append(parts, fmt.Sprint(c.params.Params[w]))
		}
	}
	return strings.Join(parts, "\x00")
}

// sample is the configurations on which two quantities are known, each the mean over the seeds that have both.
type sample struct {
	configs []*configuration
	x, y    []float64
	group   []int
}

func (b *Board) sample(configs []*configuration, x func(*configuration) quantity, y quantity) sample {
	return b.pair(configs, tabulate(configs, x), tabulate(configs, func(*configuration) quantity { return y }))
}

// tabulate looks a quantity up for every trial of the configurations in order, NaN where there is none: tables over many
// pairs of quantities look each up once.
func tabulate(configs []*configuration, of func(*configuration) quantity) []float64 {
	var values []float64
	for _, c := range configs {
		q := of(c)
		for _, t := range c.trials {
			v, ok := q(t)
			if !ok || t.Status != Done {
				v = math.NaN()
			}
			values = append(values, v)
		}
	}
	return values
}

// pair is the sample of two tabulated quantities.
func (b *Board) pair(configs []*configuration, x, y []float64) sample {
	var s sample
	ids := map[string]int{}
	at := 0
	for _, c := range configs {
		var cx, cy []float64
		for range c.trials {
			if !math.IsNaN(x[at]) && !math.IsNaN(y[at]) {
				cx, cy = append(cx, x[at]), append(cy, y[at])
			}
			at++
		}
		mx, ok := stats.Mean(cx)
		my, _ := stats.Mean(cy)
		if !ok {
			continue
		}
		g := b.group(c)
		if _, ok := ids[g]; !ok {
			ids[g] = len(ids)
		}
		s.configs = append(s.configs, c)
		s.x, s.y, s.group = append(s.x, mx), append(s.y, my), append(s.group, ids[g])
	}
	return s
}

// bootstraps shares the resamples between statistics over the same strata.
type bootstraps struct {
	mu        sync.Mutex
	resamples int
	drawn     map[string]func() *stats.Bootstrap
}

func (bs *bootstraps) of(strata []int) *stats.Bootstrap {
	key := fmt.Sprint(strata)
	bs.mu.Lock()
	draw, ok := bs.drawn[key]
	if !ok {
		draw = sync.OnceValue(func() *stats.Bootstrap { return stats.NewBootstrap(strata, bs.resamples, seed) })
		bs.drawn[key] = draw
	}
	bs.mu.Unlock()
	return draw()
}

// tau is τ with its interval: of the bootstrap, or of the jackknife beyond stats.LargeSample.
func (bs *bootstraps) tau(sm sample) stats.Estimate {
	if len(sm.x) > stats.LargeSample {
		return stats.TauJackknife(sm.x, sm.y, sm.group, stats.Level)
	}
	return bs.of(sm.group).BCa(stats.TauStatistic(sm.x, sm.y), stats.Level)
}

func newBootstraps(resamples int) *bootstraps {
	return &bootstraps{resamples: resamples, drawn: map[string]func() *stats.Bootstrap{}}
}

func (b *Board) correlations(s *Section, configs []*configuration) []Correlation {
	targets, values := b.targets(s)
	sources := b.sources(configs)
	list := make([]Correlation, len(targets))
	bs := newBootstraps(b.Correlate.Resamples)
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	xs, nulls := make([][]float64, len(sources)), make([][]string, len(sources))
	for k, src := range sources {
		xs[k] = tabulate(configs, src.value)
		if src.column != "" {
			var trained []*Trial
			for _, c := range configs {
				for _, t := range c.trials {
					if t.Status == Done {
						trained = append(trained, t)
					}
				}
			}
			nulls[k] = nullReasons(trained, src.column)
		}
	}
	for i, target := range targets {
		y := tabulate(configs, func(*configuration) quantity { return values[i] })
		list[i] = Correlation{Target: target, Within: b.Correlate.Within, Controls: b.Correlate.Control,
			Rows: make([]CorrelationRow, len(sources))}
		for k, src := range sources {
			wg.Add(1)
			go func() {
				defer wg.Done()
				slots <- struct{}{}
				defer func() { <-slots }()
				list[i].Rows[k] = b.correlate(configs, src, b.pair(configs, xs[k], y), nulls[k], bs)
			}()
		}
	}
	wg.Wait()
	markCorrelations(list)
	return list
}

// markCorrelations marks what survives Holm's correction over all metrics and targets.
func markCorrelations(list []Correlation) {
	var p []float64
	var marks []*bool
	for i := range list {
		for k := range list[i].Rows {
			row := &list[i].Rows[k]
			if row.tested {
				p, marks = append(p, row.p), append(marks, &row.Marked)
			}
			if row.withinTested {
				p, marks = append(p, row.withinP), append(marks, &row.WithinMarked)
			}
		}
	}
	for i, adjusted := range stats.Holm(p) {
		*marks[i] = adjusted < Alpha
	}
	for i := range list {
		list[i].Tests = len(p)
	}
}

func (b *Board) correlate(configs []*configuration, src source, sm sample, nulls []string, bs *bootstraps) CorrelationRow {
	row := CorrelationRow{Name: src.name, Control: src.control}
	row.Tau = bs.tau(sm)
	if !src.control && row.Tau.OK {
		row.p, row.tested = stats.WithinP(sm.x, sm.y, make([]int, len(sm.x)))
	}
	row.Detectable = stats.DetectableTau(len(sm.x), Alpha)
	if len(b.Correlate.Within) > 0 {
		if len(sm.x) > stats.LargeSample {
			row.Within = stats.WithinTauJackknife(sm.x, sm.y, sm.group, stats.Level)
		} else {
			row.Within = bs.of(sm.group).BCa(stats.WithinTauStatistic(sm.x, sm.y, sm.group), stats.Level)
		}
		if !src.control && row.Within.OK {
			row.withinP, row.withinTested = stats.WithinP(sm.x, sm.y, sm.group)
		}
		_, row.Groups, _ = stats.WithinTau(sm.x, sm.y, sm.group)
		row.Flipped = row.Tau.OK && row.Within.OK && row.Tau.Value*row.Within.Value < 0
	}
	for _, name := range b.Correlate.Control {
		var x, yy, z []float64
		var group []int
		for i, c := range sm.configs {
			if v, ok := c.params.param(name); ok {
				x, yy, z, group = append(x, sm.x[i]), append(yy, sm.y[i]), append(z, v), append(group, sm.group[i])
			}
		}
		if len(x) > stats.LargeSample {
			row.Partial = append(row.Partial, stats.PartialTauJackknife(x, yy, z, group, stats.Level))
			continue
		}
		row.Partial = append(row.Partial, bs.of(group).BCa(stats.PartialTauStatistic(x, yy, z), stats.Level))
	}
	row.Nulls = nulls
	return row
}

// Point is one configuration in a scatter plot: the means over its seeds.
type Point struct {
	Optimizer, Config string
	X, Y              float64 // the metric, and the test error as a fraction, or the loss
	Selected          bool
	Seeds             int
	// XInterval and YInterval are the intervals over seeds, undefined for one seed.
	XInterval, YInterval stats.Estimate
}

// Scatter is the plot of one headline metric against the test error.
type Scatter struct {
	Workload string
	Metric   MetricInfo
	File     string // name of the SVG in the report's folder
	Points   []Point
	Tau      stats.Estimate
	Judged   string // what Y is where it is no error: the name of a loss
}

// against names the vertical axis.
func (sc *Scatter) against() string {
	if sc.Judged != "" {
		return "test " + sc.Judged
	}
	return "test error"
}

// scatters lists the plots of the headline metrics that at least one configuration has.
func (b *Board) scatters(s *Section, configs []*configuration, used map[string]bool) []Scatter {
	var list []Scatter
	for _, m := range s.Headline {
		metric := func(*configuration) quantity {
			return func(t *Trial) (float64, bool) { return t.metric(m.Column) }
		}
		test := func(t *Trial) (float64, bool) { return s.score(t, "test") }
		sm := b.sample(configs, metric, test)
		if len(sm.x) == 0 {
			continue
		}
		sc := Scatter{Workload: s.Workload, Metric: m, File: fileName(s.Workload, m.Column, used)}
		if s.ByLoss {
			sc.Judged = s.judged()
		}
		for i, c := range sm.configs {
			both := func(t *Trial) bool {
				_, okx := metric(c)(t)
				_, oky := test(t)
				return okx && oky
			}
			xs, ys := c.over(both, metric(c)), c.over(both, test)
			sc.Points = append(sc.Points, Point{Optimizer: c.optimizer, Config: c.label, X: sm.x[i], Y: sm.y[i], Selected: c.selected,
				Seeds: len(xs), XInterval: stats.MeanCI(xs, stats.Level), YInterval: stats.MeanCI(ys, stats.Level)})
		}
		sc.Tau = newBootstraps(b.Correlate.Resamples).tau(sm)
		list = append(list, sc)
	}
	return list
}

// fileName makes a portable name of letters, digits, dots and hyphens, unique in used.
func fileName(workload, column string, used map[string]bool) string {
	clean := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '.', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		}
		return '-'
	}, workload+"-"+column)
	name := clean + ".svg"
	for k := 2; used[name]; k++ {
		name = fmt.Sprintf("%s-%d.svg", clean, k)
	}
	used[name] = true
	return name
}
