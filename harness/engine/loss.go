package engine

import (
	"fmt"
	"math"
)

// Loss is the mean cross-entropy of softmax(logits), natural logarithm.
type Loss struct {
	// LabelSmoothing e, 0 <= e < 1, makes the target (1-e) for the label plus e/classes for every class.
	LabelSmoothing float64
	// NormalizeLogits replaces the logits z of each example by z-mean(z) and then z/max(|z|₂, 1e-10) before the softmax
	// (Andriushchenko et al., "A Modern Look at the Relationship between Sharpness and Generalization", 2023). The gradient
	// goes through it.
	NormalizeLogits bool
}

const leastNorm = 1e-10

// lossScratch is the memory of one example: float64 throughout.
type lossScratch struct{ z, p []float64 }

func newLossScratch(classes int) lossScratch {
	return lossScratch{make([]float64, classes), make([]float64, classes)}
}

// sum returns the total loss and the errors of n examples. Where d is not nil, it gets the gradient of the mean over the
// n examples with respect to the logits. d may be logits itself.
func (l Loss) sum(s lossScratch, logits []float32, labels []int32, d []float32) (total float64, errors int) {
	k := len(s.z)
	off := l.LabelSmoothing / float64(k) // target of the other classes
	n := float64(len(labels))
	for i, label := range labels {
		if label < 0 || int(label) >= k {
			panic(fmt.Sprintf("engine: example %d has label %d, expected 0 to %d", i, label, k-1))
		}
		row := logits[i*k : (i+1)*k]
		if argmax(row) != int(label) {
			errors++
		}
		z, p := s.z, s.p
		for j, v := range row {
			z[j] = float64(v)
		}
		norm := 1.0
		if l.NormalizeLogits {
			norm = normalize(z)
		}
		largest := math.Inf(-1)
		for _, v := range z {
			largest = max(largest, v) // NaN stays NaN
		}
		var sum float64
		for j, v := range z {
			p[j] = math.Exp(v - largest)
			sum += p[j]
		}
		logSum := math.Log(sum)
		var loss float64
		for j, v := range z {
			t := off
			if j == int(label) {
				t += 1 - l.LabelSmoothing
			}
			if t != 0 {
				loss -= float64(t * (v - largest - logSum))
			}
			p[j] = (p[j]/sum - t) / n
		}
		total += loss
		if d == nil {
			continue
		}
		if l.NormalizeLogits {
			normalizeGrad(z, p, norm)
		}
		to := d[i*k : (i+1)*k]
		for j, v := range p {
			to[j] = float32(v)
		}
	}
	return total, errors
}

// normalize centres z and scales it to norm 1. It returns what it divided by.
func normalize(z []float64) float64 {
	var mean float64
	for _, v := range z {
		mean += v
	}
	mean /= float64(len(z))
	var square float64
	for j := range z {
		z[j] -= mean
		square += float64(z[j] * z[j])
	}
	norm := math.Max(math.Sqrt(square), leastNorm)
	for j := range z {
		z[j] /= norm
	}
	return norm
}

// normalizeGrad turns the gradient g with respect to the normalised logits u into that with respect to the logits:
// centre((g - u (u·g)) / norm). Where the norm was raised to its least value it is a constant and u (u·g) is left out.
func normalizeGrad(u, g []float64, norm float64) {
	var dot float64
	if norm > leastNorm {
		for j := range u {
			dot += float64(u[j] * g[j])
		}
	}
	var mean float64
	for j := range g {
		g[j] = (g[j] - float64(u[j]*dot)) / norm
		mean += g[j]
	}
	mean /= float64(len(g))
	for j := range g {
		g[j] -= mean
	}
}

// argmax is the first largest element, or -1 when there is a NaN.
func argmax(x []float32) int {
	best := 0
	for j, v := range x {
		if v != v {
			return -1
		}
		if v > x[best] {
			best = j
		}
	}
	return best
}
