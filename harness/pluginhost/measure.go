package pluginhost

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/engine"
	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// MeasureSession is one measurement.
type MeasureSession struct {
	RunID   string
	Problem Problem
	Params  map[string]any // those left out get the plugin's defaults
	Seed    uint64
	Oracle  *oracle.Oracle
	At      []float32 // the trained parameters
	Init    []float32 // those before training; nil when unknown
	Update  []float32 // the last committed step; nil when unknown
	// Training says how the parameters were trained; nil when unknown.
	Training *Training
	Peers    []Peer // other networks, those that Info.Peers asks for

	TurnTimeout time.Duration // 0: DefaultTurnTimeout
}

// Training is what a metric is told about how a net was trained.
type Training struct {
	Optimizer string // name of the plugin
	Params    map[string]any
	LRScale   float64 // factor of the schedule in the last committed step
}

// Table is what a metric has found besides its values: columns of one length.
type Table struct {
	Name    string
	Columns []Column
}

// Column is a column of a Table, of finite numbers.
type Column struct {
	Name   string
	Values []float64
}

// Peer is a network that a metric sees beside the one it measures, on the same examples.
type Peer struct {
	Dim           int
	Tensors       []engine.Tensor
	ActivationLen []int  // as Problem.ActivationLen
	Seed, Step    uint64 // of its trial, and after how many steps it is what At says
	Oracle        *oracle.Oracle
	At            []float32
	Update        []float32 // nil when unknown
}

// Value is one number of a measurement.
type Value struct {
	Name      string
	Value     float64 // finite
	Null      bool    // there is no number; Reason says why
	Reason    string
	StdErr    float64 // standard error, when HasStdErr
	HasStdErr bool
	Warnings  []string
}

// Measured is a measurement: every value the metric has declared, in that order.
type Measured struct {
	Values        []Value
	Tables        []Table
	Detail        string
	HostSeconds   float64
	PluginSeconds float64
}

// Measure lets the plugin measure. Errors are those of Optimize; a metric that could not measure is a *Failure of the
// kind Refused. A plugin that has changed what it measures is a violation, whatever it says. The process cannot be
// used afterwards, only stopped.
func (x *Process) Measure(ctx context.Context, o MeasureSession) (Measured, error) {
	x.busy.Lock()
	defer x.busy.Unlock()
	var out Measured
	o.Problem.Peers = o.Peers
	slots, err := x.prepare(ctx, KindMetric, o.Problem, o.Params, o.Oracle)
	if err != nil {
		return out, err
	}
	type vector struct {
		name string
		v    []float32
	}
	given := []vector{{proto.SlotInit, o.Init}, {proto.SlotUpdate, o.Update}}
	for k, p := range o.Peers {
		if len(p.At) != p.Dim || p.Oracle.Dim() != p.Dim {
			return out, fmt.Errorf("pluginhost: peer %d has %d parameters, an oracle of %d, and a point of %d", k+1, p.Dim, p.Oracle.Dim(), len(p.At))
		}
		given = append(given, vector{proto.SlotPeer(k + 1), p.At}, vector{proto.SlotPeer(k+1) + ".update", p.Update})
	}
	requests := []arena.Request{{Name: proto.SlotParams, Len: o.Problem.Dim}, {Name: proto.SlotGrad, Len: o.Problem.Dim}}
	fixed := map[string][]float32{proto.SlotParams: o.At}
	for _, g := range given {
		if g.v != nil {
			requests = append(requests, arena.Request{Name: g.name, Len: len(g.v)})
			fixed[g.name] = g.v
		}
	}
	first := len(requests)
	for _, s := range slots {
		requests = append(requests, arena.Request{Name: s.Name, Len: s.Len})
	}
	if err := x.arena.Layout(requests); err != nil {
		return out, err
	}
	for i, s := range slots {
		if s.Scratch {
			x.fill(first + i)
		}
	}
	x.fill(1)
	if err := x.arena.Restore(fixed); err != nil {
		return out, fmt.Errorf("pluginhost: %w", err)
	}
	params, err := x.startParams(o.Params)
	if err != nil {
		return out, err
	}

	s := &session{x: x, problem: o.Problem, oracle: o.Oracle, peers: o.Peers, turn: o.TurnTimeout, readOnly: make([]bool, len(requests))}
	for i, r := range requests {
		_, s.readOnly[i] = fixed[r.Name]
	}
	start := &pb.Start{RunId: o.RunID, Seed: o.Seed, Problem: o.Problem.message(), Params: params, Arena: x.arenaMessage()}
	if t := o.Training; t != nil {
		params, problems := values(t.Params)
		if len(problems) > 0 {
			return out, fmt.Errorf("pluginhost: the optimizer's parameter %s", problems[0])
		}
		start.Training = &pb.Training{Optimizer: t.Optimizer, Params: params, LrScale: t.LRScale}
	}
	done, err := s.open(ctx, pb.NewMetricClient(x.conn).Measure, start)
	out.HostSeconds, out.PluginSeconds = s.host.Seconds(), s.plugin.Seconds()
	if err != nil {
		return out, err
	}
	out.Detail = done.GetDetail()
	if done.GetStatus() != pb.Done_STATUS_COMPLETED {
		return out, &Failure{Kind: Refused, Reason: "the metric could not measure: " + done.GetDetail(), Detail: x.out.tail()}
	}
	if err := x.arena.CheckGuards(); err != nil {
		return out, violation("the plugin %v", err)
	}
	for name, v := range fixed {
		i, _ := x.arena.Find(name)
		for j, w := range x.arena.Slot(i) {
			if math.Float32bits(w) != math.Float32bits(v[j]) {
				return out, violation("the metric has changed element %d of slot %q, which is read-only", j, name)
			}
		}
	}
	if out.Values, err = x.info.values(done.GetValues()); err != nil {
		return out, err
	}
	out.Tables, err = tables(done.GetTables())
	return out, err
}

