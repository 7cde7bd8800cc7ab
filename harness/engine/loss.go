package engine

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Kinds of losses. Every loss is a mean over examples: L = 1/n Σ_i ℓ_i, natural logarithms throughout.
const (
	// CrossEntropy is that of softmax(z) for the logits z: ℓ = -Σ_c ω_c t_c ln softmax(z)_c, where the target t is 1 for
	// the label, else 0, and may be smoothed, and ω are class weights. It is what an empty Kind means.
	CrossEntropy = "cross_entropy"
	// MSE is ℓ = ½ Σ_k (f_k - t_k)² over the outputs: with the factor ½, and a sum, not a mean, over outputs, so that
	// the Hessian of a linear model is that of its inputs and gradient descent is stable up to 2/λ_max. PyTorch's MSELoss
	// is 2/outputs times as large. The targets t are Batch.T; without them they are 1 for the label and 0 for the rest
	// (Hui, Belkin, "Evaluation of Neural Architectures Trained with Square Loss vs Cross-Entropy", 2021), and for a
	// single output 1 for label 1 and -1 for label 0.
	MSE = "mse"
	// Logistic is ℓ = ln(1 + exp(-y f)) with y = 1 for label 1 and y = -1 for label 0. A net with one output has f = z_0;
	// one with two has f = z_1 - z_0, which makes it equal to the cross-entropy.
	Logistic = "logistic"
)

// LossKinds lists the kinds of losses.
func LossKinds() []string { return []string{CrossEntropy, MSE, Logistic} }

// Loss is the function of outputs and labels that a net is trained on. The zero value is the mean cross-entropy.
//
// The errors of a Result are counted on the outputs as the net gives them, before any of the adjustments below: the
// predicted class is the largest output, and with a single output it is 1 where f > 0. With targets there are no classes
// and no errors.
type Loss struct {
	Kind string // CrossEntropy, MSE or Logistic; "" is CrossEntropy
	// LabelSmoothing e, 0 <= e < 1, makes the target (1-e) for the label plus e/classes for every class. Cross-entropy only.
	LabelSmoothing float64
	// NormalizeLogits replaces the logits z of each example by z-mean(z) and then z/max(|z|₂, 1e-10) before the softmax
	// (Andriushchenko et al., "A Modern Look at the Relationship between Sharpness and Generalization", 2023). The
	// derivatives go through it. Cross-entropy only.
	NormalizeLogits bool
	// ClassWeights are ω above, one a class, none negative; nil: all 1. Cross-entropy only. The sum of the weighted losses
	// is divided by the number of examples, so that the loss of an example does not depend on the batch it is in. PyTorch's
	// reduction "mean" divides by Σ_i ω_{y_i} instead; the two agree on a set where the mean weight of an example is 1, as
	// it is for the weights N/(K N_c) on the set that N_c counts. With smoothing, ω weighs every class's part, as there.
	ClassWeights []float64
	// Adjust is added to the logits before the softmax, one number a class; nil: nothing. Cross-entropy only. τ ln(prior)
	// is the logit-adjusted loss of Menon et al., "Long-tail Learning via Logit Adjustment" (2021), equation 10. With
	// NormalizeLogits it is added after normalising.
	Adjust []float64
	// Multiply are factors of the logits before the softmax, one a class, all positive; nil: 1. They come before Adjust and
	// after normalising. Cross-entropy only. With (N_c/N_max)^γ and an Adjust of τ ln(prior) this is the vector-scaling
	// loss of Kini et al., "Label-Imbalanced and Group-Sensitive Classification under Overparameterization" (2021).
	Multiply []float64
	// Margin is subtracted from the logit of the label, after Multiply: an example with label c has to win by Margin[c]. One
	// number a class; nil: 0. Cross-entropy only. With s·C·N_c^(-1/4)/max N_c^(-1/4), and s as Multiply for all classes, this
	// is the LDAM loss of Cao et al., "Learning Imbalanced Datasets with Label-Distribution-Aware Margin Loss" (2019).
	Margin []float64
	// L2 is λ of the ridge penalty ½ λ |w|² over all parameters, biases and scales too. It is added once to the mean, and
	// to the loss of each example, whose mean the loss is. It is part of the loss, of its gradient and its Hessian; weight
	// decay, which is not, belongs to optimizers.
	L2 float64
}

