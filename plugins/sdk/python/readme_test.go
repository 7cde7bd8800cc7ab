//go:build python && unix

package python_test

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/plugintest"
)

// The optimizer of the README, extracted from it, keeps the rules of the protocol.
func TestReadmeConformance(t *testing.T) {
	text, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := func(language string) []byte {
		m := regexp.MustCompile("(?s)```" + language + "\n(.*?)```").FindSubmatch(text)
		if m == nil {
			t.Fatalf("the README has no %s block", language)
		}
		return m[1]
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"clipped.py": block("python"), "plugin.toml": block("toml")} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	program, err := pluginhost.Resolve(dir, "", func(string) bool { return false })
	if err != nil {
		t.Fatal(err)
	}
	report, err := plugintest.Conform(context.Background(), program, plugintest.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range report.Findings {
		if f.Status == plugintest.Failed {
			t.Errorf("%s %s: %s\n%s", f.ID, f.Level, f.Reason, f.Detail)
		}
	}
}