// tables checks what a metric has found besides its values.
func tables(got []*pb.Table) ([]Table, error) {
	var out []Table
	names, size := map[string]bool{}, 0
	for _, m := range got {
		if m.GetName() == "" || names[m.GetName()] {
			return nil, violation("table %q: expected a name used once", m.GetName())
		}
		names[m.GetName()] = true
		t := Table{Name: m.GetName()}
		for _, c := range m.GetColumns() {
			if size += len(c.GetValues()); size > proto.MaxTables {
				return nil, violation("the tables have more than %d values", proto.MaxTables)
			}
			if len(c.GetValues()) != len(m.GetColumns()[0].GetValues()) {
				return nil, violation("table %q: its columns differ in length", t.Name)
			}
			for i, v := range c.GetValues() {
				if !isFinite(v) {
					return nil, violation("table %q, column %q: value %d is %v", t.Name, c.GetName(), i, v)
				}
			}
			t.Columns = append(t.Columns, Column{Name: c.GetName(), Values: c.GetValues()})
		}
		out = append(out, t)
	}
	return out, nil
}

// values checks a measurement against what the metric has declared.
func (i Info) values(got []*pb.MetricValue) ([]Value, error) {
	byName := map[string]*pb.MetricValue{}
	for _, v := range got {
		if byName[v.GetName()] != nil {
			return nil, violation("value %q is there twice", v.GetName())
		}
		byName[v.GetName()] = v
	}
	var out []Value
	for _, d := range i.Values {
		v := byName[d.Name]
		if v == nil {
			return nil, violation("value %q is declared and not there", d.Name)
		}
		delete(byName, d.Name)
		w := Value{Name: d.Name, Null: v.Value == nil, Reason: v.GetReason(), HasStdErr: v.StdErr != nil, Warnings: v.GetWarnings()}
		w.Value, w.StdErr = v.GetValue(), v.GetStdErr()
		if !isFinite(w.Value) || !isFinite(w.StdErr) || w.StdErr < 0 {
			return nil, violation("value %q is %v with standard error %v: a value that does not exist is left out, with a reason", d.Name, w.Value, w.StdErr)
		}
		out = append(out, w)
	}
	for name := range byName {
		return nil, violation("value %q is not declared in Describe", name)
	}
	return out, nil
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
