"""Compares the engine with PyTorch on the same work: first the results, then the times, in alternating rounds."""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

import peers

# name, model table of a suite, side and channels of the images, work
CASES = [
    ("MLP 784-256-256-10", {"name": "mlp", "width": [256, 256]}, 28, 1, ["gradient", "hvp", "hvps", "clipped"]),
    ("CNN 16-32-64, batch norm", {"name": "cnn", "width": [16, 32, 64]}, 32, 3, ["gradient", "loss", "hvp", "hvps"]),
    ("CNN 32-64-128, batch norm", {"name": "cnn", "width": [32, 64, 128]}, 32, 3, ["gradient"]),
    ("CNN 16-32-64, group norm", {"name": "cnn", "width": [16, 32, 64], "norm": "group"}, 32, 3, ["gradient", "clipped"]),
    ("ResNet-8", {"name": "resnet", "depth": 8}, 32, 3, ["gradient"]),
    ("ResNet-20", {"name": "resnet", "depth": 20}, 32, 3, ["gradient", "loss"]),
    ("ViT, 4 blocks of width 64", {"name": "vit", "width": [64], "depth": 4, "heads": 4, "patch": 4, "hidden": 128}, 32, 3, ["gradient"]),
]
BATCH = 128
UPDATES = {"momentum": "SGD, momentum 0.9, weight decay", "adam": "Adam", "sam": "SAM: ascent, descent by SGD with momentum"}

# The largest relative difference from PyTorch in float64 that is taken for the same result: of a loss, and of each tensor
# of a gradient or a product, by its norm.
TOLERANCE = {"gradient": 1e-5, "loss": 1e-6, "hvp": 1e-4, "hvps": 1e-4, "clipped": 1e-5, "momentum": 1e-6, "adam": 1e-6, "sam": 1e-6}
# What PyTorch's own float32 results may differ by. With channels_last its gradients of networks with batch normalisation
# are off by up to 2e-2 on most batches; the check only finds work that is not the same.
THEIRS = 5e-2

# Where two elements under a pool, or a ReLU's input and 0, are equal to float32 precision, rounding decides which way the
# gradient goes, and it jumps by some 1e-3. A batch of 128 images has few such places or none. So a case may try some
# seeds; a gradient that is wrong is wrong on all of them. The residual networks have more such places: their results must
# agree on a smaller batch, and on the whole one as PyTorch's own must.
SEEDS = range(1, 17)
SMALL = {"ResNet-8": 8, "ResNet-20": 8}

FORMATS = {"NCHW": torch.contiguous_format, "channels_last": torch.channels_last}


