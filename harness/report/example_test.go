package report

import (
	"crypto/sha256"
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// example is the input of the golden files: four optimizers with four configurations each on one tuning seed, the selected ones
// on n seeds, two metrics, one shift; a diverged configuration, a failed final seed, a metric that is sometimes null, an
// optimizer in another track. All numbers are synthetic: functions of lr, rho and the seed.
func example(n int) Input {
	in := Input{
		Suite: SuiteInfo{Name: "example", Title: "Example: does flatness predict robustness?", Revision: 3, Hash: "7f3a9c1e", TuningSeeds: []uint64{0},
			Baseline: "sgd", SelectRule: "smallest mean validation error over the tuning seeds", Budget: "60 epochs, cosine schedule", Version: "0.1.0",
			Unpinned: []string{"./plugins/my-sam"}},
		Workloads: []string{"cifar10-cnn"},
		Shifts:    []ShiftInfo{{"corruptions", "cifar10-cnn"}},
		Metrics: []MetricInfo{
			{Name: "worst", Column: "adaptive-worst-linf", Value: "worst", Better: "lower", Headline: true},
			{Name: "gradnorm", Column: "gradnorm", Value: "norm", Better: "none"},
		},
		Optimizers: []OptimizerInfo{{Name: "sgd", Plugin: "sgd"}, {Name: "adamw", Plugin: "adamw"}, {Name: "sam", Plugin: "sam"},
			{Name: "mine", Plugin: "./plugins/my-sam", Unpinned: true}, {Name: "dp-sat", Plugin: "dpsat", Track: "private", Overrides: "model.norm = group"}},
		Correlate: CorrelateSpec{Y: []string{"error:test", "gap", "error:shift:*"}, Within: []string{"optimizer"}, Control: []string{"lr"}, Resamples: 2000},
	}
	for s := range n {
		in.Suite.Seeds = append(in.Suite.Seeds, uint64(s))
	}
	for k, o := range in.Optimizers {
		for c := range 4 {
			lr, rho := 0.05*float64(1+c%2), 0.05*float64(1+c/2)
			selected := c == 3
			label := fmt.Sprintf("lr=%g rho=%g", lr, rho)
			last := 1
			if selected {
				last = n
			}
			for s := range max(last, 1) {
				key := fmt.Sprintf("%s-%d", o.Name, c)
				id := fmt.Sprintf("%x", sha256.Sum256(fmt.Append(nil, key, s)))
				r := rng.New(uint64(s), key, 0)
				noise, shared := r.Norm(), rng.New(uint64(s), "shared", 0).Norm()
				test := 0.38 - 0.02*float64(k%3) - 0.04*rho*float64(c) + 0.003*noise + 0.002*shared
				sharp := 0.4*math.Exp(0.9*float64(2-k%3)) + 0.3*rho + 0.02*r.Norm()
				t := Trial{ID: id, Workload: "cifar10-cnn", Optimizer: o.Name, ConfigKey: key, ConfigLabel: label,
					Params: map[string]any{"lr": lr, "rho": rho, "base": "sgd"}, Seed: uint64(s), Tuning: s == 0, Final: selected && s < n, Status: Done,
					Error: map[string]float64{"train": 0.04 + 0.03*float64(k%3) + 0.001*noise, "validation": test + 0.01, "test": test,
						"shift:corruptions": test + 0.13 + 0.004*r.Norm(), "shift:corruptions/contrast/3": test + 0.2},
					Loss:    map[string]float64{"train": 0.15 + 0.05*float64(k%3) + 0.01*r.Norm(), "test": 1.1 + 2*(test-0.35)},
					Metrics: map[string]Metric{"adaptive-worst-linf": {Value: sharp, StdErr: 0.01}, "gradnorm": {Value: 3e-5 * math.Exp(r.Norm())}},
					G:       1440 * float64(1+k%3/2), Steps: 1440, Dim: 24_000, Norm: 20 + float64(k%5) - 0.1*float64(s)}
				if o.Name == "sam" && c == 1 {
					t.Status, t.Reason = Diverged, "the loss is not finite at step 17"
					t.Error, t.Loss, t.Metrics = nil, nil, nil
				}
				if o.Name == "mine" && selected && s == 1 {
					t.Status, t.Reason = Failed, "plugin exited: panic: index out of range | [5]"
					t.Error, t.Loss, t.Metrics = nil, nil, nil
				}
				if o.Name == "adamw" && selected && s == 2 {
					t.Metrics["adaptive-worst-linf"] = Metric{Null: true, Reason: "did not converge in 20 steps."}
				}
				in.Trials = append(in.Trials, t)
			}
		}
	}
	return in
}
