package report

import (
	"fmt"
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// simulated is a store with known truth: optimizers whose expected errors lie gap apart, seeds shared by all, a metric that is
// noise, one that the error follows within optimizers, and one that goes with the error between optimizers and against it within.
func simulated(k, optimizers, configs, seeds int, gap float64) Input {
	in := Input{
		Suite:     SuiteInfo{Name: "simulated", TuningSeeds: []uint64{0}, Baseline: "o0"},
		Workloads: []string{"w"},
		Metrics:   []MetricInfo{{Name: "pure-noise", Column: "pure-noise"}, {Name: "follows", Column: "follows"}, {Name: "simpson", Column: "simpson"}},
		Correlate: CorrelateSpec{Y: []string{"error:test"}, Within: []string{"optimizer"}, Resamples: 200},
	}
	shared := rng.New(uint64(k), "test.shared", 0)
	luck := make([]float64, seeds)
	for s := range seeds {
		in.Suite.Seeds = append(in.Suite.Seeds, uint64(s))
		luck[s] = 0.02 * shared.Norm()
	}
	for o := range optimizers {
		name := fmt.Sprintf("o%d", o)
		in.Optimizers = append(in.Optimizers, OptimizerInfo{Name: name, Plugin: name})
		for c := range configs {
			r := rng.New(uint64(k), "test.config", uint64(100*o+c))
			noise, quality := r.Norm(), 0.0
			if c > 0 { // the selected configuration has the mean of its optimizer
				quality = 0.02 * r.Norm()
			}
			for s := range seeds {
				if c > 0 && s > 0 {
					break
				}
				e := 0.3 + gap*float64(o) + quality + luck[s] + 0.01*r.Norm()
				in.Trials = append(in.Trials, Trial{ID: fmt.Sprintf("%d-%d-%d", o, c, s), Workload: "w", Optimizer: name, ConfigKey: fmt.Sprintf("%s-%d", name, c),
					ConfigLabel: fmt.Sprint(c), Seed: uint64(s), Tuning: s == 0, Final: c == 0, Status: Done, Error: map[string]float64{"test": e, "validation": e},
					Loss: map[string]float64{"test": e}, G: 1, Steps: 1, Metrics: map[string]Metric{
						"pure-noise": {Value: noise}, "follows": {Value: e + 0.005*r.Norm()}, "simpson": {Value: 10*float64(o) - 100*quality}}})
			}
		}
	}
	return in
}

// TestSimulatedStores: over boards made from known truth, the interval of a difference covers it, marks are wrong in at most one
// board of twenty, a metric that is noise is marked as rarely, and Simpson's paradox is flagged.
func TestSimulatedStores(t *testing.T) {
	const boards = 300
	covered, differences, marked, noise, follows, flagged := 0, 0, 0, 0, 0, 0
	for k := range boards {
		// No optimizer differs from the baseline: every mark is false.
		b, err := Build(simulated(k, 4, 5, 8, 0))
		if err != nil {
			t.Fatal(err)
		}
		wrong := false
		for _, row := range b.Sections[0].Rankings[0].Rows {
			if row.Compared {
				differences++
				if row.Delta.Delta.Contains(0) {
					covered++
				}
				wrong = wrong || row.Significant()
			}
		}
		if wrong {
			marked++
		}
		for _, row := range b.Sections[0].Correlations[0].Rows {
			switch {
			case row.Name == "pure-noise" && (row.Marked || row.WithinMarked):
				noise++
			case row.Name == "follows" && row.WithinMarked:
				follows++
			}
		}
		if k < 40 {
			b, err := Build(simulated(k, 4, 6, 8, 0.1))
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range b.Sections[0].Correlations[0].Rows {
				if row.Name == "simpson" && row.Flipped {
					flagged++
				}
			}
		}
	}
	share := float64(covered) / float64(differences)
	t.Logf("coverage %.3f of %d, boards with a false mark %d, with noise marked %d, with the true metric marked %d of %d, Simpson flagged %d of 40", share, differences, marked, noise, follows, boards, flagged)
	if share < 0.93 || share > 0.97 {
		t.Errorf("the interval of the difference covers the truth in %.1f %% of cases", 100*share)
	}
	limit := 0.05*boards + 2*math.Sqrt(0.05*0.95*boards) // two standard deviations of the simulation itself
	if float64(marked) > limit {
		t.Errorf("%d of %d boards mark a difference that is none", marked, boards)
	}
	if float64(noise) > limit {
		t.Errorf("%d of %d boards mark noise", noise, boards)
	}
	if follows < boards*9/10 {
		t.Errorf("a metric that the error follows is marked on %d of %d boards", follows, boards)
	}
	if flagged != 40 {
		t.Errorf("Simpson's paradox is flagged on %d of 40 boards", flagged)
	}
}

// BenchmarkBoard renders 10 000 trials with 20 metrics and 30 shifts in all formats that are published by default.
func BenchmarkBoard(b *testing.B) {
	in := Input{Suite: SuiteInfo{Name: "large", Baseline: "o0", TuningSeeds: []uint64{0}}, Workloads: []string{"w0", "w1"},
		Correlate: CorrelateSpec{Y: []string{"error:test", "gap", "error:shift:*"}, Within: []string{"optimizer"}, Control: []string{"lr"}, Resamples: 10_000}}
	for m := range 20 {
		in.Metrics = append(in.Metrics, MetricInfo{Name: fmt.Sprint("m", m), Column: fmt.Sprint("m", m), Headline: m == 0})
	}
	for _, w := range in.Workloads {
		for s := range 30 {
			in.Shifts = append(in.Shifts, ShiftInfo{Name: fmt.Sprint("s", s), Workload: w})
		}
	}
	for s := range 5 {
		in.Suite.Seeds = append(in.Suite.Seeds, uint64(s))
	}
	for o := range 25 {
		name := fmt.Sprint("o", o)
		in.Optimizers = append(in.Optimizers, OptimizerInfo{Name: name, Plugin: name})
		for wi, w := range in.Workloads {
			for c := range 40 {
				for s := range 5 {
					r := rng.New(uint64(s), name+w, uint64(c))
					t := Trial{ID: fmt.Sprintf("%02d%02d%02d%02d-abcdefgh", o, wi, c, s), Workload: w, Optimizer: name, ConfigKey: fmt.Sprint(name, "-", c), ConfigLabel: fmt.Sprint("lr=", c),
						Params: map[string]any{"lr": float64(1 + c), "wd": float64(c % 4)}, Seed: uint64(s), Tuning: true, Final: c == 0, Status: Done, G: 100, Steps: 100,
						Error: map[string]float64{}, Loss: map[string]float64{"test": r.Float64(), "train": r.Float64()}, Metrics: map[string]Metric{}, Dim: 1000, Norm: 1 + r.Float64()}
					for _, split := range []string{"train", "validation", "test"} {
						t.Error[split] = 0.3 + 0.1*r.Float64()
					}
					for k := range 30 {
						t.Error[fmt.Sprint("shift:s", k)] = 0.4 + 0.1*r.Float64()
					}
					for k := range 20 {
						t.Metrics[fmt.Sprint("m", k)] = Metric{Value: r.Norm()}
					}
					in.Trials = append(in.Trials, t)
				}
			}
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		board, err := Build(in)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := Files(board); err != nil {
			b.Fatal(err)
		}
	}
}
