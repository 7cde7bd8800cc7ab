package pluginhost

import (
	"fmt"
	"math"

	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// Kinds of plugins.
const (
	KindOptimizer = "optimizer"
	KindMetric    = "metric"
)

// Param is a hyperparameter as its plugin declares it.
type Param struct {
	Name             string
	Type             string   // "float", "int", "bool" or "string"
	Default          any      // float64, int64, bool or string
	Min, Max         *float64 // nil: no bound
	MinOpen, MaxOpen bool     // the bound itself is excluded
	Choices          []string // strings: empty means any
	Scale            string   // "linear" or "log"
	Help             string
}

// Degenerate is a plugin's claim that with some parameters it equals another plugin.
type Degenerate struct {
	When   map[string]any
	Equals string
}

// ValueInfo describes one value of a metric.
type ValueInfo struct {
	Name, Unit string
	Better     string // "lower", "higher" or "none"
	Help       string
}

// Info is what a plugin says about itself.
type Info struct {
	Name                    string
	Kind                    string // KindOptimizer or KindMetric
	Version                 int    // raised when any number the plugin produces changes
	Summary, Rule, Citation string
	Unverified              string   // what of the rule could not be checked against the publication
	Finding                 string   // what was found with it where it was published
	Watch                   []string // what to watch for, a sentence each
	Params                  []Param
	Cost                    float64  // optimizers: price of a step in G
	CostNote                string   // how it depends on the parameters, in G
	Track                   string   // "" is the main ranking
	Privacy                 *Privacy // nil: it claims none
	Degenerate              []Degenerate
	Needs                   []string // ops it cannot do without
	Resumable               bool
	Values                  []ValueInfo // metrics
	Peers                   Peers       // metrics: the other networks it wants to see
	Invariances             []string
}

// Kinds of peers.
const (
	PeerSeeds   = "seeds"   // the same configuration from the next seeds
	PeerWidths  = "widths"  // the same optimizer, hyperparameters and seed on models of other widths
	PeerMoments = "moments" // the same training at earlier moments, the latest first
)

// MaxPeers is how many networks a metric can see at most beside the one that it measures.
const MaxPeers = 16

// Peers says which networks a metric wants to see beside the one that it measures.
type Peers struct {
	Kind string // "" is none
	Max  int
}

// Problem is what a plugin is told about the workload.
type Problem struct {
	Dim                          int
	Tensors                      []engine.Tensor
	Classes, Examples, BatchSize int
	Steps, StepsPerEpoch         int
	ProbeBatches, ProbeBatchSize int
	InputLen                     int       // numbers of one example's inputs
	InputMean, InputStd          []float32 // by channel: an input is (pixel - mean) / std, pixels from 0 to 1; nil: no images
	Auxiliary                    bool      // there is an auxiliary objective
	ActivationLen                []int     // by tensor: what the op activations stores for an example of its layer; may be nil
	Peers                        []Peer
}

// ProblemOf says what there is to say of a network; the rest is to be filled in.
func ProblemOf(n *engine.Net) Problem {
	p := Problem{Dim: n.Dim(), Tensors: n.Layout(), Classes: n.Classes(), InputLen: n.Inputs().Len()}
	for _, t := range p.Tensors {
		size := 0
		if t.Kind == engine.Weight {
			size = n.ActivationLen(t.Layer)
		}
		p.ActivationLen = append(p.ActivationLen, size)
	}
	return p
}

// Slot is a vector in shared memory that a plugin has asked for.
type Slot struct {
	Name    string
	Len     int
	Scratch bool // not part of checkpoints
}

// Diagnostic is what a plugin finds wrong with one parameter.
type Diagnostic struct {
	Param   string // "" when no single one is to blame
	Message string
}

func (d Diagnostic) String() string {
	if d.Param == "" {
		return d.Message
	}
	return d.Param + ": " + d.Message
}

// opNames are the ops that the host answers.
var opNames = map[pb.Op_Name]string{
	pb.Op_NAME_LOSS: "loss", pb.Op_NAME_GRAD: "grad", pb.Op_NAME_GRAD_CLIPPED: "grad_clipped", pb.Op_NAME_HVP: "hvp",
	pb.Op_NAME_OUTPUTS: "outputs", pb.Op_NAME_VJP: "vjp", pb.Op_NAME_NORMAL: "normal", pb.Op_NAME_COMMIT: "commit",
	pb.Op_NAME_GRAD_SQUARED: "grad_squared", pb.Op_NAME_INPUT_GRAD: "input_grad", pb.Op_NAME_ACTIVATIONS: "activations",
	pb.Op_NAME_OUTPUT_GRAD: "output_grad", pb.Op_NAME_INPUTS: "inputs",
}

func opName(n pb.Op_Name) string {
	if s, ok := opNames[n]; ok {
		return s
	}
	return fmt.Sprintf("op %d, unknown to this version of bench", n)
}

func fromDescribe(r *pb.DescribeResponse) (Info, *Failure) {
	i := Info{
		Name: r.GetName(), Version: int(r.GetVersion()), Summary: r.GetSummary(), Rule: r.GetRule(), Citation: r.GetCitation(),
		Watch: r.GetWatch(), Unverified: r.GetUnverified(), Finding: r.GetFinding(), CostNote: r.GetCostNote(),
		Cost: r.GetCost(), Track: r.GetTrack(), Resumable: r.GetResumable(), Invariances: r.GetInvariances(),
	}
	switch r.GetKind() {
	case pb.Kind_KIND_OPTIMIZER:
		i.Kind = KindOptimizer
	case pb.Kind_KIND_METRIC:
		i.Kind = KindMetric
	default:
		return Info{}, violation("Describe says kind %d: expected optimizer or metric", r.GetKind())
	}
	if i.Name == "" || i.Version < 1 {
		return Info{}, violation("Describe says name %q, version %d: expected a name and a version of at least 1", i.Name, i.Version)
	}
	if !(i.Cost >= 0) || math.IsInf(i.Cost, 0) {
		return Info{}, violation("Describe says that a step costs %v G", i.Cost)
	}
	types := map[pb.Param_Type]string{
		pb.Param_TYPE_FLOAT: "float", pb.Param_TYPE_INT: "int", pb.Param_TYPE_BOOL: "bool", pb.Param_TYPE_STRING: "string",
	}
	seen := map[string]bool{}
	for _, p := range r.GetParams() {
		kind, ok := types[p.GetType()]
		def := proto.FromValue(p.GetDefault())
		if !ok || p.GetName() == "" || seen[p.GetName()] || !isType(def, kind) {
			return Info{}, violation("Describe: parameter %q: expected a name used once, a known type, and a default of that type", p.GetName())
		}
		seen[p.GetName()] = true
		scale := "linear"
		if p.GetScale() == pb.Param_SCALE_LOG {
			scale = "log"
		}
		i.Params = append(i.Params, Param{
			Name: p.GetName(), Type: kind, Default: def, Min: p.Min, Max: p.Max, MinOpen: p.GetMinOpen(), MaxOpen: p.GetMaxOpen(),
			Choices: p.GetChoices(), Scale: scale, Help: p.GetHelp(),
		})
	}
	for _, n := range r.GetNeeds() {
		i.Needs = append(i.Needs, opName(n))
	}
	if p := r.GetPrivacy(); p != nil {
		i.Privacy = &Privacy{Epsilon: p.GetEpsilon(), Delta: p.GetDelta(), Sigma: p.GetSigma(), Clip: p.GetClip(), Releases: int(p.GetReleases())}
		if bad := i.Privacy.check(i); bad != nil {
			return Info{}, bad
		}
	}
	if p := r.GetPeers(); p.GetKind() != pb.Peers_KIND_UNSPECIFIED {
		i.Peers = Peers{Kind: peerKinds[p.GetKind()], Max: min(int(p.GetMax()), MaxPeers)}
		if i.Peers.Kind == "" || i.Peers.Max < 1 || i.Kind != KindMetric {
			return Info{}, violation("Describe: peers of kind %d, at most %d: they are for metrics, of a kind that this version of bench knows, and at least one", p.GetKind(), p.GetMax())
		}
	}
	for _, d := range r.GetDegenerate() {
		i.Degenerate = append(i.Degenerate, Degenerate{When: proto.FromValues(d.GetWhen()), Equals: d.GetEquals()})
	}
	names := map[string]bool{}
	for _, v := range r.GetValues() {
		better := map[pb.ValueInfo_Better]string{pb.ValueInfo_BETTER_LOWER: "lower", pb.ValueInfo_BETTER_HIGHER: "higher"}[v.GetBetter()]
		if better == "" {
			better = "none"
		}
		if v.GetName() == "" || names[v.GetName()] {
			return Info{}, violation("Describe: value %q: expected a name used once", v.GetName())
		}
		names[v.GetName()] = true
		i.Values = append(i.Values, ValueInfo{Name: v.GetName(), Unit: v.GetUnit(), Better: better, Help: v.GetHelp()})
	}
	if i.Kind == KindMetric && len(i.Values) == 0 {
		return Info{}, violation("Describe: a metric without values")
	}
	return i, nil
}

var peerKinds = map[pb.Peers_Kind]string{
	pb.Peers_KIND_SEEDS: PeerSeeds, pb.Peers_KIND_WIDTHS: PeerWidths, pb.Peers_KIND_MOMENTS: PeerMoments,
}

func isType(v any, kind string) bool {
	switch v.(type) {
	case float64:
		return kind == "float"
	case int64:
		return kind == "int" || kind == "float"
	case bool:
		return kind == "bool"
	case string:
		return kind == "string"
	}
	return false
}

func (p Problem) message() *pb.Problem {
	m := &pb.Problem{
		Dim: uint64(p.Dim), Classes: uint32(p.Classes), Examples: uint64(p.Examples), BatchSize: uint32(p.BatchSize),
		Steps: uint64(p.Steps), StepsPerEpoch: uint64(p.StepsPerEpoch),
		ProbeBatches: uint32(p.ProbeBatches), ProbeBatchSize: uint32(p.ProbeBatchSize), InputLen: uint64(p.InputLen),
		Auxiliary: p.Auxiliary, InputMean: p.InputMean, InputStd: p.InputStd,
	}
	m.Tensors = tensorMessages(p.Tensors, p.ActivationLen)
	for _, q := range p.Peers {
		m.Peers = append(m.Peers, &pb.Peer{
			Dim: uint64(q.Dim), Tensors: tensorMessages(q.Tensors, q.ActivationLen), Seed: q.Seed, Step: q.Step,
		})
	}
	return m
}

func tensorMessages(tensors []engine.Tensor, activationLen []int) []*pb.Tensor {
	var out []*pb.Tensor
	for i, t := range tensors {
		var activations int
		if activationLen != nil {
			activations = activationLen[i]
		}
		shape := make([]uint64, len(t.Shape))
		for i, d := range t.Shape {
			shape[i] = uint64(d)
		}
		out = append(out, &pb.Tensor{
			Name: t.Name, Kind: string(t.Kind), Layer: uint32(t.Layer), Shape: shape, Offset: uint64(t.Offset),
			FanIn: uint64(t.FanIn), Prunable: t.Prunable,
			ActivationLen: uint64(activations), SgdRate: t.Rates.SGD, AdamRate: t.Rates.Adam,
		})
	}
	return out
}

// values makes messages of parameters. Those of a type the protocol does not have become diagnostics.
func values(params map[string]any) (map[string]*pb.Value, []Diagnostic) {
	out := make(map[string]*pb.Value, len(params))
	var problems []Diagnostic
	for name, v := range params {
		m, err := proto.ToValue(v)
		if err != nil {
			problems = append(problems, Diagnostic{Param: name, Message: err.Error()})
			continue
		}
		out[name] = m
	}
	return out, problems
}

// complete writes the defaults of the parameters that are not given.
func (i Info) complete(given map[string]any) map[string]any {
	all := make(map[string]any, len(i.Params))
	for _, p := range i.Params {
		all[p.Name] = p.Default
	}
	for name, v := range given {
		all[name] = v
	}
	return all
}
