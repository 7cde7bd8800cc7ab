package suite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
)

// show writes problems one a line: LINE:COL: MESSAGE | HINT.
func show(err error) string {
	var ps Problems
	if !errors.As(err, &ps) {
		if err == nil {
			return ""
		}
		return "not Problems: " + err.Error()
	}
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(strings.TrimPrefix(p.String(), "s.toml:"))
		if p.Hint != "" {
			b.WriteString(" | " + p.Hint)
		}
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestProblems breaks the small suite in one way or several and states all that is to be said, word by word.
func TestProblems(t *testing.T) {
	gradnorm := "[[metric]]\nname = \"gradnorm\"\nplugin = \"gradnorm\"\n"
	for _, c := range []struct{ name, text, want string }{
		{"nothing", small, ""},
		{"a slip in a key", with("limit = 3", "limt = 3"),
			`20:1: unknown key "limt" in [budget] | did you mean "limit"?`},
		{"a key in the wrong table", with("grid = {", "lr = 0.1\ngrid = {"),
			`32:1: unknown key "lr" in optimizer "sgd" | parameters of the plugin belong to params = { … } or, with a list of values, to grid = { … }`},
		{"unknown sections", small + "\n[optimisers]\nx=1\n[foo]\n",
			`59:2: unknown key "optimisers" | did you mean "optimizer"?
61:2: unknown key "foo" | keys here: budget, engine, metric, optimizer, report, schema, suite, tuning, variant, workload`},
		{"wrong types", with("limit = 3", `limit = "3"`, "seeds = [0, 1]", "seeds = 0"),
			`5:9: seeds: expected a list of whole numbers, found the whole number 0 | a list is written in brackets, even with one element: seeds = [0]
20:9: limit: expected a number, found the string "3" | numbers are written without quotes`},
		{"auxiliary objectives", with(`data = { name = "digits"`, "auxiliary = { kind = \"l1\", classes = [0, 0, -1, 1.5] }\n"+`data = { name = "digits"`),
			`11:22: kind: unknown value "l1" (expected "l2" or "classes") | did you mean "l2"?
11:42: class 0 is there twice
11:45: classes[2]: expected a label, counted from 0, found the whole number -1
11:49: classes[3]: expected a label, counted from 0, found the number 1.5`},
		{"losses for long tails", with(`data = { name = "digits"`, "loss = { gamma = -1, margin = -0.5, scale = 0, reweight = { beta = 1, form = 1, from = 1 }, class_weights = \"balanced\" }\n"+`data = { imbalance = 2, name = "digits"`, "size = 200", "size = 200, stratified = true"),
			`11:18: gamma: expected a number of at least 0, found -1
11:31: margin: expected a number of at least 0, found -0.5
11:45: scale: expected a number of more than 0, found 0
11:59: reweight and class_weights are two sets of weights: leave one of them out
11:68: beta: expected a number of at least 0 and below 1, found 1
11:71: unknown key "form" in the weights of the loss of workload "digits-mlp" | did you mean "from"?
11:88: from: expected a number of at least 0 and below 1, found 1
12:22: imbalance: expected a number above 0 and at most 1, found 2 | 0.01 leaves the last class a hundredth of the first one's examples`},
		{"losses for long tails without classes", with(`data = { name = "digits"`, "loss = { name = \"mse\", gamma = 0.3, reweight = {} }\n"+`data = { imbalance = 0.1, name = "digits"`, "size = 200", "size = 200, stratified = false"),
			`11:32: gamma belongs to cross_entropy, mse has none
11:48: reweight belongs to cross_entropy, mse has none
13:41: stratified: an imbalanced training set needs stratified splits, so that every seed has as many examples of a class`},
		{"a good loss for long tails", with(`data = { name = "digits"`, "loss = { gamma = 0.3, adjust = 1, margin = 0.5, scale = 30, reweight = { from = 0.5 } }\n"+`data = { imbalance = 0.1, name = "digits"`), ""},
		{"auxiliary classes left out", with(`data = { name = "digits"`, "auxiliary = { kind = \"classes\" }\n"+`data = { name = "digits"`),
			`11:13: the auxiliary objective "classes" needs classes | add classes = [0, 1]`},
		{"auxiliary classes in vain", with(`data = { name = "digits"`, "auxiliary = { kind = \"l2\", classes = [] , clases = 1 }\n"+`data = { name = "digits"`),
			`11:38: classes belongs to kind = "classes"
11:43: unknown key "clases" in the auxiliary objective of workload "digits-mlp" | did you mean "classes"?`},
		{"auxiliary objective without a kind", with(`data = { name = "digits"`, "auxiliary = {}\n"+`data = { name = "digits"`),
			`11:1: the auxiliary objective of workload "digits-mlp" has no kind | add kind = "l2"`},
		{"a good auxiliary objective", with(`data = { name = "digits"`, "auxiliary = { kind = \"classes\", classes = [2, 0] }\n"+`data = { name = "digits"`), ""},
		{"no seeds", with("seeds = [0, 1]", "seeds = []"),
			`5:9: seeds: no seeds (expected at least one whole number) | write seeds = [0] for a single one`},
		{"seeds left out", with("seeds = [0, 1]\n", ""),
			`3:2: [suite] has no seeds | add seeds = [0, 1, 2, 3, 4, 5]`},
		{"moments", with(`plugin = "gradnorm"`, "plugin = \"gradnorm\"\nat = [\"init\", \"log\", \"last0%\"]\nsummaries = [\"max\", \"max\", \"reach\"]"),
			`42:15: at: "log" is no moment of a training | "init", "end", "log:N" with N from 2 to 1000, "lastP%" or "lastP%:N" with P from 1 to 100
42:22: at: "last0%" is no moment of a training | "init", "end", "log:N" with N from 2 to 1000, "lastP%" or "lastP%:N" with P from 1 to 100
43:21: summaries: "max" is there already
43:28: summaries: "reach" is no summary | "max", "auc", "early", "catapult", "reach:X", "dwell:X" or "slope:X" with a number X`},
		{"moments without an end", with(`plugin = "gradnorm"`, "plugin = \"gradnorm\"\nat = [\"init\"]"),
			`42:6: at: the trained model ("end") is always measured, and the list does not say so | add "end"`},
		{"summaries of the end", with(`plugin = "gradnorm"`, "plugin = \"gradnorm\"\nsummaries = [\"max\"]"),
			`42:13: summaries: there is nothing to sum up without several moments | at = ["init", "log:12", "end"], for instance`},
		{"bad seeds", with("seeds = [0, 1]", "seeds = [0, 1, 0, -3, 1.5]"),
			`5:16: seeds: 0 is there already
5:19: seeds[3]: expected a whole number of at least 0, found -3
5:23: seeds[4]: expected a whole number of at least 0, found the number 1.5`},
		{"unknown plugin", with(`plugin = "sam"`, `plugin = "sma"`),
			`36:10: there is no plugin "sma" | did you mean "sam"?`},
		{"a plugin that is not there", with(`plugin = "sam"`, `plugin = "./plugins/my-sam"`),
			`36:10: there is no plugin at ./plugins/my-sam | a path is relative to the current folder, or else to the suite's`},
		{"a plugin that does not start", with(`plugin = "sam"`, `plugin = "./suite.go"`),
			`36:10: plugin "./suite.go" cannot be used: exec: no such file; or directory`},
		{"a metric as optimizer", with(`plugin = "sam"`, `plugin = "gradnorm"`),
			`36:10: plugin "gradnorm" is of kind "metric" (expected "optimizer") | list it under [[metric]]`},
		{"parameters out of range", with("momentum = 0.9", "momentum = 1.0", "lr = [0.05, 1e-1]", "lr = [0.05, -1]", "{ lr = 0.1, rho = 0.1 }, { lr = 0.2, rho", "{ lr = 0.1, rho = nan }, { lr = 0.2, roh", "steps = 2", "steps = 11"),
			`31:23: momentum: expected a number of at least 0 and below 1, found 1
32:22: lr: expected a number of at least 0, found -1 | lr: learning rate
37:41: rho: expected a finite number, found nan
37:60: plugin "sam" has no parameter "roh" | did you mean "rho"?
37:93: steps: expected a whole number of at least 1 and at most 10, found 11`},
		{"parameters of wrong types", with("momentum = 0.9", `momentum = "0.9"`, "nesterov = true", "nesterov = 1", `norm = "linf"`, `norm = "lin"`, "steps = 2", "steps = 2.5"),
			`31:23: momentum: expected a number, found the string "0.9" | write momentum = 0.9 without quotes
31:41: nesterov: expected true or false, found the whole number 1
37:93: steps: expected a whole number, found the number 2.5
49:19: norm: expected "l2" or "linf", found "lin" | did you mean "linf"?`},
		{"a value twice", with("lr = [0.05, 1e-1]", "lr = [0.1, 1e-1]"),
			`32:21: lr: 0.1 is there already`},
		{"a parameter twice", with("lr = [0.05, 1e-1]", "momentum = [0.1, 1e-1]"),
			`32:10: momentum is fixed in params already | remove it from params`},
		{"a grid without a list", with("lr = [0.05, 1e-1]", "lr = 0.1"),
			`32:15: lr: expected a list of values, found the number 0.1 | write lr = [0.1], or move it to params`},
		{"a list in params", with("momentum = 0.9", "momentum = [0.9]"),
			`31:23: momentum: expected one value, found a list | a parameter with several values to try belongs to grid = { … }`},
		{"an empty axis", with("lr = [0.05, 1e-1]", "lr = []"),
			`32:15: lr: the list is empty (expected at least one value)`},
		{"a configuration twice", with("{ lr = 0.1, rho = 0.1 }", "{ rho = 0.05, lr = 0.1 }"),
			`37:8: optimizer "sam": configurations 1 and 2 are the same`},
		{"a grid and a list", with("grid = {", "list = [{}]\ngrid = {"),
			`32:1: optimizer "sgd" has both a grid and a list (expected one of them) | repeat the [[optimizer]] under another name for a union`},
		{"unequal tuning", with("{ lr = 0.1, rho = 0.1 }, ", ""),
			`37:8: optimizer "sam" has 3 configurations, but [tuning] gives every optimizer 4 trials | all optimizers: sgd 4, sam 3`},
		{"unequal tuning without a number", with("{ lr = 0.1, rho = 0.1 }, ", "", "trials = 4\n", ""),
			`24:2: every optimizer must be tuned with the same number of configurations, but they have: sgd 4, sam 3 | set trials in [tuning] and give every optimizer that many configurations`},
		{"a parameter without default", with(gradnorm, "[[optimizer]]\nname = \"dp\"\nplugin = \"dpsat\"\n"+gradnorm),
			`41:10: optimizer "dp": plugin "dpsat" needs the parameter "epsilon", which has no default | epsilon: privacy budget`},
		{"another track", with(gradnorm, "[[optimizer]]\nname = \"dp\"\nplugin = \"dpsat\"\ntrack = \"\"\nlist = [{epsilon=1},{epsilon=2},{epsilon=3},{epsilon=4}]\n"+gradnorm, `baseline = "sgd"`, `baseline = "dp"`),
			`42:9: plugin "dpsat" solves another problem and cannot be ranked in the main track (its own is "private")`},
		{"a baseline of another track", with(gradnorm, "[[optimizer]]\nname = \"dp\"\nplugin = \"dpsat\"\nlist = [{epsilon=1},{epsilon=2},{epsilon=3},{epsilon=4}]\n"+gradnorm, `baseline = "sgd"`, `baseline = "dp"`),
			`6:12: baseline: optimizer "dp" is in track "private" and is not compared with the main track`},
		{"no such baseline", with(`baseline = "sgd"`, `baseline = "sdg"`),
			`6:12: baseline: there is no optimizer named "sdg" | did you mean "sgd"?`},
		{"one bracket", with("[[metric]]\nname = \"gradnorm\"\nplugin = \"gradnorm\"\non = { examples = 256, batch = 64 }\n\n", "", "[[metric]]\nname = \"worst\"", "[metric]\nname = \"worst\""),
			`39:2: metric: expected entries, found a table | write [[metric]] with two brackets`},
		{"two brackets", with("[budget]", "[[budget]]"),
			`18:3: budget: expected a table, found a list | write [budget] with one bracket
55:8: variant "quick": there is no budget named "limit" to override`},
		{"a shift of other data", with(`name = "corrupt"`, `name = "cifar10-c"`),
			`16:17: the shift "cifar10-c" needs the data cifar10`},
		{"budgets and schedules", with(`unit = "epochs"`, `unit = "target"`, `schedule = "cosine"`, "schedule = \"step\"\nmilestones = [0.5, 0.5]\nfactor = 2\ndecay = 0.1"),
			`19:8: unit = "target" needs a target | add target = { metric = "error", value = 0.3 }
22:20: milestones: expected ascending fractions between 0 and 1, found 0.5
23:10: factor: expected a number between 0 and 1, found 2
24:1: decay belongs to schedule = "wsd"`},
		{"spaces", with("trials = 4", "trials = 4\nmethod = \"halton\""),
			`33:1: optimizer "sgd" has a grid, but the tuning method is "halton" | write space = { lr = { min = 1e-3, max = 1.0, scale = "log" } }, or method = "grid" in [tuning]
38:1: optimizer "sam" has a list, but the tuning method is "halton" | write space = { lr = { min = 1e-3, max = 1.0, scale = "log" } }, or method = "grid" in [tuning]`},
		{"tables of the report", with("[report]", "[report]\ntables = [\"cost\", \"heat\"]"),
			`52:19: tables: unknown part of the board "heat" | did you mean "heatmap"?`},
		{"shifts", with(`kinds = ["contrast", "pixelate"]`, `kinds = ["contrast", "rain", "contrast"]`, "severities = [3, 5]", "severities = [3, 6]"),
			`16:49: kinds: unknown corruption "rain" | kinds: gaussian_noise, shot_noise, impulse_noise, defocus_blur, glass_blur, motion_blur, zoom_blur, snow, frost_go, fog, brightness, contrast, elastic_transform, pixelate, jpeg_compression, speckle_noise, gaussian_blur, spatter, saturate
16:57: kinds: "contrast" is there already
16:87: severities[1]: expected a whole number from 1 to 5, found 6`},
		{"one kind without brackets", with(`kinds = ["contrast", "pixelate"]`, `kinds = "contrast"`),
			`16:36: kinds: expected "standard" or a list, found the string "contrast" | one kind is a list too: kinds = ["contrast"]`},
		{"the model", with("width = [32]", `width = [0], norm = "bathc", activaton = "relu"`),
			`10:33: width 0 of layer 1: expected 1 to 8192
10:45: unknown norm "bathc": expected one of batch, group, none | did you mean "batch"?
10:54: unknown key "activaton" in the model of workload "digits-mlp" | did you mean "activation"?`},
		{"keys of other models", with("width = [32]", `width = [32], heads = 2, depth = 0, bias = "no", init = "kaiming", paches = 4`),
			`10:47: model mlp has no heads; its keys are name, width, norm, activation, classifier, init, base_width
10:58: depth: expected a whole number of at least 1, found 0
10:68: bias: expected true or false, found the string "no"
10:81: unknown init "kaiming": expected one of torch, kaiming_normal, kaiming_uniform, xavier_normal, xavier_uniform, lecun_normal, mup | did you mean "kaiming_normal"?
10:92: unknown key "paches" in the model of workload "digits-mlp" | keys here: activation, base_width, bias, classifier, depth, heads, hidden, init, name, norm, patch, tokens, width`},
		{"the loss", with(`data = { name = "digits"`, "loss = { name = \"mse\", label_smoothing = 0.1, adjust = 1, class_weights = \"balanced\", l2 = -1, weights = 3 }\n"+`data = { name = "digits"`),
			`11:42: label_smoothing belongs to cross_entropy, mse has none
11:56: adjust belongs to cross_entropy, mse has none
11:75: class_weights belongs to cross_entropy, mse has none
11:92: l2: expected a number of at least 0, found -1
11:96: unknown key "weights" in the loss of workload "digits-mlp" | keys here: adjust, class_weights, gamma, l2, label_smoothing, margin, name, reweight, scale`},
		{"numbers of the loss", with(`data = { name = "digits"`, "loss = { label_smoothing = 1, adjust = -1, class_weights = [1, -2, \"a\"], l2 = \"0\" }\n"+`data = { name = "digits"`),
			`11:28: label_smoothing: expected a number of at least 0 and below 1, found 1
11:40: adjust: expected a number of at least 0, found -1 | 1 adjusts by the logarithms of the priors
11:68: class_weights[2]: expected a number, found the string "a" | numbers are written without quotes
11:79: l2: expected a number, found the string "0" | numbers are written without quotes`},
		{"class weights", with(`data = { name = "digits"`, "loss = { name = \"hinge\", class_weights = \"balance\" }\nl2 = 1\nheads = 4\n"+`data = { name = "digits"`),
			`11:17: name: unknown value "hinge" (expected "cross_entropy", "mse" or "logistic")
11:42: class_weights: expected "balanced" or a list of numbers, one a class, found the string "balance" | did you mean "balanced"?
12:1: unknown key "l2" in workload "digits-mlp" | it belongs to loss = { … }
13:1: unknown key "heads" in workload "digits-mlp" | it belongs to model = { … }`},
		{"a weight below 0", with(`data = { name = "digits"`, "loss = { class_weights = [1, -2] }\n"+`data = { name = "digits"`),
			`11:26: class_weights: class 1 has -2: expected at least 0`},
		{"a model override", with("momentum = 0.9, nesterov = true }", "momentum = 0.9, nesterov = true }\nmodel = { norm = \"bacht\", name = \"cnn\" }"),
			`32:18: unknown norm "bacht": expected one of batch, group, none
32:27: unknown key "name" in the model of optimizer "sgd" | an optimizer may change the other keys of the model; another architecture is another workload`},
		{"the data", with(`name = "digits", train`, `name = "cifar-10", augment = "cropflip", train`),
			`11:17: name: unknown value "cifar-10" (expected "digits", "mnist", "fashion-mnist", "cifar10", "cifar100", "rotated-mnist", "colored-mnist", "rotated-digits", "subpopulation", "dir", "file", "mixture", "regression", "parity", "opposing", "linear-forecast", "etth1", "etth2", "ettm1" or "ettm2") | did you mean "cifar10"?
11:39: augment: unknown value "cropflip" (expected "none", "crop", "flip", "cutout", "crop-flip" or "crop-flip-cutout") | did you mean "crop"?`},
		{"selection on the test set", with(`split = "validation"`, `split = "test"`),
			`26:38: split: expected "validation", found "test" | the test and shift sets never select: that is what makes their numbers mean something`},
		{"nothing to select on", with("validation = { size = 200 }\n", ""),
			`8:3: workload "digits-mlp" has no validation examples, which select among 4 configurations | add validation = { size = 2_000 }`},
		{"examples of a metric", with(gradnorm+"on = { examples = 256, batch = 64 }", gradnorm+"on = { examples = 1000, batch = 64 }"),
			`42:19: examples: expected a whole number of batches of 64, found 1000 | 960 would do
42:19: examples: 1000 are more than the 500 that workload "digits-mlp" trains on`},
		{"names", with(`name = "small"`, `name = "sm/all"`, `name = "worst"`, `name = "GradNorm"`),
			`4:8: name "sm/all": expected 1 to 64 letters, digits, '.', '_' or '-', the first a letter or digit
45:8: there is another metric named "GradNorm" at s.toml:40:8`},
		{"targets of the report", with(`"error:test", "error:shift:corruptions"`, `"eror:test", "error:shift:fog"`, `control = ["lr"]`, `control = ["learning_rate"]`),
			`52:20: y: unknown target "eror:test" | did you mean "error:test"?
52:33: y: unknown target "error:shift:fog" | did you mean "error:shift:*"?
52:88: control: unknown parameter of the optimizers "learning_rate" | expected one of: base, lr, momentum, nesterov, rho, steps, weight_decay`},
		{"another schema", with("schema = 1", "schema = 2"),
			`1:10: schema: expected 1, the only one this version reads, found the whole number 2`},
		{"no schema", with("schema = 1", ""),
			`1:1: the suite does not say which schema it is written in | add schema = 1 as the first line`},
		{"the budget", with("limit = 3", "limit = 2.5\nwarmup = 1.5", `timeout = "1m30s"`, `timeout = "90"`),
			`20:9: limit: expected a whole number of epochs, found 2.5
21:10: warmup: expected a number of steps, or a fraction of all steps of at least 0 and below 1, found 1.5
23:11: timeout: expected a positive time span, found "90" | write "30m", "90s" or "1h30m"`},
		{"a variant that is not applied", with("budget.limit = 1", "bugdet.limit = 1", "data.train = 300", "data.trian = 300", "suite.seeds = [7]", "suite.seeds = []"),
			`55:1: variant "quick": unknown key "bugdet" | did you mean "budget"?
56:15: variant "quick": seeds: no seeds (expected at least one whole number) | write seeds = [0] for a single one
57:26: variant "quick": unknown key "trian" in the data of workload "digits-mlp" | did you mean "train"?`},
		{"an entry that a variant does not find", with("workload.digits-mlp.data", "workload.digits.data"),
			`57:10: variant "quick": there is no workload named "digits" to override | did you mean "digits-mlp"?`},
		{"nearly nothing", "schema = 1\n",
			`1:1: the suite has no [suite] table | add [suite] with name, seeds and baseline
1:1: the suite has no workload | add a [[workload]] with a model and data
1:1: the suite has no [budget] table | add [budget] with unit = "epochs" and limit = 60
1:1: the suite has no optimizer | add an [[optimizer]] with a name and a plugin`},
		{"a key twice", with("limit = 3", "limit = 3\nlimit = 4"),
			`21:1: not TOML: Key 'budget.limit' has already been defined at s.toml:20:1 | every key and every [table] is written once; entries that repeat are written with two brackets, as in [[optimizer]]`},
		{"a dotted key and a table", with("schema = 1", "schema = 1\nbudget.limit = 2"),
			`21:1: not TOML: Key 'budget.limit' has already been defined at s.toml:2:8 | every key and every [table] is written once; entries that repeat are written with two brackets, as in [[optimizer]]`},
		{"a string without quotes", with(`name = "small"`, `name = small`),
			`4:8: not TOML: expected value but found "small" instead | strings are quoted, as in name = "cifar"; true, false and numbers are not`},
		{"a table that is not closed", with("[budget]", "[budget"),
			`18:8: not TOML: expected '.' or ']' to end table name, but got '\n' instead`},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := load("s.toml", c.text, options())
			if got := show(err); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestOverrideProblems(t *testing.T) {
	o := options()
	o.Set = []string{"budget.limt=2", "budget.limit", "suite.seeds=[0", "budget.schedule=cosin", "optimizer.sgdd.params.lr=1", "optimizer.sam.model.norm=batch2", "budget.limit = 'x'", "variant.a.b=1", "=1", "[a]=1"}
	_, err := load("s.toml", small, o)
	want := `--set =1: nothing stands on one side of the = | an override is KEY=VALUE, as in budget.limit=2 or suite.seeds=[0,1]
--set [a]=1: the key is dotted, without brackets | an override is KEY=VALUE, as in budget.limit=2 or suite.seeds=[0,1]
--set budget.limit: there is no = | an override is KEY=VALUE, as in budget.limit=2 or suite.seeds=[0,1]
--set budget.limit = 'x': limit: expected a number, found the string "x" | numbers are written without quotes
--set budget.limt=2: unknown key "limt" in [budget] | did you mean "limit"?
--set budget.schedule=cosin: schedule: unknown value "cosin" (expected "constant", "cosine", "linear", "step" or "wsd") | did you mean "cosine"?
--set optimizer.sam.model.norm=batch2: unknown norm "batch2": expected one of batch, group, none
--set optimizer.sgdd.params.lr=1: there is no optimizer named "sgdd" to override | did you mean "sgd"?
--set suite.seeds=[0: not TOML: expected a comma (',') or array terminator (']'), but got end of file | an override is KEY=VALUE, as in budget.limit=2 or suite.seeds=[0,1]
--set variant.a.b=1: a variant is chosen with --variant, not with --set`
	if got := show(err); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	o = options()
	o.Variant = "quik"
	_, err = load("s.toml", small, o)
	if got := show(err); got != ` there is no variant "quik" | did you mean "quick"?` {
		t.Errorf("got %s", got)
	}
}

func TestFilesThatAreNoSuites(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("cifar.toml", small)
	for _, c := range []struct{ path, message, hint string }{
		{filepath.Join(dir, "cifr.toml"), "there is no such suite", "cifar.toml"},
		{dir, "this is a folder, not a suite", "cifar.toml"},
		{write("empty.toml", " \n\t\n"), "the suite is empty", "schema = 1"},
		{write("large.toml", strings.Repeat("#\n", maxSuite)), "larger than 1 MiB", ""},
		{write("binary.toml", "\xff\xfe\x00"), "not TOML", "UTF-8"},
	} {
		_, err := Load(c.path, options())
		var ps Problems
		if !errors.As(err, &ps) || len(ps) != 1 {
			t.Errorf("%s: %v", c.path, err)
			continue
		}
		if p := ps[0]; p.Pos.File != c.path || !strings.Contains(p.Message, c.message) || !strings.Contains(p.Hint, c.hint) {
			t.Errorf("%s: %q, hint %q", c.path, p, p.Hint)
		}
	}
	if text := (Problems{{Pos: Position{"f", 1, 2}, Message: "m", Hint: "h"}, {Pos: Position{File: "g"}, Message: "n"}}).Error(); text != "f:1:2: m\nhint: h\ng: n" {
		t.Errorf("Error() = %q", text)
	}
}

func TestLocalPlugins(t *testing.T) {
	dir := t.TempDir()
	mine := filepath.Join(dir, "plugins", "my-sam")
	if err := os.MkdirAll(mine, 0o777); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "s.toml")
	os.WriteFile(path, []byte(with(`plugin = "sam"`, `plugin = "./plugins/my-sam"`)), 0o666)
	o := options()
	var asked []string
	o.Describe = func(ref string) (pluginhost.Info, error) {
		if filepath.IsAbs(ref) {
			asked = append(asked, ref)
			info := plugins["sam"]
			info.Name = "my-sam"
			return info, nil
		}
		return describe(ref)
	}
	s, err := Load(path, o) // beside the suite, as there is none in the current folder
	if err != nil {
		t.Fatal(err)
	}
	if sam := s.Optimizer("sam"); sam.Ref != mine || sam.Plugin != "./plugins/my-sam" || sam.Info.Name != "my-sam" {
		t.Errorf("plugin %q, ref %q", sam.Plugin, sam.Ref)
	}
	if len(asked) != 1 {
		t.Errorf("the plugin was described %d times", len(asked))
	}
}

func TestPositionOfParameters(t *testing.T) {
	s, err := load("s.toml", small, options())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		got  Position
		want string
	}{
		{s.Optimizer("sgd").Position("momentum"), "s.toml:31:23"},
		{s.Optimizer("sgd").Position("lr"), "s.toml:32:15"},
		{s.Optimizer("sam").Position("rho"), "s.toml:37:41"},
		{s.Optimizer("sam").Position("base"), "s.toml:36:10"}, // a default: where the plugin is named
		{s.Metric("worst").Position("norm"), "s.toml:49:19"},
	} {
		if c.got.String() != c.want {
			t.Errorf("got %v, want %s", c.got, c.want)
		}
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ name, want string }{
		{"batchsize", "batch_size"}, {"batch-size", "batch_size"}, {"BATCH_SIZE", "batch_size"}, {"modle", "model"},
		{"los", "loss"}, {"x", ""}, {"optimizer", ""}, {strings.Repeat("model", 40), ""}, {"", ""},
	} {
		if got := nearest(c.name, []string{"batch_size", "model", "loss", "lr"}); got != c.want {
			t.Errorf("nearest(%q) = %q, want %q", c.name, got, c.want)
		}
	}
	// Known distances: "kitten"/"sitting" is the textbook pair; a swap of neighbours counts once.
	for _, c := range []struct {
		a, b string
		want int
	}{{"kitten", "sitting", 3}, {"sma", "sam", 1}, {"", "abc", 3}, {"ca", "abc", 3}, {"é", "e", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("distance(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzLoad looks for texts that make Load panic, and checks that every problem has a place within the text.
func FuzzLoad(f *testing.F) {
	f.Add(small)
	f.Add("schema = 1\nsuite = 3\nworkload = [1]\noptimizer = [[]]\nmetric = {}\nbudget = []\ntuning = 1\nreport = ''\nvariant = 1\nengine = { a = 1 }")
	f.Add("variant.x = 1\nvariant.y.variant.z = 2\n[[optimizer]]\nparams = 1\ngrid = []\nlist = {}\nmodel = []\n")
	f.Add("[[workload]]\nmodel = { width = [[1]] }\n[[workload.shift]]\ndata = { kinds = [1], severities = 3 }\n")
	f.Fuzz(func(t *testing.T, text string) {
		o := options()
		_, err := load("s.toml", text, o)
		var ps Problems
		if err == nil || !errors.As(err, &ps) || len(ps) == 0 {
			if err != nil {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		lines := strings.Split(text, "\n")
		for _, p := range ps {
			if p.Message == "" || p.Pos.Line < 0 || p.Pos.Line > len(lines) {
				t.Fatalf("%q at %+v", p.Message, p.Pos)
			}
		}
	})
}

// FuzzSet looks for overrides that make Load panic.
func FuzzSet(f *testing.F) {
	for _, set := range []string{"budget.limit=2", "optimizer.sam.params.rho=0.1", "optimizer=[1]", "workload.digits-mlp.shift.corruptions.data.kinds=x", "suite=1", "metric.worst=[[]]", "a.b.c={}", "optimizer.sgd.list=[{}]", "tuning.select='x'"} {
		f.Add(set)
	}
	f.Fuzz(func(t *testing.T, set string) {
		o := options()
		o.Set = []string{set}
		load("s.toml", small, o)
	})
}
