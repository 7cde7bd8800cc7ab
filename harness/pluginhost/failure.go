package pluginhost

import (
	"fmt"
	"strings"
)

// Kind says in which way a plugin failed.
type Kind string

// The kinds of failures.
const (
	Handshake Kind = "handshake" // it did not get as far as answering
	Version   Kind = "version"   // it speaks another version of the protocol
	Crashed   Kind = "crashed"
	TimedOut  Kind = "timeout"
	Violation Kind = "violation" // it broke the protocol
	NoDone    Kind = "no-done"   // it went away without saying how the run ended
	Refused   Kind = "refused"   // it said itself that it could not do its work
)

// Failure is a plugin's fault: the trial is over, the host and the other trials are not.
type Failure struct {
	Kind   Kind
	Reason string // one line for people: "timed out after 60s silent"
	Detail string // more lines, mostly the last ones the plugin printed; may be empty
}

func (f *Failure) Error() string {
	if f.Detail == "" {
		return f.Reason
	}
	return f.Reason + "\n" + indent(f.Detail)
}

func indent(s string) string { return "    " + strings.ReplaceAll(s, "\n", "\n    ") }

func violation(format string, args ...any) *Failure {
	return &Failure{Kind: Violation, Reason: "protocol violation: " + fmt.Sprintf(format, args...)}
}

// Invalid is what a plugin finds wrong with the parameters it is given.
type Invalid struct{ Diagnostics []Diagnostic }

func (e *Invalid) Error() string {
	lines := make([]string, len(e.Diagnostics))
	for i, d := range e.Diagnostics {
		lines[i] = d.String()
	}
	return "invalid parameters: " + strings.Join(lines, "; ")
}
