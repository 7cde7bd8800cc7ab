package suite

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestHalton(t *testing.T) {
	// The first points of the sequences of van der Corput in bases 2 and 3.
	for base, want := range map[int][]float64{
		2: {1. / 2, 1. / 4, 3. / 4, 1. / 8, 5. / 8, 3. / 8, 7. / 8},
		3: {1. / 3, 2. / 3, 1. / 9, 4. / 9, 7. / 9, 2. / 9, 5. / 9},
	} {
		for i, w := range want {
			if got := halton(i+1, base); math.Abs(got-w) > 1e-15 {
				t.Errorf("base %d, point %d: %v, want %v", base, i+1, got, w)
			}
		}
	}
}

const searching = `schema = 1
[suite]
name = "s"
seeds = [0]
baseline = "sgd"
[[workload]]
name = "w"
model = { name = "mlp", width = [8] }
data = { name = "digits", train = 100 }
validation = { size = 50 }
[budget]
limit = 2
[tuning]
method = "random"
trials = 8
[[optimizer]]
name = "sgd"
plugin = "sgd"
space = { lr = { min = 1e-3, max = 1.0, scale = "log" } }
[[optimizer]]
name = "sam"
plugin = "sam"
params = { lr = 0.1 }
space = { rho = { min = 0.01, max = 0.5 } }
`

func TestSearch(t *testing.T) {
	for _, method := range []string{"random", "halton"} {
		text := strings.Replace(searching, `"random"`, `"`+method+`"`, 1)
		s, err := load("s.toml", text, options())
		if err != nil {
			t.Fatal(err)
		}
		values := func(s *Suite, optimizer, param string) []float64 {
			var out []float64
			for _, c := range s.Configurations(nil, s.Optimizer(optimizer)) {
				out = append(out, c.Params[param].(float64))
			}
			return out
		}
		lr := values(s, "sgd", "lr")
		if len(lr) != 8 {
			t.Fatalf("%s: %d configurations", method, len(lr))
		}
		small := 0
		for _, v := range lr {
			if v < 1e-3 || v > 1 {
				t.Errorf("%s: lr = %v", method, v)
			}
			if v < math.Sqrt(1e-3) { // half of the range, on a log scale
				small++
			}
		}
		if small < 2 || small > 6 {
			t.Errorf("%s: %d of 8 in the lower half: %v", method, small, lr)
		}
		// More trials draw more: those that are made stay.
		more, err := load("s.toml", strings.Replace(text, "trials = 8", "trials = 20", 1), options())
		if err != nil {
			t.Fatal(err)
		}
		if got := values(more, "sgd", "lr"); !slices.Equal(got[:8], lr) {
			t.Errorf("%s: more trials are others: %v, %v", method, got, lr)
		}
		again, err := load("s.toml", s.TOML(), options())
		if err != nil {
			t.Fatalf("%s: written out: %v\n%s", method, err, s.TOML())
		}
		if again.Hash() != s.Hash() || !slices.Equal(values(again, "sam", "rho"), values(s, "sam", "rho")) {
			t.Errorf("%s: written out it is another:\n%s", method, s.TOML())
		}
	}
}

func TestSearchProblems(t *testing.T) {
	for text, want := range map[string]string{
		"space = { lr = { min = 1e-3 } }":                            "lr: there is no max",
		"space = { lr = { min = 0, max = 1, scale = \"log\" } }":     "lr: a log scale needs a min above 0",
		"space = { lr = { min = 1, max = 0.5 } }":                    "lr: expected a max above the min of 1, found 0.5",
		"space = { lr = [0.1] }":                                     "lr: expected { min = …",
		"space = { lr = { min = -1, max = 1, scale = \"linear\" } }": "lr: expected a number of at least 0, found -1",
		"space = { nope = {} }":                                      `no parameter "nope"`,
		"space = { nesterov = {} }":                                  "configurations 1 and",
		"space = { lr = { min = 1e-3, max = 1, skale = \"log\" } }":  `unknown key "skale"`,
		"params = { lr = 0.1 }":                                      "sgd\" has 1 configuration, but [tuning] gives every optimizer 8 trials",
		"grid = { lr = [0.1, 0.2] }":                                 "has a grid, but the tuning method is",
	} {
		_, err := load("s.toml", strings.Replace(searching, `space = { lr = { min = 1e-3, max = 1.0, scale = "log" } }`, text, 1), options())
		if err == nil || !strings.Contains(show(err), want) {
			t.Errorf("%s\n%v, want %s", text, err, want)
		}
	}
	_, err := load("s.toml", strings.Replace(searching, "trials = 8\n", "", 1), options())
	if err == nil || !strings.Contains(show(err), "needs the number of trials") {
		t.Error(err)
	}
}