// LossProblem is something wrong with one field of a Loss.
type LossProblem struct {
	Key     string // as in a suite: name, label_smoothing, class_weights, adjust, l2; or normalize_logits, multiply, margin
	Message string
}

// Problems returns all that is wrong with l for a net with a number of outputs; 0 outputs: not known yet.
func (l Loss) Problems(outputs int) []LossProblem {
	var all []LossProblem
	add := func(key, format string, args ...any) {
		all = append(all, LossProblem{key, fmt.Sprintf(format, args...)})
	}
	kind := l.kind()
	switch {
	case !slices.Contains(LossKinds(), kind):
		add("name", "unknown loss %q: expected one of %s", l.Kind, strings.Join(LossKinds(), ", "))
	case kind == CrossEntropy && outputs == 1:
		add("name", "cross_entropy needs a net with at least 2 outputs, one a class: it is 0 for a single one")
	case kind == Logistic && outputs > 2:
		add("name", "logistic is a loss for two classes, the net has %d outputs", outputs)
	}
	if kind != CrossEntropy {
		only := func(key string, set bool) {
			if set {
				add(key, "%s belongs to cross_entropy, %s has none", key, kind)
			}
		}
		only("label_smoothing", l.LabelSmoothing != 0)
		only("class_weights", l.ClassWeights != nil)
		only("adjust", l.Adjust != nil)
		only("multiply", l.Multiply != nil)
		only("margin", l.Margin != nil)
		only("normalize_logits", l.NormalizeLogits)
	}
	if !(l.LabelSmoothing >= 0 && l.LabelSmoothing < 1) {
		add("label_smoothing", "label_smoothing: expected a number of at least 0 and below 1, found %v", l.LabelSmoothing)
	}
	vector := func(key string, x []float64) {
		if x != nil && outputs > 0 && len(x) != outputs {
			add(key, "%s: %d numbers: expected %d, one a class", key, len(x), outputs)
		}
		for c, v := range x {
			switch {
			case math.IsNaN(v) || math.IsInf(v, 0):
				add(key, "%s: class %d has %v: expected a finite number", key, c, v)
			case key == "class_weights" && v < 0:
				add(key, "%s: class %d has %v: expected at least 0", key, c, v)
			case key == "multiply" && v <= 0:
				add(key, "%s: class %d has %v: expected more than 0", key, c, v)
			}
		}
	}
	vector("class_weights", l.ClassWeights)
	vector("adjust", l.Adjust)
	vector("multiply", l.Multiply)
	vector("margin", l.Margin)
	if !(l.L2 >= 0) || math.IsInf(l.L2, 1) {
		add("l2", "l2: expected a number of at least 0, found %v", l.L2)
	}
	return all
}

// Equal reports whether l and o are the same function.
func (l Loss) Equal(o Loss) bool {
	return l.kind() == o.kind() && l.LabelSmoothing == o.LabelSmoothing && l.NormalizeLogits == o.NormalizeLogits &&
		l.L2 == o.L2 && slices.Equal(l.ClassWeights, o.ClassWeights) && slices.Equal(l.Adjust, o.Adjust) &&
		slices.Equal(l.Multiply, o.Multiply) && slices.Equal(l.Margin, o.Margin)
}

func (l Loss) kind() string {
	if l.Kind == "" {
		return CrossEntropy
	}
	return l.Kind
}

const leastNorm = 1e-10

// lossScratch is the memory of one example: float64 throughout.
type lossScratch struct {
	z, p []float64 // the logits; the softmax, then the gradient
	r, q []float64 // their derivatives along a direction
}

func newLossScratch(outputs int) lossScratch {
	return lossScratch{make([]float64, outputs), make([]float64, outputs), make([]float64, outputs), make([]float64, outputs)}
}

