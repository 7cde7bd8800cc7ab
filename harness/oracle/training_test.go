package oracle

import (
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/model"
)

// problem is a small net on real digits, with batch norm so that statistics matter.
func problem(t *testing.T, examples, batch int) Problem {
	t.Helper()
	d, err := dataset.Load("digits")
	if err != nil {
		t.Fatal(err)
	}
	spec := model.Spec{Name: "cnn", Width: []int{4, 8}, Norm: "batch", Activation: "relu"}
	net, err := model.New(spec, engine.Shape{H: 8, W: 8, C: 1}, 10)
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, examples)
	for i := range idx {
		idx[i] = 3 * i
	}
	return Problem{Net: net, Images: &d.Train, Normalize: d.Normalizer(), Examples: idx, BatchSize: batch, Nominal: batch, Seed: 1}
}

func initial(p Problem) []float32 {
	w := make([]float32, p.Net.Dim())
	model.Init(model.Spec{}, p.Net, 1, w)
	return w
}

func TestSameNameSameBits(t *testing.T) {
	p := problem(t, 70, 32)
	w := initial(p)
	a, b := make([]float32, p.Net.Dim()), make([]float32, p.Net.Dim())
	task := NewTraining(p)
	if task.StepsPerEpoch() != 3 {
		t.Fatalf("%d steps an epoch of 70 examples in batches of 32, want 3", task.StepsPerEpoch())
	}
	first, err := task.Grad(Batch{Stream: Train, Index: 4}, w, a, Options{})
	if err != nil {
		t.Fatal(err)
	}
	// Other batches in between, and other statistics: neither may show.
	if _, err := task.Grad(Batch{Stream: Train, Index: 1}, w, b, Options{}); err != nil {
		t.Fatal(err)
	}
	second, err := task.Grad(Batch{Stream: Train, Index: 4}, w, b, Options{FreezeStats: true})
	if err != nil {
		t.Fatal(err)
	}
	if first != second || !slices.Equal(a, b) {
		t.Errorf("the same batch gave %+v, then %+v", first, second)
	}
}

func TestOnlyMinibatchGradientsMoveStatistics(t *testing.T) {
	p := problem(t, 64, 32)
	w, g := initial(p), make([]float32, p.Net.Dim())
	task := NewTraining(p)
	before := slices.Clone(task.Buffers())
	for name, call := range map[string]func() error{
		"frozen gradient": func() error {
			_, err := task.Grad(Batch{Stream: Train}, w, g, Options{FreezeStats: true})
			return err
		},
		"full gradient": func() error { _, err := task.Grad(Batch{Stream: Full}, w, g, Options{}); return err },
		"frozen range": func() error {
			_, err := task.Grad(Batch{Stream: Train, Part: Range, From: 0, To: 8}, w, g, Options{FreezeStats: true})
			return err
		},
		"single example": func() error {
			_, err := task.Grad(Batch{Stream: Train, Part: Example, Number: 3}, w, g, Options{})
			return err
		},
		"loss": func() error { _, err := task.Loss(Batch{Stream: Train}, w, Options{}); return err },
	} {
		if err := call(); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(before, task.Buffers()) {
			t.Errorf("a %s moved the running statistics", name)
		}
	}
	for _, b := range []Batch{{Stream: Train}, {Stream: Train, Part: Range, From: 8, To: 16}} {
		if _, err := task.Grad(b, w, g, Options{}); err != nil {
			t.Fatal(err)
		}
		if slices.Equal(before, task.Buffers()) {
			t.Errorf("a gradient of %+v did not move the running statistics", b)
		}
		before = slices.Clone(task.Buffers())
	}
}

