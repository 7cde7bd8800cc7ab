// Package oracle answers a plugin's requests about a workload at any point of parameter space, counts them and bills
// them. The bill is the host's alone: what a plugin says about its own cost is never used.
package oracle

import (
	"fmt"
	"math"
	"time"

	"github.com/sharpbench/sharpbench/harness/privacy"
	"github.com/sharpbench/sharpbench/harness/rng"
	"github.com/sharpbench/sharpbench/harness/vec"
)

// Streams of batches. The validation, test and shift sets have no stream: no request can reach them.
const (
	Train   = "train"   // minibatch Index of the trial's fixed order
	Poisson = "poisson" // draw Index: each training example independently with probability Rate
	Full    = "full"    // all training examples of the trial, not augmented
	Probe   = "probe"   // the Index-th batch of the metric's fixed example set
)

// Part says which examples of a batch are meant.
type Part string

// The parts. A part without examples is an Error with code BadRequest.
const (
	All     Part = ""
	Range   Part = "range"   // From to To, exclusive
	Class   Part = "class"   // the examples with label Number
	Domain  Part = "domain"  // the examples of domain Number
	Example Part = "example" // the one example Number, counted within the batch
)

// Batch names examples; it never lists them. The same name gives the same examples with the same augmentation on
// every call of a trial, which is what methods with two gradients a step rely on.
type Batch struct {
	Stream   string
	Index    uint64
	Rate     float64 // Poisson only, 0 < Rate <= 1
	Part     Part
	From, To uint32
	Number   uint32
}

// Options change how a batch is evaluated.
type Options struct {
	// FreezeStats keeps the running statistics of batch normalisation as they are. They follow the gradients and VJPs of
	// an optimizer that do not set it; nothing else moves them.
	FreezeStats bool
	// NormalizeLogits centres each example's logits and scales them to norm 1 before the loss
	// (Andriushchenko et al. 2023).
	NormalizeLogits bool
	// Delta is added to the inputs as the network sees them (normalised, augmented): height × width × channels numbers
	// for one example after the other, at least as many as there are examples. nil: nothing is added. It is not modified.
	Delta []float32
	// Auxiliary means the auxiliary objective in place of the loss. For Loss, Grad and HVP, of a Bilevel workload.
	Auxiliary bool
	// Each, if not nil, gets the losses of the single examples: at least as many elements as there are examples. For
	// Loss only.
	Each []float32
}

// Clip says how the gradients of single examples are limited before they are added up.
type Clip struct {
	Limit         float64   // greater than 0; infinity: not at all
	PerCoordinate bool      // each coordinate is clamped to ±Limit, instead of the norm
	Norms         []float32 // if not nil, gets the norms of the examples' gradients before clipping
	Noise         *Noise    // if not nil, what Oracle.GradClipped adds to the sum; workloads ignore it
}

// Noise is what Oracle.Normal gives for a stream, an index and a standard deviation.
type Noise struct {
	Stream string
	Index  uint64
	Std    float64
}

// Eval is the answer to one evaluation.
type Eval struct {
	Loss     float64 // mean over the examples, natural logarithm
	Examples int
	Errors   int     // examples whose largest output is not their label
	G        float64 // what it cost: 1 is one gradient on one batch of the workload's nominal size
}

// Workload is what is being optimized: data, model and loss. Vectors of parameters and gradients have length Dim.
// Implementations must not modify w and must not keep w or out.
//
// What else a workload can answer it says by implementing Curved, PerExample, Inspected, Bilevel and Restricted.
type Workload interface {
	Dim() int
	Loss(b Batch, w []float32, o Options) (Eval, error)
	// Grad stores the gradient of the mean loss in out; out must not alias w.
	Grad(b Batch, w, out []float32, o Options) (Eval, error)
	// Outputs stores the logits of the batch's examples in out, one example after the other; out has at least
	// examples × classes elements and its rest is left as it is.
	Outputs(b Batch, w, out []float32, o Options) (Eval, error)
}

// Curved is a workload with second derivatives.
type Curved interface {
	// HVP stores H·v in out, H the Hessian of the mean loss at w. out must not alias w or v.
	HVP(b Batch, w, v, out []float32, o Options) (Eval, error)
}

// PerExample is a workload whose examples have gradients of their own. The loss is their mean loss, as everywhere.
type PerExample interface {
	// GradClipped stores the sum of the examples' clipped gradients in out: zeros for a batch of no examples.
	GradClipped(b Batch, w, out []float32, c Clip, o Options) (Eval, error)
	// GradSquared stores the sum of the squares of the examples' gradients in out, coordinate by coordinate.
	GradSquared(b Batch, w, out []float32, o Options) (Eval, error)
}

