// Package direct is the socket beside the stream of a session, for systems that have one: a pair of connected unix sockets
// that keep the bounds of packets (SOCK_SEQPACKET). What is sent on it wakes the thread that waits on the other side, and
// nobody else; a gRPC stream wakes a handful of goroutines and threads on each side for every message.
//
// The head of harness/proto/bench/v1/bench.proto says what the packets are, and when they are used.
package direct

import "errors"

// MaxPacket is the largest packet in bytes. Longer messages take the stream.
const MaxPacket = 64 << 10

// FD is the file descriptor at which a plugin finds its end.
const FD = 4

// Kinds of packets: their first byte. Others are ignored.
const (
	Message  = 1 // a serialised HostMessage or PluginMessage follows
	OnStream = 2 // nothing follows: the next message is on the stream
)

var (
	// ErrTimeout is the error of Receive when nothing has come in time.
	ErrTimeout = errors.New("direct: nothing received in time")
	// ErrWoken is the error of Receive after Wake.
	ErrWoken = errors.New("direct: woken up")
	// ErrFull is the error of SendNow when the other side does not read.
	ErrFull = errors.New("direct: the other side does not read")
)
