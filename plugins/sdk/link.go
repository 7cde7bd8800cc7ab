package sdk

import (
	"fmt"
	"runtime"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	pb "github.com/sharpbench/sharpbench/harness/proto/bench/v1"
	"github.com/sharpbench/sharpbench/harness/proto/direct"
)

type wire = grpc.BidiStreamingServer[pb.HostMessage, pb.PluginMessage]

// link carries the messages of the session: on the stream, or on the direct socket where the host offers it.
type link struct {
	stream     wire
	socket     *direct.Conn // nil: the stream
	processors *direct.Processors
	packet     []byte // received
	out        []byte // sent
}

// accept goes over to the direct socket if the host offers one that is there. The calling goroutine keeps its thread.
func (l *link) accept(offer *pb.Direct) error {
	if offer == nil || offer.GetMax() > direct.MaxPacket {
		return nil
	}
	socket, err := direct.Open(int(offer.GetFd()))
	if err != nil {
		return nil // a wrapper may have closed it
	}
	if err := l.stream.Send(&pb.PluginMessage{Msg: &pb.PluginMessage_Direct{Direct: &pb.Direct{}}}); err != nil {
		return err
	}
	runtime.LockOSThread()
	l.socket, l.processors, l.packet = socket, direct.Mine(), make([]byte, offer.GetMax())
	return nil
}

func (l *link) send(m *pb.PluginMessage) error {
	if l.socket == nil {
		return l.stream.Send(m)
	}
	var err error
	if l.out, err = (proto.MarshalOptions{}).MarshalAppend(append(l.out[:0], direct.Message), m); err != nil {
		return err
	}
	if len(l.out) > len(l.packet) {
		if err := l.stream.Send(m); err != nil {
			return err
		}
		l.out = append(l.out[:0], direct.OnStream)
	}
	return l.socket.Send(l.out)
}

func (l *link) receive() (*pb.HostMessage, error) {
	if l.socket == nil {
		return l.stream.Recv()
	}
	for {
		n, err := l.socket.Receive(l.packet, -1)
		if err != nil {
			return nil, err
		}
		switch l.packet[0] {
		case direct.Message:
			m := &pb.HostMessage{}
			if err := proto.Unmarshal(l.packet[1:n], m); err != nil {
				return nil, fmt.Errorf("a packet that is not a message: %w", err)
			}
			l.processors.Bind(m.GetProcessor())
			return m, nil
		case direct.OnStream:
			return l.stream.Recv()
		}
	}
}
