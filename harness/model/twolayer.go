package model

import "github.com/sharpbench/sharpbench/harness/engine"

// twolayer is the two-layer network f(x) = Σ_j a_j σ(w_j·x + b_j) of Wen, Li, Ma, "Sharpness Minimization Algorithms Do Not
// Only Minimize Sharpness To Achieve Better Generalization" (2023), with one a_j an output. The output has no bias;
// bias = false leaves out the b_j too, and with σ = ReLU f is then homogeneous of degree 2 in its parameters.
func twolayer(s Spec, b *engine.Builder, classes int) {
	b.Linear("hidden", s.Width[0], *s.Bias)
	b.Activate(engine.Activation(s.Activation))
	b.Linear("out", classes, false)
}