// sum returns the total loss and the errors of the examples of b, without the L2 term. Where d is not nil, it gets the
// gradient of the mean over these examples with respect to the outputs; d may be logits itself. Where each is not nil, it
// gets the loss of each example.
func (l Loss) sum(s lossScratch, logits []float32, b Batch, d, each []float32) (total float64, errors int) {
	k := len(s.z)
	l.check(k, b)
	n := float64(b.Len())
	for i, label := range b.Y {
		row := logits[i*k : (i+1)*k]
		if b.T == nil && predicted(row) != int(label) {
			errors++
		}
		for j, v := range row {
			s.z[j] = float64(v)
		}
		var loss float64
		switch l.Kind {
		case MSE:
			for j := range k {
				e := s.z[j] - wanted(b, i, j, k)
				loss += float64(e * e)
				s.p[j] = e / n
			}
			loss /= 2
		case Logistic:
			margin, sign := logisticMargin(s.z, label)
			loss = softplus(-margin)
			slope := -sign * sigmoid(-margin) / n
			s.p[k-1] = slope
			if k == 2 {
				s.p[0] = -slope
			}
		default:
			norm := 1.0
			if l.NormalizeLogits {
				norm = normalize(s.z)
			}
			loss = l.crossEntropy(s, int(label), n)
			if l.NormalizeLogits && d != nil {
				normalizeGrad(s.z, s.p, norm)
			}
		}
		total += loss
		if each != nil {
			each[i] = float32(loss)
		}
		if d != nil {
			to := d[i*k : (i+1)*k]
			for j, v := range s.p {
				to[j] = float32(v)
			}
		}
	}
	return total, errors
}

// tangent stores in rd the derivative of what sum stores in d when the outputs move along rlogits: the Hessian of the
// mean loss with respect to the outputs, times rlogits. rd may be rlogits itself.
func (l Loss) tangent(s lossScratch, logits, rlogits []float32, b Batch, rd []float32) {
	k := len(s.z)
	l.check(k, b)
	n := float64(b.Len())
	for i, label := range b.Y {
		for j := range k {
			s.z[j], s.r[j] = float64(logits[i*k+j]), float64(rlogits[i*k+j])
		}
		out := s.q
		switch l.Kind {
		case MSE:
			for j, v := range s.r {
				out[j] = v / n
			}
		case Logistic:
			margin, _ := logisticMargin(s.z, label)
			curvature := sigmoid(margin) * sigmoid(-margin) / n
			if k == 1 {
				out[0] = curvature * s.r[0]
			} else {
				out[1] = curvature * (s.r[1] - s.r[0])
				out[0] = -out[1]
			}
		default:
			l.crossEntropyTangent(s, int(label), n)
		}
		for j, v := range out {
			rd[i*k+j] = float32(v)
		}
	}
}

// crossEntropy returns the loss of one example with the (normalised) logits s.z, and leaves in s.p its gradient with
// respect to them, divided by n.
func (l Loss) crossEntropy(s lossScratch, label int, n float64) float64 {
	mass := l.softmax(s, label)
	logSum, largest := mass.logSum, mass.largest
	weight := l.weight(label, len(s.z))
	var loss float64
	for j, v := range s.z {
		t := l.target(label, j, len(s.z))
		if t != 0 {
			loss -= float64(t * (l.shifted(v, j, label) - largest - logSum))
		}
		s.p[j] = (float64(weight*s.p[j]) - t) / n
		if l.Multiply != nil {
			s.p[j] *= l.Multiply[j]
		}
	}
	return loss
}

