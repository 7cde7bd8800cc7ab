"""The three problems of the golden trajectories, in float64, written from their definitions.

A script testdata/golden.py of an optimizer imports this module, writes its update rule down as a function of a problem
and its parameters, and calls write. See the documentation of the Go package in this folder.

Random numbers are those of the host (package harness/rng): Philox4x64-10, here in numpy's implementation, with the key
(seed, first 8 bytes of sha256(name)) and the counter (block, index, 0, 0).
"""

import hashlib
import json
import math
import pathlib
import statistics

import numpy as np

SEED = 1
STEPS = 20
# Iterates of problems with more parameters than this are kept for a few steps only; their norms for all.
SMALL = 16
KEPT = (1, 2, 5, 20)


# Streams of random numbers

def raw(name, index, n, seed=SEED):
    """The first n numbers of 64 bits of a stream, as Python integers."""
    key = seed | int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "little") << 64
    # numpy raises the counter before it draws.
    counter = ((index << 64) - 1) % (1 << 256)
    return [int(x) for x in np.random.Philox(counter=counter, key=key).random_raw(n)]


def uniform(name, index, n, seed=SEED):
    """The first n uniform numbers of a stream, in [0, 1)."""
    return np.array([(x >> 11) * 2.0**-53 for x in raw(name, index, n, seed)])


def normal(name, index, n, std=1.0, seed=SEED):
    """The first n normal numbers of a stream of an optimizer (Session.Normal)."""
    inverse = statistics.NormalDist().inv_cdf
    return np.array([std * inverse(((x >> 11) + 0.5) * 2.0**-53) for x in raw("plugin/" + name, index, n, seed)])


def permutation(name, index, n, seed=SEED):
    """Fisher and Yates from the back, integers by Lemire's method."""
    draws = iter(raw(name, index, 4 * n, seed))
    perm = list(range(n))
    for i in range(n - 1, 0, -1):
        bound = i + 1
        product = next(draws) * bound
        while product % 2**64 < 2**64 % bound:
            product = next(draws) * bound
        j = product >> 64
        perm[i], perm[j] = perm[j], perm[i]
    return perm


def integers(name, n, lo, hi):
    """n integers from lo to hi, both included."""
    return [lo + x % (hi - lo + 1) for x in raw("golden/" + name, 0, n)]


class Tensor:
    """A stretch of the parameters: w[t.of] are its elements."""

    def __init__(self, name, kind, shape, layer, offset, fan_in=0):
        self.name, self.kind, self.shape, self.layer, self.offset, self.fan_in = name, kind, shape, layer, offset, fan_in
        self.size = math.prod(shape)
        self.of = slice(offset, offset + self.size)


class Problem:
    """What all problems have. Batches are lists of numbers of examples."""

    examples = batch_size = steps_per_epoch = 1
    classes = inputs = 0  # the numbers of an example's outputs and inputs
    steps = STEPS
    seed = SEED

    def __init__(self, name, start, tensors):
        self.name, self.start, self.tensors = name, np.array(start, dtype=float), tensors
        self.dim = len(start)
        self.buffers = np.zeros(0)

    def scale(self, k):
        """The factor of the schedule in step k, counted from 0."""
        return 1 - k / 40

    def batch(self, k):
        """The minibatch of step k."""
        return [0]

    def full(self):
        """All training examples."""
        return list(range(self.examples))

    def poisson(self, k, rate):
        """Draw k of the Poisson stream."""
        return [i for i, u in enumerate(uniform("poisson", k, self.examples)) if u < rate]

    def mask(self, *kinds):
        """True for the parameters of tensors of one of these kinds."""
        out = np.zeros(self.dim, dtype=bool)
        for t in self.tensors:
            out[t.of] = t.kind in kinds
        return out

    def hvp(self, w, batch, v):
        """The Hessian of the mean loss times v. The gradients are analytic, so a step into the complex plane gives
        the derivative without subtracting: the error is that of the rounding."""
        h = 1e-30
        return self._grad(w + 1j * h * v, batch).imag / h

    def grad(self, w, batch, freeze=False):
        """The gradient of the mean loss of batch at w. freeze keeps the running statistics as they are."""
        return self._grad(w, batch)

    def each(self, w, batch):
        """The gradients of the single examples, one a row."""
        return np.array([self._grad(w, [i]) for i in batch]).reshape(len(batch), self.dim)


