package suite

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func mustLoad(t *testing.T, text string, set ...string) *Suite {
	t.Helper()
	o := options()
	o.Set = set
	s, err := load("s.toml", text, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var testIdentity = Identity{DataDigest: strings.Repeat("d", 64), PluginVersion: "3", EngineVersion: 1}

// ids lists the identities of all trainings of a suite, in order.
func ids(s *Suite) []string {
	var out []string
	for i := range s.Workloads {
		for j := range s.Optimizers {
			for _, c := range s.Configurations(&s.Workloads[i], &s.Optimizers[j]) {
				for _, seed := range s.Seeds {
					out = append(out, s.Training(&s.Workloads[i], &s.Optimizers[j], c, seed, testIdentity).ID())
				}
			}
		}
	}
	return out
}

// TestGoldenIdentities pins identities. A change here means that every trial in every store will be computed again: it is
// right only if the numbers of all trials change too.
func TestGoldenIdentities(t *testing.T) {
	s := mustLoad(t, small)
	w := &s.Workloads[0]
	sam := s.Optimizer("sam")
	training := s.Training(w, sam, s.Configurations(w, sam)[0], 1, testIdentity)
	const text = `{"batch_size":128,"budget":{"limit":3,"schedule":"cosine","unit":"epochs","warmup":0},` +
		`"data":{"augment":"none","digest":"dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd","name":"digits","train":500},` +
		`"engine":1,"kind":"training","loss":{"label_smoothing":0,"name":"cross_entropy"},` +
		`"model":{"activation":"relu","name":"mlp","norm":"none","width":[32]},` +
		`"params":{"base":"sgd","lr":0.1,"rho":0.05,"steps":1},"plugin":{"name":"sam","version":"3"},"seed":1,` +
		`"validation":{"size":200,"stratified":true}}`
	if got := string(training.JSON()); got != text {
		t.Errorf("canonical training\n%s, want\n%s", got, text)
	}
	sum := sha256.Sum256([]byte(text))
	if got := training.ID(); got != hex.EncodeToString(sum[:]) {
		t.Errorf("ID %s is not the sha256 of the text", got)
	}

	evaluation := s.Evaluations(w, "dd")[3]
	const evalText = `{"data":"digits","digest":"dd","kind":"evaluation","shift":{"examples":100,"kind":"contrast","name":"corrupt","seed":0,"severity":3,"version":1},"split":"test"}`
	if got := string(evaluation.JSON()); got != evalText {
		t.Errorf("canonical evaluation\n%s, want\n%s", got, evalText)
	}
	measurement := s.Measurement(s.Metric("worst"), "2")
	const measureText = `{"kind":"measurement","on":{"batch":64,"examples":256,"split":"train"},"params":{"adaptive":false,"norm":"linf","rho":0.25},"plugin":{"name":"msharpness","version":"2"},"probe":1,"seed":"trial"}`
	if got := string(measurement.JSON()); got != measureText {
		t.Errorf("canonical measurement\n%s, want\n%s", got, measureText)
	}

	all := strings.Join(ids(s), "\n")
	sum = sha256.Sum256([]byte(all))
	if got, want := hex.EncodeToString(sum[:8]), "f349526a266899ad"; got != want {
		t.Errorf("the identities of all trainings together: %s, want %s", got, want)
	}
	if got, want := s.Hash()[:16], "fdf4cbb81ad81703"; got != want {
		t.Errorf("the hash of the suite: %s, want %s", got, want)
	}
}

// TestWhatIdentityDependsOn changes one thing at a time.
func TestWhatIdentityDependsOn(t *testing.T) {
	base := ids(mustLoad(t, small))
	if slices.Contains(base[1:], base[0]) {
		t.Fatal("two trainings have the same identity")
	}
	for name, text := range map[string]string{
		"names and texts":          with(`name = "small"`, `name = "large"`+"\ntitle = \"T\"\nrevision = 4", `name = "digits-mlp"`, `name = "w"`, "workload.digits-mlp", "workload.w", `name = "sam"`, `name = "other"`),
		"metrics":                  with(`norm = "linf"`, `norm = "l2"`, `name = "gradnorm"`, `name = "gn"`),
		"shifts":                   with("severities = [3, 5], examples = 100", "severities = [1]"),
		"the report":               with("resamples = 1000", "resamples = 2000"),
		"the time limit":           with(`timeout = "1m30s"`, `timeout = "3h"`),
		"the tuning seeds":         with("trials = 4", "trials = 4\nseeds = [0, 1]"),
		"the order of keys":        with("momentum = 0.9, nesterov = true", "nesterov = true, momentum = 9e-1"),
		"numbers in another form":  with("lr = [0.05, 1e-1]", "lr = [5e-2, 0.1]", "weight_decay = [0, 5e-4]", "weight_decay = [-0.0, 0.0005]", "limit = 3", "limit = 3.0"),
		"defaults written in":      with("width = [32]", `width = [32], norm = "none", init = "torch"`, `data = { name = "digits"`, "loss = { adjust = 0, l2 = 0.0 }\n"+`data = { name = "digits"`, "train = 500", `train = 500, augment = "none"`, "size = 200", "size = 200, stratified = true"),
		"a variant beside it":      with("suite.seeds = [7]", "suite.seeds = [8]"),
		"parameters in grid order": with("lr = [0.05, 1e-1], weight_decay = [0, 5e-4]", "weight_decay = [0, 5e-4], lr = [0.05, 1e-1]"),
	} {
		if got := ids(mustLoad(t, text)); !slices.Equal(got, base) {
			t.Errorf("%s changed the identity of trainings", name)
		}
	}
	for name, text := range map[string]string{
		"the model":           with("width = [32]", "width = [33]"),
		"the activation":      with("width = [32]", `width = [32], activation = "gelu"`),
		"the data":            with("train = 500", "train = 499"),
		"augmentation":        with("train = 500", `train = 500, augment = "crop-flip"`),
		"the validation":      with("size = 200", "size = 201"),
		"stratification":      with("size = 200", "size = 200, stratified = false"),
		"the batch size":      with(`data = { name = "digits"`, "batch_size = 64\n"+`data = { name = "digits"`),
		"the loss":            with(`data = { name = "digits"`, "loss = { label_smoothing = 0.1 }\n"+`data = { name = "digits"`),
		"the kind of loss":    with(`data = { name = "digits"`, "loss = { name = \"mse\" }\n"+`data = { name = "digits"`),
		"the penalty":         with(`data = { name = "digits"`, "loss = { l2 = 1e-3 }\n"+`data = { name = "digits"`),
		"the auxiliary":       with(`data = { name = "digits"`, "auxiliary = { kind = \"l2\" }\n"+`data = { name = "digits"`),
		"the tail":            with(`data = { name = "digits"`, `data = { imbalance = 0.1, name = "digits"`),
		"vector scaling":      with(`data = { name = "digits"`, "loss = { gamma = 0.3 }\n"+`data = { name = "digits"`),
		"margins":             with(`data = { name = "digits"`, "loss = { margin = 0.5 }\n"+`data = { name = "digits"`),
		"the scale":           with(`data = { name = "digits"`, "loss = { scale = 30 }\n"+`data = { name = "digits"`),
		"late weights":        with(`data = { name = "digits"`, "loss = { reweight = {} }\n"+`data = { name = "digits"`),
		"its classes":         with(`data = { name = "digits"`, "auxiliary = { kind = \"classes\", classes = [3] }\n"+`data = { name = "digits"`),
		"the adjustment":      with(`data = { name = "digits"`, "loss = { adjust = 1 }\n"+`data = { name = "digits"`),
		"the weights":         with(`data = { name = "digits"`, "loss = { class_weights = \"balanced\" }\n"+`data = { name = "digits"`),
		"the init":            with("width = [32]", `width = [32], init = "kaiming_normal"`),
		"the limit":           with("limit = 3", "limit = 4"),
		"the unit":            with(`unit = "epochs"`, `unit = "steps"`),
		"the schedule":        with(`schedule = "cosine"`, `schedule = "constant"`),
		"the warmup":          with("limit = 3", "limit = 3\nwarmup = 0.1"),
		"the seeds":           with("seeds = [0, 1]", "seeds = [2, 3]"),
		"all plugins' params": with("momentum = 0.9", "momentum = 0.8", "lr = 0.1 }, { lr = 0.1, rho = 0.1 }, { lr = 0.2, rho = 0.1 }, { lr = 0.2,", "lr = 0.3 }, { lr = 0.3, rho = 0.1 }, { lr = 0.4, rho = 0.1 }, { lr = 0.4,"),
	} {
		for i, id := range ids(mustLoad(t, text)) {
			if slices.Contains(base, id) {
				t.Errorf("%s did not change the identity of training %d", name, i)
				break
			}
		}
	}
	s := mustLoad(t, small)
	w, o := &s.Workloads[0], &s.Optimizers[0]
	c := s.Configurations(w, o)[0]
	for _, id := range []Identity{{"x", "3", 1}, {testIdentity.DataDigest, "4", 1}, {testIdentity.DataDigest, "3", 2}} {
		if s.Training(w, o, c, 0, id).ID() == base[0] {
			t.Errorf("%+v has the identity of another", id)
		}
	}
	// An override of the model is part of what is trained.
	override := mustLoad(t, with("momentum = 0.9, nesterov = true }", "momentum = 0.9, nesterov = true }\nmodel = { norm = \"batch\" }"))
	got := ids(override)
	if got[0] == base[0] || got[8] != base[8] {
		t.Error("a model override must change the trainings of its optimizer and no others")
	}
	if m := override.ModelFor(&override.Workloads[0], override.Optimizer("sgd")); m.Norm != "batch" || m.Width[0] != 32 {
		t.Errorf("overridden model %+v", m)
	}
	other := mustLoad(t, with("width = [32]", `width = [32], init = "mup"`, "momentum = 0.9, nesterov = true }", "momentum = 0.9, nesterov = true }\nmodel = { init = \"torch\" }"))
	if m := other.ModelFor(&other.Workloads[0], other.Optimizer("sgd")); m.Init != "" || m.BaseWidth != 0 {
		t.Errorf("overridden init %+v", m)
	}
	if m := other.Workloads[0].Model; m.Init != "mup" || m.BaseWidth != 256 {
		t.Errorf("model with muP %+v", m)
	}
}

func TestConfigurations(t *testing.T) {
	s := mustLoad(t, small)
	var labels []string
	for _, o := range []string{"sgd", "sam"} {
		for _, c := range s.Configurations(&s.Workloads[0], s.Optimizer(o)) {
			labels = append(labels, c.Label)
		}
	}
	want := []string{"lr=0.05 weight_decay=0", "lr=0.05 weight_decay=5e-4", "lr=0.1 weight_decay=0", "lr=0.1 weight_decay=5e-4",
		"lr=0.1 rho=0.05 steps=1", "lr=0.1 rho=0.1 steps=1", "lr=0.2 rho=0.1 steps=1", "lr=0.2 rho=0.05 steps=2"}
	if !slices.Equal(labels, want) {
		t.Errorf("labels %q, want %q", labels, want)
	}
	c := s.Configurations(&s.Workloads[0], s.Optimizer("sgd"))[1]
	if want := map[string]any{"lr": 0.05, "momentum": 0.9, "nesterov": true, "weight_decay": 5e-4}; !reflect.DeepEqual(c.Params, want) {
		t.Errorf("params %v, want %v", c.Params, want)
	}
	single := mustLoad(t, with("grid = { lr = [0.05, 1e-1], weight_decay = [0, 5e-4] }\n", "", "list = [{ lr = 0.1 }, { lr = 0.1, rho = 0.1 }, { lr = 0.2, rho = 0.1 }, { lr = 0.2, steps = 2 }]\n", "", "trials = 4\n", ""))
	cs := single.Configurations(&single.Workloads[0], single.Optimizer("sgd"))
	if len(cs) != 1 || cs[0].Label != "" || single.Tuning.Trials != 1 {
		t.Errorf("without a grid: %+v, trials %d", cs, single.Tuning.Trials)
	}
}

func TestFormatValue(t *testing.T) {
	for v, want := range map[any]string{0.05: "0.05", 5e-4: "5e-4", 0.1: "0.1", 1.0: "1", 100000.0: "1e5", 1.5e-7: "1.5e-7", 10.0: "10",
		int64(100000): "100000", true: "true", "sgd": "sgd", math.Pi: "3.141592653589793", -0.001: "-1e-3"} {
		if got := FormatValue(v); got != want {
			t.Errorf("FormatValue(%v) = %q, want %q", v, got, want)
		}
	}
}

func TestEvaluations(t *testing.T) {
	s := mustLoad(t, with(`severities = [3, 5], examples = 100 }`, `severities = [3, 5], examples = 100 }
[[workload.shift]]
name = "again"
data = { name = "corrupt", kinds = ["contrast"], severities = [3, 4], examples = 100 }`))
	w := &s.Workloads[0]
	var names []string
	for _, e := range s.Evaluations(w, "d") {
		names = append(names, e.Name())
	}
	want := []string{"train", "validation", "test", "corrupt-contrast-3", "corrupt-contrast-5", "corrupt-pixelate-3", "corrupt-pixelate-5", "corrupt-contrast-4"}
	if !slices.Equal(names, want) {
		t.Errorf("evaluations %v, want %v", names, want)
	}
	if a, b := s.ShiftEvaluations(w, &w.Shifts[0], "d")[0], s.ShiftEvaluations(w, &w.Shifts[1], "d")[0]; a.Hash() != b.Hash() {
		t.Error("the same images under two names are two evaluations")
	}
	if a, b := s.SplitEvaluation(w, "test", "d"), s.SplitEvaluation(w, "test", "e"); a.Hash() == b.Hash() {
		t.Error("other data, same evaluation")
	}
	standard := mustLoad(t, with(`kinds = ["contrast", "pixelate"], severities = [3, 5], examples = 100`, `kinds = "standard"`))
	if n := len(standard.Workloads[0].Shifts[0].Data.Kinds) * len(standard.Workloads[0].Shifts[0].Data.Severities); n != 75 {
		t.Errorf("the standard shift has %d evaluations, want 75", n)
	}
}

func TestVariantsAndOverrides(t *testing.T) {
	o := options()
	o.Variant = "quick"
	o.Set = []string{"budget.schedule=constant", "optimizer.sam.params.base=adamw", "suite.title=A title, with = signs", "metric.worst.on.examples=128"}
	// The title is no bare word and no TOML.
	if _, err := load("s.toml", small, o); err == nil {
		t.Error("a value that is no TOML was accepted")
	}
	o.Set[2] = `suite.title="A title, with = signs"`
	s, err := load("s.toml", small, o)
	if err != nil {
		t.Fatal(err)
	}
	if s.Budget.Limit != 1 || !slices.Equal(s.Seeds, []uint64{7}) || s.Workloads[0].Data.Train != 300 || s.Workloads[0].Data.Name != "digits" {
		t.Errorf("the variant was not applied: %+v", s)
	}
	if s.Budget.Schedule != "constant" || s.Optimizer("sam").Params["base"] != "adamw" || s.Title != "A title, with = signs" || s.Metric("worst").On.Examples != 128 {
		t.Errorf("the overrides were not applied: %+v", s)
	}
	if !slices.Equal(s.Tuning.Seeds, []uint64{7}) || !slices.Equal(s.Variants, []string{"quick"}) {
		t.Errorf("tuning seeds %v, variants %v", s.Tuning.Seeds, s.Variants)
	}
}

// TestResolvedSuite reads a resolved suite again: it is the same suite.
func TestResolvedSuite(t *testing.T) {
	for name, text := range map[string]string{
		"small":  small,
		"warmup": with("limit = 3", "limit = 3\nwarmup = 5", "width = [32]", "width = [32, 16]", `plugin = "sam"`, "plugin = \"sam\"\ntrack = \"side\"\nmodel = { norm = \"batch\", width = [8] }"),
		"loss":   with("width = [32]", `width = [32], init = "mup", base_width = 8`, `data = { name = "digits"`, "loss = { class_weights = [1, 2, 3, 4, 5, 6, 7, 8, 9, 0.5], adjust = 0.5, l2 = 1e-3 }\n"+`data = { name = "digits"`, `plugin = "sam"`, "plugin = \"sam\"\ntrack = \"side\"\nmodel = { init = \"xavier_uniform\" }"),
		"linear": with(`name = "mlp", width = [32]`, `name = "linear", bias = false`, `data = { name = "digits"`, "loss = { class_weights = \"balanced\" }\n"+`data = { name = "digits"`, `plugin = "sam"`, "plugin = \"sam\"\ntrack = \"side\"\nmodel = { bias = true }"),
		"tail":   with(`data = { name = "digits"`, "loss = { gamma = 0.3, margin = 0.5, scale = 30, reweight = { from = 0.5 } }\n"+`data = { imbalance = 0.1, name = "digits"`),
		"aux":    with(`data = { name = "digits"`, "auxiliary = { kind = \"classes\", classes = [3, 1] }\n"+`data = { name = "digits"`),
		"G":      with(`unit = "epochs"`, `unit = "G"`, "limit = 3", "limit = 2.5\nwarmup = 0.05"),
	} {
		s := mustLoad(t, text)
		again, err := load("resolved.toml", s.TOML(), options())
		if err != nil {
			t.Errorf("%s: the resolved suite is not one: %v\n%s", name, err, s.TOML())
			continue
		}
		if again.Hash() != s.Hash() || !slices.Equal(ids(again), ids(s)) {
			t.Errorf("%s: the resolved suite is another one:\n%s", name, s.TOML())
		}
		if again.TOML() != s.TOML() {
			t.Errorf("%s: resolving twice gives\n%s, not\n%s", name, again.TOML(), s.TOML())
		}
	}
	if mustLoad(t, small).Hash() == mustLoad(t, small, "budget.limit=2").Hash() {
		t.Error("another budget, same suite")
	}
}

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{map[string]any{"b": 1.0, "a": int64(1), "c": math.Copysign(0, -1)}, `{"a":1,"b":1,"c":0}`},
		{[]any{1e-7, 1e21, 0.1, 5e-4, 1e20, uint64(math.MaxUint64)}, `[1e-7,1e+21,0.1,0.0005,100000000000000000000,18446744073709551615]`},
		{"<a&b>\u00e9\"\n", `"<a&b>é\"\n"`},
		{map[string]any{"n": nil, "t": true, "l": []int{}}, `{"l":[],"n":null,"t":true}`},
	} {
		got, err := Canonical(c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("Canonical(%v) = %s, %v; want %s", c.v, got, err, c.want)
		}
		if again, err := Canonical(json.RawMessage(got)); err != nil || string(again) != c.want {
			t.Errorf("Canonical of %s = %s, %v", got, again, err)
		}
	}
	if _, err := Canonical(math.NaN()); err == nil {
		t.Error("NaN has a canonical form")
	}
}

// TestShippedSuites reads the suites of the repository as far as that goes without their plugins.
func TestShippedSuites(t *testing.T) {
	files, err := os.ReadDir("../../suites")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".toml") {
			continue
		}
		n++
		s, err := Load("../../suites/"+f.Name(), Options{})
		if err != nil {
			t.Error(err)
			continue
		}
		if len(s.Optimizers) < 2 || s.Optimizer(s.Baseline) == nil {
			t.Errorf("%s: %d optimizers, baseline %q", f.Name(), len(s.Optimizers), s.Baseline)
		}
	}
	if n == 0 {
		t.Error("no suites")
	}
}