// Inspected is a workload that shows more of a network than its loss and outputs. Buffers are laid out example after
// example and may be longer than needed; the rest is left as it is.
type Inspected interface {
	// VJP stores Jᵀ·cotangent in out, J the Jacobian of all outputs by the parameters.
	VJP(b Batch, w, cotangent, out []float32, o Options) (Eval, error)
	// InputGrad stores the gradient of the mean loss by the inputs in out, which is laid out as Options.Delta is.
	InputGrad(b Batch, w, out []float32, o Options) (Eval, error)
	// OutputGrad stores the gradient of the mean loss by the outputs in out, which is laid out as Outputs are.
	OutputGrad(b Batch, w, out []float32, o Options) (Eval, error)
	// Activations stores what enters the activation function behind the weights of one layer (Tensor.Layer).
	Activations(b Batch, w, out []float32, layer int, o Options) (Eval, error)
}

// Shown is a workload whose examples have inputs.
type Shown interface {
	// Inputs stores the inputs of the batch as the network sees them in out, which is laid out as Options.Delta is.
	Inputs(b Batch, out []float32, o Options) (Eval, error)
}

// Restricted is a workload that cannot answer some requests for reasons of its own.
type Restricted interface {
	// Can returns nil, or why the workload cannot answer op, a name of the protocol such as "grad_clipped".
	Can(op string) error
}

// Code says what kind of trouble an Error is.
type Code string

// The codes of the protocol.
const (
	BadRequest  Code = "bad_request"
	BadSlot     Code = "bad_slot"
	Budget      Code = "budget"
	NonFinite   Code = "non_finite"
	Unsupported Code = "unsupported"
)

// Error is a request that could not be answered. Budget and NonFinite are normal outcomes; the session goes on.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Bill is what a session has used.
type Bill struct {
	Loss        uint64  `json:"loss"` // calls
	Grad        uint64  `json:"grad"`
	Outputs     uint64  `json:"outputs"`
	HVP         uint64  `json:"hvp,omitempty"`
	GradClipped uint64  `json:"grad_clipped,omitempty"`
	GradSquared uint64  `json:"grad_squared,omitempty"`
	VJP         uint64  `json:"vjp,omitempty"`
	InputGrad   uint64  `json:"input_grad,omitempty"`
	OutputGrad  uint64  `json:"output_grad,omitempty"`
	Activations uint64  `json:"activations,omitempty"`
	Inputs      uint64  `json:"inputs,omitempty"`
	Normal      uint64  `json:"normal"`
	Examples    uint64  `json:"examples"` // over all calls
	G           float64 `json:"g"`
	Seconds     float64 `json:"seconds"` // the host's own compute
}

// Add is what two sessions have used together.
func (b Bill) Add(o Bill) Bill {
	return Bill{
		Loss: b.Loss + o.Loss, Grad: b.Grad + o.Grad, Outputs: b.Outputs + o.Outputs, HVP: b.HVP + o.HVP,
		GradClipped: b.GradClipped + o.GradClipped, GradSquared: b.GradSquared + o.GradSquared, VJP: b.VJP + o.VJP,
		InputGrad: b.InputGrad + o.InputGrad, OutputGrad: b.OutputGrad + o.OutputGrad, Activations: b.Activations + o.Activations, Inputs: b.Inputs + o.Inputs, Normal: b.Normal + o.Normal,
		Examples: b.Examples + o.Examples, G: b.G + o.G, Seconds: b.Seconds + o.Seconds,
	}
}

// Oracle answers for one workload. It is not safe for concurrent use.
type Oracle struct {
	workload Workload
	seed     uint64
	bill     Bill
	noise    []float32        // scratch
	account  *privacy.Account // nil: nobody wants to know
}

// New returns an oracle whose noise streams belong to seed.
func New(w Workload, seed uint64) *Oracle { return &Oracle{workload: w, seed: seed} }

// Resume sets the bill a resumed session starts from.
func (o *Oracle) Resume(b Bill) { o.bill = b }

// Watch has a note down what is learned of the data from now on.
func (o *Oracle) Watch(a *privacy.Account) { o.account = a }

// look notes a request whose answer shows the data as they are.
func (o *Oracle) look(op string) {
	if o.account != nil {
		o.account.Look(op)
	}
}

// Bill returns what has been used so far.
func (o *Oracle) Bill() Bill { return o.bill }

// Dim is the number of parameters.
func (o *Oracle) Dim() int { return o.workload.Dim() }

// Loss answers the mean loss of b at w, which has length Dim and is not modified. A loss that is not finite is an
// Error with code NonFinite beside the evaluation.
func (o *Oracle) Loss(b Batch, w []float32, opt Options) (Eval, error) {
	if err := o.objective(opt); err != nil {
		return Eval{}, err
	}
	start := time.Now()
	o.look("loss")
	e, err := o.workload.Loss(b, w, opt)
	return o.settle(&o.bill.Loss, start, e, err)
}

