"""The same work in PyTorch: the networks, and what is computed with them. Everything runs eager."""

import math
import os
import warnings

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from torch.func import functional_call, grad, vmap

try:
    from opacus import __version__ as opacus_version
    from opacus.grad_sample import GradSampleModule
    from opacus.grad_sample.grad_sample_module_fast_gradient_clipping import GradSampleModuleFastGradientClipping
    from opacus.utils.fast_gradient_clipping_utils import DPTensorFastGradientClipping
except ImportError:
    GradSampleModule = None

ACTIVATIONS = {"relu": nn.ReLU, "tanh": nn.Tanh, "gelu": nn.GELU}


# Networks. Parameters are in the order of the engine's layout.

def norm(spec, channels):
    if spec["norm"] == "batch":
        return [nn.BatchNorm2d(channels)]
    if spec["norm"] == "group":
        group = next(g for g in range(min(8, channels), 0, -1) if channels % g == 0)
        return [nn.GroupNorm(channels // group, channels)]
    return []


def mlp(spec, side, channels, classes):
    layers, inputs = [nn.Flatten()], side * side * channels
    for width in spec["width"]:
        layers += [nn.Linear(inputs, width), ACTIVATIONS[spec["activation"]]()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, classes))


def cnn(spec, side, channels, classes):
    layers = []
    for i, width in enumerate(spec["width"]):
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=spec["norm"] == "none"), *norm(spec, width)]
        layers.append(ACTIVATIONS[spec["activation"]]())
        if i < len(spec["width"]) - 1:
            layers.append(nn.MaxPool2d(2))
        channels = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes))


class Block(nn.Module):
    """act(x + norm(conv(act(norm(conv(x)))))), with a 1×1 convolution beside it where the shape changes."""

    def __init__(self, spec, inputs, width, stride):
        super().__init__()
        bias, act = spec["norm"] == "none", ACTIVATIONS[spec["activation"]]
        self.body = nn.Sequential(
            nn.Conv2d(inputs, width, 3, stride, padding=1, bias=bias), *norm(spec, width), act(),
            nn.Conv2d(width, width, 3, padding=1, bias=bias), *norm(spec, width))
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != width:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=bias), *norm(spec, width))
        self.act = act()

    def forward(self, x):
        return self.act(self.body(x) + self.shortcut(x))


def resnet(spec, side, channels, classes):
    widths = spec["width"]
    layers = [nn.Conv2d(channels, widths[0], 3, padding=1, bias=spec["norm"] == "none"), *norm(spec, widths[0]), ACTIVATIONS[spec["activation"]]()]
    inputs = widths[0]
    for i, width in enumerate(widths):
        for j in range((spec["depth"] - 2) // (2 * len(widths))):
            layers.append(Block(spec, inputs, width, 2 if i > 0 and j == 0 else 1))
            inputs = width
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))


class TransformerBlock(nn.Module):
    """x + attention(norm(x)), then x + perceptron(norm(x))."""

    def __init__(self, spec):
        super().__init__()
        width = spec["width"][0]
        self.heads = spec["heads"]
        self.norm1, self.qkv, self.proj = nn.LayerNorm(width), nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.perceptron = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, spec["hidden"]), nn.GELU(), nn.Linear(spec["hidden"], width))

    def forward(self, x):
        n, tokens, width = x.shape
        q, k, v = self.qkv(self.norm1(x)).view(n, tokens, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, tokens, width))
        return x + self.perceptron(x)