func TestBill(t *testing.T) {
	p := problem(t, 70, 32)
	w, g := initial(p), make([]float32, p.Net.Dim())
	o := New(NewTraining(p), 1)
	for k := range uint64(3) {
		if _, err := o.Grad(Batch{Stream: Train, Index: k}, w, g, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := o.Loss(Batch{Stream: Full}, w, Options{}); err != nil {
		t.Fatal(err)
	}
	bill := o.Bill()
	// An epoch is 70/32 G however it is cut; a loss is a third of its gradient.
	if want := 70.0/32 + 70.0/32/3; math.Abs(bill.G-want) > 1e-12 {
		t.Errorf("billed %v G, want %v", bill.G, want)
	}
	if bill.Grad != 3 || bill.Loss != 1 || bill.Examples != 140 {
		t.Errorf("bill %+v: want 3 gradients, 1 loss, 140 examples", bill)
	}
}

// The gradient over several chunks is the mean over examples, not over chunks. In evaluation mode examples do not
// touch each other, so it must equal the weighted mean of the gradients of the single examples.
func TestFullGradientIsTheMeanOverExamples(t *testing.T) {
	p := problem(t, 12, 4)
	w := initial(p)
	buffers := make([]float32, p.Net.BufferDim())
	p.Net.InitBuffers(buffers)
	m, err := NewMeasuring(p, buffers)
	if err != nil {
		t.Fatal(err)
	}
	full, one := make([]float32, p.Net.Dim()), make([]float32, p.Net.Dim())
	whole, err := m.Grad(Batch{Stream: Full}, w, full, Options{})
	if err != nil {
		t.Fatal(err)
	}
	mean, loss := make([]float64, p.Net.Dim()), 0.0
	for j := range uint64(3) {
		for i := range uint32(4) {
			e, err := m.Grad(Batch{Stream: Probe, Index: j, Part: Range, From: i, To: i + 1}, w, one, Options{})
			if err != nil {
				t.Fatal(err)
			}
			loss += e.Loss / 12
			for k, v := range one {
				mean[k] += float64(v) / 12
			}
		}
	}
	if math.Abs(whole.Loss-loss) > 1e-6 {
		t.Errorf("loss %v, mean of single losses %v", whole.Loss, loss)
	}
	for k := range mean {
		if math.Abs(float64(full[k])-mean[k]) > 1e-5 {
			t.Fatalf("element %d: %v, mean of single gradients %v", k, full[k], mean[k])
		}
	}
}

// The gradient by the outputs of more examples than a batch is that of their mean loss, and refused where a part of the loss
// is no function of the outputs.
func TestOutputGrad(t *testing.T) {
	p := problem(t, 12, 4)
	w, k := initial(p), p.Net.Classes()
	buffers := make([]float32, p.Net.BufferDim())
	p.Net.InitBuffers(buffers)
	m, err := NewMeasuring(p, buffers)
	if err != nil {
		t.Fatal(err)
	}
	slopes, logits, each := make([]float32, 12*k), make([]float32, 12*k), make([]float64, k)
	o := New(m, 1)
	e, err := o.OutputGrad(Batch{Stream: Full}, w, slopes, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Outputs(Batch{Stream: Full}, w, logits, Options{}); err != nil {
		t.Fatal(err)
	}
	loss := 0.0
	for i := range 12 {
		sum := 0.0
		for c := range k {
			each[c] = math.Exp(float64(logits[i*k+c]))
			sum += each[c]
		}
		label := int(p.Images.Labels[p.Examples[i]])
		loss -= math.Log(each[label]/sum) / 12
		for c := range k {
			want := each[c] / sum / 12
			if c == label {
				want -= 1.0 / 12
			}
			if got := float64(slopes[i*k+c]); math.Abs(got-want) > 1e-7 {
				t.Errorf("example %d, output %d: %v, want %v", i, c, got, want)
			}
		}
	}
	if math.Abs(e.Loss-loss) > 1e-6 || e.Examples != 12 || math.Abs(e.G-1) > 1e-12 || o.Bill().OutputGrad != 1 {
		t.Errorf("%+v, bill %+v: want the loss %v, and a third of three batches", e, o.Bill(), loss)
	}
	if _, err := o.OutputGrad(Batch{Stream: Full}, w, slopes[:11*k], Options{}); err == nil {
		t.Error("a short slot was accepted")
	}
	p.Objective.L2 = 0.1
	if err := New(NewTraining(p), 1).Can("output_grad"); err == nil {
		t.Error("a loss with an l2 of its own was accepted")
	}
}

func TestRefusals(t *testing.T) {
	p := problem(t, 64, 32)
	w, g := initial(p), make([]float32, p.Net.Dim())
	o := New(NewTraining(p), 1)
	code := func(err error) Code {
		var e *Error
		if !errors.As(err, &e) {
			t.Fatalf("%v is not an Error", err)
		}
		return e.Code
	}
	for _, stream := range []string{"test", "validation", Probe, ""} {
		_, err := o.Grad(Batch{Stream: stream}, w, g, Options{})
		if got := code(err); got != BadRequest {
			t.Errorf("stream %q: %v, want bad_request", stream, got)
		}
	}
	_, err := o.Grad(Batch{Stream: Train, Part: Range, From: 30, To: 40}, w, g, Options{})
	if got := code(err); got != BadRequest {
		t.Errorf("range beyond the batch: %v", got)
	}
	_, err = o.Outputs(Batch{Stream: Train}, w, g[:10], Options{})
	if got := code(err); got != BadSlot {
		t.Errorf("outputs into a short slot: %v", got)
	}
	w[0] = float32(math.NaN())
	_, err = o.Grad(Batch{Stream: Train}, w, g, Options{})
	if got := code(err); got != NonFinite {
		t.Errorf("gradient at NaN: %v", got)
	}
	if err := o.Normal("n", 0, g, math.Inf(1)); code(err) != BadRequest {
		t.Errorf("infinite noise: %v", err)
	}
	if _, err := NewMeasuring(p, nil); err != nil {
		t.Errorf("64 examples in batches of 32: %v", err)
	}
	p.Examples = p.Examples[:40]
	if _, err := NewMeasuring(p, nil); err == nil {
		t.Error("40 examples in batches of 32 were accepted")
	}
}

// A metric sees the trained net as it will be used: its own batch must not matter.
func TestEvaluationDoesNotDependOnTheBatch(t *testing.T) {
	p := problem(t, 64, 32)
	w := initial(p)
	task, g := NewTraining(p), make([]float32, p.Net.Dim())
	for k := range uint64(10) {
		if _, err := task.Grad(Batch{Stream: Train, Index: k}, w, g, Options{}); err != nil {
			t.Fatal(err)
		}
	}
	var losses []float64
	for _, size := range []int{1, 7, 64} {
		p.BatchSize = size
		e, err := NewEvaluation(p, task.Buffers()).On(p.Images, p.Examples, w)
		if err != nil {
			t.Fatal(err)
		}
		if e.Examples != 64 {
			t.Fatalf("%d examples, want 64", e.Examples)
		}
		losses = append(losses, e.Loss)
	}
	for _, l := range losses[1:] {
		if math.Abs(l-losses[0]) > 1e-6*losses[0] {
			t.Errorf("losses %v differ with the batch size", losses)
		}
	}
}
