package sdk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	gstatus "google.golang.org/grpc/status"

	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]*$`)

var opNames = map[Op]pb.Op_Name{
	OpLoss: pb.Op_NAME_LOSS, OpGrad: pb.Op_NAME_GRAD, OpGradClipped: pb.Op_NAME_GRAD_CLIPPED,
	OpGradSquared: pb.Op_NAME_GRAD_SQUARED, OpHVP: pb.Op_NAME_HVP, OpOutputs: pb.Op_NAME_OUTPUTS, OpVJP: pb.Op_NAME_VJP,
	OpInputGrad: pb.Op_NAME_INPUT_GRAD, OpOutputGrad: pb.Op_NAME_OUTPUT_GRAD, OpInputs: pb.Op_NAME_INPUTS, OpActivations: pb.Op_NAME_ACTIVATIONS, OpNormal: pb.Op_NAME_NORMAL,
	OpCommit: pb.Op_NAME_COMMIT,
}

var paramTypes = map[string]pb.Param_Type{
	"float": pb.Param_TYPE_FLOAT, "int": pb.Param_TYPE_INT, "bool": pb.Param_TYPE_BOOL, "string": pb.Param_TYPE_STRING,
}

var scales = map[string]pb.Param_Scale{
	"": pb.Param_SCALE_UNSPECIFIED, "linear": pb.Param_SCALE_LINEAR, "log": pb.Param_SCALE_LOG,
}

var betters = map[string]pb.ValueInfo_Better{
	BetterLower: pb.ValueInfo_BETTER_LOWER, BetterHigher: pb.ValueInfo_BETTER_HIGHER, BetterNone: pb.ValueInfo_BETTER_NONE,
}

var peerKinds = map[PeerKind]pb.Peers_Kind{
	PeerSeeds: pb.Peers_KIND_SEEDS, PeerWidths: pb.Peers_KIND_WIDTHS, PeerMoments: pb.Peers_KIND_MOMENTS,
}

// check finds mistakes in a declaration, so that its author hears of them at the first start.
func (i Info) check(optimizer bool) error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("plugin %q: "+format, append([]any{i.Name}, args...)...))
	}
	if !nameRule.MatchString(i.Name) {
		bad("Info.Name must be lower case letters, digits, - and _, and begin with a letter")
	}
	if i.Version < 1 {
		bad("Info.Version is %d: expected at least 1", i.Version)
	}
	if !(i.Cost >= 0) || math.IsInf(i.Cost, 0) {
		bad("Info.Cost is %v: expected the price of a step in G", i.Cost)
	}
	seen := map[string]bool{}
	for _, p := range i.Params {
		if !nameRule.MatchString(p.Name) || seen[p.Name] {
			bad("parameter %q: names must be lower case and different from each other", p.Name)
		}
		seen[p.Name] = true
		if _, ok := paramTypes[p.Type]; !ok {
			bad("parameter %q has type %q: use Float, Int, Bool, Choice or String", p.Name, p.Type)
			continue
		}
		if _, ok := scales[p.Scale]; !ok {
			bad("parameter %q has scale %q: expected linear or log", p.Name, p.Scale)
		}
		if _, problem := p.check(p.Default); problem != "" {
			bad("the default of parameter %q: %s", p.Name, problem)
		}
	}
	for _, n := range i.Needs {
		if _, ok := opNames[n]; !ok {
			bad("Info.Needs has %q, which is not a request", n)
		}
	}
	for _, d := range i.Degenerate {
		if _, problems := NewParams(i.Params, d.When); len(problems) > 0 {
			bad("Info.Degenerate for %q: %s", d.Equals, problems[0])
		}
	}
	if p := i.Privacy; p != nil {
		if !optimizer || p.Releases < 1 {
			bad("Info.Privacy is for optimizers, with at least one release a step")
		}
		for _, name := range []string{p.Epsilon, p.Delta, p.Sigma, p.Clip} {
			at := slices.IndexFunc(i.Params, func(p Param) bool { return p.Name == name })
			if at < 0 || i.Params[at].Type != "float" {
				bad("Info.Privacy names the parameter %q: expected one of type float", name)
			}
		}
	}
	if p := i.Peers; p != (Peers{}) {
		if _, known := peerKinds[p.Kind]; !known || p.Max < 1 || p.Max > 16 || optimizer {
			bad("Info.Peers is %d of kind %q: expected PeerSeeds, PeerWidths or PeerMoments, 1 to 16 of them, of a metric", p.Max, p.Kind)
		}
	}
	if optimizer && len(i.Values) > 0 {
		bad("Info.Values is for metrics")
	}
	if !optimizer && len(i.Values) == 0 {
		bad("Info.Values is empty: a metric declares its values")
	}
	names := map[string]bool{}
	for _, v := range i.Values {
		if v.Name == "" || names[v.Name] {
			bad("value %q: names must be there and different from each other", v.Name)
		}
		names[v.Name] = true
		if _, ok := betters[v.Better]; !ok {
			bad("value %q: Better is %q: expected lower, higher or none", v.Name, v.Better)
		}
	}
	return errors.Join(errs...)
}

func (d Diagnostic) String() string {
	if d.Param == "" {
		return d.Message
	}
	return d.Param + ": " + d.Message
}

// Describe answers the host.
func (s *server) Describe(context.Context, *pb.DescribeRequest) (*pb.DescribeResponse, error) {
	s.ownOutput()
	i := s.info
	r := &pb.DescribeResponse{
		Name: i.Name, Kind: pb.Kind_KIND_OPTIMIZER, Version: uint32(i.Version),
		Summary: i.Summary, Rule: i.Rule, Citation: i.Citation,
		Watch: i.Watch, Unverified: i.Unverified, Finding: i.Finding, CostNote: i.CostNote,
		Cost: i.Cost, Track: i.Track, Resumable: i.Resumable, Invariances: i.Invariances,
	}
	if s.metric != nil {
		r.Kind = pb.Kind_KIND_METRIC
	}
	for _, p := range i.Params {
		def, err := proto.ToValue(p.Default)
		if err != nil {
			return nil, err
		}
		r.Params = append(r.Params, &pb.Param{
			Name: p.Name, Type: paramTypes[p.Type], Default: def, Min: p.min, Max: p.max, MinOpen: p.minOpen, MaxOpen: p.maxOpen,
			Choices: p.Choices, Scale: scales[p.Scale], Help: p.Help,
		})
	}
	for _, n := range i.Needs {
		r.Needs = append(r.Needs, opNames[n])
	}
	for _, d := range i.Degenerate {
		when := map[string]*pb.Value{}
		for k, v := range d.When {
			value, err := proto.ToValue(v)
			if err != nil {
				return nil, err
			}
			when[k] = value
		}
		r.Degenerate = append(r.Degenerate, &pb.Degenerate{When: when, Equals: d.Equals})
	}
	if p := i.Privacy; p != nil {
		r.Privacy = &pb.Privacy{Epsilon: p.Epsilon, Delta: p.Delta, Sigma: p.Sigma, Clip: p.Clip, Releases: uint32(p.Releases)}
	}
	if i.Peers.Kind != "" {
		r.Peers = &pb.Peers{Kind: peerKinds[i.Peers.Kind], Max: uint32(i.Peers.Max)}
	}
	for _, v := range i.Values {
		r.Values = append(r.Values, &pb.ValueInfo{Name: v.Name, Unit: v.Unit, Better: betters[v.Better], Help: v.Help})
	}
	return r, nil
}

// Validate answers the host.
func (s *server) Validate(_ context.Context, r *pb.ValidateRequest) (*pb.ValidateResponse, error) {
	s.ownOutput()
	problem := fromProblem(r.GetProblem())
	params, diagnostics := NewParams(s.info.Params, proto.FromValues(r.GetParams()))
	if len(diagnostics) == 0 && s.info.Check != nil {
		diagnostics = s.info.Check(problem, params)
	}
	out := &pb.ValidateResponse{}
	for _, d := range diagnostics {
		out.Diagnostics = append(out.Diagnostics, &pb.Diagnostic{Param: d.Param, Message: d.Message})
	}
	if len(diagnostics) > 0 {
		return out, nil
	}
	slots := s.slots(problem, params)
	taken := []string{proto.SlotParams, proto.SlotGrad, proto.SlotInit, proto.SlotUpdate}
	for _, slot := range slots {
		switch {
		case slot.Name == "" || slices.Contains(taken, slot.Name) || proto.IsPeerSlot(slot.Name):
			return nil, gstatus.Errorf(codes.Internal, "Slots of plugin %q asks for %q: expected a name that is none of %s, peer1, …",
				s.info.Name, slot.Name, strings.Join(taken, ", "))
		case slot.Len < 0:
			return nil, gstatus.Errorf(codes.Internal, "Slots of plugin %q asks for %q with %d elements", s.info.Name, slot.Name, slot.Len)
		}
		taken = append(taken, slot.Name)
		out.Slots = append(out.Slots, &pb.SlotRequest{Name: slot.Name, Len: uint64(slot.Len), Scratch: slot.Scratch})
	}
	return out, nil
}

func (s *server) slots(problem Problem, params Params) []Slot {
	if s.optimizer != nil {
		return s.optimizer.Slots(problem, params)
	}
	return s.metric.Slots(problem, params)
}

// one is the rate of a tensor: hosts that know of none send 0.
func one(rate float64) float64 {
	if rate == 0 {
		return 1
	}
	return rate
}

func fromProblem(p *pb.Problem) Problem {
	out := Problem{
		Dim: int(p.GetDim()), Classes: int(p.GetClasses()), Examples: int(p.GetExamples()), BatchSize: int(p.GetBatchSize()),
		Steps: int(p.GetSteps()), StepsPerEpoch: int(p.GetStepsPerEpoch()),
		ProbeBatches: int(p.GetProbeBatches()), ProbeBatchSize: int(p.GetProbeBatchSize()),
		InputLen: int(p.GetInputLen()), Auxiliary: p.GetAuxiliary(), InputMean: p.GetInputMean(), InputStd: p.GetInputStd(),
	}
	out.Tensors = fromTensors(p.GetTensors())
	for _, q := range p.GetPeers() {
		out.Peers = append(out.Peers, Peer{Dim: int(q.GetDim()), Tensors: fromTensors(q.GetTensors()), Seed: q.GetSeed(), Step: q.GetStep()})
	}
	return out
}

func fromTensors(tensors []*pb.Tensor) []Tensor {
	var out []Tensor
	for _, t := range tensors {
		shape := make([]int, len(t.GetShape()))
		for i, d := range t.GetShape() {
			shape[i] = int(d)
		}
		out = append(out, Tensor{
			Name: t.GetName(), Kind: t.GetKind(), Layer: int(t.GetLayer()), Shape: shape, Offset: int(t.GetOffset()),
			FanIn: int(t.GetFanIn()), Prunable: t.GetPrunable(), ActivationLen: int(t.GetActivationLen()),
			Rates: Rates{SGD: one(t.GetSgdRate()), Adam: one(t.GetAdamRate())},
		})
	}
	return out
}
