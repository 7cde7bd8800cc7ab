package model

import "github.com/sharpbench/sharpbench/harness/engine"

// samformer forecasts several series at once (Ilbert et al., "SAMformer: Unlocking the Potential of Transformers in Time
// Series Forecasting with Sharpness-Aware Minimization and Channel-Wise Attention", 2024). An example has one position a
// series, whose channels are the times seen; the outputs are the times ahead of the first series, of the second, and so on.
// Inside reversible instance normalisation, unless norm is none as for the paper's toy problem: x + attention(x), one head over the series with queries and keys of hidden
// channels and values as long as the input; then a linear layer over time, the same for all series. There is no perceptron
// and no dropout.
func samformer(s Spec, b *engine.Builder, outputs int) {
	in := b.Shape()
	series := in.H * in.W
	if outputs%series != 0 {
		b.Fail("forecast", "%d outputs for %d series: expected as many times ahead for each", outputs, series)
		return
	}
	body := func(b *engine.Builder) {
		b.Residual(func(b *engine.Builder) {
			positionwise(b, "qkv", 2*s.Hidden+in.C, engine.Identity)
			b.AttentionOf(1, s.Hidden)
		}, nil, engine.Identity)
		positionwise(b, "forecast", outputs/series, engine.Identity)
	}
	if s.Norm == "revin" {
		b.Reversible("revin", body)
	} else {
		body(b)
	}
}
