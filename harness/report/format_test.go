package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func TestInline(t *testing.T) {
	for md, want := range map[string]string{
		"a `b|c` *d* [e `f`](data.csv?plain=1#L2-L5) g": `a <code>b|c</code> <em>d</em> <a href="data.csv?plain=1#L2-L5">e <code>f</code></a> g`,
		`1 \* 2 \[x\] \<b\> &amp; weight_decay`:         `1 * 2 [x] &lt;b&gt; &amp; weight_decay`,
		"−1.5 [−2.0, −1.0] *":                           "−1.5 [−2.0, −1.0] *",
		"n/a † ~ ‖w‖":                                   "n/a † ~ ‖w‖",
		"`unclosed":                                     "`unclosed",
		"*−ln lr* ¹":                                    "<em>−ln lr</em> ¹",
	} {
		if got := inlineHTML(md); got != want {
			t.Errorf("%q gives\n%q, want\n%q", md, got, want)
		}
	}
	hostile := "</script><b>|`*[x](javascript:alert(1))\\_~\n&"
	for name, md := range map[string]string{"escape": escape(hostile), "code": code(hostile)} {
		if got := plain(md); got != strings.TrimSpace(strings.ReplaceAll(hostile, "\n", " ")) {
			t.Errorf("%s does not come back: %q", name, got)
		}
		if got := inlineHTML(md); strings.ContainsAny(strings.ReplaceAll(strings.ReplaceAll(got, "<code>", ""), "</code>", ""), "<>") {
			t.Errorf("%s leaves markup: %s", name, got)
		}
	}
	if got := inlineLaTeX("50 % of $x_1$ & `a_b` τ ± −1 ¹"); got != `50 \% of \$x\_1\$ \& \texttt{a\_b} $\tau$ $\pm$ $-$1 $^{1}$` {
		t.Errorf("LaTeX: %s", got)
	}
}

// TestLaTeXKnowsItsCharacters: what a board prints beyond ASCII has a LaTeX name.
func TestLaTeXKnowsItsCharacters(t *testing.T) {
	b, _ := render(t, example(8))
	var out bytes.Buffer
	if err := b.LaTeX(&out); err != nil {
		t.Fatal(err)
	}
	for _, r := range out.String() {
		if r > 127 {
			t.Errorf("LaTeX has %q", r)
		}
	}
	if begin, end := strings.Count(out.String(), `\begin{`), strings.Count(out.String(), `\end{`); begin != end || begin == 0 {
		t.Errorf("%d environments begin, %d end", begin, end)
	}
}

// TestHTML: well formed, nothing from elsewhere, every table with headers, the same bytes each time.
func TestHTML(t *testing.T) {
	in := edit(example(8), func(tr *Trial) {
		if tr.Status == Failed {
			tr.Reason = "</script><img src=x onerror=alert(1)>"
		}
	})
	b, _ := render(t, in)
	var out, again bytes.Buffer
	if err := b.HTML(&out); err != nil {
		t.Fatal(err)
	}
	b2, err := Build(in)
	if err != nil {
		t.Fatal(err)
	}
	if err := b2.HTML(&again); err != nil || !bytes.Equal(out.Bytes(), again.Bytes()) {
		t.Error("the same records give other bytes")
	}
	text := out.String()
	body := regexp.MustCompile(`(?s)<style>.*?</style>|<script[^>]*>.*?</script>`).ReplaceAllString(text, "")
	if m := regexp.MustCompile(`(?i)(src|href)="?(https?:)?//|url\(|@import|<img`).FindString(strings.ReplaceAll(body, "xmlns", "")); m != "" {
		t.Errorf("the page asks for %q", m)
	}
	if strings.Count(text, "</script>") != 2 {
		t.Error("text of a record ends a script")
	}
	d := xml.NewDecoder(strings.NewReader(strings.Replace(body, "<!doctype html>", "", 1)))
	d.Strict, d.AutoClose, d.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	open := 0
	for {
		tok, err := d.Token()
		if err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		switch tok.(type) {
		case xml.StartElement:
			open++
		case xml.EndElement:
			open--
		}
	}
	if open != 0 {
		t.Errorf("%d elements stay open", open)
	}
	var data explorer
	raw := regexp.MustCompile(`(?s)id="data">(.*?)</script>`).FindStringSubmatch(text)
	if err := json.Unmarshal([]byte(raw[1]), &data); err != nil || len(data.Trials) != len(in.Trials) || len(data.Workloads[0].Points) == 0 {
		t.Errorf("the page's data: %v", err)
	}
	for _, table := range b.Page().Tables() {
		has(t, text, `<table id="`+table.Name+`"`)
	}
}

