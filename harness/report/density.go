package report

import (
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Density is the plot of the eigenvalues of the Hessian that a metric has found by quadrature, for the selected
// configurations: a table "spectrum" of nodes and weights is such a density before it is smoothed.
type Density struct {
	Workload string
	Metric   string // name in the suite
	File     string // name of the SVG in the report's folder
	Width    float64
	Lines    []DensityLine
}

// DensityLine is the mean density over the seeds of one optimizer's selected configuration.
type DensityLine struct {
	Optimizer string
	Seeds     int
	X, Y      []float64
}

// Of the picture: its points, the width of the kernel as a share of the range of all nodes, and what is left out below.
const (
	densityPoints = 600
	densityWidth  = 0.008
	densityFloor  = 1e-6
)

// node is one of a quadrature rule.
type node struct{ at, weight float64 }

// nodes reads a table of them. The weights of each start add up to 1, and so do those that come out.
func nodes(tables []Data) []node {
	for i := range tables {
		t := &tables[i]
		at, weight := t.column("node"), t.column("weight")
		if t.Name != "spectrum" || at == nil || len(at) != len(weight) {
			continue
		}
		total := 0.0
		for _, w := range weight {
			total += w
		}
		var out []node
		for i := range at {
			if total > 0 {
				out = append(out, node{at[i], weight[i] / total})
			}
		}
		return out
	}
	return nil
}

func (b *Board) densities(s *Section, configs []*configuration, used map[string]bool) []Density {
	var list []Density
	for _, e := range b.Entries {
		entry := e.Name
		type line struct {
			optimizer string
			seeds     [][]node
		}
		var lines []line
		lo, hi := math.Inf(1), math.Inf(-1)
		for _, c := range configs {
			if !c.selected {
				continue
			}
			l := line{optimizer: c.optimizer}
			for _, t := range c.trials {
				if found := nodes(t.Tables[entry]); t.Status == Done && len(found) > 0 {
					l.seeds = append(l.seeds, found)
					for _, n := range found {
						lo, hi = math.Min(lo, n.at), math.Max(hi, n.at)
					}
				}
			}
			if len(l.seeds) > 0 {
				lines = append(lines, l)
			}
		}
		if len(lines) == 0 {
			continue
		}
		d := Density{Workload: s.Workload, Metric: entry, File: fileName(s.Workload, entry+"-density", used)}
		lo, hi = margin(lo, hi)
		d.Width = densityWidth * (hi - lo)
		for _, l := range lines {
			out := DensityLine{Optimizer: l.optimizer, Seeds: len(l.seeds)}
			for i := range densityPoints {
				x := lo + (hi-lo)*float64(i)/(densityPoints-1)
				y := 0.0
				for _, seed := range l.seeds {
					for _, n := range seed {
						z := (x - n.at) / d.Width
						y += n.weight * math.Exp(-z*z/2) / (d.Width * math.Sqrt(2*math.Pi)) / float64(len(l.seeds))
					}
				}
				out.X, out.Y = append(out.X, x), append(out.Y, y)
			}
			d.Lines = append(d.Lines, out)
		}
		list = append(list, d)
	}
	return list
}

// DensitySVG writes the plot of d: the density on a logarithmic axis, a colour an optimizer.
func (b *Board) DensitySVG(w io.Writer, d *Density) error {
	style := map[string]int{}
	for i, o := range b.Optimizers {
		style[o.Name] = i
	}
	p := newFigure("Density of the Hessian's eigenvalues on "+d.Workload+" ("+d.Metric+")", "eigenvalue", "density")
	logAxis(&p.Y)
	c := &curves{lines: d.Lines, style: style}
	p.Add(grid{}, c)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = c.DataRange()
	var points []Point
	for _, l := range d.Lines {
		points = append(points, Point{Optimizer: l.Optimizer})
	}
	return writeFigure(w, p, b.legend(points, style))
}

// curves is the plotter of densities.
type curves struct {
	lines []DensityLine
	style map[string]int
}

var (
	_ plot.Plotter    = (*curves)(nil)
	_ plot.DataRanger = (*curves)(nil)
)

// DataRange spans what is above the floor.
func (c *curves) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, xmax, ymax = math.Inf(1), math.Inf(-1), 0
	for _, l := range c.lines {
		xmin, xmax = math.Min(xmin, l.X[0]), math.Max(xmax, l.X[len(l.X)-1])
		for _, y := range l.Y {
			ymax = math.Max(ymax, y)
		}
	}
	return xmin, xmax, ymax * densityFloor, ymax * 2
}

// Plot draws each density where it is above the floor.
func (c *curves) Plot(canvas draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&canvas)
	_, _, floor, _ := c.DataRange()
	for _, l := range c.lines {
		k := c.style[l.Optimizer]
		style := draw.LineStyle{Color: palette[k%len(palette)], Width: 1.2}
		var part []vg.Point
		for i := range l.X {
			// A point below the floor ends a part, and begins the next one.
			if below := l.Y[i] <= floor; !below || len(part) > 0 || i+1 < len(l.X) && l.Y[i+1] > floor {
				part = append(part, vg.Point{X: x(l.X[i]), Y: y(math.Max(l.Y[i], floor))})
				if below && len(part) > 1 {
					canvas.StrokeLines(style, part)
					part = part[:0]
				}
			}
		}
		canvas.StrokeLines(style, part)
	}
}
