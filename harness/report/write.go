package report

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
)

// Write writes the board to a folder, which it makes when needed: README.md, one SVG a plot, data.csv, along.csv when
// metrics were taken along the trainings, and METRIC-TABLE.csv for what metrics have found besides their values. It returns the paths of all its files. A file whose content would not change is left alone; the others are replaced in one step, so that
// a reader never sees half a file. Files of others in the folder stay.
func Write(dir string, b *Board) ([]string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("report: %w", err)
	}
	type file struct {
		name   string
		render func(*bytes.Buffer) error
	}
	files := []file{{"README.md", func(w *bytes.Buffer) error { return b.Markdown(w) }}}
	for i := range b.Sections {
		for k := range b.Sections[i].Scatters {
			sc := &b.Sections[i].Scatters[k]
			files = append(files, file{sc.File, func(w *bytes.Buffer) error { return b.SVG(w, sc) }})
		}
	}
	along := false
	for i := range b.Sections {
		for k := range b.Sections[i].Alongs {
			a := &b.Sections[i].Alongs[k]
			files = append(files, file{a.File, func(w *bytes.Buffer) error { return b.AlongSVG(w, a) }})
			along = true
		}
	}
	for i := range b.Sections {
		for k := range b.Sections[i].Densities {
			d := &b.Sections[i].Densities[k]
			files = append(files, file{d.File, func(w *bytes.Buffer) error { return b.DensitySVG(w, d) }})
		}
	}
	for _, pair := range b.dataTables() {
		files = append(files, file{pair[0] + "-" + pair[1] + ".csv", func(w *bytes.Buffer) error { return b.TablesCSV(w, pair[0], pair[1]) }})
	}
	if along {
		files = append(files, file{"along.csv", func(w *bytes.Buffer) error { return b.AlongCSV(w) }})
	}
	files = append(files, file{"data.csv", func(w *bytes.Buffer) error { return b.CSV(w) }})
	var paths []string
	for _, f := range files {
		var buf bytes.Buffer
		path := filepath.Join(dir, f.name)
		if err := f.render(&buf); err != nil {
			return paths, fmt.Errorf("report: %s: %w", path, err)
		}
		if err := replace(path, buf.Bytes()); err != nil {
			return paths, fmt.Errorf("report: %w", err)
		}
		paths = append(paths, path)
	}
	return paths, nil
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