// Grad stores the gradient of the mean loss of b at w in out. Both have length Dim and must not overlap. A loss or
// gradient that is not finite is an Error with code NonFinite; out then holds what was computed. So it is with all
// results below.
func (o *Oracle) Grad(b Batch, w, out []float32, opt Options) (Eval, error) {
	if err := o.objective(opt); err != nil {
		return Eval{}, err
	}
	start := time.Now()
	o.look("grad")
	e, err := o.workload.Grad(b, w, out, opt)
	return o.settle(&o.bill.Grad, start, e, finite("gradient", out, err))
}

// Outputs stores the logits of b at w in out: examples × classes, one example after the other.
func (o *Oracle) Outputs(b Batch, w, out []float32, opt Options) (Eval, error) {
	start := time.Now()
	o.look("outputs")
	e, err := o.workload.Outputs(b, w, out, opt)
	return o.settle(&o.bill.Outputs, start, e, err)
}

// HVP stores the product of the Hessian of the mean loss of b at w with v in out. All have length Dim; out must not
// overlap w or v.
func (o *Oracle) HVP(b Batch, w, v, out []float32, opt Options) (Eval, error) {
	t, ok := o.workload.(Curved)
	if !ok {
		return Eval{}, o.Can("hvp")
	}
	if err := o.objective(opt); err != nil {
		return Eval{}, err
	}
	start := time.Now()
	o.look("hvp")
	e, err := t.HVP(b, w, v, out, opt)
	return o.settle(&o.bill.HVP, start, e, finite("Hessian-vector product", out, err))
}

// GradClipped stores the sum of the clipped gradients of the examples of b in out, which has length Dim, with the noise of
// c added, if there is any. The batch may be an empty Poisson draw: the sum is 0 then.
func (o *Oracle) GradClipped(b Batch, w, out []float32, c Clip, opt Options) (Eval, error) {
	t, ok := o.workload.(PerExample)
	if !ok {
		return Eval{}, o.Can("grad_clipped")
	}
	if !(c.Limit > 0) {
		return Eval{}, Errorf(BadRequest, "clip %v: expected a number above 0, or infinity", c.Limit)
	}
	if c.Noise != nil {
		if o.noise == nil {
			o.noise = make([]float32, o.Dim())
		}
		if err := o.Normal(c.Noise.Stream, c.Noise.Index, o.noise, c.Noise.Std); err != nil {
			return Eval{}, err
		}
	}
	start := time.Now()
	o.release(b, c)
	e, err := t.GradClipped(b, w, out, c, opt)
	if c.Noise != nil {
		vec.Add(out, out, o.noise)
	}
	return o.settle(&o.bill.GradClipped, start, e, finite("sum of clipped gradients", out, err))
}

// release notes a sum of clipped gradients. The host's noise covers it when the draw is one of Poisson, all of it, the
// norm is limited and nothing else is told.
func (o *Oracle) release(b Batch, c Clip) {
	switch {
	case o.account == nil:
	case c.Noise == nil:
		o.look("grad_clipped without noise")
	case b.Stream != Poisson:
		o.look("grad_clipped on the stream " + b.Stream)
	case b.Part != All:
		o.look("grad_clipped on a part of a draw")
	case c.PerCoordinate:
		o.look("grad_clipped by coordinate")
	case c.Norms != nil:
		o.look("norms of gradients")
	default:
		o.account.Release(b.Index, b.Rate, c.Noise.Std/c.Limit, c.Noise.Stream, c.Noise.Index)
	}
}

// GradSquared stores the sum of the squared gradients of the examples of b in out, which has length Dim.
func (o *Oracle) GradSquared(b Batch, w, out []float32, opt Options) (Eval, error) {
	t, ok := o.workload.(PerExample)
	if !ok {
		return Eval{}, o.Can("grad_squared")
	}
	start := time.Now()
	o.look("grad_squared")
	e, err := t.GradSquared(b, w, out, opt)
	return o.settle(&o.bill.GradSquared, start, e, finite("sum of squared gradients", out, err))
}

// VJP stores Jᵀ·cotangent in out, which has length Dim; cotangent is laid out as Outputs are.
func (o *Oracle) VJP(b Batch, w, cotangent, out []float32, opt Options) (Eval, error) {
	t, ok := o.workload.(Inspected)
	if !ok {
		return Eval{}, o.Can("vjp")
	}
	start := time.Now()
	o.look("vjp")
	e, err := t.VJP(b, w, cotangent, out, opt)
	return o.settle(&o.bill.VJP, start, e, finite("vector-Jacobian product", out, err))
}

