package suite

import (
	"fmt"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

func bound(x float64) *float64 { return &x }

// plugins are what the tests' suites may refer to.
var plugins = map[string]pluginhost.Info{
	"sgd": {Name: "sgd", Kind: "optimizer", Version: 3, Cost: 1, Params: []pluginhost.Param{
		{Name: "lr", Type: "float", Default: 0.1, Min: bound(0), Help: "learning rate"},
		{Name: "momentum", Type: "float", Default: 0.0, Min: bound(0), Max: bound(1), MaxOpen: true},
		{Name: "nesterov", Type: "bool", Default: false},
		{Name: "weight_decay", Type: "float", Default: 0.0, Min: bound(0)},
	}},
	"sam": {Name: "sam", Kind: "optimizer", Version: 1, Cost: 2, Params: []pluginhost.Param{
		{Name: "base", Type: "string", Default: "sgd", Choices: []string{"sgd", "adamw"}},
		{Name: "lr", Type: "float", Default: 0.1, Min: bound(0)},
		{Name: "rho", Type: "float", Default: 0.05, Min: bound(0), MinOpen: true},
		{Name: "steps", Type: "int", Default: 1, Min: bound(1), Max: bound(10)},
	}},
	"dpsat": {Name: "dpsat", Kind: "optimizer", Version: 1, Track: "private", Params: []pluginhost.Param{
		{Name: "epsilon", Type: "float", Min: bound(0), MinOpen: true, Help: "privacy budget"},
	}},
	"gradnorm": {Name: "gradnorm", Kind: "metric", Version: 2},
	"msharpness": {Name: "msharpness", Kind: "metric", Version: 2, Params: []pluginhost.Param{
		{Name: "rho", Type: "float", Default: 0.25, Min: bound(0), MinOpen: true},
		{Name: "norm", Type: "string", Default: "l2", Choices: []string{"l2", "linf"}},
		{Name: "adaptive", Type: "bool", Default: false},
	}},
}

func describe(ref string) (pluginhost.Info, error) {
	info, ok := plugins[ref]
	if !ok {
		return pluginhost.Info{}, fmt.Errorf("exec: no such file\nor directory")
	}
	return info, nil
}

func options() Options {
	return Options{Describe: describe, PluginNames: []string{"sgd", "sam", "dpsat", "gradnorm", "msharpness"}}
}

// small is a suite with a bit of everything.
const small = `schema = 1

[suite]
name = "small"
seeds = [0, 1]
baseline = "sgd"

[[workload]]
name = "digits-mlp"
model = { name = "mlp", width = [32] }
data = { name = "digits", train = 500 }
validation = { size = 200 }

[[workload.shift]]
name = "corruptions"
data = { name = "corrupt", kinds = ["contrast", "pixelate"], severities = [3, 5], examples = 100 }

[budget]
unit = "epochs"
limit = 3
schedule = "cosine"
timeout = "1m30s"

[tuning]
trials = 4
select = { metric = "error", split = "validation", goal = "min" }

[[optimizer]]
name = "sgd"
plugin = "sgd"
params = { momentum = 0.9, nesterov = true }
grid = { lr = [0.05, 1e-1], weight_decay = [0, 5e-4] }

[[optimizer]]
name = "sam"
plugin = "sam"
list = [{ lr = 0.1 }, { lr = 0.1, rho = 0.1 }, { lr = 0.2, rho = 0.1 }, { lr = 0.2, steps = 2 }]

[[metric]]
name = "gradnorm"
plugin = "gradnorm"
on = { examples = 256, batch = 64 }

[[metric]]
name = "worst"
plugin = "msharpness"
headline = true
on = { examples = 256, batch = 64 }
params = { norm = "linf" }

[report]
correlate = { y = ["error:test", "error:shift:corruptions"], within = ["optimizer"], control = ["lr"], resamples = 1000 }

[variant.quick]
budget.limit = 1
suite.seeds = [7]
workload.digits-mlp.data.train = 300
`

// with replaces one piece of small; it panics if the piece is not there exactly once.
func with(pairs ...string) string {
	text := small
	for i := 0; i < len(pairs); i += 2 {
		if strings.Count(text, pairs[i]) != 1 {
			panic(fmt.Sprintf("%q stands %d times in the suite", pairs[i], strings.Count(text, pairs[i])))
		}
		text = strings.Replace(text, pairs[i], pairs[i+1], 1)
	}
	return text
}
