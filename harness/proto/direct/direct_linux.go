package direct

import (
	"encoding/binary"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Conn is one end. Receive, Send and SendNow must be called by one goroutine at a time; Wake and Close may be called by any.
//
// Its calls block the thread: a goroutine that waited in Go's scheduler instead would be woken by another thread, which
// takes longer than all the rest.
type Conn struct {
	fd, wake int // wake is an eventfd, or -1

	mu     sync.Mutex // Wake and Close
	closed bool
}

// Pair makes both ends: the host's, which can be woken, and the plugin's, to be inherited by it.
func Pair() (*Conn, *os.File, error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, os.NewSyscallError("socketpair", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		unix.Close(fds[0])
		unix.Close(fds[1])
		return nil, nil, os.NewSyscallError("eventfd", err)
	}
	return &Conn{fd: fds[0], wake: wake}, os.NewFile(uintptr(fds[1]), "direct"), nil
}

// Open takes over the plugin's end, by its file descriptor. Children of the process do not inherit it.
func Open(fd int) (*Conn, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err == nil && kind != unix.SOCK_SEQPACKET {
		err = unix.EPROTOTYPE
	}
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	unix.CloseOnExec(fd)
	return &Conn{fd: fd, wake: -1}, nil
}

// Send sends a packet, and waits while the other side does not read.
func (c *Conn) Send(packet []byte) error { return c.send(packet, 0) }

// SendNow sends a packet or returns ErrFull.
func (c *Conn) SendNow(packet []byte) error { return c.send(packet, unix.MSG_DONTWAIT) }

func (c *Conn) send(packet []byte, flags int) error {
	for {
		err := unix.Sendto(c.fd, packet, flags|unix.MSG_NOSIGNAL, nil)
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.ECONNRESET): // the latter is told once
		case errors.Is(err, unix.EAGAIN):
			return ErrFull
		case errors.Is(err, unix.EPIPE), errors.Is(err, unix.ENOTCONN), errors.Is(err, unix.ECONNREFUSED):
			return io.EOF
		default:
			return os.NewSyscallError("send", err)
		}
	}
}

// Receive waits for a packet, at most as long as wait, for ever when that is negative, and returns its length; buf has
// MaxPacket bytes. The error is io.EOF when the other side is gone and nothing of it is left to be read.
func (c *Conn) Receive(buf []byte, wait time.Duration) (int, error) {
	if c.wake < 0 && wait < 0 {
		return c.read(buf, 0)
	}
	deadline := time.Now().Add(wait)
	fds := []unix.PollFd{{Fd: int32(c.fd), Events: unix.POLLIN}, {Fd: int32(c.wake), Events: unix.POLLIN}}
	for {
		var timeout *unix.Timespec
		if wait >= 0 {
			t := unix.NsecToTimespec(max(wait, 0).Nanoseconds())
			timeout = &t
		}
		n, err := unix.Ppoll(fds, timeout, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			if wait >= 0 {
				wait = max(time.Until(deadline), 0)
			}
		case err != nil:
			return 0, os.NewSyscallError("ppoll", err)
		case n == 0:
			return 0, ErrTimeout
		case fds[0].Revents != 0:
			n, err := c.read(buf, unix.MSG_DONTWAIT)
			if err != ErrFull {
				return n, err
			}
		default:
			var count [8]byte
			_, _ = unix.Read(c.wake, count[:])
			return 0, ErrWoken
		}
	}
}

// read is what recv does; ErrFull stands for nothing there.
func (c *Conn) read(buf []byte, flags int) (int, error) {
	for {
		n, _, err := unix.Recvfrom(c.fd, buf, flags)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECONNRESET): // told once, when the other side has left something unread; its own packets follow
		case errors.Is(err, unix.EAGAIN):
			return 0, ErrFull
		case err == nil && n == 0:
			return 0, io.EOF
		default:
			return n, os.NewSyscallError("recv", err)
		}
	}
}

// Waiting says whether a packet has arrived that has not been received.
func (c *Conn) Waiting() bool {
	var first [1]byte
	n, _, err := unix.Recvfrom(c.fd, first[:], unix.MSG_DONTWAIT|unix.MSG_PEEK)
	return err == nil && n > 0
}

// Wake makes the Receive that waits, or else the next one to find no packet, return ErrWoken.
func (c *Conn) Wake() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.wake >= 0 && !c.closed {
		var one [8]byte
		binary.NativeEndian.PutUint64(one[:], 1)
		_, _ = unix.Write(c.wake, one[:])
	}
}

// Close closes the end. It can be called more than once, and not during another call but Wake.
func (c *Conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.wake >= 0 {
		unix.Close(c.wake)
	}
	return unix.Close(c.fd)
}
