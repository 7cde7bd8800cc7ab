package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Method is what a plugin says of itself, for a page of documentation.
type Method struct {
	Name, Summary, Rule, Citation string
	Unverified                    string // what of the rule could not be checked against the publication
	Finding                       string // what was found with it where it was published
	Watch                         []string
	Params                        []MethodParam
	Cost                          float64 // G a step; 0 for metrics
	CostNote                      string
	Track                         string
	Equals                        []string // "sgd with rho = 0", as sentences' ends: plain text
	Values                        []MethodValue
	Invariances                   []string
}

// MethodParam is a parameter of a method; all fields are plain text.
type MethodParam struct{ Name, Type, Default, Range, Help string }

// MethodValue is a value that a metric measures.
type MethodValue struct{ Name, Unit, Better, Help string }

// Catalogue writes a page of Markdown about methods, all of them optimizers or all of them metrics: an overview, then a
// section for each.
func Catalogue(w io.Writer, title, introduction string, methods []Method) error {
	d := &document{w: w}
	d.heading(1, escape(title))
	d.paragraph(introduction)
	d.block()
	if d.err == nil {
		d.err = overview(methods).markdown(w, nil)
	}
	for i := range methods {
		d.method(&methods[i])
	}
	return d.err
}

func overview(methods []Method) *Table {
	t := &Table{}
	t.column("name", false)
	metrics := len(methods) > 0 && len(methods[0].Values) > 0
	if metrics {
		t.column("values", false)
	} else {
		t.column("G a step", true)
		t.column("track", false)
	}
	t.column("what it is", false)
	for _, m := range methods {
		// GitHub makes the anchor of a heading that is one plain word out of the word itself.
		link := fmt.Sprintf("[%s](#%s)", escape(m.Name), m.Name)
		if metrics {
			var names []string
			for _, v := range m.Values {
				names = append(names, code(v.Name))
			}
			t.row(link, strings.Join(names, ", "), escape(m.Summary))
			continue
		}
		t.row(link, fmt.Sprintf("%.4g", m.Cost), escape(m.Track), escape(m.Summary))
	}
	return t
}

func (d *document) method(m *Method) {
	d.heading(2, escape(m.Name))
	d.paragraph(sentence(escape(upper(m.Summary))))
	if m.Rule != "" {
		d.block()
		// A rule is one line of statements in the plugin, and one statement a line here.
		rule := strings.ReplaceAll(strings.TrimSpace(m.Rule), "; ", "\n")
		d.printf("```text\n%s\n```\n", strings.ReplaceAll(rule, "```", "'''"))
	}
	switch {
	case m.Cost > 0 && m.CostNote != "":
		d.paragraph(fmt.Sprintf("**Cost**: %.4g G a step with the defaults; in general %s.", m.Cost, escape(strings.TrimSuffix(m.CostNote, "."))))
	case m.Cost > 0:
		d.paragraph(fmt.Sprintf("**Cost**: %.4g G a step.", m.Cost))
	case m.CostNote != "":
		d.paragraph("**Cost**: " + sentence(escape(m.CostNote)))
	}
	if m.Track != "" {
		d.paragraph("**Track**: " + code(m.Track) + ", ranked apart from the others.")
	}
	if len(m.Values) > 0 {
		t := &Table{}
		for _, h := range []string{"value", "unit", "better", "meaning"} {
			t.column(h, false)
		}
		for _, v := range m.Values {
			t.row(code(v.Name), escape(v.Unit), escape(v.Better), escape(v.Help))
		}
		d.table(t, nil)
	}
	if len(m.Params) > 0 {
		t := &Table{}
		for _, h := range []string{"parameter", "type", "default", "range", "meaning"} {
			t.column(h, false)
		}
		for _, p := range m.Params {
			t.row(code(p.Name), p.Type, code(cmp.Or(p.Default, `""`)), escape(p.Range), escape(p.Help))
		}
		d.table(t, nil)
	}
	if len(m.Equals) > 0 {
		d.paragraph("**Equals**, bit for bit:")
		var items []string
		for _, e := range m.Equals {
			items = append(items, escape(e))
		}
		d.list(items)
	}
	if len(m.Invariances) > 0 {
		d.paragraph("**Unchanged by**: " + escape(strings.Join(m.Invariances, "; ")) + ".")
	}
	if m.Finding != "" {
		d.paragraph("**Found**: " + sentence(escape(m.Finding)))
	}
	if len(m.Watch) > 0 {
		d.paragraph("**Watch for**:")
		var items []string
		for _, w := range m.Watch {
			items = append(items, escape(w))
		}
		d.list(items)
	}
	if m.Unverified != "" {
		d.paragraph("**Not verified**: " + sentence(escape(m.Unverified)))
	}
	if m.Citation != "" {
		d.paragraph("**Paper**: " + sentence(escape(m.Citation)))
	}
}

// upper makes the first letter a capital.
func upper(text string) string {
	r, n := utf8.DecodeRuneInString(text)
	return string(unicode.ToUpper(r)) + text[n:]
}

// sentence ends text with a full stop.
func sentence(text string) string {
	text = strings.TrimSpace(text)
	if text == "" || strings.HasSuffix(text, ".") {
		return text
	}
	return text + "."
}
