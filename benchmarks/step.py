"""The PyTorch half of benchmarks/step: compares and times gradients, one thread on each side, in alternating rounds."""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

# name, model table of a suite, side and channels of the images, batch
CASES = [
    ("MLP 784-256-256-10", {"name": "mlp", "width": [256, 256]}, 28, 1, 128),
    ("CNN 16-32-64, batch norm", {"name": "cnn", "width": [16, 32, 64]}, 32, 3, 128),
    ("CNN 32-64-128, batch norm", {"name": "cnn", "width": [32, 64, 128]}, 32, 3, 128),
    ("CNN 16-32-64, group norm", {"name": "cnn", "width": [16, 32, 64], "norm": "group"}, 32, 3, 128),
    ("MLP 3072-256-256-10", {"name": "mlp", "width": [256, 256]}, 32, 3, 128),
]

TOLERANCE = 1e-5  # of the loss and of each tensor's gradient, relative to its norm

# Where two elements under a pool, or a ReLU's input and 0, are equal to float32 precision, rounding decides which way the
# gradient goes, and it jumps by some 1e-3 (PyTorch's own two memory formats then differ by as much). A batch of 128
# images has one such place or none. So a case may try a few seeds; a gradient that is wrong is wrong on all of them.
SEEDS = range(1, 9)


