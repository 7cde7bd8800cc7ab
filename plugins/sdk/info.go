package sdk

// Op names a request, for Info.Needs. A host that cannot answer one of them refuses the plugin before the run.
type Op string

// The requests of the protocol.
const (
	OpLoss        Op = "loss"
	OpGrad        Op = "grad"
	OpGradClipped Op = "grad_clipped"
	OpGradSquared Op = "grad_squared"
	OpHVP         Op = "hvp"
	OpOutputs     Op = "outputs"
	OpVJP         Op = "vjp"
	OpInputGrad   Op = "input_grad"
	OpOutputGrad  Op = "output_grad"
	OpInputs      Op = "inputs"
	OpActivations Op = "activations"
	OpNormal      Op = "normal"
	OpCommit      Op = "commit"
)

// Directions of a metric's values.
const (
	BetterLower  = "lower"
	BetterHigher = "higher"
	BetterNone   = "none" // the value takes no side
)

// Info says what a plugin is. It must be the same on every call.
type Info struct {
	Name string // lower case, the name of the algorithm: "sam"
	// Version is raised when any number the plugin produces changes; results of other versions are then recomputed.
	// Expected to be at least 1.
	Version  int
	Summary  string // one line
	Rule     string // the update rule or formula, plain text
	Citation string // where it was published
	// Unverified says what of the rule could not be checked against the publication; "" when all of it was.
	Unverified string
	Finding    string   // what was found with it where it was published, in a sentence or two
	Watch      []string // what to watch for when using it, a sentence each

	Params []Param

	Cost float64 // optimizers: price of a step in G (one gradient on one nominal batch); metrics leave it 0
	// CostNote says how the cost depends on the parameters, in G: "1 + 1/every". For metrics, what a measurement costs.
	CostNote string
	Track    string // "" for the main ranking; plugins that solve another problem name theirs ("dp")
	// Degenerate lists settings under which the plugin must equal another one, bit for bit.
	Degenerate []Degenerate
	Needs      []Op
	// Resumable says that all state between commits is in slots and in the blob, so that a run can be continued from
	// any commit in a new process.
	Resumable bool

	// Privacy declares that the optimizer is differentially private, and how; nil for most.
	Privacy *Privacy

	Values []ValueInfo // metrics: the values each measurement has
	Peers  Peers       // metrics that compare several networks: which others they want to see
	// Invariances of metrics: transformations of the parameters that do not change the values. Those that bench plugin
	// test tests are elementwise_rescaling, nodewise_rescaling, layerwise_rescaling, logit_scale and orthogonal_basis. One that needs parameters
	// to be set names them: "elementwise_rescaling (adaptive)"; some values alone are named before a colon:
	// "nodewise_rescaling: fisherrao".
	Invariances []string

	// Check finds what the ranges of single parameters cannot express. It is called with valid parameters only; may be
	// nil.
	Check func(Problem, Params) []Diagnostic
}

// Peers says which networks a metric wants to see beside the one that it measures. The host shows at most Max of them, as
// Problem.Peers; it may be that there are none, which is a reason for a value to be Null and not an error.
type Peers struct {
	Kind PeerKind // "": none
	Max  int      // at least 1, at most 16
}

// PeerKind is a kind of peers.
type PeerKind string

// The kinds. A network whose training failed is nobody's peer.
const (
	// PeerSeeds is the same configuration trained from the next seeds of the suite, after the last the first again.
	PeerSeeds PeerKind = "seeds"
	// PeerWidths is the same optimizer, hyperparameters and seed on the workloads of the suite that differ from this one in
	// nothing but the widths of the model, in the order of the suite.
	PeerWidths PeerKind = "widths"
	// PeerMoments is the same training at the moments before this one at which the metric is taken (at = […] in the
	// suite), the latest first.
	PeerMoments PeerKind = "moments"
)

// Degenerate is a claim: with the parameters of When, the plugin equals the plugin Equals.
type Degenerate struct {
	When   map[string]any
	Equals string
}

// Privacy is the mechanism of a differentially private optimizer: in every step it draws one Poisson batch of rate
// Problem.BatchSize/Problem.Examples, and all that it learns of the data are Releases sums of gradients, clipped to a norm,
// with Gaussian noise (Clip.Noise). The host keeps the account: it sets Sigma for a target Epsilon before the run starts,
// and records what was spent. What it has to take the plugin's word for, such as noise that the plugin adds itself, is
// marked as declared on every board.
type Privacy struct {
	// Names of float parameters: the target (0: none, Sigma counts), its delta (0: not given), the standard deviation of
	// the noise over the limit of norms, and that limit.
	Epsilon, Delta, Sigma, Clip string
	Releases                    int // noisy sums a step
}

// Slot asks for a vector in shared memory.
type Slot struct {
	Name string // not "params", "grad", "init", "update", "peer1", …: those are the host's
	Len  int    // 0 means Problem.Dim
	// Scratch slots hold nothing from one step to the next. They are not part of checkpoints and hold NaN when a run
	// starts. Other slots hold 0 when a run starts and what they held at the commit when it resumes.
	Scratch bool
}

// Diagnostic says what is wrong with a parameter: what was expected.
type Diagnostic struct {
	Param   string // "" when no single parameter is to blame
	Message string
}

// ValueInfo describes one value of a metric.
type ValueInfo struct {
	Name   string
	Unit   string // "loss", "1", …
	Better string // BetterLower, BetterHigher or BetterNone
	Help   string
}

// Value is one number of a measurement.
type Value struct {
	Name   string // as declared in Info.Values
	Value  float64
	Null   bool   // there is no number; Reason says why
	Reason string // with Null
	// StdErr is the standard error of a value that was estimated by sampling, when HasStdErr.
	StdErr    float64
	HasStdErr bool
	Warnings  []string // travel with the number into every table
}

// Table is what a metric has found besides its values: columns of one length, such as one row for each class. It is kept
// with the measurement and never ranked.
type Table struct {
	Name    string // of its own among the tables of a measurement
	Columns []Column
}

// Column is a column of a Table. Its values are finite.
type Column struct {
	Name   string
	Values []float64
}

// MaxTables is the largest number of values in all tables of a measurement together.
const MaxTables = 1 << 16

// Training says how the parameters that a metric measures were trained.
type Training struct {
	Optimizer string // name of the plugin; "" when the host does not know
	Params    map[string]any
	LRScale   float64 // factor of the schedule in the last committed step
}

// Float returns a numeric parameter of the optimizer, and whether it has one of that name.
func (t Training) Float(name string) (float64, bool) {
	switch v := t.Params[name].(type) {
	case float64:
		return v, true
	case int64:
		return float64(v), true
	}
	return 0, false
}

// Bool returns a switch of the optimizer; false when it has none of that name.
func (t Training) Bool(name string) bool { v, _ := t.Params[name].(bool); return v }
