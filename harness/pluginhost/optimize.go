package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
	"github.com/sharpbench/sharpbench/harness/proto/direct"
)

// OptimizeSession is one training.
type OptimizeSession struct {
	RunID   string
	Problem Problem
	Params  map[string]any // those left out get the plugin's defaults
	Seed    uint64
	Oracle  *oracle.Oracle // of Problem.Dim parameters; answers the requests
	Init    []float32      // the parameters to begin with; not used when resuming
	Resume  *Resume        // nil to begin at the beginning
	// FirstLRScale is the factor of the schedule for the first step to come.
	FirstLRScale float64
	// OnCommit is called in the turn of every commit. It says how to go on. An error of it ends the session and is
	// returned as it is.
	OnCommit    func(Commit) (Next, error)
	TurnTimeout time.Duration // 0: DefaultTurnTimeout
}

// Resume is the commit at which a run goes on, all of it copied from a Commit.
type Resume struct {
	Step   uint64
	Blob   []byte
	Params []float32
	Slots  map[string][]float32 // Commit.State
}

// Commit is a step that counts.
type Commit struct {
	Step    uint64    // 1 for the first
	Params  []float32 // the host's own copy; it stays what it is for two more commits
	Blob    []byte
	Scalars map[string]float64 // the plugin's own word, finite
	// State has the slots that are not scratch, by name, and "params" when the plugin has committed another slot.
	// They are views of shared memory, valid during the call; the plugin is not supposed to touch them meanwhile.
	State map[string][]float32
}

// Next says how to go on after a commit.
type Next struct {
	Stop    string  // "" to go on; else "steps", "budget", "time", "target" or "canceled"
	LRScale float64 // factor of the schedule for the next step
}

// Outcome is how a training ended that did end by the rules.
type Outcome struct {
	Status        string // "completed", "converged", "diverged" or "failed", as the plugin says
	Detail        string
	Steps         uint64  // committed, those before a resumption included
	HostSeconds   float64 // time between request and reply
	PluginSeconds float64 // the rest: the plugin's computing, and the messages
}

