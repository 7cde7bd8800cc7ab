"""The program around a plugin: the handshake, the connection, the session, and the end of the process."""

from __future__ import annotations

import os
import platform
import queue
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator, Mapping, Sequence
from concurrent import futures
from typing import Any, NoReturn

from . import _arena, _certificate, _direct, _wire, errors
from ._proto import bench_pb2 as pb
from .declare import complete
from .plugin import Metric, Optimizer, Plugin
from .session import Session, Training

COOKIE = ("BENCH_PLUGIN", "c1f9b3a0-sharpbench-plugin")
VERSIONS = (1,)  # major versions of the protocol spoken here
MAX_MESSAGE = 64 << 20


def serve(plugin: Plugin | type[Plugin]) -> NoReturn:
    """The main function of a plugin program: serves the plugin, an Optimizer or a Metric, or a class of one, to the
    host that started the program, and ends the program when the host is done with it or gone. When a person started
    the program it says so and exits with status 1.

    From the call on, standard output is the same as standard error; both end in the log of the trial.
    """
    if isinstance(plugin, type):
        plugin = plugin()
    if not isinstance(plugin, (Optimizer, Metric)):
        raise TypeError(f"serve: expected an Optimizer or a Metric, got {plugin!r}")
    mistakes = plugin.mistakes()
    if mistakes:
        raise SystemExit("\n".join(f"plugin {plugin.name!r}: {m}" for m in mistakes))
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        raise SystemExit(
            f'This is "{plugin.name}", a plugin of bench. It cannot be run by itself: name it in a suite and use bench run.')
    _Server(plugin).serve()


def _take_stdout() -> int:
    """Keeps the real standard output for the handshake line and sends whatever is printed, or was printed and is still
    in the buffer, where standard error goes: a line too much would break the handshake, and a long one later fill a
    pipe that nobody empties."""
    real = os.dup(1)
    os.dup2(2, 1)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(line_buffering=True)
    return real


def _leave(code: int) -> NoReturn:
    """Ends the process at once, whatever other threads do, and takes the socket with it. The host removes its directories
    itself, unless it was killed."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            pass
    directory = os.environ.get("PLUGIN_UNIX_SOCKET_DIR", "")
    parent = os.path.dirname(os.path.normpath(directory))
    if os.path.basename(parent).startswith("bench-"):
        # Removing a directory succeeds only when nothing else is left there.
        for remove, path in ((os.unlink, _socket(directory)), (os.rmdir, directory), (os.rmdir, parent)):
            try:
                remove(path)
            except OSError:
                pass
    os._exit(code)


def _socket(directory: str) -> str:
    return os.path.join(directory, "plugin.sock")


def _watch(parent: int) -> None:
    """Ends the process when the host is gone: the one that reads the standard error of this process, which is a pipe,
    and its parent unless that was a wrapper. Nobody else would end it."""
    poll = select.poll()
    poll.register(2, 0)
    while True:
        for _, event in poll.poll(1000):
            if event & select.POLLERR:
                _leave(0)
            time.sleep(1)  # another event would come back at once
        if os.getppid() != parent:
            _leave(0)


class _Stream:
    """One session's messages, as seen by the main thread: on the stream or, where the host offers it, on the direct socket.
    grpc iterates over it for what to send on the stream."""

    def __init__(self, received: Iterator[Any], metric: bool) -> None:
        self.received, self.metric = received, metric
        self.to_send: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.direct: _direct.Direct | None = None
        self.done = False

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        m = self.to_send.get()
        if m is None:
            raise StopIteration
        return m

    def accept(self, start: Any) -> None:
        """Goes over to the direct socket if there is one."""
        if start.HasField("direct"):
            direct = _direct.open_direct(start.direct)
            if direct is not None:
                self.to_send.put(pb.PluginMessage(direct=pb.Direct()))
                self.direct = direct

    def send(self, message: Any) -> None:
        # What is too long for a packet is announced by one.
        if self.direct is None or not self.direct.send(message.SerializeToString()):
            self.to_send.put(message)

    def receive(self) -> Any:
        """The host's next message."""
        try:
            m = None if self.direct is None else self.direct.receive()
            return next(self.received) if m is None else m
        except (StopIteration, EOFError, OSError):
            raise errors.Error("the connection to the host is broken") from None

    def finish(self, done: Any) -> None:
        self.done = True
        try:
            self.send(pb.PluginMessage(done=done))
        except OSError:
            pass  # nobody is there any more
        self.to_send.put(None)


