"""Gradients of whole networks by PyTorch's autograd in float64, for TestGradientsOfPyTorch.

    go test -run TestGradientsOfPyTorch -nets nets.json .
    python testdata/gradients.py nets.json > testdata/gradients.json

nets.json describes the networks step by step, with the layout of their parameters. Parameters, inputs and labels are
made here and in the test by the same integer arithmetic.
"""

import json
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)

ACTIVATIONS = {"identity": lambda x: x, "relu": torch.relu, "tanh": torch.tanh, "gelu": F.gelu}


class Numbers:
    """Numbers in (-1, 1), rounded to float32."""

    def __init__(self):
        self.state = 1

    def next(self):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return np.float32((self.state >> 33) - 2**30) / np.float32(2**30)

    def tensor(self, *shape):
        n = int(np.prod(shape))
        return np.array([self.next() for _ in range(n)], dtype=np.float32).reshape(shape)


def parameters(layout, numbers):
    for t in layout:
        v = numbers.tensor(*t["Shape"]) / np.float32(4)
        if t["Kind"] == "norm_scale":
            v = np.float32(1) + v
        yield torch.tensor(v.astype(np.float64), requires_grad=True)


def forward(x, steps, weights):
    """x is examples × height × width × channels."""
    weights = iter(weights)
    x = run(x, steps, weights)
    if next(weights, None) is not None:
        raise ValueError("parameters are left over")
    return x.reshape(len(x), -1)


def run(x, steps, weights):
    for s in steps:
        if s["Kind"] == "conv":
            kernel = next(weights).permute(3, 2, 0, 1)
            x = F.conv2d(x.permute(0, 3, 1, 2), kernel, stride=s["Stride"], padding=s["Kernel"] // 2).permute(0, 2, 3, 1)
        elif s["Kind"] == "linear":
            x = x.reshape(len(x), -1) @ next(weights)
            if s["Bias"]:
                x = x + next(weights)
            x = x.reshape(len(x), 1, 1, -1)
        elif s["Kind"] == "cosine":
            x = F.normalize(x.reshape(len(x), -1), dim=1) @ F.normalize(next(weights), dim=0)
            x = x.reshape(len(x), 1, 1, -1)
        elif s["Kind"] == "activate":
            x = ACTIVATIONS[s["Activation"]](x)
        elif s["Kind"] == "avgpool":
            x = x.mean((1, 2), keepdim=True)
        elif s["Kind"] == "norm":
            y = x.permute(0, 3, 1, 2)
            if s["Norm"] == "none":
                y = y + next(weights)[None, :, None, None]
            elif s["Norm"] == "batch":
                y = F.batch_norm(y, None, None, next(weights), next(weights), training=True, eps=1e-5)
            elif s["Norm"] == "group":
                y = F.group_norm(y, y.shape[1] // s["Group"], next(weights), next(weights), eps=1e-5)
            else:
                raise ValueError(s)
            y = ACTIVATIONS[s["Activation"]](y)
            if s["Pool"]:
                y = F.max_pool2d(y, 2)
            x = y.permute(0, 2, 3, 1)
        elif s["Kind"] == "patches":
            kernel, bias = next(weights).permute(3, 2, 0, 1), next(weights)
            x = F.conv2d(x.permute(0, 3, 1, 2), kernel, bias, stride=s["Size"]).permute(0, 2, 3, 1)
        elif s["Kind"] == "positions":
            x = x + next(weights).reshape(x.shape[1:])
        elif s["Kind"] == "layernorm":
            x = F.layer_norm(x, x.shape[-1:], next(weights), next(weights), eps=1e-5)
        elif s["Kind"] == "attention":
            n, h, w, c = x.shape
            keys = s["Heads"] * s["Keys"]
            q, k, v = (
                part.reshape(n, h * w, s["Heads"], -1).transpose(1, 2)
                for part in x.reshape(n, h * w, c).split([keys, keys, c - 2 * keys], dim=2)
            )
            x = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, h, w, c - 2 * keys)
        elif s["Kind"] == "tokens":
            n, h, w, c = x.shape
            y = x.reshape(n, h * w, c).transpose(1, 2) @ next(weights) + next(weights)
            x = ACTIVATIONS[s["Activation"]](y).transpose(1, 2).reshape(n, s["Out"]["H"], s["Out"]["W"], c)
        elif s["Kind"] == "reversible":
            gain, shift = (next(weights).reshape(1, *x.shape[1:3], 1) for _ in range(2))
            mean, deviation = x.mean(3, keepdim=True), (x.var(3, keepdim=True, unbiased=False) + 1e-5).sqrt()
            y = run((x - mean) / deviation * gain + shift, s["Body"], weights)
            x = (y - shift) / (gain + 1e-10) * deviation + mean
        elif s["Kind"] == "residual":
            body = run(x, s["Body"], weights)
            x = ACTIVATIONS[s["Activation"]](body + run(x, s.get("Shortcut", []), weights))
        else:
            raise ValueError(s)
    return x


def objective(z, labels, loss, weights):
    n = len(z)
    if loss["Kind"] == "mse":
        total = ((z - F.one_hot(labels, z.shape[1])) ** 2).sum() / 2
    elif loss["Kind"] == "logistic":
        margin = z[:, 0] if z.shape[1] == 1 else z[:, 1] - z[:, 0]
        total = F.binary_cross_entropy_with_logits(margin, labels.double(), reduction="sum")
    else:
        if loss["Multiply"]:
            z = z * torch.tensor(loss["Multiply"], dtype=torch.float64)
        if loss["Margin"]:
            z = z - torch.tensor(loss["Margin"], dtype=torch.float64) * F.one_hot(labels, z.shape[1])
        if loss["Adjust"]:
            z = z + torch.tensor(loss["Adjust"], dtype=torch.float64)
        weight = torch.tensor(loss["ClassWeights"], dtype=torch.float64) if loss["ClassWeights"] else None
        total = F.cross_entropy(z, labels, weight, label_smoothing=loss["LabelSmoothing"], reduction="sum")
    return total / n + loss["L2"] / 2 * sum((w**2).sum() for w in weights)


def main():
    with open(sys.argv[1]) as f:
        nets = json.load(f)
    answers = []
    for net in nets:
        numbers = Numbers()
        weights = list(parameters(net["Layout"], numbers))
        shape = net["In"]
        n = net["Examples"]
        x = torch.tensor(numbers.tensor(n, shape["H"], shape["W"], shape["C"]).astype(np.float64)) * 2
        labels = torch.arange(n) % max(net["Outputs"], 2)
        loss = objective(forward(x, net["Steps"], weights), labels, net["Loss"], weights)
        loss.backward()
        answers.append({
            "name": net["Name"],
            "loss": float(f"{loss.item():.10g}"),
            "gradients": {t["Name"]: [float(f"{g:.8g}") for g in w.grad.flatten().tolist()] for t, w in zip(net["Layout"], weights)},
        })
    print("[" + ",\n".join(json.dumps(a) for a in answers) + "]")


main()