// Optimize lets the plugin train. Errors are *Failure when the plugin is to blame, *Invalid when its parameters are,
// that of ctx when it was canceled, and the host's own otherwise; the outcome has the steps and times in any case. The
// process cannot be used afterwards, only stopped.
func (x *Process) Optimize(ctx context.Context, o OptimizeSession) (Outcome, error) {
	x.busy.Lock()
	defer x.busy.Unlock()
	var out Outcome
	if o.Resume != nil {
		out.Steps = o.Resume.Step
	}
	info, err := x.Describe(ctx)
	if err != nil {
		return out, err
	}
	if o.Params, err = info.WithNoise(o.Problem, o.Params); err != nil {
		return out, err
	}
	slots, err := x.prepare(ctx, KindOptimizer, o.Problem, o.Params, o.Oracle)
	if err != nil {
		return out, err
	}
	if o.OnCommit == nil {
		return out, errors.New("pluginhost: OptimizeSession.OnCommit is nil")
	}
	requests := []arena.Request{{Name: proto.SlotParams, Len: o.Problem.Dim}, {Name: proto.SlotGrad, Len: o.Problem.Dim}}
	scratch := []bool{false, true}
	for _, s := range slots {
		requests = append(requests, arena.Request{Name: s.Name, Len: s.Len})
		scratch = append(scratch, s.Scratch)
	}
	if err := x.arena.Layout(requests); err != nil {
		return out, err
	}
	state := map[string][]float32{}
	for i, s := range x.arena.Slots() {
		if scratch[i] {
			x.fill(i)
		} else if i > 0 {
			state[s.Name] = x.arena.Slot(i)
		}
	}
	start := &pb.Start{RunId: o.RunID, Seed: o.Seed, LrScale: o.FirstLRScale}
	if err := x.begin(o, state, start); err != nil {
		return out, err
	}

	s := &session{x: x, problem: o.Problem, oracle: o.Oracle, turn: o.TurnTimeout, readOnly: make([]bool, len(requests))}
	var copies [3][]float32 // of the last commits, and one that is being made and may turn out not to be finite
	for i := range copies {
		at := arena.Stagger(1+i) / 4
		copies[i] = make([]float32, at+o.Problem.Dim)[at:]
	}
	s.commit = func(op *pb.CommitOp, slot []float32) (*pb.Result, error) {
		if err := x.arena.CheckGuards(); err != nil {
			return nil, violation("the plugin %v", err)
		}
		if len(op.GetBlob()) > proto.MaxBlob {
			return nil, oracle.Errorf(oracle.BadRequest, "a blob of %d bytes: expected at most %d", len(op.GetBlob()), proto.MaxBlob)
		}
		params := copies[0]
		if i := copyFinite(params, slot); i >= 0 {
			return nil, oracle.Errorf(oracle.NonFinite, "parameter %d is %v", i, params[i])
		}
		copies = [3][]float32{copies[1], copies[2], params}
		delete(state, proto.SlotParams)
		if op.GetParams() != 0 {
			state[proto.SlotParams] = x.arena.Slot(0)
		}
		next, err := o.OnCommit(Commit{
			Step: out.Steps + 1, Params: params, Blob: op.GetBlob(), Scalars: finite(op.GetScalars()), State: state,
		})
		if err != nil {
			return nil, hostError{err}
		}
		out.Steps++
		stop, err := stopReason(next.Stop)
		if err != nil {
			return nil, hostError{err}
		}
		return &pb.Result{Stop: stop, LrScale: next.LRScale}, nil
	}
	done, err := s.open(ctx, pb.NewOptimizerClient(x.conn).Run, start)
	out.HostSeconds, out.PluginSeconds = s.host.Seconds(), s.plugin.Seconds()
	if err != nil {
		return out, err
	}
	out.Detail = done.GetDetail()
	switch done.GetStatus() {
	case pb.Done_STATUS_COMPLETED:
		out.Status = "completed"
		if s.stopped == 0 {
			out.Status = "failed"
			out.Detail = strings.TrimPrefix(out.Detail+"; the plugin called the run complete before the host had said stop", "; ")
		}
	case pb.Done_STATUS_CONVERGED:
		out.Status = "converged"
	case pb.Done_STATUS_DIVERGED:
		out.Status = "diverged"
	case pb.Done_STATUS_FAILED:
		out.Status = "failed"
	default:
		return out, violation("Done with status %d", done.GetStatus())
	}
	return out, nil
}

// copyFinite copies src and returns the place of the first element that is not finite, or -1. What is checked is the copy: a
// plugin that writes out of turn must not get past it. Piece by piece, as the second look finds a piece in the cache.
func copyFinite(dst, src []float32) int {
	const piece = 4096
	for i := 0; i < len(src); i += piece {
		end := min(i+piece, len(src))
		copy(dst[i:end], src[i:end])
		if j := oracle.FirstNonFinite(dst[i:end]); j >= 0 {
			return i + j
		}
	}
	return -1
}

// hostError keeps an error of the host apart from answers to the plugin, whatever it wraps.
type hostError struct{ err error }

func (e hostError) Error() string { return e.err.Error() }

// begin fills the slots and completes the message with what they hold.
func (x *Process) begin(o OptimizeSession, state map[string][]float32, start *pb.Start) error {
	params, err := x.startParams(o.Params)
	if err != nil {
		return err
	}
	start.Problem, start.Params, start.Arena = o.Problem.message(), params, x.arenaMessage()
	if o.Resume == nil {
		if len(o.Init) != o.Problem.Dim {
			return fmt.Errorf("pluginhost: %d initial parameters, expected %d", len(o.Init), o.Problem.Dim)
		}
		copy(x.arena.Slot(0), o.Init)
		return nil
	}
	r := o.Resume
	if len(r.Params) != o.Problem.Dim {
		return fmt.Errorf("checkpoint: %d parameters, expected %d", len(r.Params), o.Problem.Dim)
	}
	for name := range state {
		if _, ok := r.Slots[name]; !ok {
			return fmt.Errorf("checkpoint: slot %q is missing; it was made by another version of the plugin", name)
		}
	}
	copy(x.arena.Slot(0), r.Params)
	if err := x.arena.Restore(r.Slots); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	start.Step, start.Blob = r.Step, r.Blob
	return nil
}