class _Server:
    def __init__(self, plugin: Optimizer | Metric) -> None:
        self.plugin = plugin
        self.sessions: queue.SimpleQueue[_Stream] = queue.SimpleQueue()
        self.begun = threading.Lock()

    def serve(self) -> NoReturn:
        parent = os.getppid()
        out = _take_stdout()
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is the host that decides about the end
        os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
        import grpc

        path = _socket(os.environ.get("PLUGIN_UNIX_SOCKET_DIR") or os.getcwd())
        server = grpc.server(futures.ThreadPoolExecutor(8), options=[("grpc.max_receive_message_length", MAX_MESSAGE)])
        server.add_generic_rpc_handlers((self._handlers(grpc),))
        line = f"1|{_version()}|unix|{path}|grpc"
        client = os.environ.get("PLUGIN_CLIENT_CERT")
        if client:
            key, certificate, text = _certificate.one_time()
            server.add_secure_port("unix:" + path, grpc.ssl_server_credentials(
                [(key, certificate)], root_certificates=client.encode(), require_client_auth=True))
            line += "|" + text
        else:
            server.add_insecure_port("unix:" + path)
        server.start()
        threading.Thread(target=_watch, args=(parent,), daemon=True).start()
        os.write(out, (line + "\n").encode())
        os.close(out)
        # The plugin runs in the main thread, as its author would expect; there is one session in the life of a process.
        stream = self.sessions.get()
        stream.finish(self._session(stream))
        threading.Event().wait()  # until the host says Shutdown, or is gone
        raise AssertionError("unreachable")

    def _handlers(self, grpc: Any) -> Any:
        def unary(f: Any, parse: Any) -> Any:
            def call(request: Any, context: Any) -> Any:
                try:
                    return f(request, context)
                except Exception as e:
                    traceback.print_exc()
                    context.abort(grpc.StatusCode.INTERNAL, _sentence(e))
            return grpc.unary_unary_rpc_method_handler(call, parse, lambda m: m if isinstance(m, bytes) else m.SerializeToString())

        def session(received: Iterator[Any], context: Any) -> Any:
            if not self.begun.acquire(blocking=False):
                context.abort(grpc.StatusCode.FAILED_PRECONDITION, "a second session: a process serves one")
            stream = _Stream(received, isinstance(self.plugin, Metric))
            # The stream ends early when the host is dead or has given up; whatever the plugin computes is then in vain.
            if not context.add_callback(lambda: None if stream.done else _leave(0)):
                _leave(0)
            self.sessions.put(stream)
            return stream

        def shutdown(_: bytes, context: Any) -> bytes:
            context.add_callback(lambda: _leave(0))
            return b""

        def health(request: bytes, context: Any) -> bytes:
            if request not in (b"", b"\x0a\x06plugin"):  # HealthCheckRequest.service
                context.abort(grpc.StatusCode.NOT_FOUND, "unknown service")
            return b"\x08\x01"  # SERVING

        def raw(b: bytes) -> bytes:
            return b

        stream = grpc.stream_stream_rpc_method_handler(
            session, pb.HostMessage.FromString, pb.PluginMessage.SerializeToString)
        methods = {
            "/bench.v1.Plugin/Describe": unary(lambda *_: _wire.describe(self.plugin), pb.DescribeRequest.FromString),
            "/bench.v1.Plugin/Validate": unary(lambda r, _: _wire.validate(self.plugin, r), pb.ValidateRequest.FromString),
            "/grpc.health.v1.Health/Check": unary(health, raw),
            "/plugin.GRPCController/Shutdown": unary(shutdown, raw),
            "/bench.v1.Metric/Measure" if isinstance(self.plugin, Metric) else "/bench.v1.Optimizer/Run": stream,
        }

        class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
            def service(self, details: Any) -> Any:
                return methods.get(details.method)

        return Handler()

    def _session(self, stream: _Stream) -> Any:
        """Runs the plugin from Start to Done."""
        try:
            start = _receive_start(stream)
            if start is None:
                return pb.Done(status=pb.Done.STATUS_COMPLETED, detail="stopped before the start")
            stream.accept(start)
            session = _open(self.plugin, start, stream)
            if isinstance(self.plugin, Metric):
                return self._measure(session)
            return self._optimize(session)
        except Exception as e:
            traceback.print_exc()
            return pb.Done(status=pb.Done.STATUS_FAILED, detail=_sentence(e))

    def _optimize(self, session: Session) -> Any:
        plugin = self.plugin
        assert isinstance(plugin, Optimizer)
        plugin.session = session
        try:
            plugin.begin(session)
            plugin.run(session)
        except errors.Stopped:
            return pb.Done(status=pb.Done.STATUS_COMPLETED)
        except errors.Converged as e:
            return pb.Done(status=pb.Done.STATUS_CONVERGED, detail=str(e))
        except (errors.Diverged, errors.NonFinite) as e:
            return pb.Done(status=pb.Done.STATUS_DIVERGED, detail=str(e))
        if session.stopped:
            return pb.Done(status=pb.Done.STATUS_COMPLETED)
        return pb.Done(
            status=pb.Done.STATUS_FAILED,
            detail="run returned before the host had said stop; an optimizer that is finished raises Converged")

    def _measure(self, session: Session) -> Any:
        plugin = self.plugin
        assert isinstance(plugin, Metric)
        plugin.session = session
        try:
            values = plugin.collect(plugin.measure(session))
        except errors.Stopped as e:
            return pb.Done(status=pb.Done.STATUS_COMPLETED, detail=str(e))
        return pb.Done(
            status=pb.Done.STATUS_COMPLETED, values=[_wire.metric_value(name, v) for name, v in values.items()],
            tables=[_wire.table(name, columns) for name, columns in session.tables.items()])


