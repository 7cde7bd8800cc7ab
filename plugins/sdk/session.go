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
	// metrics "init" (the parameters before training) and "update" (the last committed step), which are read-only and
	// nil when the host does not have them. Other names panic.
	Slot(name string) Vec

	// Next says whether another step is wanted. It is false once the host has said stop.
	Next() bool

	// TrainBatch names the minibatch of the current step. The name gives the same examples with the same augmentation
	// every time it is used. For optimizers.
	TrainBatch() Batch
	// ProbeBatch names batch j of the metric's example set, 0 ≤ j < Problem.ProbeBatches. For metrics.
	ProbeBatch(j int) Batch
	// FullBatch names all training examples (optimizers) or the metric's whole example set (metrics), not augmented.
	FullBatch() Batch

	// Loss returns the mean loss of b at the point at, which has length Dim and is not modified.
	Loss(b Batch, at Vec, opts ...Option) (float64, error)
	// Grad stores the gradient of the mean loss of b at the point at in out and returns the loss. Both have length
	// Dim; out must not be at. Weight decay is not part of the loss.
	Grad(b Batch, at, out Vec, opts ...Option) (float64, error)
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

	// Log writes a line to the log of the trial. Levels: "debug", "info", "warn", "error". It also tells the host that
	// the plugin is alive: a plugin that computes for minutes between two requests must log now and then.
	Log(level, msg string)
}

// Streams of batches.
const (
	StreamTrain = "train"
	StreamFull  = "full"
	StreamProbe = "probe"
)

// Batch names examples.
type Batch struct {
	Stream   string
	Index    uint64
	From, To uint32 // a range of the batch's examples; From == To == 0 means all
}

// Range names the examples from to to (exclusive) of b, counted within the batch. It panics unless from < to.
func (b Batch) Range(from, to int) Batch {
	if from < 0 || from >= to {
		panic("sdk: an empty range of a batch")
	}
	b.From, b.To = uint32(from), uint32(to)
	return b
}

// Option changes how a batch is evaluated.
type Option uint32

const (
	// FreezeStats keeps the running statistics of batch normalisation as they are. Methods with several gradients a
	// step set it on all but one, else the statistics follow points that are never committed.
	FreezeStats Option = 1 << iota
	// NormalizeLogits centres the outputs of each example and scales them to norm 1 before the loss.
	NormalizeLogits
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