// crossEntropyTangent leaves in s.q the derivative of the gradient along s.r, divided by n. With u the normalised logits,
// g the gradient with respect to them, ru and rg their derivatives and |z| the norm of the centred logits, the gradient
// with respect to the logits is C (g - u (u·g)) / |z|, where C centres.
func (l Loss) crossEntropyTangent(s lossScratch, label int, n float64) {
	z, r, p, q := s.z, s.r, s.p, s.q
	norm, along := 1.0, 0.0 // along is the derivative of |z|
	if l.NormalizeLogits {
		norm = normalize(z)
		centre(r)
		if norm > leastNorm {
			along = dot(z, r)
		}
		for j := range r {
			r[j] = (r[j] - float64(z[j]*along)) / norm
		}
	}
	l.softmax(s, label)
	weight := l.weight(label, len(s.z))
	var mean float64
	for j := range q {
		mean += float64(p[j] * float64(l.factor(j)*r[j]))
	}
	for j := range q {
		f := l.factor(j)
		q[j] = float64(float64(weight*p[j])*(float64(f*r[j])-mean)/n) * f
		p[j] = (float64(weight*p[j]) - l.target(label, j, len(s.z))) / n * f
	}
	if !l.NormalizeLogits {
		return
	}
	var ug, turn float64
	if norm > leastNorm {
		ug = dot(z, p)
		turn = dot(r, p) + dot(z, q)
	}
	for j := range q {
		now := (p[j] - float64(z[j]*ug)) / norm
		q[j] = (q[j]-float64(r[j]*ug)-float64(z[j]*turn))/norm - float64(now*along)/norm
	}
	centre(q)
}

type softmaxMass struct{ largest, logSum float64 }

// factor is what logit j is multiplied by.
func (l Loss) factor(j int) float64 {
	if l.Multiply == nil {
		return 1
	}
	return l.Multiply[j]
}

// shifted is what the softmax sees of logit j, which is v, for an example with a label.
func (l Loss) shifted(v float64, j, label int) float64 {
	if l.Multiply != nil {
		v = float64(v * l.Multiply[j])
	}
	if l.Adjust != nil {
		v += l.Adjust[j]
	}
	if l.Margin != nil && j == label {
		v -= l.Margin[j]
	}
	return v
}

// softmax leaves softmax(Multiply z + Adjust - Margin of the label) in s.p.
func (l Loss) softmax(s lossScratch, label int) softmaxMass {
	largest := math.Inf(-1)
	for j, v := range s.z {
		largest = max(largest, l.shifted(v, j, label)) // NaN stays NaN
	}
	var sum float64
	for j, v := range s.z {
		s.p[j] = math.Exp(l.shifted(v, j, label) - largest)
		sum += s.p[j]
	}
	for j := range s.p {
		s.p[j] /= sum
	}
	return softmaxMass{largest, math.Log(sum)}
}

// target is ω_j t_j for an example with a label, among k classes.
func (l Loss) target(label, j, k int) float64 {
	t := l.LabelSmoothing / float64(k)
	if j == label {
		t += 1 - l.LabelSmoothing
	}
	if l.ClassWeights != nil {
		t *= l.ClassWeights[j]
	}
	return t
}

// weight is Σ_j ω_j t_j: what the softmax weighs in the gradient of an example with a label.
func (l Loss) weight(label, k int) float64 {
	if l.ClassWeights == nil {
		return 1
	}
	var sum float64
	for j := range k {
		sum += l.target(label, j, k)
	}
	return sum
}

// wanted is the target of output j of example i for MSE.
func wanted(b Batch, i, j, k int) float64 {
	switch {
	case b.T != nil:
		return float64(b.T[i*k+j])
	case int(b.Y[i]) == j && k > 1, b.Y[i] == 1 && k == 1:
		return 1
	case k == 1:
		return -1
	}
	return 0
}

// logisticMargin returns y f and y.
func logisticMargin(z []float64, label int32) (margin, sign float64) {
	f := z[0]
	if len(z) == 2 {
		f = z[1] - z[0]
	}
	if label == 1 {
		return f, 1
	}
	return -f, -1
}

// softplus is ln(1 + exp(x)).
func softplus(x float64) float64 { return math.Max(x, 0) + math.Log1p(math.Exp(-math.Abs(x))) }

// sigmoid is 1/(1 + exp(-x)).
func sigmoid(x float64) float64 {
	if x < 0 {
		e := math.Exp(x)
		return e / (1 + e)
	}
	return 1 / (1 + math.Exp(-x))
}

