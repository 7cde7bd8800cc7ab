package sdk

// Session is the host as seen by a running plugin. It is not safe for concurrent use.
//
// Vectors passed to its methods must be whole slots (W, Slot); anything else panics, as the host could not see it.
type Session interface {
	Problem() Problem
	Params() Params
	Seed() uint64

	// Step is the number of steps committed so far, those before a resumption included.
	Step() uint64
	// LRScale is the factor that the host's schedule applies to the learning rate in the step now being computed.
	LRScale() float64
	// Blob is that of the last commit when the run is resumed, nil otherwise.
	Blob() []byte

	// W is the slot with the parameters. Optimizers write it, metrics must not.
	W() Vec
	// Slot returns a slot by name: "grad" (length Dim, always there, scratch), those that Slots asked for, and for
	// metrics "init" (the parameters before training), "update" (the last committed step), "peer1", "peer2", … (the
	// parameters of Problem.Peers) and "peer1.update", …, which are read-only and nil when the host does not have them.
	// Other names panic.
	Slot(name string) Vec

	// Next says whether another step is wanted. It is false once the host has said stop.
	Next() bool

	// TrainBatch names the minibatch of the current step. The name gives the same examples with the same augmentation
	// every time it is used. For optimizers.
	TrainBatch() Batch
	// PoissonBatch names a draw of the current step: each training example is in it with probability rate, independently
	// of the others, 0 < rate ≤ 1. Other numbers of Index are other draws. It may be empty. For optimizers.
	PoissonBatch(rate float64) Batch
	// ProbeBatch names batch j of the metric's example set, 0 ≤ j < Problem.ProbeBatches. For metrics.
	ProbeBatch(j int) Batch
	// FullBatch names all training examples (optimizers) or the metric's whole example set (metrics), not augmented.
	FullBatch() Batch

	// Loss returns the mean loss of b at the point at, which has length Dim and is not modified.
	Loss(b Batch, at Vec, opts ...Option) (float64, error)
	// Grad stores the gradient of the mean loss of b at the point at in out and returns the loss. Both have length
	// Dim; out must not be at. Weight decay is not part of the loss.
	Grad(b Batch, at, out Vec, opts ...Option) (float64, error)
	// Losses stores the losses of the single examples of b in each, which has room for them, and returns the mean.
	Losses(b Batch, at, each Vec, opts ...Option) (float64, error)
	// Errors returns how many examples of b have another label than their largest output at the point at, and how many
	// there are. It costs what Loss does.
	Errors(b Batch, at Vec) (errors, examples int, err error)
	// HVP stores the product of the Hessian of the mean loss of b at the point at with dir in out and returns the loss.
	// All have length Dim; out must be neither of the others. It is exact: no finite differences.
	HVP(b Batch, at, dir, out Vec, opts ...Option) (float64, error)
	// GradClipped stores the sum of the clipped gradients of the single examples of b in out, which has length Dim, and
	// returns how many examples there were; of an empty draw the sum is 0. With Clip.Noise the number is not told and 0.
	// Networks with batch normalisation have no such gradients in training: their workloads refuse plugins that need it.
	GradClipped(b Batch, at, out Vec, c Clip) (int, error)
	// GradSquared stores the sum of the squared gradients of the single examples, coordinate by coordinate.
	GradSquared(b Batch, at, out Vec) (int, error)
	// VJP stores Jᵀ·cotangent in out, J the Jacobian of all outputs of b by the parameters, and returns how many
	// examples there were. cotangent is laid out as Outputs are.
	VJP(b Batch, at, cotangent, out Vec, opts ...Option) (int, error)
	// InputGrad stores the gradient of the mean loss by the inputs in out, Problem.InputLen numbers for one example
	// after the other, and returns the loss. Batch.Delta is laid out the same way.
	InputGrad(b Batch, at, out Vec) (float64, error)
	// OutputGrad stores the gradient of the mean loss by the outputs in out, laid out as Outputs are, and returns the loss
	// and how many examples there were. VJP turns it into what Grad gives. Workloads whose loss has an l2 of its own
	// refuse plugins that need it.
	OutputGrad(b Batch, at, out Vec) (loss float64, examples int, err error)
	// Inputs stores the inputs of the examples of b as the network sees them in out, Problem.InputLen numbers for one after
	// the other, and returns how many examples there were. Problem.InputMean and InputStd make pixels of them.
	Inputs(b Batch, out Vec) (int, error)
	// Activations stores what enters the activation function behind the weights of a layer (Tensor.Layer), one example
	// after the other, and returns how many examples there were.
	Activations(b Batch, at, out Vec, layer int) (int, error)
	// Outputs stores the outputs (logits) of the examples of b in out, Problem.Classes numbers for one example after
	// the other, and returns how many examples there were. The rest of out is left as it is.
	Outputs(b Batch, at, out Vec, opts ...Option) (int, error)
	// Normal fills out with independent N(0, std²) numbers that depend on (seed of the trial, stream, index) only: the
	// same call gives the same numbers again, in any language.
	Normal(stream string, index uint64, out Vec, std float64) error

	// Commit says: these are the parameters of this step. w has length Dim and is usually W. The host copies it,
	// counts the step, and may evaluate and checkpoint. Parameters that are not finite are an error that wraps
	// NonFinite. For optimizers.
	Commit(w Vec, opts ...CommitOption) error
	// CommitAndGrad does what Commit does and then, in the same round trip, stores the gradient of the next training batch
	// at w in out and returns the loss there: what a step that begins with this gradient would ask for. out has length
	// Dim and is not w. When the commit ends the run there is no gradient, and no error either: Next tells. For
	// optimizers.
	CommitAndGrad(w, out Vec, opts ...CommitOption) (float64, error)

	// Training says how the parameters at W were trained. For metrics.
	Training() Training
	// Keep adds a table to the measurement. For metrics; optimizers' tables go nowhere.
	Keep(Table)

	// Log writes a line to the log of the trial. Levels: "debug", "info", "warn", "error". It also tells the host that
	// the plugin is alive: a plugin that computes for minutes between two requests must log now and then.
	Log(level, msg string)
}

