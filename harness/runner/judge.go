package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/sharpbench/sharpbench/harness/oracle"
	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// Judge asks every optimizer about its configurations on every workload, as the start of a trial would: what the ranges of
// single parameters cannot say, and whether the workload answers what the optimizer needs. Prepare comes before it. The
// problems have the places of the parameters in the suite.
func (r *Runner) Judge(ctx context.Context) (suite.Problems, error) {
	var all suite.Problems
	for _, g := range r.all {
		if !r.wanted(g) || len(g.configs) == 0 {
			continue
		}
		found, err := r.judge(ctx, g)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
	return all.Sorted(), nil
}

func (r *Runner) judge(ctx context.Context, g *group) (suite.Problems, error) {
	t := r.trial(g, 0, 0)
	begun, err := t.begin()
	if err != nil {
		return nil, err
	}
	problem := begun.problem
	problem.Steps, problem.StepsPerEpoch = t.Steps, begun.task.StepsPerEpoch()
	problem.Auxiliary = begun.task.HasAuxiliary()
	var found suite.Problems
	report := func(param, format string, args ...any) {
		path := "plugin"
		if param != "" {
			path = param
		}
		found = append(found, suite.Problem{
			Pos: g.optimizer.Position(param), Path: path,
			Message: fmt.Sprintf("optimizer %q on workload %q: ", g.optimizer.Name, g.workload.Name) + fmt.Sprintf(format, args...),
		})
	}
	answers := oracle.New(begun.task, 0)
	for _, op := range g.plugin.Info.Needs {
		var refused *oracle.Error
		if err := answers.Can(op); errors.As(err, &refused) {
			report("", "it needs %s, and %s", op, strings.TrimPrefix(refused.Message, string(oracle.Unsupported)+": "))
		}
	}
	// A plugin that breaks down instead of answering does so in its trials too, and those keep a record of it.
	var failure *pluginhost.Failure
	process, err := pluginhost.Launch(ctx, g.plugin.Program, pluginhost.LaunchOptions{Log: io.Discard})
	if errors.As(err, &failure) {
		return found, nil
	}
	if err != nil {
		return nil, err
	}
	defer process.Stop()
	for _, c := range g.configs {
		params, err := g.plugin.Info.WithNoise(problem, c.Params)
		var invalid *pluginhost.Invalid
		if errors.As(err, &invalid) {
			for _, d := range invalid.Diagnostics {
				report(d.Param, "%s", d)
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		diagnostics, _, err := process.Validate(ctx, problem, params)
		if errors.As(err, &failure) {
			return found, nil
		}
		if err != nil {
			return nil, err
		}
		for _, d := range diagnostics {
			report(d.Param, "%s", d)
		}
	}
	return found, nil
}
