package report

import (
	"bytes"
	"fmt"
	"image/color"
	"io"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// palette holds the colours of Okabe and Ito (2008), which stay apart for colour-blind readers, without the yellow that
// white paper swallows.
var palette = []color.NRGBA{
	{0x00, 0x72, 0xB2, 0xff}, {0xD5, 0x5E, 0x00, 0xff}, {0x00, 0x9E, 0x73, 0xff}, {0xCC, 0x79, 0xA7, 0xff},
	{0xE6, 0x9F, 0x00, 0xff}, {0x56, 0xB4, 0xE9, 0xff}, {0x33, 0x33, 0x33, 0xff},
}

// shapes are drawn as polygons: corners, and the turn of the first one in degrees. Zero corners is a circle. Seven colours
// and five shapes repeat together only after 35 optimizers.
var shapes = []struct {
	corners int
	turn    float64
	grow    float64 // so that all shapes cover about the same area
}{{0, 0, 1}, {4, 45, 1.2}, {3, 90, 1.4}, {4, 90, 1.25}, {3, -90, 1.4}}

var ink = color.NRGBA{0x22, 0x22, 0x22, 0xff}
var faint = color.NRGBA{0xe4, 0xe4, 0xe4, 0xff}

const (
	svgWidth   = 7.2 * vg.Inch
	svgHeight  = 4.4 * vg.Inch
	dotRadius  = vg.Length(3.6)
	bestRadius = vg.Length(5.4)
	// barSeeds is the smallest number of seeds whose interval is drawn: that of two seeds would fill the page.
	barSeeds = 3
)

// sans is a letter style of the plot.
func sans(size vg.Length) text.Style {
	return text.Style{Color: ink, Font: font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}, Handler: plot.DefaultTextHandler}
}

// SVG writes the scatter plot of sc: one point a configuration, a colour and a shape an optimizer, selected configurations
// larger and outlined with their intervals over seeds.
func (b *Board) SVG(w io.Writer, sc *Scatter) error {
	style := map[string]int{}
	for i, o := range b.Optimizers {
		style[o.Name] = i
	}
	axis, factor := sc.against()+" (%)", 100.0
	if sc.Judged != "" {
		axis, factor = sc.against(), 1
	}
	p := newFigure(sc.Metric.Column+" against "+sc.against()+" on "+sc.Workload+"\n"+tauTitle(sc.Tau), sc.Metric.Column, axis)
	if sc.Metric.Unit != "" {
		p.X.Label.Text += " (" + sc.Metric.Unit + ")"
	}
	var xs []float64
	for _, pt := range sc.Points {
		xs = append(xs, pt.X)
	}
	logX := logScale(xs)
	if logX {
		logAxis(&p.X)
	}
	marks := &marks{points: sc.Points, style: style, logX: logX, factor: factor}
	p.Add(grid{}, marks)
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = marks.DataRange()
	return writeFigure(w, p, b.legend(sc.Points, style))
}

// newFigure is an empty plot in the style of all figures.
func newFigure(title, x, y string) *plot.Plot {
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = title
	p.Title.TextStyle = sans(11)
	p.Title.TextStyle.XAlign, p.Title.TextStyle.YAlign = text.XCenter, text.YTop
	p.Title.Padding = 8
	p.X.Label.Text, p.Y.Label.Text = x, y
	p.X.Tick.Marker, p.Y.Tick.Marker = linearTicks{}, linearTicks{}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		align := a.Label.TextStyle
		a.Label.TextStyle = sans(10)
		a.Label.TextStyle.XAlign, a.Label.TextStyle.YAlign, a.Label.TextStyle.Rotation = align.XAlign, align.YAlign, align.Rotation
		align = a.Tick.Label
		a.Tick.Label = sans(9)
		a.Tick.Label.XAlign, a.Tick.Label.YAlign = align.XAlign, align.YAlign
		a.LineStyle.Color, a.Tick.LineStyle.Color = ink, ink
		a.Padding = 0
		a.Label.Padding = 5
	}
	return p
}

func logAxis(a *plot.Axis) {
	a.Label.Text += ", log scale"
	a.Scale = plot.LogScale{}
	a.Tick.Marker = logTicks{}
}

// writeFigure draws a plot and, right of it, its legend.
func writeFigure(w io.Writer, p *plot.Plot, l *legend) error {
	c := vgsvg.New(svgWidth, svgHeight)
	dc := draw.New(c)
	dc.SetColor(color.White)
	dc.Fill(dc.Rectangle.Path())
	p.Draw(draw.Crop(dc, 8, -l.width(), 8, -8))
	l.draw(draw.Crop(dc, 0, 0, 0, -44))
	return writeSVG(w, c)
}

func writeSVG(w io.Writer, c *vgsvg.Canvas) error {
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return err
	}
	// A reader without the Liberation fonts gets their metric equals instead of a serif default.
	out := bytes.ReplaceAll(buf.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:'Liberation Sans',Arial,Helvetica,sans-serif;"))
	_, err := w.Write(out)
	return err
}

