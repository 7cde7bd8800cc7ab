package report

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Formats of a board. Default are those that a published board has.
var (
	Formats = []string{"md", "html", "csv", "latex", "json"}
	Default = []string{"md", "html", "csv"}
)

// File is a rendered file of a board.
type File struct {
	Name    string // in the report's folder
	Content []byte
}

// Files renders the board in the given formats; none means Default. md is README.md with one SVG a plot, html is report.html, csv
// is data.csv (a row a trial), tables.csv (a row a cell), along.csv when metrics were taken along the trainings and METRIC-TABLE.csv
// for what metrics have found besides their values, latex is
// tables.tex, json is board.json. README.md comes first; its last line names the digests of all files, by which Check
// tells an edited board from an old one.
func Files(b *Board, formats ...string) ([]File, error) {
	if len(formats) == 0 {
		formats = Default
	}
	for _, f := range formats {
		if !slices.Contains(Formats, f) {
			return nil, fmt.Errorf("report: format %q: expected %s", f, strings.Join(Formats, ", "))
		}
	}
	var files []File
	var failed error
	add := func(name string, render func(io.Writer) error) {
		var buf bytes.Buffer
		if err := render(&buf); err != nil {
			failed = errors.Join(failed, fmt.Errorf("report: %s: %w", name, err))
		}
		files = append(files, File{name, buf.Bytes()})
	}
	has := func(f string) bool { return slices.Contains(formats, f) }
	if has("md") {
		add("README.md", b.Markdown)
		for _, f := range b.Page().Figures() {
			add(f.File, f.SVG)
		}
	}
	if has("html") {
		add("report.html", b.HTML)
	}
	if has("csv") {
		for i := range b.Sections {
			if len(b.Sections[i].Alongs) > 0 {
				add("along.csv", b.AlongCSV)
				break
			}
		}
		for _, pair := range b.dataTables() {
			add(pair[0]+"-"+pair[1]+".csv", func(w io.Writer) error { return b.TablesCSV(w, pair[0], pair[1]) })
		}
		add("tables.csv", b.CellsCSV)
	}
	// The board's rows lead to data.csv.
	if has("csv") || has("md") || has("html") {
		add("data.csv", b.CSV)
	}
	if has("latex") {
		add("tables.tex", b.LaTeX)
	}
	if has("json") {
		add("board.json", b.JSON)
	}
	if failed != nil {
		return nil, failed
	}
	if has("md") {
		files[0].Content = seal(files)
	}
	return files, nil
}

// sealed is the last line of a board's README.md: the digests of its files.
var sealed = regexp.MustCompile(`(?m)^<!-- bench report: (.*) -->\n\z`)

// seal appends the digests of all files to the first.
func seal(files []File) []byte {
	var parts []string
	for _, f := range files {
		parts = append(parts, f.Name+" "+digest(f.Content))
	}
	return append(files[0].Content, "\n<!-- bench report: "+strings.Join(parts, ", ")+" -->\n"...)
}

func digest(content []byte) string { return fmt.Sprintf("%.12x", sha256.Sum256(content)) }

// Write writes the board to a folder, which it makes when needed, in the given formats (see Files). It returns the paths of
// all its files. A file whose content would not change is left alone; the others are replaced in one step, so that
// a reader never sees half a file. Files of others in the folder stay.
func Write(dir string, b *Board, formats ...string) ([]string, error) {
	files, err := Files(b, formats...)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := replace(path, f.Content); err != nil {
			return paths, fmt.Errorf("report: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// Check compares a published board with what the records give now, in the formats that are published, and says in what they
// differ: a sentence a file, none when all are alike. A file that is not what its own board sealed was edited by hand; one
// that is, is older than the records or than this program.
func Check(dir string, b *Board, formats ...string) ([]string, error) {
	files, err := Files(b, formats...)
	if err != nil {
		return nil, err
	}
	published := map[string]string{}
	if text, err := os.ReadFile(filepath.Join(dir, "README.md")); err == nil {
		if m := sealed.FindSubmatch(text); m != nil {
			for _, part := range strings.Split(string(m[1]), ", ") {
				if name, sum, ok := strings.Cut(part, " "); ok {
					published[name] = sum
				}
			}
		}
	}
	var problems []string
	for _, f := range files {
		got, err := os.ReadFile(filepath.Join(dir, f.Name))
		switch {
		case errors.Is(err, fs.ErrNotExist):
			problems = append(problems, fmt.Sprintf("%s is missing", f.Name))
			continue
		case err != nil:
			return nil, fmt.Errorf("report: %w", err)
		case bytes.Equal(got, f.Content):
			continue
		}
		body := got
		if f.Name == "README.md" {
			if at := sealed.FindIndex(got); at != nil {
				body = got[:at[0]-1]
			}
		}
		what := "was edited: it is not what its board was published with"
		switch sum, ok := published[f.Name]; {
		case ok && sum == digest(body):
			what = "is stale: the records, the suite or bench have changed since it was published"
		case !ok:
			what = "is not what the records give"
		}
		problems = append(problems, fmt.Sprintf("%s %s (%s)", f.Name, what, firstDifference(got, f.Content)))
	}
	return problems, nil
}

// firstDifference names the first line that differs.
func firstDifference(got, want []byte) string {
	a, b := strings.Split(string(got), "\n"), strings.Split(string(want), "\n")
	for i := range a {
		if i >= len(b) {
			return fmt.Sprintf("line %d is too many", i+1)
		}
		if a[i] != b[i] {
			return fmt.Sprintf("line %d is %q, the records give %q", i+1, cut(a[i]), cut(b[i]))
		}
	}
	return fmt.Sprintf("line %d is missing", len(a)+1)
}

func cut(line string) string {
	if r := []rune(line); len(r) > 80 {
		return string(r[:80]) + "…"
	}
	return line
}

// replace gives path the content, through a temporary file beside it, unless it has it already.
func replace(path string, content []byte) (err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return nil
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			tmp.Close()
			os.Remove(tmp.Name())
		}
	}()
	if _, err = tmp.Write(content); err != nil {
		return err
	}
	// CreateTemp makes the file private; a report is there to be read.
	if err = tmp.Chmod(0o644); err != nil {
		return err
	}
	if err = tmp.Sync(); err != nil {
		return err
	}
	if err = tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