def _version() -> int:
    """The highest version that both sides speak, or the lowest of this side for the host to complain about."""
    theirs = {v.strip() for v in os.environ.get("PLUGIN_PROTOCOL_VERSIONS", "").split(",")}
    return max((v for v in VERSIONS if str(v) in theirs), default=min(VERSIONS))


def _sentence(e: BaseException) -> str:
    """An exception in one line. Those meant for people need no name of a class."""
    return str(e) if isinstance(e, errors.Error) else f"{type(e).__name__}: {e}"


def _receive_start(stream: _Stream) -> Any:
    while True:
        m = stream.receive()
        which = m.WhichOneof("msg")
        if which == "start":
            return m.start
        if which == "stop":
            return None
        # Anything else is from a newer host and not for us.


def _open(plugin: Plugin, start: Any, stream: _Stream) -> Session:
    params, problems = complete(plugin.params, _wire.from_values(start.params))
    if problems:
        raise errors.Error(f"parameter {problems[0]}")
    problem = _wire.from_problem(start.problem)
    slots = _arena.open_arena(start.arena, stream.metric)
    for name in ("params", "grad"):
        if name not in slots or slots[name].size != problem.dim:
            raise errors.Error(f"the arena has no slot {name!r} of length {problem.dim}")

    session: Session
    last = 0

    def call(ops: Sequence[Any]) -> Any:
        nonlocal last
        if session.stopped:
            raise errors.Stopped("the host has stopped the run")
        last += 1
        try:
            stream.send(pb.PluginMessage(request=pb.Request(id=last, ops=ops)))
        except OSError:
            raise errors.Error("the connection to the host is broken") from None
        while True:
            m = stream.receive()
            which = m.WhichOneof("msg")
            if which == "stop":
                session._stopped = True
                raise errors.Stopped("the host has stopped the run")
            if which == "reply":
                if m.reply.id != last:
                    raise errors.Error(f"the host answered request {last} with the reply to {m.reply.id}")
                return m.reply
            # Anything else is from a newer host and not for us.

    def log(level: str, message: str, scalars: Mapping[str, float]) -> None:
        stream.send(pb.PluginMessage(log=pb.Log(level=level, message=message, scalars=scalars)))

    session = Session(problem, params, start.seed, start.step, start.lr_scale, start.blob, slots, call, log)
    session.training = Training(
        start.training.optimizer, _wire.from_values(start.training.params), start.training.lr_scale)
    # What the numbers may depend on and no hash of the plugin's files knows.
    import numpy

    session.log(f"Python {platform.python_version()}, numpy {numpy.__version__}", "debug")
    return session
