package oracle

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// The auxiliary objective with examples is the loss of a training on those examples, minibatch by minibatch; it leaves the
// running statistics alone and does not disturb what the training itself answers.
func TestAuxiliaryExamples(t *testing.T) {
	p := problem(t, 64, 32)
	w := initial(p)
	other := p
	other.Examples = nil
	for i := range 40 {
		other.Examples = append(other.Examples, 3*i+1)
	}
	p.Auxiliary = Auxiliary{Kind: AuxiliaryExamples, Examples: other.Examples}
	task, want := NewTraining(p), NewTraining(other)
	before := slices.Clone(task.Buffers())
	n := p.Net.Dim()
	main, g, ref, v := make([]float32, n), make([]float32, n), make([]float32, n), slices.Clone(w)
	if _, err := task.Grad(Batch{Stream: Train}, w, main, Options{FreezeStats: true}); err != nil {
		t.Fatal(err)
	}
	bill := New(task, 1)
	for _, b := range []Batch{{Stream: Train}, {Stream: Train, Index: 1}, {Stream: Train, Index: 5}, {Stream: Full}, {Stream: Train, Part: Range, To: 4}} {
		got, err := bill.Grad(b, w, g, Options{Auxiliary: true})
		if err != nil {
			t.Fatal(err)
		}
		e, err := want.Grad(b, w, ref, Options{FreezeStats: true})
		if err != nil {
			t.Fatal(err)
		}
		if got != e || !slices.Equal(g, ref) {
			t.Errorf("%+v: gradient with %+v, want %+v", b, got, e)
		}
		if l, err := task.Loss(b, w, Options{Auxiliary: true}); err != nil || math.Abs(l.Loss-e.Loss) > 1e-6 {
			t.Errorf("%+v: loss %v, %v, want %v", b, l.Loss, err, e.Loss)
		}
		if _, err := task.HVP(b, w, v, g, Options{Auxiliary: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := want.HVP(b, w, v, ref, Options{}); err != nil || !slices.Equal(g, ref) {
			t.Errorf("%+v: Hessian-vector product differs: %v", b, err)
		}
	}
	// 32 + 8 + 8 + 40 + 4 examples, in nominal batches of 32.
	if got := bill.Bill(); got.Grad != 5 || got.Examples != 92 || math.Abs(got.G-92.0/32) > 1e-12 {
		t.Errorf("bill %+v", got)
	}
	if !slices.Equal(task.Buffers(), before) {
		t.Error("the running statistics have moved")
	}
	if _, err := task.Grad(Batch{Stream: Train}, w, g, Options{}); err != nil || !slices.Equal(g, main) {
		t.Errorf("the gradient of the loss is another one afterwards: %v", err)
	}
	_, err := task.Grad(Batch{Stream: Poisson, Rate: 0.5}, w, g, Options{Auxiliary: true})
	var refused *Error
	if !errors.As(err, &refused) || refused.Code != BadRequest {
		t.Errorf("a Poisson draw of the auxiliary objective: %v", err)
	}
}

func TestAuxiliaryL2(t *testing.T) {
	p := problem(t, 64, 32)
	p.Auxiliary = Auxiliary{Kind: AuxiliaryL2}
	w, task := initial(p), NewTraining(p)
	g, v := make([]float32, len(w)), make([]float32, len(w))
	for i := range v {
		v[i] = float32(i % 5)
	}
	o := New(task, 1)
	e, err := o.Grad(Batch{Stream: Train, Index: 3}, w, g, Options{Auxiliary: true})
	sum := 0.0
	for _, x := range w {
		sum += float64(x) * float64(x) / 2
	}
	if err != nil || math.Abs(e.Loss-sum) > 1e-9*sum || e.G != 0 || !slices.Equal(g, w) {
		t.Errorf("%+v, %v, want the loss %v", e, err, sum)
	}
	if _, err := o.HVP(Batch{Stream: Full}, w, v, g, Options{Auxiliary: true}); err != nil || !slices.Equal(g, v) {
		t.Errorf("the Hessian is not the identity: %v", err)
	}
	if l, err := o.Loss(Batch{Stream: Full}, w, Options{Auxiliary: true}); err != nil || l.Loss != e.Loss {
		t.Errorf("loss %v, %v", l.Loss, err)
	}
}

func TestWithoutAuxiliary(t *testing.T) {
	p := problem(t, 64, 32)
	w, o := initial(p), New(NewTraining(p), 1)
	g := make([]float32, len(w))
	for name, ask := range map[string]func(Options) (Eval, error){
		"loss": func(x Options) (Eval, error) { return o.Loss(Batch{Stream: Full}, w, x) },
		"grad": func(x Options) (Eval, error) { return o.Grad(Batch{Stream: Full}, w, g, x) },
		"hvp":  func(x Options) (Eval, error) { return o.HVP(Batch{Stream: Full}, w, w, g, x) },
	} {
		_, err := ask(Options{Auxiliary: true})
		var refused *Error
		if !errors.As(err, &refused) || refused.Code != Unsupported {
			t.Errorf("%s: %v", name, err)
		}
	}
	if o.HasAuxiliary() || o.Bill().G != 0 {
		t.Errorf("an auxiliary objective that is not there: bill %+v", o.Bill())
	}
}
