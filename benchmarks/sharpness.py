"""Compares sharpness metrics with PyTorch: first the values, then the times, in alternating rounds."""

import argparse
import json
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import torch
import torch.nn.functional as F

import peers

STEPS, RHO = 20, 0.002
LANCZOS, TOLERANCE = 30, 1e-3

class Go:
    def __init__(self, program, folder):
        self.process = subprocess.Popen([program, "-out", folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline().strip() != "ready":
            sys.exit("the Go half did not start")
        with open(os.path.join(folder, "case.json")) as f:
            self.case = json.load(f)

    def measure(self, name, params):
        print("measure", name, json.dumps(params), file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            sys.exit("the Go half ended")
        return json.loads(line)


class Network(peers.Problem):
    """The trained network in evaluation mode, and its batches."""

    def __init__(self, case, folder):
        super().__init__(case, folder, torch.channels_last)
        self.evaluate()
        size = case["batch"]
        self.batches = [(self.x[i:i + size], self.y[i:i + size]) for i in range(0, len(self.y), size)]
        self.w = torch.cat([p.detach().reshape(-1) for p in self.params])

    @torch.no_grad()
    def move_to(self, w):
        at = 0
        for p in self.params:
            p.copy_(w[at:at + p.numel()].view(p.shape))
            at += p.numel()

    def loss_at(self, batch, w):
        self.move_to(w)
        x, y = batch
        return F.cross_entropy(self.net(x), y)

    def gradient_at(self, batch, w):
        loss = self.loss_at(batch, w)
        return loss.item(), torch.cat([g.reshape(-1) for g in torch.autograd.grad(loss, self.params)])

    def product(self, v):
        """The Hessian of the mean loss of all batches times v, by differentiating twice."""
        self.move_to(self.w)
        parts, at = [], 0
        for p in self.params:
            parts.append(v[at:at + p.numel()].view_as(p))
            at += p.numel()
        total = torch.zeros_like(v)
        for x, y in self.batches:
            g = torch.autograd.grad(F.cross_entropy(self.net(x), y), self.params, create_graph=True)
            total += torch.cat([h.reshape(-1) for h in torch.autograd.grad(g, self.params, parts)])
        return total / len(self.batches)


def eigenvalue(net, smallest=True):
    """Lanczos with full reorthogonalisation, ended by the residuals of both ends or of the upper one."""
    torch.manual_seed(1)
    q = torch.randn_like(net.w)
    q /= q.norm()
    basis, alpha, beta = [q], [], []
    for k in range(LANCZOS):
        r = net.product(basis[-1])
        alpha.append(torch.dot(basis[-1].double(), r.double()).item())
        for _ in range(2):
            for b in basis:
                r = r - torch.dot(b, r) * b
        beta.append(r.norm().item())
        theta, s = np.linalg.eigh(np.diag(alpha) + np.diag(beta[:-1], 1) + np.diag(beta[:-1], -1))
        residual = beta[-1] * np.abs(s[-1])
        if k > 0 and max(residual[0] if smallest else 0, residual[-1]) <= TOLERANCE * max(abs(theta[0]), abs(theta[-1])):
            break
        basis.append(r / beta[-1])
    return theta[-1]


def upper(net):
    return eigenvalue(net, smallest=False)


def pyhessian(net):
    from pyhessian import hessian
    net.move_to(net.w)
    torch.manual_seed(1)
    values, _ = hessian(net.net, F.cross_entropy, dataloader=net.batches, cuda=False).eigenvalues(maxIter=100, tol=1e-3, top_n=1)
    return values[0]


def checkpoints(steps):
    before, at, last = 0.0, 0.22, 0
    due = math.ceil(at * steps)
    out = []
    while True:
        out.append(due)
        if due >= steps or due == last:
            return out
        before, at = at, at + max(at - before - 0.03, 0.06)
        last, due = due, math.ceil(at * steps)


def sharpness(net):
    """The algorithm mshp-v2 of the metric: Auto-PGD in the scaled coordinates from 0, and from the solution for half the
    radius."""
    c = net.w.abs()

    def ascend(batch, u, radius):
        def gradient(u):
            loss, g = net.gradient_at(batch, net.w + c * u)
            return loss, g * c

        loss, g = gradient(u)
        start, best_loss, best, best_g = loss, loss, u, g
        previous, size, improved, checkpoint, halved, record = u, 2 * radius, 0, 0, False, loss
        due = checkpoints(STEPS)
        for i in range(STEPS):
            if not g.any():
                break
            proposal = (u + size * g.sign()).clamp(-radius, radius)
            previous, u = u, 0.75 * proposal + 0.25 * previous
            if i == STEPS - 1:
                with torch.no_grad():
                    loss = net.loss_at(batch, net.w + c * u).item()
            else:
                loss, g = gradient(u)
            if loss > best_loss:
                best_loss, best, best_g = loss, u, g
                improved += 1
            if due and i == due[0]:
                few = improved < 0.75 * (i - checkpoint)
                stuck = not halved and best_loss == record
                halved = few or stuck
                if halved:
                    size, u, previous, g = size / 2, best, best, best_g
                due, checkpoint, improved, record = due[1:], i, 0, best_loss
        return start, best_loss, best

    rises = []
    for batch in net.batches:
        zero = torch.zeros_like(net.w)
        _, _, half = ascend(batch, zero, RHO / 2)
        base, top, _ = ascend(batch, zero, RHO)
        _, again, _ = ascend(batch, half, RHO)
        rises.append(max(top, again) - base)
    return sum(rises) / len(rises)


CASES = {
    "both ends of the Hessian's spectrum, at most 30 Lanczos steps":
        ("hessian", {"steps": LANCZOS, "tolerance": TOLERANCE}, "lambda_max", {"PyTorch": eigenvalue}),
    "largest eigenvalue of the Hessian alone, to 1e-3":
        ("hessian", {"steps": LANCZOS, "tolerance": TOLERANCE, "smallest": False}, "lambda_max", {"PyTorch": upper, "PyHessian": pyhessian}),
    "worst-case adaptive l∞ m-sharpness, 20 steps, 3 ascents a batch":
        ("msharpness", {"kind": "worst", "norm": "linf", "rho": RHO, "adaptive": True, "steps": STEPS, "restarts": 0}, "sharpness", {"PyTorch": sharpness}),
}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--markdown", action="store_true")
    o = parser.parse_args()
    torch.set_num_threads(1)
    lines = ["| metric | Go s | PyTorch s | PyHessian s | ratio to the better | Go | PyTorch | PyHessian |", "|---|---:|---:|---:|---:|---:|---:|---:|"]
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        ours = Go(o.program, folder)
        net = Network(ours.case, folder)
        for title, (name, params, value, theirs) in CASES.items():
            times, values = {}, {}
            for _ in range(o.rounds):
                answer = ours.measure(name, params)
                times.setdefault("Go", []).append(answer["seconds"])
                values["Go"] = answer["values"][value]
                for peer, run in theirs.items():
                    begin = time.perf_counter()
                    values[peer] = run(net)
                    times.setdefault(peer, []).append(time.perf_counter() - begin)
            ratio = statistics.median(t / min(times[p][i] for p in theirs) for i, t in enumerate(times["Go"]))
            if not abs(values["PyTorch"] - values["Go"]) <= 0.01 * abs(values["Go"]):
                failed = True
                print(f"refused: {title}: {values}", file=sys.stderr)
            cell = lambda table, p, f: f.format(table[p]) if p in table else ""
            middle = {p: statistics.median(t) for p, t in times.items()}
            lines.append("| " + " | ".join([
                title, *(cell(middle, p, "{:.2f}") for p in ("Go", "PyTorch", "PyHessian")), f"{ratio:.2f}",
                *(cell(values, p, "{:.5g}") for p in ("Go", "PyTorch", "PyHessian"))]) + " |")
    table = "\n".join(lines)
    print(table)
    if o.markdown and not failed:
        path = os.path.join(os.path.dirname(__file__), "README.md")
        with open(path) as f:
            text = f.read()
        text = re.sub(r"(<!-- sharpness -->\n).*?(\n<!-- end of sharpness -->)", lambda m: m[1] + "\n" + table + "\n" + m[2], text, flags=re.S)
        with open(path, "w") as f:
            f.write(text)
    sys.exit(1 if failed else 0)


main()
