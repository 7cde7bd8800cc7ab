package report

import (
	"encoding/csv"
	"io"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// Along is the plot of a metric along the training, for the selected configurations.
type Along struct {
	Workload string
	Metric   MetricInfo
	File     string // name of the SVG in the report's folder
	Lines    []AlongLine
}

// AlongLine is one optimizer's selected configuration.
type AlongLine struct {
	Optimizer string
	Median    []AlongPoint   // over the seeds, at the moments that all of them have
	Seeds     [][]AlongPoint // one line a seed
}

// AlongPoint is a value after a number of epochs, which is above 0: a logarithmic axis has no place for the start.
type AlongPoint struct{ Epoch, Value float64 }

func (b *Board) alongs(s *Section, configs []*configuration, used map[string]bool) []Along {
	var list []Along
	for _, m := range b.Metrics {
		if !m.Along {
			continue
		}
		a := Along{Workload: s.Workload, Metric: m}
		for _, c := range configs {
			if !c.selected {
				continue
			}
			line := AlongLine{Optimizer: c.optimizer}
			values, epochs, order := map[int][]float64{}, map[int]float64{}, []int(nil)
			for _, t := range c.trials {
				if t.Status != Done {
					continue
				}
				var seed []AlongPoint
				for _, p := range t.Along[m.Column] {
					if p.Step < 1 || p.Null || !finite(p.Value) {
						continue
					}
					seed = append(seed, AlongPoint{p.Epoch, p.Value})
					if len(values[p.Step]) == 0 {
						order = append(order, p.Step)
					}
					values[p.Step] = append(values[p.Step], p.Value)
					epochs[p.Step] = p.Epoch
				}
				if len(seed) > 1 {
					line.Seeds = append(line.Seeds, seed)
				}
			}
			for _, step := range order {
				if middle, ok := stats.Quantile(values[step], 0.5); ok && len(values[step]) == len(line.Seeds) {
					line.Median = append(line.Median, AlongPoint{epochs[step], middle})
				}
			}
			if len(line.Seeds) > 0 {
				a.Lines = append(a.Lines, line)
			}
		}
		if len(a.Lines) > 0 {
			a.File = fileName(s.Workload, m.Column+"-along", used)
			list = append(list, a)
		}
	}
	return list
}

// AlongSVG writes the plot of a: epochs on a logarithmic axis, a colour an optimizer.
func (b *Board) AlongSVG(w io.Writer, a *Along) error {
	style := map[string]int{}
	for i, o := range b.Optimizers {
		style[o.Name] = i
	}
	p := newFigure(a.Metric.Column+" along the training on "+a.Workload, "epoch", a.Metric.Column)
	if a.Metric.Unit != "" {
		p.Y.Label.Text += " (" + a.Metric.Unit + ")"
	}
	logAxis(&p.X)
	l := &lines{lines: a.Lines, style: style}
	var ys []float64
	var points []Point
	for _, line := range a.Lines {
		points = append(points, Point{Optimizer: line.Optimizer})
		for _, seed := range line.Seeds {
			for _, pt := range seed {
				ys = append(ys, pt.Value)
			}
		}
	}
	l.logY = logScale(ys)
	if l.logY {
		logAxis(&p.Y)
	}
	p.Add(grid{}, l)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = l.DataRange()
	legend := b.legend(points, style)
	legend.extra, legend.lines = []string{"median of seeds", "one seed"}, true
	return writeFigure(w, p, legend)
}

// lines is the plotter of the lines.
type lines struct {
	lines []AlongLine
	style map[string]int
	logY  bool
}

var (
	_ plot.Plotter    = (*lines)(nil)
	_ plot.DataRanger = (*lines)(nil)
)

// DataRange spans all seeds with a margin.
func (l *lines) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, ymin = math.Inf(1), math.Inf(1)
	xmax, ymax = math.Inf(-1), math.Inf(-1)
	for _, line := range l.lines {
		for _, seed := range line.Seeds {
			for _, p := range seed {
				xmin, xmax = math.Min(xmin, p.Epoch), math.Max(xmax, p.Epoch)
				ymin, ymax = math.Min(ymin, p.Value), math.Max(ymax, p.Value)
			}
		}
	}
	f := math.Pow(xmax/xmin, 0.03)
	xmin, xmax = xmin/f, xmax*f
	if l.logY {
		f = math.Pow(ymax/ymin, 0.05)
		ymin, ymax = ymin/f, ymax*f
	} else {
		ymin, ymax = margin(ymin, ymax)
	}
	return xmin, xmax, ymin, ymax
}

// Plot draws the seeds, then the medians with their marks on top.
func (l *lines) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	path := func(points []AlongPoint) []vg.Point {
		var out []vg.Point
		for _, pt := range points {
			out = append(out, vg.Point{X: x(pt.Epoch), Y: y(pt.Value)})
		}
		return out
	}
	for _, line := range l.lines {
		colour := palette[l.style[line.Optimizer]%len(palette)]
		colour.A = 0x60
		for _, seed := range line.Seeds {
			c.StrokeLines(draw.LineStyle{Color: colour, Width: 0.6}, path(seed))
		}
	}
	for _, line := range l.lines {
		k := l.style[line.Optimizer]
		points := path(line.Median)
		c.StrokeLines(draw.LineStyle{Color: palette[k%len(palette)], Width: 2}, points)
		for _, at := range points {
			mark(&c, at, k, false)
		}
	}
}

// AlongCSV writes one row for every value measured along a training, in the order of Board.Trials.
func (b *Board) AlongCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	if err := out.Write([]string{"workload", "optimizer", "configuration_key", "seed", "trial", "metric", "step", "epoch", "value", "stderr", "note"}); err != nil {
		return err
	}
	for i := range b.Trials {
		t := &b.Trials[i]
		for _, m := range b.Metrics {
			for _, p := range t.Along[m.Column] {
				value, stderr, note := note(p.Metric)
				if err := out.Write([]string{t.Workload, t.Optimizer, t.ConfigKey, strconv.FormatUint(t.Seed, 10), t.ID, m.Column,
					strconv.Itoa(p.Step), number(p.Epoch), value, stderr, note}); err != nil {
					return err
				}
			}
		}
	}
	out.Flush()
	return out.Error()
}