// Streams of batches.
const (
	StreamTrain   = "train"
	StreamPoisson = "poisson"
	StreamFull    = "full"
	StreamProbe   = "probe"
)

// Part says which examples of a batch are meant. The methods of Batch set it.
type Part string

// The parts.
const (
	PartAll     Part = ""
	PartRange   Part = "range"   // From to To
	PartClass   Part = "class"   // label Number
	PartDomain  Part = "domain"  // domain Number
	PartExample Part = "example" // the one example Number
)

// Batch names examples. The same name stands for the same examples, augmented the same way, throughout a trial.
type Batch struct {
	Stream   string
	Index    uint64
	Rate     float64 // StreamPoisson only
	Part     Part
	From, To uint32
	Number   uint32
	Delta    string // name of a slot that is added to the inputs, or "": see Perturbed
	Peer     int    // number of the network that is asked, 0 for the one that is measured: see OfPeer
}

// Range names the examples from to to (exclusive) of b, counted within the batch. It panics unless from < to.
func (b Batch) Range(from, to int) Batch {
	if from < 0 || from >= to {
		panic("sdk: an empty range of a batch")
	}
	b.Part, b.From, b.To = PartRange, uint32(from), uint32(to)
	return b
}

// Class names the examples of b with a label. Asking for a class that b has no example of is a BadRequest.
func (b Batch) Class(label int) Batch { return b.only(PartClass, label) }

// Domain names the examples of b that belong to a domain, for data that have domains.
func (b Batch) Domain(domain int) Batch { return b.only(PartDomain, domain) }

// Example names one example of b, counted within the batch.
func (b Batch) Example(i int) Batch { return b.only(PartExample, i) }

func (b Batch) only(p Part, n int) Batch {
	if n < 0 {
		panic("sdk: a negative " + string(p) + " of a batch")
	}
	b.Part, b.Number = p, uint32(n)
	return b
}

// Perturbed names b with the numbers in a slot added to the inputs as the network sees them. The slot is laid out as
// Session.InputGrad says, and is read at every use of the name.
func (b Batch) Perturbed(slot string) Batch {
	b.Delta = slot
	return b
}

// OfPeer names the examples of b as seen by Problem.Peers[k-1]: that network answers, with its own architecture and its own
// running statistics, and the vectors of the request have the length of its parameters. 0 is the network that is measured.
func (b Batch) OfPeer(k int) Batch {
	if k < 0 {
		panic("sdk: a negative peer")
	}
	b.Peer = k
	return b
}

// Clip says how the gradients of single examples are limited before they are added up.
type Clip struct {
	Limit         float64 // greater than 0; infinity: not at all
	PerCoordinate bool    // each coordinate is clamped to ±Limit, instead of the norm
	Norms         Vec     // a slot for the norms of the gradients before clipping, or nil
	Noise         *Noise  // what the host adds to the sum, or nil: see Info.Privacy
}

// Noise is independent N(0, Std²) numbers, those that Session.Normal gives for the same stream and index.
type Noise struct {
	Stream string
	Index  uint64
	Std    float64 // finite, at least 0
}

// Option changes how a batch is evaluated.
type Option uint32

const (
	// FreezeStats keeps the running statistics of batch normalisation as they are. Without it they follow every gradient
	// and VJP of a training batch or of a range of one. Methods with several gradients a step set it on all but one, else
	// the statistics follow points that are never committed.
	FreezeStats Option = 1 << iota
	// NormalizeLogits centres the outputs of each example and scales them to norm 1 before the loss.
	NormalizeLogits
	// Auxiliary asks Loss, Losses, Grad and HVP for the auxiliary objective in place of the loss, where Problem.Auxiliary
	// says that there is one. With examples of its own it has a minibatch of its own under every name of a training batch,
	// and its gradients never move the running statistics of batch normalisation.
	Auxiliary
)

// CommitOption adds to a commit.
type CommitOption func(*commitExtra)

type commitExtra struct {
	blob    []byte
	scalars map[string]float64
}

// WithBlob stores a small piece of state with the commit, at most MaxBlob bytes. It comes back as Session.Blob.
func WithBlob(b []byte) CommitOption { return func(c *commitExtra) { c.blob = b } }

// MaxBlob is the largest blob of a commit in bytes.
const MaxBlob = 64 << 10

// WithScalar stores a number with the commit. Such numbers are the plugin's own word: shown, never ranked.
func WithScalar(name string, v float64) CommitOption {
	return func(c *commitExtra) {
		if c.scalars == nil {
			c.scalars = map[string]float64{}
		}
		c.scalars[name] = v
	}
}