// TestCellsCSV: the numbers behind the printed cells are those of the board.
func TestCellsCSV(t *testing.T) {
	b, _ := render(t, example(8))
	var out bytes.Buffer
	if err := b.CellsCSV(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, r := range rows {
		if r[0] == "optimizers-cifar10-cnn" && r[2] == "sam" && strings.HasPrefix(r[3], "test error") {
			found = true
			v, _ := strconv.ParseFloat(r[5], 64)
			lo, _ := strconv.ParseFloat(r[6], 64)
			e := b.Sections[0].Rankings[0].Rows[0].Test
			if math.Abs(v-e.Value) > 1e-15 || math.Abs(lo-e.Lo) > 1e-15 || r[8] != "8" {
				t.Errorf("row %v, estimate %+v", r, e)
			}
		}
	}
	if !found {
		t.Error("sam's test error is not there")
	}
	names := map[string]bool{}
	for _, table := range b.Page().Tables() {
		if names[table.Name] || table.Name == "" || table.Part == "" {
			t.Errorf("table %q of part %q", table.Name, table.Part)
		}
		names[table.Name] = true
	}
}

func TestCheck(t *testing.T) {
	dir := t.TempDir()
	b, _ := render(t, example(8))
	if _, err := Write(dir, b, Formats...); err != nil {
		t.Fatal(err)
	}
	check := func(what string, b *Board, want ...string) {
		t.Helper()
		problems, err := Check(dir, b, Formats...)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.Join(problems, "\n")
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: no %q in %q", what, w, text)
			}
		}
		if len(want) == 0 && len(problems) > 0 {
			t.Errorf("%s: %s", what, text)
		}
	}
	check("as published", b)
	newer, _ := render(t, edit(example(8), func(tr *Trial) { tr.G *= 2 }))
	check("other records", newer, "README.md is stale", "data.csv is stale", "report.html is stale")
	path := filepath.Join(dir, "README.md")
	text, _ := os.ReadFile(path)
	if err := os.WriteFile(path, bytes.Replace(text, []byte("32.8"), []byte("30.8"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "data.csv")); err != nil {
		t.Fatal(err)
	}
	check("edited", b, "README.md was edited", "data.csv is missing", "30.8")
	if _, err := Files(b, "pdf"); err == nil || !strings.Contains(err.Error(), "expected md, html") {
		t.Errorf("unknown format: %v", err)
	}
}

// TestPartsOfTheBoard: a suite that chooses its tables has those, in every format.
func TestPartsOfTheBoard(t *testing.T) {
	in := example(8)
	in.Suite.Tables = []string{"optimizers", "cost"}
	b, _ := render(t, in)
	for _, table := range b.Page().Tables() {
		if table.Part != "optimizers" && table.Part != "cost" {
			t.Errorf("table %q of part %q was not asked for", table.Name, table.Part)
		}
	}
	in.Suite.Tables = nil
	b, _ = render(t, in)
	parts := map[string]bool{}
	for _, table := range b.Page().Tables() {
		parts[table.Part] = true
	}
	for _, want := range []string{"optimizers", "metrics", "heatmap", "robustness", "pairwise", "cost", "tuning", "failures"} {
		if !parts[want] {
			t.Errorf("no table of part %q", want)
		}
	}
}