// prepare checks what can be checked before a session, and returns the slots it needs.
func (x *Process) prepare(ctx context.Context, kind string, p Problem, params map[string]any, o *oracle.Oracle) ([]Slot, error) {
	if x.used {
		return nil, errors.New("pluginhost: a process serves one session, and none once it is stopped")
	}
	x.used = true
	info, err := x.Describe(ctx)
	if err != nil {
		return nil, err
	}
	if info.Kind != kind {
		return nil, &Failure{Kind: Refused, Reason: fmt.Sprintf("plugin %q is a kind of %s, not of %s", info.Name, info.Kind, kind)}
	}
	if missing := info.Unanswered(); len(missing) > 0 {
		return nil, &Failure{Kind: Refused, Reason: fmt.Sprintf("plugin %q needs what this version of bench does not answer: %s", info.Name, strings.Join(missing, ", "))}
	}
	for _, op := range info.Needs {
		if err := o.Can(op); err != nil {
			return nil, &Failure{Kind: Refused, Reason: fmt.Sprintf("plugin %q needs %s: %v", info.Name, op, err)}
		}
	}
	if p.Dim < 1 || p.Dim != o.Dim() {
		return nil, fmt.Errorf("pluginhost: a problem of %d parameters with an oracle of %d", p.Dim, o.Dim())
	}
	diagnostics, slots, err := x.Validate(ctx, p, params)
	if err != nil {
		return nil, err
	}
	if len(diagnostics) > 0 {
		return nil, &Invalid{Diagnostics: diagnostics}
	}
	return slots, nil
}

// Unanswered lists the ops the plugin needs and this version of bench does not answer.
func (i Info) Unanswered() []string {
	var missing []string
	for _, need := range i.Needs {
		known := false
		for _, name := range opNames {
			known = known || name == need
		}
		if !known {
			missing = append(missing, need)
		}
	}
	return missing
}

func (x *Process) startParams(given map[string]any) (map[string]*pb.Value, error) {
	wire, problems := values(x.info.complete(given))
	if len(problems) > 0 {
		return nil, &Invalid{Diagnostics: problems}
	}
	return wire, nil
}

func (x *Process) arenaMessage() *pb.Arena {
	m := &pb.Arena{Where: &pb.Arena_Fd{Fd: proto.ArenaFD}, Bytes: x.arena.Bytes()}
	for _, s := range x.arena.Slots() {
		m.Slots = append(m.Slots, &pb.Slot{Name: s.Name, Offset: s.Offset, Len: s.Len})
	}
	return m
}

// open opens the stream, runs the session, and ends the process when that failed.
func (s *session) open(ctx context.Context, call func(context.Context, ...grpc.CallOption) (wire, error), start *pb.Start) (*pb.Done, error) {
	stream, err := call(s.x.ctx, grpc.MaxCallRecvMsgSize(maxMessage))
	if err != nil {
		return nil, s.broken(err)
	}
	if s.x.socket != nil {
		start.Direct = &pb.Direct{Fd: direct.FD, Max: direct.MaxPacket}
	}
	s.link = newLink(stream, s.x.socket)
	done, err := s.run(ctx, start)
	var own hostError
	if errors.As(err, &own) {
		err = own.err
	} else if ctx.Err() != nil {
		err = ctx.Err() // and not the plugin's fault, however it took it
	}
	if err != nil {
		s.x.end()
		return nil, err
	}
	// Nothing is expected any more; the plugin sees the end of its session.
	_ = stream.CloseSend()
	return done, nil
}