// InputGrad stores the gradient of the mean loss by the inputs in out.
func (o *Oracle) InputGrad(b Batch, w, out []float32, opt Options) (Eval, error) {
	t, ok := o.workload.(Inspected)
	if !ok {
		return Eval{}, o.Can("input_grad")
	}
	start := time.Now()
	o.look("input_grad")
	e, err := t.InputGrad(b, w, out, opt)
	return o.settle(&o.bill.InputGrad, start, e, err)
}

// Activations stores the pre-activations of a layer in out, example after example.
func (o *Oracle) Activations(b Batch, w, out []float32, layer int, opt Options) (Eval, error) {
	t, ok := o.workload.(Inspected)
	if !ok {
		return Eval{}, o.Can("activations")
	}
	start := time.Now()
	o.look("activations")
	e, err := t.Activations(b, w, out, layer, opt)
	return o.settle(&o.bill.Activations, start, e, err)
}

// OutputGrad stores the gradient of the mean loss by the outputs in out, which is laid out as Outputs are.
func (o *Oracle) OutputGrad(b Batch, w, out []float32, opt Options) (Eval, error) {
	if err := o.Can("output_grad"); err != nil {
		return Eval{}, err
	}
	start := time.Now()
	o.look("output_grad")
	e, err := o.workload.(Inspected).OutputGrad(b, w, out, opt)
	return o.settle(&o.bill.OutputGrad, start, e, err)
}

// Inputs stores the inputs of b as the network sees them in out, one example after the other. It costs nothing.
func (o *Oracle) Inputs(b Batch, out []float32, opt Options) (Eval, error) {
	if err := o.Can("inputs"); err != nil {
		return Eval{}, err
	}
	start := time.Now()
	o.look("inputs")
	e, err := o.workload.(Shown).Inputs(b, out, opt)
	return o.settle(&o.bill.Inputs, start, e, err)
}

// HasAuxiliary says whether the workload has an auxiliary objective.
func (o *Oracle) HasAuxiliary() bool {
	t, ok := o.workload.(Bilevel)
	return ok && t.HasAuxiliary()
}

// objective refuses the auxiliary objective of a workload that has none.
func (o *Oracle) objective(opt Options) error {
	if opt.Auxiliary && !o.HasAuxiliary() {
		return Errorf(Unsupported, "this workload has no auxiliary objective")
	}
	return nil
}

// Can returns nil, or an Error with code Unsupported that says why the workload cannot answer op, a name of the
// protocol such as "grad_clipped".
func (o *Oracle) Can(op string) error {
	able := true
	switch op {
	case "hvp":
		_, able = o.workload.(Curved)
	case "grad_clipped", "grad_squared":
		_, able = o.workload.(PerExample)
	case "inputs":
		_, able = o.workload.(Shown)
	case "vjp", "input_grad", "output_grad", "activations":
		_, able = o.workload.(Inspected)
	}
	if !able {
		return Errorf(Unsupported, "this workload does not answer %s", op)
	}
	if r, ok := o.workload.(Restricted); ok {
		if err := r.Can(op); err != nil {
			return Errorf(Unsupported, "%v", err)
		}
	}
	return nil
}

// finite adds to err what is wrong with the numbers of x.
func finite(what string, x []float32, err error) error {
	if err == nil {
		if i := FirstNonFinite(x); i >= 0 {
			err = Errorf(NonFinite, "%s: element %d is %v", what, i, x[i])
		}
	}
	return err
}

func (o *Oracle) settle(calls *uint64, start time.Time, e Eval, err error) (Eval, error) {
	*calls++
	o.bill.Examples += uint64(e.Examples)
	o.bill.G += e.G
	o.bill.Seconds += time.Since(start).Seconds()
	if err == nil && (math.IsNaN(e.Loss) || math.IsInf(e.Loss, 0)) {
		err = Errorf(NonFinite, "loss is %v", e.Loss)
	}
	return e, err
}

// Normal fills out with independent N(0, std²) numbers of the stream (seed, name, index): the same on every call.
func (o *Oracle) Normal(stream string, index uint64, out []float32, std float64) error {
	if math.IsNaN(std) || math.IsInf(std, 0) || std < 0 {
		return Errorf(BadRequest, "standard deviation %v: expected a finite number of at least 0", std)
	}
	start := time.Now()
	// The prefix keeps a plugin's streams apart from the host's own (order, split, initialisation).
	rng.Normal(out, o.seed, "plugin/"+stream, index, std)
	o.bill.Normal++
	o.bill.Seconds += time.Since(start).Seconds()
	return nil
}

// FirstNonFinite returns the index of the first NaN or infinity of x, or -1.
func FirstNonFinite(x []float32) int {
	if vec.Finite(x) {
		return -1
	}
	for i, v := range x {
		// Only NaN and the infinities have all exponent bits set.
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return i
		}
	}
	return -1
}
