"""An optimizer that loops by itself and does what the test wants of it."""

import json
import os
import signal
import sys
import time

import numpy as np

import sharpbench as sb

print("printed before the handshake")


def slots(problem, params):
    return [sb.Slot("noise", scratch=True), "kept", sb.Slot("short", 1)]


@sb.optimizer(
    "loop", params=[sb.String("do", "", "what to do"), sb.Float("lr", 0.1, "learning rate", min=0)], slots=slots,
    needs=["grad", "loss", "normal", "commit"], cost=2, resumable=True)
def loop(session):
    """gradient descent with noise, as a loop"""
    do = session.params["do"]
    noise, kept = session.slot("noise"), session.slot("kept")
    count = json.loads(session.blob)["count"] if session.blob else 0
    if session.step == 0:
        assert np.isnan(noise).all() and not kept.any()
    for step in session:
        loss, g = session.grad(session.train_batch())
        if do == "freeze" and step == 1:
            os.kill(os.getpid(), signal.SIGSTOP)
        elif do == "spin" and step == 1:
            while True:
                pass
        elif do == "sleep" and step == 1:
            time.sleep(3600)
        elif do == "die" and step == 1:
            os.kill(os.getpid(), signal.SIGKILL)
        elif do == "raise" and step == 1:
            raise KeyError("no such thing")
        elif do == "converge" and step == 1:
            raise sb.Converged("nothing left to do")
        elif do == "return" and step == 1:
            return
        elif do == "interrupt":
            os.kill(os.getpid(), signal.SIGINT)
        elif do == "foreign":
            session.grad(session.train_batch(), out=np.zeros(session.problem.dim, np.float32))
        elif do == "flood":
            # Lines longer than any pipe or scanner takes, through Python and past it.
            print("o" * (1 << 20))
            os.write(1, b"p" * (1 << 20) + b"\n")
            print("the end", step)
        elif do == "log":
            session.log(f"step {step}", speed=2.5)
            print("to standard output")
            print("to standard error", file=sys.stderr)
        elif do == "nan":
            session.w[0] = np.nan
        elif do == "errors":
            said = []
            for request in (
                lambda: session.grad(session.train_batch(), at="grad", out="grad"),
                lambda: session.grad(session.train_batch(), out="short"),
                lambda: session.grad(sb.Batch("test", 0)),
                lambda: session.grad(session.train_batch(), objective="aux"),
            ):
                try:
                    request()
                    said.append("nothing")
                except sb.HostError as e:
                    said.append(type(e).__name__)
            raise sb.Converged(" ".join(said))
        session.normal("loop", step, noise, std=0.01)
        kept[:] = 0.5 * kept + g + noise
        session.w -= np.float32(session.params.lr * session.lr_scale) * kept
        count += 3
        session.commit(blob=json.dumps({"count": count}).encode(), scalars={"loss": loss, "odd": float("nan")})


sb.serve(loop)
