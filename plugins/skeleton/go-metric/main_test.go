package main

import (
	"math"
	"testing"

	"github.com/sharpbench/sharpbench/harness/plugintest"
	"github.com/sharpbench/sharpbench/plugins/sdk/sdktest"
)

// In every test the plugin runs as a process of its own: this test binary, started again.
func TestMain(m *testing.M) { sdktest.TestMain(m, metric{}) }

// On ½ Σ h w² the gradient is h·w and the value Σ h³w² / Σ h²w².
func TestClosedForm(t *testing.T) {
	h, w := []float64{4, 1, 0.5}, []float32{1, 2, -4}
	var above, below float64
	for i := range h {
		g := h[i] * float64(w[i])
		above += g * h[i] * g
		below += g * g
	}
	got := plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(h...), At: w})["my-plugin"]
	if want := above / below; got.Null || math.Abs(got.Value/want-1) > 1e-6 {
		t.Errorf("got %+v, want %v", got, want)
	}
	got = plugintest.Measure(t, plugintest.MeasureCase{Workload: plugintest.Quadratic(h...), At: []float32{0, 0, 0}})["my-plugin"]
	if !got.Null || got.Reason == "" {
		t.Errorf("without a gradient: %+v, want no value and a reason", got)
	}
}

// The rules that every plugin has to keep, those of `bench plugin test`.
func TestConformance(t *testing.T) { plugintest.Run(t, nil, plugintest.Options{}) }
