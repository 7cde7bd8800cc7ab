package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// block is a code block of a page.
type block struct {
	section  string // the heading that it stands under
	language string
	file     string // the name that the line before the block gives it, as `NAME`:
	text     string
}

var fileLine = regexp.MustCompile("^`([^`]+)`:$")

// blocks takes a page apart.
func blocks(t *testing.T, path string) []block {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []block
	var open *block
	section, before := "", ""
	for line := range strings.Lines(string(text)) {
		plain := strings.TrimSuffix(line, "\n")
		switch {
		case open != nil && plain == "```":
			out = append(out, *open)
			open = nil
		case open != nil:
			open.text += line
		case strings.HasPrefix(plain, "```"):
			open = &block{section: section, language: strings.TrimPrefix(plain, "```")}
			if m := fileLine.FindStringSubmatch(before); m != nil {
				open.file = m[1]
			}
		case strings.HasPrefix(plain, "## "):
			section = strings.TrimPrefix(plain, "## ")
		}
		if plain != "" {
			before = plain
		}
	}
	if open != nil {
		t.Fatalf("%s: a code block is not closed", path)
	}
	return out
}

// page makes a script of a page: its files, and its commands in their order. Runs of the quickstart suite are cut short.
func page(t *testing.T, path string, keep func(block) bool) string {
	t.Helper()
	var commands, files strings.Builder
	var names []string
	for _, b := range blocks(t, path) {
		if !keep(b) {
			continue
		}
		switch {
		case b.file != "":
			// Written when it is read on the page: a command before it may make its folder.
			names = append(names, b.file)
			commands.WriteString("mkdir " + filepath.ToSlash(filepath.Dir(b.file)) + "\ncp files/" + strings.ReplaceAll(b.file, "/", "__") + " " + b.file + "\n")
			files.WriteString("-- files/" + strings.ReplaceAll(b.file, "/", "__") + " --\n" + b.text)
		case b.language == "console":
			for line := range strings.Lines(b.text) {
				command, ok := strings.CutPrefix(strings.TrimSpace(line), "$ ")
				if !ok {
					t.Fatalf("%s: %q is not a command", path, line)
				}
				if strings.HasPrefix(command, "bench run suites/quickstart.toml") {
					command += " --set budget.limit=2 --set suite.seeds=[0,1]"
				}
				commands.WriteString("exec sh -e -c '" + strings.ReplaceAll(command, "'", "''") + "'\n")
			}
		default:
			t.Errorf("%s: a block of %s without a file name, under %q: nobody tests it", path, b.language, b.section)
		}
	}
	if len(names) == 0 || commands.Len() == 0 {
		t.Fatalf("%s: nothing to test", path)
	}
	return commands.String() + files.String()
}

// scriptPage runs a page as a script.
func scriptPage(t *testing.T, path string, keep func(block) bool) {
	t.Helper()
	dir := t.TempDir()
	name := strings.TrimSuffix(filepath.Base(path), ".md") + ".txt"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(page(t, path, keep)), 0o666); err != nil {
		t.Fatal(err)
	}
	scripts(t, dir)
}

// Every file of the page compiles and passes its test, every command does what the page says, in its order. What stands
// under headings that name Python is tested with Python.
func TestWritingAPlugin(t *testing.T) {
	scriptPage(t, "../../docs/writing-a-plugin.md", func(b block) bool { return !strings.Contains(b.section, "Python") })
}
