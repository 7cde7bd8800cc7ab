//go:build !linux

package direct

import (
	"errors"
	"os"
	"time"
)

// Conn is one end. On this system there is none: sessions keep to the stream.
type Conn struct{}

// Pair returns nothing, and no error.
func Pair() (*Conn, *os.File, error) { return nil, nil, nil }

// Open always fails.
func Open(int) (*Conn, error) { return nil, errors.ErrUnsupported }

// Send always fails.
func (*Conn) Send([]byte) error { return errors.ErrUnsupported }

// SendNow always fails.
func (*Conn) SendNow([]byte) error { return errors.ErrUnsupported }

// Receive always fails.
func (*Conn) Receive([]byte, time.Duration) (int, error) { return 0, errors.ErrUnsupported }

// Waiting is always false.
func (*Conn) Waiting() bool { return false }

// Wake does nothing.
func (*Conn) Wake() {}

// Close does nothing.
func (*Conn) Close() error { return nil }

// Processors are those that a thread may run on; here nobody can choose.
type Processors struct{}

// Mine returns nil: there is no choice.
func Mine() *Processors { return nil }

// Stay returns 0.
func (*Processors) Stay() uint32 { return 0 }

// Bind does nothing.
func (*Processors) Bind(uint32) {}
