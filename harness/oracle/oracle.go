// Package oracle answers a plugin's requests about a workload at any point of parameter space, counts them and bills
// them. The bill is the host's alone: what a plugin says about its own cost is never used.
package oracle

import (
	"fmt"
	"math"
	"time"

	"github.com/sharpbench/sharpbench/harness/rng"
)

// Streams of batches. The validation, test and shift sets have no stream: no request can reach them.
const (
	Train = "train" // minibatch Index of the trial's fixed order
	Full  = "full"  // all training examples of the trial, not augmented
	Probe = "probe" // the Index-th batch of the metric's fixed example set
)

// Batch names examples; it never lists them. The same name gives the same examples with the same augmentation on
// every call of a trial, which is what methods with two gradients a step rely on.
type Batch struct {
	Stream   string
	Index    uint64
	From, To uint32 // a range of the batch's examples; From == To == 0 means all of them
}

// Options change how a batch is evaluated.
type Options struct {
	// FreezeStats keeps the running statistics of batch normalisation as they are. They follow the gradients of an
	// optimizer that do not set it; nothing else moves them.
	FreezeStats bool
	// NormalizeLogits centres each example's logits and scales them to norm 1 before the loss
	// (Andriushchenko et al. 2023).
	NormalizeLogits bool
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
type Workload interface {
	Dim() int
	Loss(b Batch, w []float32, o Options) (Eval, error)
	// Grad stores the gradient of the mean loss in out; out must not alias w.
	Grad(b Batch, w, out []float32, o Options) (Eval, error)
	// Outputs stores the logits of the batch's examples in out, one example after the other; out has at least
	// examples × classes elements and its rest is left as it is.
	Outputs(b Batch, w, out []float32, o Options) (Eval, error)
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
	Loss     uint64  `json:"loss"` // calls
	Grad     uint64  `json:"grad"`
	Outputs  uint64  `json:"outputs"`
	Normal   uint64  `json:"normal"`
	Examples uint64  `json:"examples"` // over all calls
	G        float64 `json:"g"`
	Seconds  float64 `json:"seconds"` // the host's own compute
}

// Oracle answers for one workload. It is not safe for concurrent use.
type Oracle struct {
	workload Workload
	seed     uint64
	bill     Bill
}

// New returns an oracle whose noise streams belong to seed.
func New(w Workload, seed uint64) *Oracle { return &Oracle{workload: w, seed: seed} }

// Resume sets the bill a resumed session starts from.
func (o *Oracle) Resume(b Bill) { o.bill = b }

// Bill returns what has been used so far.
func (o *Oracle) Bill() Bill { return o.bill }

// Dim is the number of parameters.
func (o *Oracle) Dim() int { return o.workload.Dim() }

// Loss answers the mean loss of b at w, which has length Dim and is not modified. A loss that is not finite is an
// Error with code NonFinite beside the evaluation.
func (o *Oracle) Loss(b Batch, w []float32, opt Options) (Eval, error) {
	start := time.Now()
	e, err := o.workload.Loss(b, w, opt)
	return o.settle(&o.bill.Loss, start, e, err)
}

// Grad stores the gradient of the mean loss of b at w in out. Both have length Dim and must not overlap. A loss or
// gradient that is not finite is an Error with code NonFinite; out then holds what was computed.
func (o *Oracle) Grad(b Batch, w, out []float32, opt Options) (Eval, error) {
	start := time.Now()
	e, err := o.workload.Grad(b, w, out, opt)
	if err == nil {
		if i := FirstNonFinite(out); i >= 0 {
			err = Errorf(NonFinite, "gradient element %d is %v", i, out[i])
		}
	}
	return o.settle(&o.bill.Grad, start, e, err)
}

// Outputs stores the logits of b at w in out: examples × classes, one example after the other.
func (o *Oracle) Outputs(b Batch, w, out []float32, opt Options) (Eval, error) {
	start := time.Now()
	e, err := o.workload.Outputs(b, w, out, opt)
	return o.settle(&o.bill.Outputs, start, e, err)
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
	for i, v := range x {
		// Only NaN and the infinities have all exponent bits set.
		if math.Float32bits(v)&0x7f800000 == 0x7f800000 {
			return i
		}
	}
	return -1
}
