package sdk

// Vec is a vector of parameters, gradients or state. The ones a Session hands out are slots of shared memory.
type Vec = []float32

// Kinds of tensors.
const (
	KindWeight    = "weight"
	KindBias      = "bias"
	KindNormScale = "norm_scale"
	KindNormShift = "norm_shift"
	KindEmbed     = "embed"
)

// Problem is what is being trained or measured, as far as a plugin may know it.
type Problem struct {
	Dim     int      // number of parameters
	Tensors []Tensor // in the order of their offsets, without gaps; empty when the problem has no such structure

	Classes       int // length of one example's outputs; 0 when the problem has none
	Examples      int // training examples, or examples of the metric's set
	BatchSize     int // examples of a full minibatch
	Steps         int // commits after which the host will stop; 0 when that is not known
	StepsPerEpoch int

	ProbeBatches   int // batches of the metric's example set; 0 for an optimizer
	ProbeBatchSize int // examples of each

	InputLen int // numbers of one example's inputs; 0 when the problem has none

	// InputMean and InputStd have a number for each channel, the last dimension of an example: an input as the network sees it
	// is (pixel − mean)/std with pixels from 0 to 1. nil: the inputs are no images.
	InputMean, InputStd []float32

	// Auxiliary says that there is an auxiliary objective beside the loss, which the option Auxiliary of Session asks for.
	Auxiliary bool

	// Peers are the other networks that a metric sees: those that Info.Peers asks for, as far as there are any. The
	// parameters of Peers[k] are the slot "peer1" for k = 0, and so on.
	Peers []Peer
}

// Peer is a network that a metric sees beside the one that it measures. It has the same inputs and classes, and answers
// about the same examples: Batch.OfPeer.
type Peer struct {
	Dim     int
	Tensors []Tensor
	Seed    uint64 // of its trial
	Step    uint64 // steps committed when its parameters were those of the slot
}

// Tensor is a stretch of the parameter vector: elements Offset to Offset+Size().
type Tensor struct {
	Name     string // "conv1.weight"
	Kind     string // KindWeight, …
	Layer    int
	Shape    []int // convolution: height, width, in, out; linear: in, out
	Offset   int
	FanIn    int
	Prunable bool
	// Rates multiply the learning rate of this tensor, for parametrisations such as muP. The base rules apply them.
	Rates Rates
	// ActivationLen is how many numbers Session.Activations stores for one example of the layer; 0 but for weights.
	ActivationLen int
}

// Rates are factors of the learning rate: of methods that step along the gradient, and of those that step by its sign or
// normalise it, as Adam does. Both 0 stands for both 1.
type Rates struct{ SGD, Adam float64 }

// Size is the number of elements.
func (t Tensor) Size() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// Of returns the elements of x, a vector of length Problem.Dim, that belong to the tensor: a view, not a copy.
func (t Tensor) Of(x Vec) Vec { return x[t.Offset : t.Offset+t.Size() : t.Offset+t.Size()] }