func tauTitle(e stats.Estimate) string {
	n := fmt.Sprintf("n = %s", count(e.N, "configuration"))
	switch {
	case !e.OK:
		return "Kendall's τ undefined, " + n
	case e.Interval:
		return fmt.Sprintf("Kendall's τ = %s %s, %s", fixed(e.Value, 2), interval(e.Lo, e.Hi, 2), n)
	}
	return fmt.Sprintf("Kendall's τ = %s, %s", fixed(e.Value, 2), n)
}

// logScale: all values positive and more than a factor of 10 apart.
func logScale(values []float64) bool {
	lo, hi := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		lo, hi = math.Min(lo, v), math.Max(hi, v)
	}
	return lo > 0 && hi/lo > 10
}

// marks is the plotter of the points.
type marks struct {
	points []Point
	style  map[string]int
	logX   bool
	factor float64 // of Y: 100 for per cent
}

var (
	_ plot.Plotter    = (*marks)(nil)
	_ plot.DataRanger = (*marks)(nil)
)

// bars returns the ends of the intervals that are drawn for a point; without one they are the point itself.
func (m *marks) bars(p Point) (xlo, xhi, ylo, yhi float64) {
	xlo, xhi, ylo, yhi = p.X, p.X, m.factor*p.Y, m.factor*p.Y
	if !p.Selected || p.Seeds < barSeeds {
		return
	}
	if e := p.XInterval; e.Interval && (!m.logX || e.Lo > 0) {
		xlo, xhi = e.Lo, e.Hi
	}
	if e := p.YInterval; e.Interval {
		ylo, yhi = m.factor*e.Lo, m.factor*e.Hi
	}
	return
}

// DataRange spans the points and their bars with a margin.
func (m *marks) DataRange() (xmin, xmax, ymin, ymax float64) {
	xmin, ymin = math.Inf(1), math.Inf(1)
	xmax, ymax = math.Inf(-1), math.Inf(-1)
	for _, p := range m.points {
		xlo, xhi, ylo, yhi := m.bars(p)
		xmin, xmax = math.Min(xmin, xlo), math.Max(xmax, xhi)
		ymin, ymax = math.Min(ymin, ylo), math.Max(ymax, yhi)
	}
	if m.logX {
		f := math.Pow(xmax/xmin, 0.05)
		xmin, xmax = xmin/f, xmax*f
	} else {
		xmin, xmax = margin(xmin, xmax)
	}
	ymin, ymax = margin(ymin, ymax)
	return xmin, xmax, ymin, ymax
}

// margin widens a range by a twentieth on each side; a single value gets a range around it.
func margin(lo, hi float64) (float64, float64) {
	d := (hi - lo) * 0.06
	if size := math.Max(math.Abs(lo), math.Abs(hi)); d <= 1e-9*size {
		d = math.Max(size*0.05, 1e-6)
	}
	return lo - d, hi + d
}

// Plot draws the bars first, then the plain points, then the selected ones on top.
func (m *marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, pt := range m.points {
		xlo, xhi, ylo, yhi := m.bars(pt)
		line := draw.LineStyle{Color: palette[m.style[pt.Optimizer]%len(palette)], Width: 1}
		if xlo < xhi {
			c.StrokeLine2(line, x(xlo), y(m.factor*pt.Y), x(xhi), y(m.factor*pt.Y))
		}
		if ylo < yhi {
			c.StrokeLine2(line, x(pt.X), y(ylo), x(pt.X), y(yhi))
		}
	}
	for _, selected := range []bool{false, true} {
		for _, pt := range m.points {
			if pt.Selected == selected {
				mark(&c, vg.Point{X: x(pt.X), Y: y(m.factor * pt.Y)}, m.style[pt.Optimizer], selected)
			}
		}
	}
}

// mark draws one point in the style of optimizer number k.
func mark(c *draw.Canvas, at vg.Point, k int, selected bool) {
	shape := shapes[k%len(shapes)]
	radius, edge := dotRadius, draw.LineStyle{Color: color.White, Width: 0.6}
	if selected {
		radius, edge = bestRadius, draw.LineStyle{Color: ink, Width: 1.3}
	}
	radius *= vg.Length(shape.grow)
	var path vg.Path
	if shape.corners == 0 {
		path.Move(vg.Point{X: at.X + radius, Y: at.Y})
		path.Arc(at, radius, 0, 2*math.Pi)
	} else {
		for i := range shape.corners {
			angle := (shape.turn + 360*float64(i)/float64(shape.corners)) * math.Pi / 180
			corner := vg.Point{X: at.X + radius*vg.Length(math.Cos(angle)), Y: at.Y + radius*vg.Length(math.Sin(angle))}
			if i == 0 {
				path.Move(corner)
			} else {
				path.Line(corner)
			}
		}
	}
	path.Close()
	c.SetColor(palette[k%len(palette)])
	c.Fill(path)
	c.SetLineStyle(edge)
	c.Stroke(path)
}

