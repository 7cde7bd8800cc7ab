package pluginhost

import (
	"context"
	"errors"
	"io"
	"runtime"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
	"github.com/sharpbench/sharpbench/harness/proto/direct"
)

type wire = grpc.BidiStreamingClient[pb.HostMessage, pb.PluginMessage]

type received struct {
	m   *pb.PluginMessage
	err error
}

var (
	errSilent   = errors.New("nothing was said in time")
	errCanceled = errors.New("canceled")
)

// shortTurn is how long a plugin may have taken for its last turn to be asked to compute on the processor of the host. What
// that saves is nothing beside longer turns, and a processor that somebody else wants as well should not be insisted on.
const shortTurn = 5 * time.Millisecond

// link carries the messages of a session: on the stream, and on the direct socket once the plugin has accepted it.
type link struct {
	stream wire
	in     chan received // what came on the stream
	quit   chan struct{}

	socket   *direct.Conn // what is offered; nil: nothing
	accepted bool
	packet   []byte // received
	out      []byte // sent
	release  []func()

	processors *direct.Processors
}

func newLink(stream wire, socket *direct.Conn) *link {
	l := &link{stream: stream, socket: socket, in: make(chan received, 1), quit: make(chan struct{})}
	go l.receive()
	return l
}

// receive passes on what arrives on the stream, until the stream ends or nobody wants it. The end of the stream's own
// context is no reason to stop: it comes together with the error that says why.
func (l *link) receive() {
	for {
		m, err := l.stream.Recv()
		select {
		case l.in <- received{m, err}:
		case <-l.quit:
			return
		}
		// Whoever waits at the socket looks at the channel when woken: what is to be seen is there before.
		if l.socket != nil {
			l.socket.Wake()
		}
		if err != nil {
			return
		}
	}
}

// accept goes over to the direct socket. The calling goroutine keeps its thread until close.
func (l *link) accept(ctx context.Context) {
	l.accepted = true
	l.packet = make([]byte, direct.MaxPacket)
	runtime.LockOSThread()
	l.processors = direct.Mine()
	stop := context.AfterFunc(ctx, l.socket.Wake)
	l.release = append(l.release, func() {
		stop()
		l.processors.Bind(0)
		runtime.UnlockOSThread()
	})
}

// close ends what the link has begun; the stream and the socket are others' business.
func (l *link) close() {
	close(l.quit)
	for _, f := range l.release {
		f()
	}
}

// wait returns the plugin's next message, or the error that ended the stream, or errSilent after the deadline, or errCanceled.
func (l *link) wait(canceled <-chan struct{}, deadline time.Time) (*pb.PluginMessage, error) {
	if !l.accepted {
		return l.waitStream(canceled, deadline)
	}
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return nil, errSilent // also one that sends packets all the time
		}
		n, err := l.socket.Receive(l.packet, left)
		switch err {
		case nil:
			if m, err := l.unpack(l.packet[:n], canceled, deadline); m != nil || err != nil {
				return m, err
			}
		case direct.ErrTimeout:
			return nil, errSilent
		case direct.ErrWoken:
			select {
			case r := <-l.in:
				return l.unannounced(r)
			case <-canceled:
				l.socket.Wake() // there may be more to see than one of them
				return nil, errCanceled
			default:
			}
		case io.EOF:
			// The stream says why: a process that has ended closes both.
			m, err := l.waitStream(nil, time.Now().Add(exitGrace))
			if m != nil || err == errSilent {
				return nil, violation("the plugin has closed the direct socket and not the session")
			}
			return nil, err
		default:
			return nil, hostError{err}
		}
	}
}

// unannounced is something on the stream while the direct socket is used: its end, unless there is something left in the
// socket that was said before.
func (l *link) unannounced(r received) (*pb.PluginMessage, error) {
	if r.err == nil {
		return nil, violation("a message on the stream that was not announced on the direct socket")
	}
	n, err := l.socket.Receive(l.packet, 0)
	if err != nil {
		return nil, r.err
	}
	l.in <- r // for the next time
	l.socket.Wake()
	return l.unpack(l.packet[:n], nil, time.Now().Add(exitGrace))
}

// unpack returns the message that a packet is, or stands for; none when it is of an unknown kind.
func (l *link) unpack(packet []byte, canceled <-chan struct{}, deadline time.Time) (*pb.PluginMessage, error) {
	switch packet[0] {
	case direct.Message:
		m := &pb.PluginMessage{}
		if err := proto.Unmarshal(packet[1:], m); err != nil {
			return nil, violation("a packet on the direct socket that is not a message: %v", err)
		}
		return m, nil
	case direct.OnStream:
		return l.waitStream(canceled, deadline)
	}
	return nil, nil
}

func (l *link) waitStream(canceled <-chan struct{}, deadline time.Time) (*pb.PluginMessage, error) {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case r := <-l.in:
		return r.m, r.err
	case <-timer.C:
		return nil, errSilent
	case <-canceled:
		return nil, errCanceled
	}
}

// early says whether the plugin has said something, or has gone, without having been waited for.
func (l *link) early() (bool, error) {
	select {
	case r := <-l.in:
		return r.err == nil, r.err
	default:
	}
	return l.accepted && l.socket.Waiting(), nil
}

// send sends a message. It returns io.EOF when the plugin has ended the stream.
func (l *link) send(m *pb.HostMessage) error {
	if !l.accepted {
		return l.stream.Send(m)
	}
	var err error
	if l.out, err = (proto.MarshalOptions{}).MarshalAppend(append(l.out[:0], direct.Message), m); err != nil {
		return hostError{err}
	}
	if len(l.out) > direct.MaxPacket {
		return l.long(m)
	}
	return l.put(l.out)
}

// long sends a message on the stream and announces it on the direct socket.
func (l *link) long(m *pb.HostMessage) error {
	if err := l.stream.Send(m); err != nil {
		return err
	}
	return l.put([]byte{direct.OnStream})
}

func (l *link) put(packet []byte) error {
	err := l.socket.SendNow(packet)
	if err == direct.ErrFull {
		return violation("the plugin does not receive what it is sent")
	}
	return err
}

// stay binds this thread to its processor when the plugin is to compute on the same, and returns what to tell it; leave
// undoes that.
func (l *link) stay(lastTurn time.Duration) uint32 {
	if !l.accepted || lastTurn > shortTurn {
		return 0
	}
	return l.processors.Stay()
}

func (l *link) leave() { l.processors.Bind(0) }
