package suite

import (
	"strings"
	"testing"
)

var exprKeys = []string{"workload", "optimizer", "seed", "status", "trial", "lr"}

func TestExpr(t *testing.T) {
	trial := map[string]string{"workload": "digits", "optimizer": "sam", "seed": "10", "status": "failed", "trial": "ab12cd", "lr": "0.1"}
	for text, want := range map[string]bool{
		"":                            true,
		"optimizer:sam":               true,
		"optimizer:sgd":               false,
		"optimizer:sgd,sam seed:10":   true,
		"optimizer:s* seed:1":         false,
		"optimizer:s*  status:??iled": true,
		"-optimizer:sgd":              true,
		"-optimizer:sgd,sam":          false,
		"trial:AB12":                  true,
		"trial:12":                    false,
		"lr:0.1 -seed:0":              true,
	} {
		e, problems := ParseExpr("--only", text, exprKeys)
		if problems != nil {
			t.Fatalf("%q: %v", text, problems)
		}
		if got := e.Match(trial); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	e, _ := ParseExpr("--only", "lr:0.1", exprKeys)
	if e.Match(map[string]string{"optimizer": "x"}) {
		t.Error("a trial without the parameter matches")
	}
}

func TestExprProblems(t *testing.T) {
	for text, want := range map[string]string{
		"seed:0  optimiser:sam": `--only:1:9: "optimiser:sam": unknown key "optimiser"`,
		"sam":                   `--only:1:1: "sam": expected KEY:VALUE`,
		"é seed:":               `--only:1:3: "seed:": a value is empty`,
		"seed:[":                `--only:1:1: "[": not a pattern`,
	} {
		_, problems := ParseExpr("--only", text, exprKeys)
		if problems == nil || !strings.Contains(problems.Error(), want) {
			t.Errorf("%q: %v, want %s", text, problems, want)
		}
	}
}

func FuzzExpr(f *testing.F) {
	for _, text := range []string{"", "optimizer:sam seed:0,1 -status:done", "-:", "seed:[a-", "trial:ab\xff lr:*", "\t-lr:?,,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, problems := ParseExpr("--only", text, exprKeys)
		if problems != nil {
			for _, p := range problems {
				if p.Pos.Line != 1 || p.Pos.Col < 1 || p.Pos.Col > len(text) {
					t.Fatalf("%q: a problem at %v", text, p.Pos)
				}
			}
			return
		}
		fields := map[string]string{"optimizer": "sam", "seed": "0"}
		if got := e.Match(fields); e.Empty() && !got {
			t.Fatal("the empty expression does not hold")
		}
	})
}

// FuzzSelectors reads what may stand behind -O and -M.
func FuzzSelectors(f *testing.F) {
	for _, text := range []string{"sgd,sam", "*", "./mine[lr=0.01,0.1 momentum=0.9]", "[", "a]b[", "./x[a=[1,2]]", "./x[=1]", "x[a=\"", ",,"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		words, problems := selectors("-O", []string{text})
		if len(words) == 0 && len(problems) == 0 {
			t.Fatalf("%q is neither chosen nor refused", text)
		}
		for _, p := range problems {
			if p.Message == "" || !strings.HasPrefix(p.Pos.File, "-O") {
				t.Fatalf("%q: %+v", text, p)
			}
		}
	})
}