// check panics where the loss does not fit the outputs or the batch.
func (l Loss) check(outputs int, b Batch) {
	if p := l.misfit(outputs); p != "" {
		panic("engine: loss: " + p)
	}
	if b.T != nil {
		if l.Kind != MSE {
			panic("engine: a batch with targets needs the loss mse, not " + l.kind())
		}
		return
	}
	for i, label := range b.Y {
		if label < 0 || int(label) >= max(outputs, 2) {
			panic(fmt.Sprintf("engine: example %d has label %d, expected 0 to %d", i, label, max(outputs, 2)-1))
		}
	}
}

// misfit is the first of the problems that would make the arithmetic fail. It takes no memory.
func (l Loss) misfit(outputs int) string {
	switch l.Kind {
	case "", CrossEntropy:
		switch {
		case outputs == 1:
			return "cross_entropy of a single output"
		case l.ClassWeights != nil && len(l.ClassWeights) != outputs:
			return "ClassWeights has not one number a class"
		case l.Adjust != nil && len(l.Adjust) != outputs:
			return "Adjust has not one number a class"
		case l.Multiply != nil && len(l.Multiply) != outputs:
			return "Multiply has not one number a class"
		case l.Margin != nil && len(l.Margin) != outputs:
			return "Margin has not one number a class"
		}
		return ""
	case MSE, Logistic:
		switch {
		case l.Kind == Logistic && outputs > 2:
			return "logistic of more than 2 outputs"
		case l.LabelSmoothing != 0, l.ClassWeights != nil, l.Adjust != nil, l.Multiply != nil, l.Margin != nil, l.NormalizeLogits:
			return "smoothing, class weights, margins, adjusted and normalised logits belong to cross_entropy"
		}
		return ""
	}
	return "unknown kind"
}

// penalty returns the L2 term at w and adds it to each, which may be nil.
func (l Loss) penalty(w, each []float32) float64 {
	if l.L2 == 0 {
		return 0
	}
	var square float64
	for _, v := range w {
		square += float64(float64(v) * float64(v))
	}
	p := l.L2 / 2 * square
	for i, v := range each {
		each[i] = float32(float64(v) + p)
	}
	return p
}

// addRidge adds L2·v to to: the gradient of the L2 term at v, and its Hessian's product with v.
func (l Loss) addRidge(v, to []float32) {
	if l.L2 == 0 {
		return
	}
	for i, x := range v {
		to[i] = float32(float64(to[i]) + float64(l.L2*float64(x)))
	}
}

// normalize centres z and scales it to norm 1. It returns what it divided by.
func normalize(z []float64) float64 {
	centre(z)
	norm := math.Max(math.Sqrt(dot(z, z)), leastNorm)
	for j := range z {
		z[j] /= norm
	}
	return norm
}

// normalizeGrad turns the gradient g with respect to the normalised logits u into that with respect to the logits:
// centre((g - u (u·g)) / norm). Where the norm was raised to its least value it is a constant and u (u·g) is left out.
func normalizeGrad(u, g []float64, norm float64) {
	var ug float64
	if norm > leastNorm {
		ug = dot(u, g)
	}
	for j := range g {
		g[j] = (g[j] - float64(u[j]*ug)) / norm
	}
	centre(g)
}

// centre subtracts the mean.
func centre(x []float64) {
	var mean float64
	for _, v := range x {
		mean += v
	}
	mean /= float64(len(x))
	for j := range x {
		x[j] -= mean
	}
}

func dot(x, y []float64) float64 {
	var sum float64
	for j := range x {
		sum += float64(x[j] * y[j])
	}
	return sum
}

// predicted is the class that a row of outputs names, or -1 when there is a NaN: the first largest, or, with a single
// output, 1 where it is positive, else 0.
func predicted(row []float32) int {
	if len(row) == 1 {
		switch f := row[0]; {
		case f != f:
			return -1
		case f > 0:
			return 1
		}
		return 0
	}
	return argmax(row)
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