def network(case):
    """Rebuilds the network from the operations the engine lists. A bias that the engine adds behind a convolution or a
    linear layer is the layer's own here."""
    acts = {"identity": nn.Identity, "relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}
    steps, layers = case["steps"], []
    if steps[0]["Kind"] == "linear":
        layers.append(nn.Flatten())
    for step, following in zip(steps, steps[1:] + [None]):
        size, out = step["In"], step["Out"]["C"]
        bias = step["Bias"] or (following is not None and following["Norm"] == "none")
        if step["Kind"] == "conv":
            kernel = step["Kernel"]
            layers.append(nn.Conv2d(size["C"], out, kernel, step["Stride"], padding=kernel // 2, bias=bias))
        elif step["Kind"] == "linear":
            layers.append(nn.Linear(size["H"] * size["W"] * size["C"], out, bias=bias))
        elif step["Kind"] == "avgpool":
            layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        elif step["Kind"] == "norm":
            if step["Norm"] == "batch":
                layers.append(nn.BatchNorm2d(out))
            elif step["Norm"] == "group":
                layers.append(nn.GroupNorm(out // step["Group"], out))
            layers.append(acts[step["Activation"]]())
            if step["Pool"]:
                layers.append(nn.MaxPool2d(2))
        else:
            sys.exit(f"unknown operation {step['Kind']}")
    return nn.Sequential(*layers)


def entries(case, net):
    """Pairs the tensors of the layout with the network's: name, parameter, flat vector -> its elements in PyTorch's order."""
    for tensor, parameter in zip(case["layout"], net.parameters(), strict=True):
        shape, offset = tensor["Shape"], tensor["Offset"]
        def view(flat, shape=shape, offset=offset):
            part = flat[offset:offset + int(np.prod(shape))].reshape(shape)
            if len(shape) == 4:  # HWIO -> OIHW
                part = part.transpose(3, 2, 0, 1)
            elif len(shape) == 2:  # inputs, outputs -> outputs, inputs
                part = part.T
            return np.ascontiguousarray(part)
        yield tensor["Name"], parameter, view


class Torch:
    def __init__(self, case, folder, memory_format, dtype=torch.float32):
        flat = np.fromfile(os.path.join(folder, "parameters.f32"), "<f4")
        height, width, channels = case["input"]
        x = np.fromfile(os.path.join(folder, "x.f32"), "<f4").reshape(-1, height, width, channels)
        self.net = network(case)
        with torch.no_grad():
            for _, parameter, view in entries(case, self.net):
                parameter.copy_(torch.from_numpy(view(flat)))
        if case["model"]["name"] == "mlp":
            self.x = torch.from_numpy(x.reshape(len(x), -1).copy()).to(dtype)
            self.net = self.net.to(dtype)
        else:
            self.x = torch.from_numpy(x.transpose(0, 3, 1, 2).copy()).to(dtype).contiguous(memory_format=memory_format)
            self.net = self.net.to(dtype).to(memory_format=memory_format)
        self.y = torch.tensor(case["labels"], dtype=torch.int64)
        self.net.train()

    def step(self):
        self.net.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.net(self.x), self.y)
        loss.backward()
        return loss

    def time(self, n):
        start = time.perf_counter_ns()
        for _ in range(n):
            self.step()
        return time.perf_counter_ns() - start


class Go:
    def __init__(self, program, folder, spec, side, channels, batch, seed):
        self.process = subprocess.Popen(
            [program, "-model", json.dumps(spec), "-side", str(side), "-channels", str(channels), "-batch", str(batch), "-seed", str(seed), "-out", folder],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "GOMAXPROCS": "1"})
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the Go half did not start")

    def time(self, n):
        print(f"time {n}", file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def difference(case, folder):
    """The largest relative difference of the loss and of each tensor's gradient from PyTorch's in float64."""
    gradient = np.fromfile(os.path.join(folder, "gradient.f32"), "<f4")
    peer = Torch(case, folder, torch.contiguous_format, torch.float64)
    loss = peer.step().item()
    worst = [("loss", abs(case["loss"] - loss) / abs(loss))]
    for name, parameter, view in entries(case, peer.net):
        want = parameter.grad.numpy()
        worst.append((name, np.linalg.norm(view(gradient) - want) / np.linalg.norm(want)))
    return max(worst, key=lambda pair: pair[1])


def machine():
    name = platform.processor()
    try:
        with open("/proc/cpuinfo") as f:
            name = next(line.split(":")[1].strip() for line in f if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return name


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each side in each round")
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--only", default="", help="part of the name of the cases to run")
    o = parser.parse_args()
    torch.set_num_threads(1)
    go = subprocess.run(["go", "env", "GOVERSION"], capture_output=True, text=True, check=True).stdout.strip()
    print(f"{machine()}; {go}; PyTorch {torch.__version__} (CPU, {torch.backends.cpu.get_cpu_capability()}); one thread each; "
          f"load average {os.getloadavg()[0]:.1f} at the start\n")
    print("| step | Go ms | PyTorch NCHW ms | PyTorch channels_last ms | ratio to the better | Go GFLOP/s | largest difference |")
    print("|---|---:|---:|---:|---:|---:|---|")
    refused = False
    for name, spec, side, channels, batch in CASES:
        if o.only not in name:
            continue
        with tempfile.TemporaryDirectory() as folder:
            for seed in SEEDS:
                ours = Go(o.program, folder, spec, side, channels, batch, seed)
                with open(os.path.join(folder, "case.json")) as f:
                    case = json.load(f)
                where, worst = difference(case, folder)
                if worst <= TOLERANCE:
                    break
                ours.close()
            agreed = f"{worst:.1e} ({where}, seed {seed})"
            if not worst <= TOLERANCE:
                refused = True
                print(f"| {name} | refused | | | | | {agreed} |", flush=True)
                continue
            if o.check:
                print(f"| {name} | | | | | | {agreed} |", flush=True)
                ours.close()
                continue
            sides = [ours, Torch(case, folder, torch.contiguous_format)]
            if spec["name"] != "mlp":
                sides.append(Torch(case, folder, torch.channels_last))
            counts = []
            for s in sides:  # warm up, then as many steps as fill the time
                s.time(2)
                counts.append(max(1, round(o.seconds / (s.time(3) / 3e9))))
            rounds = [[s.time(n) / n / 1e6 for s, n in zip(sides, counts)] for _ in range(o.rounds)]
            ours.close()
            ms = [statistics.median(column) for column in zip(*rounds)]
            ratio = statistics.median(r[0] / min(r[1:]) for r in rounds)
            cells = [f"{t:.2f}" for t in ms] + [""] * (3 - len(ms))
            print(f"| {name} | {' | '.join(cells)} | {ratio:.2f} | {case['flops'] / ms[0] / 1e6:.0f} | {agreed} |", flush=True)
    if refused:
        sys.exit("some results differ from PyTorch's: their times mean nothing")


main()
