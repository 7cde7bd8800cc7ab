package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/sharpbench/sharpbench/"

// pkg is what `go list -json` says of a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	CgoFiles                           []string
}

// The rules that keep the parts apart. They are checked over every package of the module.
func TestDependencyRules(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports,CgoFiles", "../../...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var pkgs []pkg
	for d := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module)
		pkgs = append(pkgs, p)
	}
	if len(pkgs) < 15 {
		t.Fatalf("only %d packages found", len(pkgs))
	}
	under := func(path string, folders ...string) bool {
		for _, f := range folders {
			if path == f || strings.HasPrefix(path, f+"/") {
				return true
			}
		}
		return false
	}
	for _, p := range pkgs {
		own := p.ImportPath
		if len(p.CgoFiles) > 0 {
			t.Errorf("%s uses cgo: one static binary is a promise", own)
		}
		for _, full := range p.Imports {
			local := strings.HasPrefix(full, module)
			dep := strings.TrimPrefix(full, module)
			switch {
			case under(own, "harness") && local && under(dep, "plugins", "cmd", "suites"):
				t.Errorf("%s imports %s: harness never imports plugins", own, dep)
			case under(own, "plugins/optimizers/internal"):
				// It is for tests: the next rule keeps plugins from importing it.
			case under(own, "plugins/optimizers", "plugins/metrics") && local && !under(dep, "plugins/sdk", "harness/vec"):
				t.Errorf("%s imports %s: a plugin imports plugins/sdk and harness/vec only", own, dep)
			case (under(dep, "harness/proto") || strings.HasPrefix(full, "github.com/hashicorp/go-plugin")) &&
				!under(own, "plugins/sdk", "harness/pluginhost", "harness/proto"):
				t.Errorf("%s imports %s: only the SDK and pluginhost speak the protocol", own, dep)
			case full == "unsafe" && !under(own, "harness/arena", "harness/engine/internal", "harness/vec", "plugins/sdk", "harness/proto"):
				t.Errorf("%s imports unsafe: only arena, the SDK and the kernels do", own)
			case under(own, "harness/engine") && local && !under(dep, "harness/engine"):
				t.Errorf("%s imports %s: the engine knows nothing of the rest", own, dep)
			case under(own, "harness/stats") && local && !under(dep, "harness/rng", "harness/stats"):
				t.Errorf("%s imports %s: stats knows nothing of optimizers", own, dep)
			}
		}
		for _, full := range append(p.TestImports, p.XTestImports...) {
			dep := strings.TrimPrefix(full, module)
			// A test may also name the types of plugintest's API, the plugin that a degenerate case equals, real models and
			// data, and problems with known answers.
			if under(own, "plugins/optimizers", "plugins/metrics") && strings.HasPrefix(full, module) &&
				!under(dep, "plugins", "harness/vec", "harness/plugintest", "harness/engine", "harness/oracle", "harness/pluginhost", "harness/model", "harness/dataset", "harness/problem", "harness/rng", "harness/privacy") {
				t.Errorf("the tests of %s import %s: they may use plugins/sdk, harness/vec, harness/plugintest with its types, models, data and problems", own, dep)
			}
		}
	}
}