class Go:
    """The engine's process."""

    def __init__(self, program, folder, work, *options):
        self.process = subprocess.Popen(
            [program, "-out", folder, "-work", ",".join(work), *map(str, options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "GOMAXPROCS": "1"})
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the Go half did not start")
        with open(os.path.join(folder, "case.json")) as f:
            self.case = json.load(f)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return float(self.process.stdout.readline())

    def timer(self, work):
        return lambda n: self.ask(f"time {work} {n}") / 1e6

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def timer(peer):
    def run(n):
        start = time.perf_counter_ns()
        for _ in range(n):
            peer.run()
        return (time.perf_counter_ns() - start) / 1e6
    return run


def variants(work, case, folder):
    """The ways PyTorch does some work, by name."""
    if work in UPDATES:
        peer = {"momentum": peers.Momentum, "adam": peers.Adam, "sam": peers.SAM}[work]
        return {how: peer(case, folder, how) for how in ("foreach", "fused")}
    if work == "clipped":
        found = {"vmap": peers.Clipped(case, folder)}
        if peers.GradSampleModule:
            found |= {"Opacus": peers.Opacus(case, folder), "Opacus ghost": peers.OpacusGhost(case, folder)}
        return found
    peer = {"gradient": peers.Gradient, "loss": peers.Loss, "hvp": peers.HVP, "hvps": peers.MoreHVPs}[work]
    images = case["model"]["name"] in ("cnn", "resnet")
    return {name: peer(case, folder, f) for name, f in FORMATS.items() if images or name == "NCHW"}


def reference(work, case, folder):
    """PyTorch in float64."""
    if work in UPDATES:
        return {"momentum": peers.Momentum, "adam": peers.Adam, "sam": peers.SAM}[work](case, folder, "foreach", torch.float64)
    peer = {"gradient": peers.Gradient, "loss": peers.Loss, "hvp": peers.HVP, "hvps": peers.MoreHVPs, "clipped": peers.Clipped}[work]
    return peer(case, folder, torch.contiguous_format, torch.float64)


def largest(differences):
    where, value = max(differences, key=lambda pair: pair[1] if pair[1] == pair[1] else float("inf"))
    return value, where


def flops(peer):
    """Multiplications and additions of the products, as PyTorch counts them."""
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        peer.run()
    return counter.get_total_flops()


class Row:
    def __init__(self, name, work, difference, note):
        self.name, self.work, self.difference = name, work, f"{difference[0]:.0e} ({difference[1]}{note})"
        self.ms, self.ratio, self.flops, self.peak = {}, None, 0, 0


class Refused(Exception):
    """No seed gave results that agree."""


def compare(name, start, work, o):
    """Runs the Go half on seeds until all results agree. Returns its process, and a row and PyTorch's variants a work."""
    for seed in SEEDS:
        ours = start(seed, SMALL.get(name, BATCH))
        rows, theirs, failure = [], [], None
        for w in work:
            difference = largest(reference(w, ours.case, o.folder).check())
            if not difference[0] <= TOLERANCE[w]:
                failure = f"{name}: {w} differs by {difference[0]:.1e} ({difference[1]})"
                break
            rows.append(Row(name, w, difference, f", seed {seed}" if seed > 1 else ""))
        if failure is None and name in SMALL:
            ours.close()
            ours = start(seed, BATCH)
        if failure is None:
            theirs = [variants(w, ours.case, o.folder) for w in work]
            for w, found in zip(work, theirs):
                for how, peer in found.items():
                    value, where = largest(peer.check())
                    if not value <= THEIRS:
                        failure = f"{name}: PyTorch's {w} ({how}) differs by {value:.1e} ({where})"
        if failure is None:
            return ours, list(zip(rows, theirs))
        ours.close()
        print(f"seed {seed}: {failure}", file=sys.stderr)
    raise Refused(failure)


def measure(ours, found, o):
    """Times both sides."""
    sides = []
    for row, theirs in found:
        if row.work in ("gradient", "loss"):
            row.flops = flops(theirs["NCHW"])
        timers = {"Go": ours.timer(row.work), **{how: timer(peer) for how, peer in theirs.items()}}
        counts = {}
        for side, run in timers.items():  # warm up, then as many repetitions as fill the time
            run(1)
            counts[side] = max(1, round(o.seconds / (run(1) / 1e3)))
        sides.append((row, timers, counts, []))
    peaks = []
    for _ in range(o.rounds):
        peaks.append(ours.ask("peak"))
        for _, timers, counts, rounds in sides:
            rounds.append({side: run(counts[side]) / counts[side] for side, run in timers.items()})
    for row, timers, _, rounds in sides:
        row.ms = {side: statistics.median(r[side] for r in rounds) for side in timers}
        row.ratio = statistics.median(r["Go"] / min(t for side, t in r.items() if side != "Go") for r in rounds)
        row.peak = statistics.median(peaks)


def run(o):
    """Yields the rows."""
    for name, spec, side, channels, work in CASES:
        work = [w for w in work if o.only in f"{name} {w}"]
        if not work:
            continue
        options = ["-model", json.dumps(spec), "-side", side, "-channels", channels]
        yield from one(name, lambda seed, batch: Go(o.program, o.folder, work, *options, "-batch", batch, "-seed", seed), work, o)
    for work, name in UPDATES.items():
        if o.only in f"{name} {work}":
            yield from one(name, lambda seed, _: Go(o.program, o.folder, [work], "-elements", peers.ELEMENTS, "-seed", seed), [work], o)


def one(name, start, work, o):
    with tempfile.TemporaryDirectory() as o.folder:
        begin = time.monotonic()
        try:
            ours, found = compare(name, start, work, o)
        except Refused as e:
            o.refused.append(str(e))
            print(f"refused: {e}", file=sys.stderr, flush=True)
            return
        if not o.check:
            measure(ours, found, o)
        ours.close()
        rows = [row for row, _ in found]
        o.isa = ours.case["isa"]
        for row in rows:
            print(f"{name}, {row.work}: largest difference {row.difference}", *(f"{side} {ms:.2f} ms" for side, ms in row.ms.items()),
                  f"[{time.monotonic() - begin:.0f} s]", sep="; ", file=sys.stderr, flush=True)
        yield from rows


def table(head, rows):
    yield "| " + " | ".join(head) + " |"
    yield "|---|" + "---:|" * (len(head) - 2) + "---|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def milliseconds(row, *sides):
    return [f"{row.ms[side]:.2f}" if side in row.ms else "" for side in sides]


def tables(rows):
    """Renders the rows as Markdown."""
    gradient = {row.name: row for row in rows if row.work == "gradient"}

    def select(*work):
        return [row for row in rows if row.work in work]

    def in_gradients(row):
        unit = gradient.get(row.name)
        if unit is None:
            return ["", ""]
        best = [min(ms for side, ms in r.ms.items() if side != "Go") for r in (row, unit)]
        return [f"{row.ms['Go'] / unit.ms['Go']:.2f}", f"{best[0] / best[1]:.2f}"]

    for title, work in (("Gradient: forward pass, loss, backward pass; training mode", "gradient"),
                        ("Evaluation: loss and wrong predictions; evaluation mode", "loss")):
        found = select(work)
        if found:
            yield from (f"**{title}**", "")
            yield from table(
                ["network", "Go ms", "PyTorch NCHW ms", "PyTorch channels_last ms", "ratio to the better", "Go GFLOP/s", "of the peak", "largest difference"],
                [[r.name, *milliseconds(r, "Go", *FORMATS), f"{r.ratio:.2f}", f"{r.flops / r.ms['Go'] / 1e6:.0f}",
                  f"{100 * r.flops / r.ms['Go'] / 1e6 / r.peak:.0f} %", r.difference] for r in found])
    if found := select("hvp", "hvps"):
        yield from ("**Hessian-vector products; evaluation mode**", "")
        yield from table(
            ["product", "Go ms", "PyTorch NCHW ms", "PyTorch channels_last ms", "ratio to the better", "Go: gradients", "PyTorch: gradients", "largest difference"],
            [[f"{r.name}: {'first at a point' if r.work == 'hvp' else 'further ones'}", *milliseconds(r, "Go", *FORMATS), f"{r.ratio:.2f}",
              *in_gradients(r), r.difference] for r in found])
    if found := select("clipped"):
        yield from ("**Sum of the clipped gradients of single examples; evaluation mode**", "")
        yield from table(
            ["network", "Go ms", "vmap ms", "Opacus ms", "Opacus, ghost clipping ms", "ratio to the best", "Go: gradients", "PyTorch: gradients", "largest difference"],
            [[r.name, *milliseconds(r, "Go", "vmap", "Opacus", "Opacus ghost"), f"{r.ratio:.2f}", *in_gradients(r), r.difference] for r in found])
    if found := select(*UPDATES):
        traffic = {"momentum": 20, "adam": 28, "sam": 36}  # bytes an element that have to be read or written
        yield from (f"**Updates of {peers.ELEMENTS / 1e6:.1f} million parameters**", "")
        yield from table(
            ["update", "Go ms", "PyTorch foreach ms", "PyTorch fused ms", "ratio to the better", "Go GB/s", "largest difference"],
            [[r.name, *milliseconds(r, "Go", "foreach", "fused"), f"{r.ratio:.2f}", f"{traffic[r.work] * peers.ELEMENTS / r.ms['Go'] / 1e6:.0f}", r.difference]
             for r in found])


def machine():
    name = platform.processor()
    with contextlib.suppress(OSError, StopIteration), open("/proc/cpuinfo") as f:
        name = next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    return name


def main():
    parser = argparse.ArgumentParser(prog="benchmarks/pytorch")
    parser.add_argument("program", help=argparse.SUPPRESS)
    parser.add_argument("--check", action="store_true", help="compare the results only")
    parser.add_argument("--only", default="", help="part of the names of the cases and work to run, as in 'MLP' or 'hvp'")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.4, help="of each side in each round")
    parser.add_argument("--markdown", action="store_true", help="replace the tables in benchmarks/README.md")
    o = parser.parse_args()
    if o.markdown and (o.check or o.only):
        parser.error("--markdown is for complete runs")
    torch.set_num_threads(1)
    o.refused = []
    load, begin = os.getloadavg()[0], time.monotonic()
    rows = list(run(o))
    if rows and not o.check:
        go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
        opacus = f", Opacus {peers.opacus_version}" if peers.GradSampleModule else ""
        lines = [
            f"{machine()}; {go}, {o.isa}, {rows[0].peak:.0f} GFLOP/s peak; PyTorch {torch.__version__} on the CPU "
            f"({torch.backends.cpu.get_cpu_capability()}){opacus}; one thread each on one core; {o.rounds} rounds, "
            f"{(time.monotonic() - begin) / 60:.0f} minutes; load average {load:.1f} at the start", "", *tables(rows)]
        text = "\n".join(lines)
        print(text)
        if o.markdown and not o.refused:
            path = os.path.join(os.path.dirname(__file__), "README.md")
            with open(path) as f:
                readme = f.read()
            readme, n = re.subn(r"(<!-- measured -->\n).*(<!-- end -->\n)", lambda m: m[1] + "\n" + text.rstrip() + "\n\n" + m[2], readme, flags=re.S)
            if n != 1:
                sys.exit("README.md has no place for the tables")
            with open(path, "w") as f:
                f.write(readme)
    if o.refused:
        sys.exit("some results differ from PyTorch's, their times mean nothing:\n" + "\n".join(o.refused))
    if not rows:
        sys.exit("nothing to do")


main()
