package report

import (
	"fmt"
	"image/color"
	"io"
	"math"
	"runtime"
	"sort"
	"strings"
	"sync"

	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/sharpbench/sharpbench/harness/stats"
)

// Heat is the map of metrics against errors.
type Heat struct {
	Workload string
	File     string
	Rows     []MetricInfo
	Columns  []string
	Within   bool // τ inside groups
	// Cells[row][column] is τ, without an interval; N configurations, and Detectable the smallest |τ| they show.
	Cells      [][]stats.Estimate
	Detectable [][]float64
}

// heat computes τ of every metric against the test error and every shift and kind of shift.
func (b *Board) heat(s *Section, configs []*configuration, used map[string]bool) *Heat {
	h := &Heat{Workload: s.Workload, Rows: b.Metrics, Within: len(b.Correlate.Within) > 0}
	var keys []string
	add := func(key, name string) {
		keys, h.Columns = append(keys, key), append(h.Columns, name)
	}
	add("test", "test")
	kinds := map[string][]string{} // of a shift's kind: the keys of its severities
	for _, sh := range s.Shifts {
		add("shift:"+sh.Name, sh.Name)
		var names []string
		found := map[string]bool{}
		for i := range b.Trials {
			t := &b.Trials[i]
			if t.Workload != s.Workload {
				continue
			}
			for key := range t.Error {
				rest, ok := strings.CutPrefix(key, "shift:"+sh.Name+"/")
				kind, severity, two := strings.Cut(rest, "/")
				if !ok || !two {
					continue
				}
				of := "shift:" + sh.Name + "/" + kind
				if !found[of+"/"+severity] {
					found[of+"/"+severity] = true
					if len(kinds[of]) == 0 {
						names = append(names, of)
					}
					kinds[of] = append(kinds[of], of+"/"+severity)
				}
			}
		}
		if len(names) < 2 {
			continue
		}
		sort.Strings(names)
		for _, of := range names {
			sort.Strings(kinds[of])
			add(of, strings.TrimPrefix(of, "shift:"+sh.Name+"/"))
		}
	}
	if len(h.Columns) < 2 || len(h.Rows) == 0 {
		return nil
	}
	h.File = fileName(s.Workload, "heatmap", used)
	h.Cells, h.Detectable = make([][]stats.Estimate, len(h.Rows)), make([][]float64, len(h.Rows))
	ys := make([][]float64, len(keys))
	for k, key := range keys {
		ys[k] = tabulate(configs, func(*configuration) quantity {
			if severities := kinds[key]; severities != nil {
				return func(t *Trial) (float64, bool) { return t.meanError(severities) }
			}
			return func(t *Trial) (float64, bool) { return t.error(key) }
		})
	}
	var wg sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i, m := range h.Rows {
		h.Cells[i], h.Detectable[i] = make([]stats.Estimate, len(keys)), make([]float64, len(keys))
		wg.Add(1)
		go func() {
			defer wg.Done()
			slots <- struct{}{}
			defer func() { <-slots }()
			x := tabulate(configs, func(*configuration) quantity {
				return func(t *Trial) (float64, bool) { return t.metric(m.Column) }
			})
			for k := range keys {
				sm := b.pair(configs, x, ys[k])
				e := stats.Estimate{N: len(sm.x)}
				if h.Within {
					e.Value, _, e.OK = stats.WithinTau(sm.x, sm.y, sm.group)
				} else {
					tau := stats.Kendall(sm.x, sm.y)
					e.Value, e.OK = tau.Tau, tau.OK
				}
				h.Cells[i][k], h.Detectable[i][k] = e, stats.DetectableTau(len(sm.x), Alpha)
			}
		}()
	}
	wg.Wait()
	return h
}

// meanError is the mean over severities, when all are there.
func (t *Trial) meanError(keys []string) (float64, bool) {
	sum := 0.0
	for _, key := range keys {
		v, ok := t.error(key)
		if !ok {
			return 0, false
		}
		sum += v
	}
	return sum / float64(len(keys)), true
}

