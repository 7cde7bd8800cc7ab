//go:build python && unix

package main

import (
	"strings"
	"testing"
)

// These need a python3 with the package sharpbench in PATH.

// The new plugins in Python that the command makes work as they are.
func TestPythonScripts(t *testing.T) { scripts(t, "testdata/python") }

// The part of the page that is about Python.
func TestWritingAPluginInPython(t *testing.T) {
	scriptPage(t, "../../docs/writing-a-plugin.md", func(b block) bool { return strings.Contains(b.section, "Python") })
}