// grid draws faint lines at the labelled ticks.
type grid struct{}

func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	line := draw.LineStyle{Color: faint, Width: 0.7}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(line, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
		}
	}
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		if !t.IsMinor() {
			c.StrokeLine2(line, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
		}
	}
}

// legend names the optimizers that have a point, right of the plot.
type legend struct {
	names  []string
	styles []int
	text   text.Style
	extra  []string // what outline and bars mean, when there are any
	lines  bool     // extra is about thick and thin lines instead
}

func (b *Board) legend(points []Point, style map[string]int) *legend {
	l := &legend{text: sans(10)}
	l.text.XAlign, l.text.YAlign = text.XLeft, text.YCenter
	has := map[string]bool{}
	var selected, bars bool
	for _, p := range points {
		has[p.Optimizer] = true
		selected = selected || p.Selected
		bars = bars || p.Selected && p.Seeds >= barSeeds
	}
	if selected {
		l.extra = append(l.extra, "selected")
	}
	if bars {
		l.extra = append(l.extra, "95 % CI, seeds")
	}
	for _, o := range b.Optimizers {
		if has[o.Name] {
			l.names, l.styles = append(l.names, o.Name), append(l.styles, style[o.Name])
		}
	}
	return l
}

func (l *legend) width() vg.Length {
	w := vg.Length(0)
	for _, n := range l.names {
		w = max(w, l.text.Width(n))
	}
	for _, n := range l.extra {
		w = max(w, l.text.Width(n))
	}
	return w + 36
}

func (l *legend) draw(c draw.Canvas) {
	left := c.Max.X - l.width() + 16
	at := c.Max.Y
	line := func(n string) {
		c.FillText(l.text, vg.Point{X: left + 12, Y: at}, n)
		at -= 16
	}
	for i, n := range l.names {
		mark(&c, vg.Point{X: left, Y: at}, l.styles[i], false)
		line(n)
	}
	at -= 6
	for i, n := range l.extra {
		if l.lines {
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: vg.Length(2 - 1.4*float64(i))}, left-5, at, left+5, at)
		} else if i == 0 {
			var path vg.Path
			path.Move(vg.Point{X: left + bestRadius, Y: at})
			path.Arc(vg.Point{X: left, Y: at}, bestRadius, 0, 2*math.Pi)
			path.Close()
			c.SetLineStyle(draw.LineStyle{Color: ink, Width: 1.3})
			c.Stroke(path)
		} else {
			c.StrokeLine2(draw.LineStyle{Color: ink, Width: 1}, left, at-6, left, at+6)
		}
		line(n)
	}
}

// linearTicks puts a handful of labels at round numbers.
type linearTicks struct{}

func (linearTicks) Ticks(lo, hi float64) []plot.Tick {
	if !(hi > lo) {
		return nil
	}
	raw := (hi - lo) / 6
	unit := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * unit
	for _, m := range []float64{1, 2, 5} {
		if m*unit >= raw {
			step = m * unit
			break
		}
	}
	var ticks []plot.Tick
	for k := math.Ceil(lo/step - 1e-9); k*step <= hi+1e-9*step; k++ {
		ticks = append(ticks, plot.Tick{Value: k * step, Label: tickLabel(k*step, step)})
	}
	return ticks
}

// logTicks labels 1, 2 and 5 of every decade, powers of ten alone over more than three decades.
type logTicks struct{}

func (logTicks) Ticks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	wide := hi/lo > 1000
	first, last := int(math.Floor(math.Log10(lo))), int(math.Ceil(math.Log10(hi)))
	every := max(1, (last-first)/8)
	for e := first; e <= last; e++ {
		for m := 1; m <= 9; m++ {
			v := float64(m) * math.Pow(10, float64(e))
			if v < lo || v > hi {
				continue
			}
			t := plot.Tick{Value: v}
			if m == 1 && (!wide || e%every == 0) || !wide && (m == 2 || m == 5) {
				t.Label = tickLabel(v, math.Pow(10, float64(e)))
			}
			ticks = append(ticks, t)
		}
	}
	return ticks
}

// tickLabel prints v with the decimals of step.
func tickLabel(v, step float64) string {
	if size := math.Abs(v); v != 0 && (size < 1e-3 || size >= 1e6) {
		e := exponent10(v)
		m := v / math.Pow(10, float64(e))
		// The step decides how many digits tell neighbours apart.
		decimals := max(0, e-exponent10(step))
		if s := fixed(m, decimals); s != "1" {
			return s + powerOfTen(e)
		}
		return "10" + superscript(e)
	}
	return fixed(v, max(0, -exponent10(step)))
}
