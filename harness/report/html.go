package report

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"math"
	"strconv"
	"strings"
)

// The page carries its style and its program: it works from a file, without a network.
var (
	//go:embed web/board.css
	boardCSS string
	//go:embed web/board.js
	boardJS string
)

// HTML writes the board as one self-contained page: the same tables, sortable and filterable, with plots that follow what is
// chosen. Without scripts it is a page to read.
func (b *Board) HTML(w io.Writer) error {
	p := b.Page()
	var out bytes.Buffer
	h := &htmlWriter{out: &out, board: b}
	h.printf("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
	h.printf("<meta name=\"color-scheme\" content=\"light dark\">\n<title>%s</title>\n<style>\n%s</style>\n</head>\n<body>\n", html.EscapeString(plain(p.Title)), boardCSS)
	h.printf("<a class=\"skip\" href=\"#board\">Skip to the board</a>\n<header>\n<h1>%s</h1>\n", inlineHTML(p.Title))
	h.contents(p)
	h.printf("</header>\n<main id=\"board\">\n")
	h.blocks(p.Blocks)
	h.printf("</main>\n<dialog id=\"trials\" aria-labelledby=\"trials-title\"></dialog>\n")
	data, err := json.Marshal(b.explorer())
	if err != nil {
		return err
	}
	// json.Marshal writes <, > and & as \u003c and so on: the data cannot end the element.
	h.printf("<script type=\"application/json\" id=\"data\">%s</script>\n<script>\n%s</script>\n</body>\n</html>\n", data, boardJS)
	if h.err != nil {
		return h.err
	}
	_, err = w.Write(out.Bytes())
	return err
}

type htmlWriter struct {
	out     *bytes.Buffer
	board   *Board
	section int
	plotted bool
	err     error
}

func (h *htmlWriter) printf(format string, args ...any) { fmt.Fprintf(h.out, format, args...) }

// contents lists the sections.
func (h *htmlWriter) contents(p *Page) {
	h.printf("<nav aria-label=\"Sections\">\n<ul>\n")
	n := 0
	p.Each(func(block Block) {
		if head, ok := block.(Heading); ok && head.Level == 2 {
			n++
			h.printf("<li><a href=\"#s%d\">%s</a></li>\n", n, inlineHTML(head.Text))
		}
	})
	h.printf("</ul>\n</nav>\n")
}

func (h *htmlWriter) blocks(blocks []Block) {
	for _, block := range blocks {
		switch v := block.(type) {
		case Heading:
			if v.Level == 2 {
				h.section++
				h.printf("<h2 id=\"s%d\">%s</h2>\n", h.section, inlineHTML(v.Text))
			} else {
				h.printf("<h%d>%s</h%d>\n", v.Level, inlineHTML(v.Text), v.Level)
			}
		case Paragraph:
			h.printf("<p>%s</p>\n", inlineHTML(string(v)))
		case List:
			h.list(v)
		case *Table:
			h.table(v)
		case *Figure:
			h.figure(v)
		case Fold:
			h.printf("<details><summary>%s</summary>\n", inlineHTML(v.Summary))
			h.blocks(v.Blocks)
			h.printf("</details>\n")
		}
	}
}

func (h *htmlWriter) list(items []string) {
	h.printf("<ul>\n")
	for _, item := range items {
		h.printf("<li>%s</li>\n", inlineHTML(item))
	}
	h.printf("</ul>\n")
}

// table writes a table; the cells carry their numbers, so that sorting needs not read them.
func (h *htmlWriter) table(t *Table) {
	h.printf("<div class=\"table\" role=\"region\" tabindex=\"0\" aria-label=\"%s\">\n<table id=\"%s\" data-keys=\"%d\">\n<caption>%s</caption>\n<thead><tr>",
		html.EscapeString(plain(t.Title)), t.Name, t.Keys, inlineHTML(t.Title))
	for _, c := range t.Columns {
		class, title := "", ""
		if c.Right {
			class = " class=\"n\""
		}
		if c.Help != "" {
			title = " title=\"" + html.EscapeString(plain(c.Help)) + "\""
		}
		h.printf("<th scope=\"col\"%s%s>%s</th>", class, title, inlineHTML(c.Header))
	}
	h.printf("</tr></thead>\n<tbody>\n")
	name := t.nameColumn()
	for i := range t.Rows {
		r := &t.Rows[i]
		h.printf("<tr")
		if r.Group != "" {
			h.printf(" data-group=\"%s\"", html.EscapeString(r.Group))
		}
		h.printf(">")
		for k, c := range r.Cells {
			tag, class, value := "td", "", ""
			if k == name {
				tag = "th scope=\"row\""
			}
			if t.Columns[k].Right {
				class = "n"
			}
			if c.Open {
				class = strings.TrimSpace(class + " open")
			}
			if class != "" {
				class = " class=\"" + class + "\""
			}
			if c.Value.OK {
				value = " data-v=\"" + strconv.FormatFloat(c.Value.Value, 'g', -1, 64) + "\""
			}
			text := inlineHTML(c.Text)
			if k == name && len(r.Trials) > 0 {
				text = "<a href=\"data.csv\" data-trials=\"" + ranges(r.Trials) + "\">" + text + "</a>"
			}
			h.printf("<%s%s%s>%s</%s>", tag, class, value, text, tag[:2])
		}
		h.printf("</tr>\n")
	}
	h.printf("</tbody>\n</table>\n</div>\n")
	var notes []string
	for i, n := range t.Notes {
		notes = append(notes, superscript(i+1)+" "+n)
	}
	if len(notes) > 0 {
		h.list(notes)
	}
}

// figure embeds a plot; where scripts run, the first is followed by the one that readers choose themselves.
func (h *htmlWriter) figure(f *Figure) {
	var svg bytes.Buffer
	if err := f.SVG(&svg); err != nil && h.err == nil {
		h.err = fmt.Errorf("%s: %w", f.File, err)
		return
	}
	text := svg.String()
	if at := strings.Index(text, "<svg"); at >= 0 {
		text = text[at:]
	}
	text = strings.Replace(text, "<svg", "<svg role=\"img\" aria-label=\""+html.EscapeString(f.Alt)+"\"", 1)
	h.printf("<figure>\n%s<figcaption>%s</figcaption>\n</figure>\n", text, html.EscapeString(f.Alt))
}

// ranges prints ascending positions as "3-7,9".
func ranges(at []int) string {
	var parts []string
	for i := 0; i < len(at); {
		j := i
		for j+1 < len(at) && at[j+1] == at[j]+1 {
			j++
		}
		if i == j {
			parts = append(parts, strconv.Itoa(at[i]))
		} else {
			parts = append(parts, fmt.Sprintf("%d-%d", at[i], at[j]))
		}
		i = j + 1
	}
	return strings.Join(parts, ",")
}

// explorer is what the page's plots and lists of trials are drawn from.
type explorer struct {
	Optimizers []string           `json:"optimizers"`
	Workloads  []explorerWorkload `json:"workloads"`
	Configs    []string           `json:"configs"` // labels
	Statuses   []string           `json:"statuses"`
	Trials     [][6]any           `json:"trials"` // id, workload, optimizer, config, seed, status
	Tests      []*float64         `json:"tests"`  // error of the test split, or loss
}

type explorerWorkload struct {
	Name   string          `json:"name"`
	X      []explorerAxis  `json:"x"`
	Y      []explorerAxis  `json:"y"`
	Points []explorerPoint `json:"points"`
	Curves []explorerCurve `json:"curves"`
}

type explorerAxis struct {
	Name  string  `json:"name"`
	Scale float64 `json:"scale"` // what a value is multiplied by before it is shown
	Unit  string  `json:"unit"`
}

type explorerPoint struct {
	Optimizer int        `json:"o"`
	Config    string     `json:"c"`
	Selected  bool       `json:"s"`
	Seeds     int        `json:"n"`
	X         []*float64 `json:"x"`
	Y         []*float64 `json:"y"`
}

type explorerCurve struct {
	Optimizer int          `json:"o"`
	Seed      uint64       `json:"seed"`
	Points    [][2]float64 `json:"p"` // epoch, training loss
}

func (b *Board) explorer() explorer {
	e := explorer{}
	optimizer, workload, config, status := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	index := func(of map[string]int, list *[]string, name string) int {
		i, ok := of[name]
		if !ok {
			i = len(*list)
			of[name] = i
			*list = append(*list, name)
		}
		return i
	}
	for _, o := range b.Optimizers {
		index(optimizer, &e.Optimizers, o.Name)
	}
	for i := range b.Sections {
		workload[b.Sections[i].Workload] = i
		e.Workloads = append(e.Workloads, b.explorerWorkload(&b.Sections[i], optimizer))
	}
	for i := range b.Trials {
		t := &b.Trials[i]
		e.Trials = append(e.Trials, [6]any{short(t.ID), workload[t.Workload], optimizer[t.Optimizer], index(config, &e.Configs, t.ConfigLabel),
			t.Seed, index(status, &e.Statuses, t.Status)})
		v, ok := b.Sections[workload[t.Workload]].score(t, "test")
		e.Tests = append(e.Tests, rounded(v, ok))
	}
	return e
}

// rounded keeps six digits, as much as any plot shows.
func rounded(v float64, ok bool) *float64 {
	if !ok || !finite(v) {
		return nil
	}
	if v != 0 {
		scale := math.Pow(10, float64(5-exponent10(v)))
		if r := math.Round(v*scale) / scale; finite(r) {
			v = r
		}
	}
	return &v
}

func (b *Board) explorerWorkload(s *Section, optimizer map[string]int) explorerWorkload {
	w := explorerWorkload{Name: s.Workload}
	var xs, ys []quantity
	for _, m := range b.Metrics {
		w.X = append(w.X, explorerAxis{m.Column, 1, m.Unit})
		xs = append(xs, func(t *Trial) (float64, bool) { return t.metric(m.Column) })
	}
	add := func(name string, scale float64, unit string, q quantity) {
		w.Y = append(w.Y, explorerAxis{name, scale, unit})
		ys = append(ys, q)
	}
	if !s.ByLoss {
		for _, split := range []string{"test", "validation", "train"} {
			add(split+" error", 100, "%", func(t *Trial) (float64, bool) { return t.error(split) })
		}
		add("gap", 100, "%", (*Trial).gap)
		for _, sh := range s.Shifts {
			add(sh.Name+" error", 100, "%", func(t *Trial) (float64, bool) { return t.error("shift:" + sh.Name) })
		}
	}
	add("test loss", 1, "", func(t *Trial) (float64, bool) { return t.loss("test") })
	for _, name := range []string{"lr"} {
		w.X = append(w.X, explorerAxis{name, 1, ""})
		xs = append(xs, func(t *Trial) (float64, bool) {
			v, ok := t.param(name)
			return v, ok && t.Status == Done
		})
	}
	for _, c := range s.configs {
		p := explorerPoint{Optimizer: optimizer[c.optimizer], Config: c.label, Selected: c.selected}
		done := func(t *Trial) bool { return t.Status == Done }
		for _, t := range c.trials {
			if done(t) {
				p.Seeds++
			}
			if t.Final && done(t) {
				if curve := thin(t.Curve, 60); len(curve) > 1 {
					w.Curves = append(w.Curves, explorerCurve{Optimizer: p.Optimizer, Seed: t.Seed, Points: curve})
				}
			}
		}
		if p.Seeds == 0 {
			continue
		}
		mean := func(q quantity) *float64 {
			x := c.over(done, q)
			if len(x) == 0 {
				return nil
			}
			v := 0.0
			for _, x := range x {
				v += x
			}
			return rounded(v/float64(len(x)), true)
		}
		for _, q := range xs {
			p.X = append(p.X, mean(q))
		}
		for _, q := range ys {
			p.Y = append(p.Y, mean(q))
		}
		w.Points = append(w.Points, p)
	}
	return w
}

// thin keeps at most n points of a curve, evenly, its last among them.
func thin(curve []CurvePoint, n int) [][2]float64 {
	var out [][2]float64
	every := (len(curve) + n - 1) / max(n, 1)
	for i, p := range curve {
		if (len(curve)-1-i)%max(every, 1) == 0 && finite(p.Loss) && finite(p.Epoch) {
			out = append(out, [2]float64{*rounded(p.Epoch, true), *rounded(p.Loss, true)})
		}
	}
	return out
}