class ViT(nn.Module):
    def __init__(self, spec, side, channels, classes):
        super().__init__()
        width, patch = spec["width"][0], spec["patch"]
        self.patch = nn.Conv2d(channels, width, patch, stride=patch)
        self.position = Positions((side // patch) ** 2, width)
        self.blocks = nn.Sequential(*[TransformerBlock(spec) for _ in range(spec["depth"])])
        self.norm, self.fc = nn.LayerNorm(width), nn.Linear(width, classes)

    def forward(self, x):
        x = self.position(self.patch(x).flatten(2).transpose(1, 2))
        return self.fc(self.norm(self.blocks(x)).mean(1))


class Positions(nn.Module):
    def __init__(self, tokens, width):
        super().__init__()
        self.embed = nn.Parameter(torch.zeros(tokens, width))

    def forward(self, x):
        return x + self.embed


NETWORKS = {"mlp": mlp, "cnn": cnn, "resnet": resnet, "vit": ViT}


class Problem:
    """A network with the engine's parameters and its batch."""

    def __init__(self, case, folder, memory_format=torch.contiguous_format, dtype=torch.float32):
        self.case, self.folder, self.format = case, folder, memory_format
        side, _, channels = case["input"]
        net = NETWORKS[case["model"]["name"]](case["model"], side, channels, case["classes"])
        with torch.no_grad():
            self.params = list(net.parameters())
            for p, value in zip(self.params, self.vector("parameters"), strict=True):
                p.copy_(value)
        x = self.numbers("x").reshape(-1, side, side, channels).transpose(0, 3, 1, 2)
        self.x = torch.from_numpy(x.copy()).to(dtype).contiguous(memory_format=memory_format)
        self.y = torch.tensor(case["labels"], dtype=torch.int64)
        self.net = net.to(dtype).to(memory_format=memory_format)
        self.params = list(self.net.parameters())

    def numbers(self, name):
        return np.fromfile(os.path.join(self.folder, name + ".f32"), "<f4")

    def vector(self, name):
        """The parts of a vector of the engine that belong to the parameters, in PyTorch's order of indices."""
        flat = self.numbers(name)
        for tensor, p in zip(self.case["layout"], self.params, strict=True):
            shape, offset = tensor["Shape"], tensor["Offset"]
            part = torch.from_numpy(flat[offset:offset + math.prod(shape)].reshape(shape))
            if len(shape) == 4:  # HWIO -> OIHW
                part = part.permute(3, 2, 0, 1)
                if p.dim() == 2:  # a linear layer, which the engine has as a 1×1 convolution
                    part = part.flatten(1)
            elif len(shape) == 2 and not tensor["Name"].endswith(".embed"):  # inputs, outputs -> outputs, inputs
                part = part.T
            yield part.contiguous()

    def evaluate(self):
        """Evaluation mode, with the engine's statistics: mean and variance of one normalisation after the other."""
        flat, at = torch.from_numpy(self.numbers("statistics")), 0
        for m in self.net.modules():
            if isinstance(m, nn.BatchNorm2d):
                for buffer in (m.running_mean, m.running_var):
                    buffer.copy_(flat[at:at + len(buffer)])
                    at += len(buffer)
        assert at == len(flat)
        self.net.eval()
        return self

    def loss(self):
        return F.cross_entropy(self.net(self.x), self.y)

    def differences(self, results, vectors):
        """The relative difference of each number, and of each tensor of each vector, from the engine's."""
        for name, value in results.items():
            want = self.case["results"][self.work][name]
            yield name, abs(value - want) / max(abs(want), 1)
        for name, tensors in vectors.items():
            for tensor, ours, theirs in zip(self.case["layout"], self.vector(name), tensors, strict=True):
                yield f"{tensor['Name']}", (ours - theirs.detach()).norm().item() / theirs.norm().item()


class Gradient(Problem):
    """Forward pass, loss and backward pass in training mode, without the update of the parameters."""
    work = "gradient"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.net.train()

    def run(self):
        self.net.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        return loss

    def check(self):
        loss = self.run().item()
        return self.differences({"loss": loss}, {"gradient": [p.grad for p in self.params]})


class Loss(Problem):
    """Loss and wrong predictions in evaluation mode, without what a backward pass would need."""
    work = "loss"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.evaluate()

    @torch.inference_mode()
    def run(self):
        outputs = self.net(self.x)
        return F.cross_entropy(outputs, self.y).item(), (outputs.argmax(1) != self.y).sum().item()

    def check(self):
        loss, errors = self.run()
        return self.differences({"loss": loss, "errors": errors}, {})


class HVP(Problem):
    """A Hessian-vector product by differentiating twice, in evaluation mode."""
    work = "hvp"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.evaluate()
        self.v = [v.to(p.dtype) for v, p in zip(self.vector("v"), self.params)]

    def gradient(self):
        return torch.autograd.grad(self.loss(), self.params, create_graph=True)

    def run(self):
        return torch.autograd.grad(self.gradient(), self.params, self.v)

    def check(self):
        return self.differences({}, {"hvp": self.run()})


class MoreHVPs(HVP):
    """Further products at the same point: the graph of the gradient is kept."""
    work = "hvps"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.kept = self.gradient()

    def run(self):
        return torch.autograd.grad(self.kept, self.params, self.v, retain_graph=True)


class Clipped(Problem):
    """The sum of the clipped gradients of single examples, by vmap of grad."""
    work = "clipped"

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.evaluate()
        self.clip = self.case["clip"]
        self.named = {name: p.detach() for name, p in self.net.named_parameters()}
        def loss(params, x, y):
            return F.cross_entropy(functional_call(self.net, params, (x[None],)), y[None])
        self.each = vmap(grad(loss), in_dims=(None, 0, 0))

    def run(self):
        return self.sum(list(self.each(self.named, self.x, self.y).values()))

    def sum(self, grads):
        norms = torch.stack([g.flatten(1).norm(dim=1) for g in grads]).norm(dim=0)
        factor = (self.clip / norms).clamp(max=1)
        return [torch.einsum("i,i...->...", factor, g) for g in grads]

    def check(self):
        return self.differences({}, {"clipped": self.run()})


class Opacus(Clipped):
    """The same by Opacus' gradients of single examples."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.net.train()  # the hooks keep nothing in evaluation mode; without batch normalisation it is the same
        self.sampled = GradSampleModule(self.net, loss_reduction="sum")

    def run(self):
        for p in self.params:
            p.grad = p.grad_sample = None
        F.cross_entropy(self.sampled(self.x), self.y, reduction="sum").backward()
        return self.sum([p.grad_sample for p in self.params])


class OpacusGhost(Clipped):
    """The same by Opacus' ghost clipping: norms from a first backward pass, the sum from a second."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.net.train()
        self.sampled = GradSampleModuleFastGradientClipping(
            self.net, loss_reduction="sum", max_grad_norm=self.clip, use_ghost_clipping=True)

    def zero_grad(self):
        for p in self.params:
            p.grad = None

    def run(self):
        self.zero_grad()
        losses = F.cross_entropy(self.sampled(self.x), self.y, reduction="none")
        DPTensorFastGradientClipping(self.sampled, self, losses, "sum").backward()
        return [p.grad for p in self.params]


# Optimizers, on the tensors of a ResNet-18 with the stem for small images: 11.2 million elements.

def resnet18_shapes():
    yield from [(64, 3, 3, 3), (64,), (64,)]
    inputs = 64
    for width in (64, 128, 256, 512):
        for _ in range(2):
            for i in (inputs, width):
                yield from [(width, i, 3, 3), (width,), (width,)]
            if inputs != width:
                yield from [(width, inputs, 1, 1), (width,), (width,)]
            inputs = width
    yield from [(10, 512), (10,)]


ELEMENTS = sum(math.prod(s) for s in resnet18_shapes())


class Update:
    """Parameters and gradients. optimizer makes the optimizer, given the parameters and how it is implemented."""

    def __init__(self, case, folder, how="foreach", dtype=torch.float32):
        self.case, self.folder = case, folder
        self.params, self.grads = self.tensors("w", dtype), self.tensors("g", dtype)
        for p, g in zip(self.params, self.grads):
            p.grad = g
        o = case["options"]
        self.optimizer = self.make(o, foreach=how == "foreach", fused=how == "fused")

    def tensors(self, name, dtype):
        flat = torch.from_numpy(np.fromfile(os.path.join(self.folder, name + ".f32"), "<f4")).to(dtype)
        shapes = list(resnet18_shapes())
        return [part.reshape(s).clone() for part, s in zip(flat.split([math.prod(s) for s in shapes]), shapes)]

    def buffers(self, name):
        return [self.optimizer.state[p][name] for p in self.params]

    def run(self):
        self.optimizer.step()

    def check(self):
        self.run()
        for name, tensors in self.results().items():
            ours = torch.from_numpy(np.fromfile(os.path.join(self.folder, f"{self.work}.{name}.f32"), "<f4"))
            theirs = torch.cat([t.detach().flatten() for t in tensors])
            yield name, (ours - theirs).norm().item() / theirs.norm().item()


class Momentum(Update):
    """SGD with momentum and weight decay."""
    work = "momentum"

    def make(self, o, **how):
        optimizer = torch.optim.SGD(self.params, lr=o["rate"], momentum=o["momentum"], weight_decay=o["l2"], **how)
        for p, m in zip(self.params, self.tensors("m", self.params[0].dtype)):
            optimizer.state[p]["momentum_buffer"] = m
        return optimizer

    def results(self):
        return {"w": self.params, "m": self.buffers("momentum_buffer")}


class Adam(Update):
    work = "adam"

    def make(self, o, **how):
        optimizer = torch.optim.Adam(self.params, lr=o["rate"], betas=(o["beta1"], o["beta2"]), eps=o["eps"], **how)
        dtype = self.params[0].dtype
        for p, m, v in zip(self.params, self.tensors("m", dtype), self.tensors("v", dtype)):
            optimizer.state[p] = {"step": torch.tensor(o["steps"] - 1.0), "exp_avg": m, "exp_avg_sq": v}
        return optimizer

    def results(self):
        return {"w": self.params, "m": self.buffers("exp_avg"), "v": self.buffers("exp_avg_sq")}


class SAM(Momentum):
    """What SAM computes beside its two gradients: the norm of the first, the parameters kept and moved along it, and after
    the second the parameters put back and a step of SGD with momentum and weight decay."""
    work = "sam"

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.second = self.tensors("h", self.params[0].dtype)
        self.kept = [torch.empty_like(p) for p in self.params]

    def ascend(self):
        norm = torch.linalg.vector_norm(torch.stack(torch._foreach_norm(self.grads)))
        torch._foreach_copy_(self.kept, self.params)
        torch._foreach_add_(self.params, self.grads, alpha=(self.case["options"]["rho"] / (norm + 1e-12)).item())

    def descend(self):
        torch._foreach_copy_(self.params, self.kept)
        for p, g in zip(self.params, self.second):
            p.grad = g
        self.optimizer.step()

    @torch.no_grad()
    def run(self):
        self.ascend()
        self.descend()

    @torch.no_grad()
    def check(self):
        self.ascend()
        self.point = [p.clone() for p in self.params]
        self.descend()
        self.run, keep = lambda: None, self.run
        differences = list(super().check())
        self.run = keep
        return differences

    def results(self):
        return {**super().results(), "point": self.point}


warnings.filterwarnings("ignore", message="Full backward hook is firing")
