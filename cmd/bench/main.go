// Command bench runs suites of optimizers and sharpness metrics and renders leaderboards from them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/sharpbench/sharpbench/harness/dataset"
	"github.com/sharpbench/sharpbench/harness/suite"
)

// The exit codes, each with one meaning.
const (
	exitFailedTrials = 1   // some trials failed, results were written; a conformance check failed
	exitUsage        = 2   // the command line or the suite is wrong
	exitDiffers      = 3   // a comparison, a threshold or a stale report
	exitUnavailable  = 4   // a plugin, data or the engine cannot be used
	exitInterrupted  = 130 // Ctrl-C; the same command goes on
)

// exitError is an error that knows how the program should end.
type exitError struct {
	code int
	err  error // nil: everything was said already
	hint string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

func usageError(err error, hint string) error { return &exitError{exitUsage, err, hint} }

func unavailable(err error, hint string) error { return &exitError{exitUnavailable, err, hint} }

func main() { os.Exit(Main(os.Args[1:], os.Stdout, os.Stderr)) }

// Main runs bench with its arguments and returns its exit code.
func Main(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A second Ctrl-C ends the program at once: what was finished is on disk already.
	go func() {
		<-ctx.Done()
		stop()
	}()
	g := &global{}
	root := newRoot(g)
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	code := exitUsage // what cobra itself complains about
	if g.started {
		code = exitUnavailable // a full disk, a store that cannot be written
	}
	var hint string
	var exit *exitError
	var problems suite.Problems
	var missing *dataset.Missing
	switch {
	case errors.As(err, &exit):
		code, hint = exit.code, exit.hint
		if exit.err == nil {
			return code
		}
	case errors.As(err, &problems):
		code = exitUsage
	case errors.As(err, &missing):
		code = exitUnavailable
	case errors.Is(err, context.Canceled):
		code = exitInterrupted
		err = errors.New("interrupted; what was finished is kept, run the same command to go on")
	}
	if errors.As(err, &problems) {
		// One line a problem, in the form that editors and terminals turn into links.
		fmt.Fprint(stderr, problems.Error())
		if s := problems.Error(); s != "" && s[len(s)-1] != '\n' {
			fmt.Fprintln(stderr)
		}
		return code
	}
	fmt.Fprintf(stderr, "bench: error: %v\n", err)
	if hint != "" {
		fmt.Fprintf(stderr, "bench: hint: %s\n", hint)
	}
	return code
}