class Quadratic(Problem):
    """½ (w - c)ᵀ H (w - c), with H far from diagonal. There is one example and one batch."""

    def __init__(self):
        n = 8
        start = [x / 8 for x in integers("quadratic/start", n, -8, 8)]
        super().__init__("quadratic", start, [
            Tensor("a.weight", "weight", [1, 3], 0, 0, 1),
            Tensor("a.bias", "bias", [1], 0, 3, 1),
            Tensor("norm.scale", "norm_scale", [1], 0, 4),
            Tensor("norm.shift", "norm_shift", [1], 0, 5),
            Tensor("b.weight", "weight", [2, 1], 1, 6, 2),
        ])
        root = np.array(integers("quadratic/root", n * n, -4, 4), dtype=float).reshape(n, n)
        self.h = root.T @ root / 64 + np.eye(n) / 16
        self.c = np.array(integers("quadratic/target", n, -8, 8)) / 16

    def loss(self, w, batch):
        return (w - self.c) @ self.h @ (w - self.c) / 2

    def _grad(self, w, batch):
        return self.h @ (w - self.c)

    def data(self):
        return {"h": self.h.tolist(), "c": self.c.tolist()}


class Logistic(Problem):
    """mean log(1 + exp(-y w·x)), y = ±1. Minibatches are cut from the examples in their order, over and over."""

    examples, batch_size, steps_per_epoch = 24, 6, 4
    classes, inputs = 2, 6

    def __init__(self):
        d = self.inputs
        start = [x / 8 for x in integers("logistic/start", d, -8, 8)]
        super().__init__("logistic", start, [
            Tensor("fc.weight", "weight", [d - 1, 1], 0, 0, d - 1),
            Tensor("fc.bias", "bias", [1], 0, d - 1, d - 1),
        ])
        self.x = np.array(integers("logistic/x", self.examples * d, -16, 16)).reshape(self.examples, d) / 8
        self.x[:, d - 1] = 1
        self.y = np.array([2 * x - 1 for x in integers("logistic/y", self.examples, 0, 1)])

    def batch(self, k):
        at = k % self.steps_per_epoch * self.batch_size
        return list(range(at, at + self.batch_size))

    def loss(self, w, batch):
        return np.log1p(np.exp(-self.y[batch] * (self.x[batch] @ w))).mean()

    def _grad(self, w, batch):
        x, y = self.x[batch], self.y[batch]
        return (-y / (1 + np.exp(y * (x @ w)))) @ x / len(batch)

    # The outputs of an example are the logits (0, w·x) of the classes y = -1 and y = 1.

    def outputs(self, w, batch):
        z = self.x[batch] @ w
        return np.stack([0 * z, z], axis=1)

    def output_grad(self, w, batch):
        y = self.y[batch]
        slope = -y / (1 + np.exp(y * (self.x[batch] @ w))) / len(batch)
        return np.stack([-slope, slope], axis=1)

    def vjp(self, w, batch, cotangent, freeze=False):
        return cotangent[:, 1] @ self.x[batch]

    def input_grad(self, w, batch):
        return self.output_grad(w, batch)[:, 1:] * w

    def moved_grad(self, w, batch, delta):
        x, y = self.x[batch] + delta, self.y[batch]
        return (-y / (1 + np.exp(y * (x @ w)))) @ x / len(batch)

    def data(self):
        return {"x": self.x.tolist(), "y": self.y.tolist()}


