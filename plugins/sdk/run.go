package sdk

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"google.golang.org/grpc/codes"
	gstatus "google.golang.org/grpc/status"

	"github.com/sharpbench/sharpbench/harness/arena"
	"github.com/sharpbench/sharpbench/harness/proto"
	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
)

// Run is the session of an optimizer.
func (s *server) Run(stream wire) error {
	return s.session(stream, func(c *client) *pb.Done {
		st, detail := outcome(s.optimizer.Run(c), c.stopped)
		return &pb.Done{Status: st, Detail: detail}
	})
}

// Measure is the session of a metric.
func (s *server) Measure(stream wire) error {
	return s.session(stream, func(c *client) *pb.Done {
		values, err := s.metric.Measure(c)
		if err == nil {
			err = errors.Join(s.info.checkValues(values), checkTables(c.tables))
		}
		if errors.Is(err, ErrStopped) && c.stopped {
			return &pb.Done{Status: pb.Done_STATUS_COMPLETED, Detail: err.Error()}
		}
		if err != nil {
			return &pb.Done{Status: pb.Done_STATUS_FAILED, Detail: err.Error()}
		}
		done := &pb.Done{Status: pb.Done_STATUS_COMPLETED}
		for _, v := range values {
			m := &pb.MetricValue{Name: v.Name, Reason: v.Reason, Warnings: v.Warnings}
			if !v.Null {
				m.Value = &v.Value
			}
			if v.HasStdErr {
				m.StdErr = &v.StdErr
			}
			done.Values = append(done.Values, m)
		}
		for _, t := range c.tables {
			m := &pb.Table{Name: t.Name}
			for _, column := range t.Columns {
				m.Columns = append(m.Columns, &pb.Column{Name: column.Name, Values: column.Values})
			}
			done.Tables = append(done.Tables, m)
		}
		return done
	})
}

// outcome says what the error of Optimizer.Run means.
func outcome(err error, stopped bool) (pb.Done_Status, string) {
	var end *ending
	switch {
	case errors.As(err, &end):
		st := map[status]pb.Done_Status{converged: pb.Done_STATUS_CONVERGED, diverged: pb.Done_STATUS_DIVERGED}[end.status]
		return st, end.detail
	case err == nil && stopped, errors.Is(err, ErrStopped) && stopped:
		return pb.Done_STATUS_COMPLETED, ""
	case err == nil:
		return pb.Done_STATUS_FAILED, "Run returned before the host had said stop; an optimizer that is finished returns sdk.Converged"
	case errors.Is(err, NonFinite):
		return pb.Done_STATUS_DIVERGED, err.Error()
	}
	return pb.Done_STATUS_FAILED, err.Error()
}

// checkValues compares a measurement with what the metric has declared.
func (i Info) checkValues(values []Value) error {
	declared := map[string]bool{}
	for _, v := range i.Values {
		declared[v.Name] = true
	}
	var problems []string
	for _, v := range values {
		if !declared[v.Name] {
			problems = append(problems, fmt.Sprintf("value %q is not declared in Info, or is there twice", v.Name))
		}
		delete(declared, v.Name)
		if !v.Null && (math.IsNaN(v.Value) || math.IsInf(v.Value, 0)) {
			problems = append(problems, fmt.Sprintf("value %q is %v: a value that does not exist is Null with a reason", v.Name, v.Value))
		}
		if v.Null && v.Reason == "" {
			problems = append(problems, fmt.Sprintf("value %q is Null without a reason", v.Name))
		}
	}
	for _, v := range i.Values {
		if declared[v.Name] {
			problems = append(problems, fmt.Sprintf("value %q is missing", v.Name))
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// checkTables finds mistakes in the tables of a measurement.
func checkTables(tables []Table) error {
	var errs []error
	names, size := map[string]bool{}, 0
	for _, t := range tables {
		if t.Name == "" || names[t.Name] {
			errs = append(errs, fmt.Errorf("table %q: names must be there and different from each other", t.Name))
		}
		names[t.Name] = true
		for _, c := range t.Columns {
			size += len(c.Values)
			if len(c.Values) != len(t.Columns[0].Values) {
				errs = append(errs, fmt.Errorf("table %q: column %q has %d values, %q has %d", t.Name, c.Name, len(c.Values), t.Columns[0].Name, len(t.Columns[0].Values)))
			}
			for _, v := range c.Values {
				if math.IsNaN(v) || math.IsInf(v, 0) {
					errs = append(errs, fmt.Errorf("table %q: column %q has the value %v", t.Name, c.Name, v))
					break
				}
			}
		}
	}
	if size > MaxTables {
		errs = append(errs, fmt.Errorf("the tables have %d values: expected at most %d", size, MaxTables))
	}
	return errors.Join(errs...)
}

// session receives Start, runs the plugin and says Done.
func (s *server) session(stream wire, run func(*client) *pb.Done) error {
	s.ownOutput()
	if s.begun.Swap(true) {
		return gstatus.Error(codes.FailedPrecondition, "a second session: a process serves one")
	}
	// The stream ends early when the host is dead or has given up; whatever the plugin computes is then in vain.
	defer context.AfterFunc(stream.Context(), func() { leave(0) })()

	c := &client{link: &link{stream: stream}}
	for c.start == nil {
		m, err := stream.Recv()
		if err != nil {
			return err
		}
		if m.GetStop() != nil {
			return c.done(&pb.Done{Status: pb.Done_STATUS_COMPLETED, Detail: "stopped before the start"})
		}
		c.start = m.GetStart()
	}
	if err := c.link.accept(c.start.GetDirect()); err != nil {
		return err
	}
	if err := c.open(s.info.Params); err != nil {
		return c.done(&pb.Done{Status: pb.Done_STATUS_FAILED, Detail: err.Error()})
	}
	return c.done(run(c))
}

func (c *client) done(d *pb.Done) error {
	return c.link.send(&pb.PluginMessage{Msg: &pb.PluginMessage_Done{Done: d}})
}

// open maps the arena and takes in what Start says.
func (c *client) open(declared []Param) error {
	var problems []Diagnostic
	if c.params, problems = NewParams(declared, proto.FromValues(c.start.GetParams())); len(problems) > 0 {
		return fmt.Errorf("parameter %s", problems[0])
	}
	c.problem = fromProblem(c.start.GetProblem())
	c.step, c.lrScale = c.start.GetStep(), c.start.GetLrScale()
	where := c.start.GetArena()
	var slots []arena.Slot
	for _, s := range where.GetSlots() {
		slots = append(slots, arena.Slot{Name: s.GetName(), Offset: s.GetOffset(), Len: s.GetLen()})
	}
	var f *os.File
	if path := where.GetPath(); path != "" {
		var err error
		if f, err = os.OpenFile(path, os.O_RDWR, 0); err != nil {
			return err
		}
	} else {
		f = os.NewFile(uintptr(where.GetFd()), "arena")
	}
	a, err := arena.Open(f, where.GetBytes(), slots)
	if err != nil {
		return err
	}
	c.numbers = make(map[*float32]uint32, len(slots))
	c.slots = make(map[string]Vec, len(slots))
	for i, s := range slots {
		v := a.Slot(i)
		c.numbers[&v[0]] = uint32(i)
		c.slots[s.Name] = v
	}
	for _, name := range []string{proto.SlotParams, proto.SlotGrad} {
		if len(c.slots[name]) != c.problem.Dim {
			return fmt.Errorf("the arena has no slot %q of length %d", name, c.problem.Dim)
		}
	}
	return nil
}
