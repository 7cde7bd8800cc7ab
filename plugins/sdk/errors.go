package sdk

import (
	"errors"
	"fmt"
)

// Code says what kind of trouble an Error is. Codes are errors themselves: errors.Is(err, sdk.NonFinite).
type Code string

// The codes of the protocol.
const (
	BadRequest  Code = "bad_request"
	BadSlot     Code = "bad_slot"
	Budget      Code = "budget"
	NonFinite   Code = "non_finite"
	Unsupported Code = "unsupported"
)

func (c Code) Error() string { return string(c) }

// Error is the host's answer to a request it could not, or would not, fulfil. The session goes on.
type Error struct {
	Code    Code
	Message string
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Unwrap returns the code.
func (e *Error) Unwrap() error { return e.Code }

// ErrStopped is returned by every request after the host has said stop. Returning it from Run is a normal end.
var ErrStopped = errors.New("the host has stopped the run")

// ending is an error that names the status of the run.
type ending struct {
	status status
	detail string
}

func (e *ending) Error() string { return fmt.Sprintf("%s: %s", e.status, e.detail) }

type status string

const (
	completed status = "completed"
	converged status = "converged"
	diverged  status = "diverged"
	failed    status = "failed"
)

// Converged makes the error with which an optimizer ends before the host says stop because nothing is left to gain.
func Converged(reason string) error { return &ending{converged, reason} }

// Diverged makes the error with which an optimizer gives up because training cannot recover.
func Diverged(reason string) error { return &ending{diverged, reason} }