class MLP(Problem):
    """A perceptron with two hidden layers of tanh, batch normalisation before each (or, as "mlp-plain", biases and no
    normalisation), and cross-entropy over three classes: what harness/model builds, on 45 images of 2×3 grey pixels in
    batches of 12 in the host's order. The last batch of an epoch has 9."""

    examples, batch_size, steps_per_epoch, classes = 45, 12, 4, 3
    inputs, widths = 6, [6, 5]
    epsilon, momentum = 1e-5, 0.1

    def __init__(self, norm=True):
        self.norm = norm
        tensors, offset, fan_in = [], 0, self.inputs

        def add(name, kind, shape, layer, fan_in=0):
            nonlocal offset
            tensors.append(Tensor(name, kind, shape, layer, offset, fan_in))
            offset += tensors[-1].size

        for i, width in enumerate(self.widths):
            add(f"fc{i+1}.weight", "weight", [fan_in, width], i, fan_in)
            if norm:
                add(f"norm{i+1}.scale", "norm_scale", [width], i)
                add(f"norm{i+1}.shift", "norm_shift", [width], i)
            else:
                add(f"fc{i+1}.bias", "bias", [width], i, fan_in)
            fan_in = width
        last = len(self.widths)
        add(f"fc{last+1}.weight", "weight", [fan_in, self.classes], last, fan_in)
        add(f"fc{last+1}.bias", "bias", [self.classes], last, fan_in)

        start = np.zeros(offset)
        for i, t in enumerate(tensors):
            if t.kind == "weight":
                start[t.of] = ((2 * uniform("init", i, t.size) - 1) / math.sqrt(t.fan_in)).astype(np.float32)
            elif t.kind == "norm_scale":
                start[t.of] = 1
        super().__init__("mlp" if norm else "mlp-plain", start, tensors)
        if norm:
            # Running means and variances of the layers, one after the other.
            self.buffers = np.concatenate([np.repeat([0.0, 1.0], width) for width in self.widths])
        self.pixels = np.array(integers("mlp/pixels", self.examples * self.inputs, 0, 255)).reshape(-1, self.inputs)
        self.labels = self.pixels.reshape(self.examples, self.classes, 2).sum(axis=2).argmax(axis=1)
        self.x = (self.pixels / 255 - 0.5) / 0.25

    def batch(self, k):
        at = k % self.steps_per_epoch * self.batch_size
        return permutation("order", k // self.steps_per_epoch, self.examples)[at:at + self.batch_size]

    def grad(self, w, batch, freeze=False):
        return self._grad(w, batch, moves=not freeze)

    def outputs(self, w, batch):
        return self._forward(w, batch)[0]

    def output_grad(self, w, batch):
        return self._slopes(self._forward(w, batch)[0], batch)

    def vjp(self, w, batch, cotangent, freeze=False):
        """The gradient of the sum of the outputs, each times its cotangent."""
        return self._back(self._forward(w, batch)[1], cotangent, moves=not freeze)[0]

    def input_grad(self, w, batch):
        logits, kept = self._forward(w, batch)
        return self._back(kept, self._slopes(logits, batch), moves=False)[1]

    def moved_grad(self, w, batch, delta):
        """The gradient with delta added to the inputs. It leaves the running statistics as they are."""
        logits, kept = self._forward(w, batch, delta)
        return self._back(kept, self._slopes(logits, batch), moves=False)[0]

    def loss(self, w, batch):
        logits = self._forward(w, batch)[0]
        logits = logits - logits.max(axis=1, keepdims=True)
        return (np.log(np.exp(logits).sum(axis=1)) - logits[range(len(batch)), self.labels[batch]]).mean()

    def _parts(self, w):
        return [w[t.of].reshape(t.shape) for t in self.tensors]

    def _forward(self, w, batch, delta=0):
        parts, kept, a = iter(self._parts(w)), [], self.x[batch] + delta
        for _ in self.widths:
            weight = next(parts)
            z = a @ weight
            if self.norm:
                scale, shift = next(parts), next(parts)
                mean = z.mean(axis=0)
                variance = ((z - mean) ** 2).mean(axis=0)
                inverse = 1 / np.sqrt(variance + self.epsilon)
                normal = (z - mean) * inverse
                out = np.tanh(scale * normal + shift)
                kept.append((a, weight, out, normal, inverse, scale, mean, variance))
            else:
                out = np.tanh(z + next(parts))
                kept.append((a, weight, out))
            a = out
        weight, bias = next(parts), next(parts)
        kept.append((a, weight))
        return a @ weight + bias, kept

    def _grad(self, w, batch, moves=False):
        if len(batch) > self.batch_size:
            # The host evaluates large batches in parts of the size of a minibatch, with batch statistics of their own.
            parts = [batch[i:i + self.batch_size] for i in range(0, len(batch), self.batch_size)]
            return sum(self._grad(w, part) * len(part) for part in parts) / len(batch)
        logits, kept = self._forward(w, batch)
        return self._back(kept, self._slopes(logits, batch), moves)[0]

    def _slopes(self, logits, batch):
        """The gradient of the mean loss by the logits."""
        n = len(batch)
        p = np.exp(logits - logits.real.max(axis=1, keepdims=True))
        p = p / p.sum(axis=1, keepdims=True)
        p[range(n), self.labels[batch]] -= 1
        return p / n

    def _back(self, kept, d, moves):
        """The gradients by parameters and inputs that belong to the gradient d by the logits."""
        n = len(d)
        a, weight = kept.pop()
        parts = [d.sum(axis=0), a.T @ d]  # from the last tensor to the first
        d = d @ weight.T
        for layer in reversed(kept):
            a, weight, out = layer[:3]
            d = d * (1 - out * out)
            if self.norm:
                normal, inverse, scale = layer[3:6]
                parts += [d.sum(axis=0), (d * normal).sum(axis=0)]
                d = d * scale
                d = inverse * (d - d.mean(axis=0) - normal * (d * normal).mean(axis=0))
            else:
                parts.append(d.sum(axis=0))
            parts.append(a.T @ d)
            d = d @ weight.T
        if moves and self.norm:
            now = [v for *_, mean, variance in kept for v in (mean, variance * n / max(n - 1, 1))]
            self.buffers = (1 - self.momentum) * self.buffers + self.momentum * np.concatenate(now)
        return np.concatenate([x.ravel() for x in reversed(parts)]), d

    def data(self):
        return {"pixels": self.pixels.ravel().tolist(), "labels": self.labels.tolist()}


PROBLEMS = {"quadratic": Quadratic, "logistic": Logistic, "mlp": MLP, "mlp-plain": lambda: MLP(norm=False)}


# Files

def rounded(x):
    """Fixed point with 8 decimals: far below the tolerance, and far above what libraries and processors differ in."""
    return "[" + ", ".join(f"{v:.8f}".replace("-0.00000000", "0.00000000") for v in np.asarray(x).ravel()) + "]"


def write(script, rule, cases):
    """Writes golden.json beside script. rule(problem, params) is a generator that yields the parameters after each step;
    cases are pairs of the name of a problem and a dictionary of the plugin's parameters, those left out having their
    published defaults."""
    out = []
    for name, params in cases:
        problem = PROBLEMS[name]()
        path = [np.array(w) for _, w in zip(range(STEPS), rule(problem, params))]
        kept = range(1, STEPS + 1) if problem.dim <= SMALL else KEPT
        iterates = ",\n".join(f'    "{k}": {rounded(path[k-1])}' for k in kept)
        out.append(
            f'  {{"problem": "{name}", "params": {json.dumps(params)},\n   "norms": {rounded([np.linalg.norm(w) for w in path])},\n'
            f'   "buffers": {rounded(problem.buffers)},\n   "iterates": {{\n{iterates}}}}}')
    target = pathlib.Path(script).resolve().with_name("golden.json")
    target.write_text("[\n" + ",\n".join(out) + "\n]\n")


def describe():
    """Writes problems.json: the definitions that the Go side shares, and values to compare its derivatives with."""
    out = {}
    for name, make in PROBLEMS.items():
        problem = make()
        v = np.cos(np.arange(problem.dim))
        batches = [problem.batch(k) for k in range(2 * problem.steps_per_epoch)]
        out[name] = {
            "tensors": [{"Name": t.name, "Kind": t.kind, "Layer": t.layer, "Shape": t.shape, "Offset": t.offset,
                         "FanIn": t.fan_in, "Prunable": t.kind == "weight"} for t in problem.tensors],
            "examples": problem.examples, "batch_size": problem.batch_size, "steps_per_epoch": problem.steps_per_epoch,
            "classes": problem.classes, "input_len": problem.inputs, "start": problem.start.tolist(), "data": problem.data(), "batches": batches,
            "poisson": problem.poisson(3, 0.25), "normal": [round(x, 8) for x in normal("noise", 5, 4, 0.5)],
            # At the start, on the last batch of the first epoch.
            "loss": round(float(problem.loss(problem.start, batches[-1])), 8),
            "grad": [round(x, 8) for x in problem.grad(problem.start, batches[-1])],
            "hvp": [round(x, 8) for x in problem.hvp(problem.start, batches[-1], v)],
            "buffers": [round(x, 8) for x in problem.buffers],
        }
    text = json.dumps(out, indent=1)
    # One list of numbers a line.
    lines, inside = [], 0
    for line in text.split("\n"):
        if inside and lines:
            lines[-1] += (" " if lines[-1].endswith(",") else "") + line.strip()
        else:
            lines.append(line)
        inside += line.count("[") - line.count("]")
    pathlib.Path(__file__).with_name("problems.json").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    describe()
