"""The socket beside the stream: messages of a session without the threads of gRPC in between."""

from __future__ import annotations

import os
import socket
import sys
from typing import Any

from ._proto import bench_pb2 as pb

_MESSAGE, _ON_STREAM = b"\x01", b"\x02"  # the first byte of a packet


class Direct:
    """The plugin's end, for one thread."""

    def __init__(self, end: socket.socket, largest: int) -> None:
        self.end, self.largest = end, largest
        self.allowed = os.sched_getaffinity(0)
        self.bound = 0

    def send(self, message: bytes) -> bool:
        """Sends a serialised message. False: it is too long, the caller sends it on the stream."""
        fits = len(message) < self.largest
        self.end.send(_MESSAGE + message if fits else _ON_STREAM)
        return fits

    def receive(self) -> Any:
        """The next HostMessage, or None when it is on the stream."""
        while True:
            packet = self.end.recv(self.largest)
            if not packet:
                raise EOFError
            if packet[:1] == _MESSAGE:
                m = pb.HostMessage.FromString(packet[1:])
                if m.processor != self.bound:
                    self._bind(m.processor)
                return m
            if packet[:1] == _ON_STREAM:
                return None
            # Anything else is from a newer host.

    def _bind(self, processor: int) -> None:
        """Computes where the host waits: what it has written is in the caches there. 0: anywhere."""
        self.bound = processor
        try:
            os.sched_setaffinity(0, {processor - 1} if processor - 1 in self.allowed else self.allowed)
        except OSError:
            pass  # it is a hint


def open_direct(offer: Any) -> Direct | None:
    """The socket that the host offers, when there is one here."""
    if not offer.max or not sys.platform.startswith("linux"):
        return None
    try:
        end = socket.socket(fileno=offer.fd)
    except OSError:
        return None  # a wrapper has closed it
    if end.type != socket.SOCK_SEQPACKET:
        end.detach()
        return None
    end.set_inheritable(False)
    end.setblocking(True)
    return Direct(end, offer.max)