func (b *Board) heatPart(p *builder, s *Section) {
	h := s.Heat
	if h == nil {
		return
	}
	what := "τ over configurations"
	if h.Within {
		what = "τ within " + strings.Join(b.Correlate.Within, " and ")
	}
	p.fold(fmt.Sprintf("Every metric against every shift on %s", code(s.Workload)), func(p *builder) {
		p.figure(&Figure{h.File, fmt.Sprintf("%s of every metric against the error under every shift on %s", what, s.Workload), func(w io.Writer) error { return h.SVG(w, what) }})
		t := &Table{Keys: 1, Part: "heatmap", Name: anchor("heatmap", s.Workload), Title: "Every metric against every shift on " + code(s.Workload)}
		t.column("metric", false)
		for _, c := range h.Columns {
			t.column(escape(c), true)
		}
		for i, m := range h.Rows {
			line := Line{Cells: []Cell{words(escape(m.Column))}}
			for k, e := range h.Cells[i] {
				cell := Cell{Text: na, Value: e}
				if e.OK {
					cell.Open = math.Abs(e.Value) < h.Detectable[i][k]
					cell.Text = fixed(e.Value, 2)
					if cell.Open {
						cell.Text += " ~"
					}
				}
				line.Cells = append(line.Cells, cell)
			}
			t.line(line)
		}
		p.table(t)
		p.paragraph(upper(escape(what)) + "; `~`: smaller than what so many configurations distinguish from 0. Shifts stand before their kinds, each the mean over its severities.")
	})
}

// SVG draws the map: blue where more of the metric goes with less error, red where with more; the dot is as large as |τ|, hollow
// where it is below what can be detected.
func (h *Heat) SVG(w io.Writer, what string) error {
	const cell = vg.Length(26)
	small := sans(9)
	name := vg.Length(0)
	for _, m := range h.Rows {
		name = max(name, small.Width(m.Column))
	}
	head := vg.Length(0)
	for _, c := range h.Columns {
		head = max(head, small.Width(c))
	}
	left, top := name+14, head+30
	width, height := left+cell*vg.Length(len(h.Columns))+10, top+cell*vg.Length(len(h.Rows))+8
	width = max(width, sans(10).Width(what)+20)
	c := vgsvg.New(width, height)
	dc := draw.New(c)
	dc.SetColor(color.White)
	dc.Fill(dc.Rectangle.Path())
	title := sans(10)
	title.YAlign = text.YTop
	dc.FillText(title, vg.Point{X: 6, Y: height - 5}, what)
	label := small
	label.XAlign, label.YAlign = text.XRight, text.YCenter
	up := small
	up.Rotation, up.XAlign, up.YAlign = math.Pi/2, text.XLeft, text.YCenter
	for k, col := range h.Columns {
		dc.FillText(up, vg.Point{X: left + cell*(vg.Length(k)+.5), Y: height - top + 6}, col)
	}
	for i, m := range h.Rows {
		y := height - top - cell*(vg.Length(i)+.5)
		dc.FillText(label, vg.Point{X: left - 6, Y: y}, m.Column)
		for k, e := range h.Cells[i] {
			at := vg.Point{X: left + cell*(vg.Length(k)+.5), Y: y}
			var box vg.Path
			box.Move(vg.Point{X: at.X - cell/2, Y: at.Y - cell/2})
			box.Line(vg.Point{X: at.X + cell/2, Y: at.Y - cell/2})
			box.Line(vg.Point{X: at.X + cell/2, Y: at.Y + cell/2})
			box.Line(vg.Point{X: at.X - cell/2, Y: at.Y + cell/2})
			box.Close()
			dc.SetLineStyle(draw.LineStyle{Color: faint, Width: 0.7})
			dc.Stroke(box)
			if !e.OK {
				small.XAlign, small.YAlign = text.XCenter, text.YCenter
				dc.FillText(small, at, na)
				continue
			}
			tint := palette[1]
			if e.Value < 0 {
				tint = palette[0]
			}
			radius := max(1, (cell/2-2)*vg.Length(math.Sqrt(math.Abs(e.Value))))
			var dot vg.Path
			dot.Move(vg.Point{X: at.X + radius, Y: at.Y})
			dot.Arc(at, radius, 0, 2*math.Pi)
			dot.Close()
			if math.Abs(e.Value) < h.Detectable[i][k] {
				dc.SetLineStyle(draw.LineStyle{Color: tint, Width: 1.2})
				dc.Stroke(dot)
			} else {
				dc.SetColor(tint)
				dc.Fill(dot)
			}
		}
	}
	return writeSVG(w, c)
}
