"""Sharpness-aware minimisation as people write it for PyTorch: an optimizer around an optimizer, with two half steps, one
of which points the parameters at other memory."""

import torch

import sharpbench.torch


class SAM(torch.optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=0.05, adaptive=False, **kwargs):
        if rho < 0:
            raise ValueError(f"rho is {rho}, expected at least 0")
        super().__init__(params, dict(rho=rho, adaptive=adaptive, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        weights = [p.abs() if group["adaptive"] else torch.ones_like(p) for group in self.param_groups for p in group["params"]]
        grads = [p.grad for group in self.param_groups for p in group["params"]]
        norm = torch.stack([(w * g).norm() for w, g in zip(weights, grads)]).norm()
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["old_p"] = p.data.clone()
                factor = p * p if group["adaptive"] else 1.0
                p.add_(factor * p.grad * (group["rho"] / (norm + 1e-12)))
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]:
                p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad:
            self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        closure = torch.enable_grad()(closure)
        self.first_step(zero_grad=True)
        closure()
        self.second_step()


if __name__ == "__main__":
    sharpbench.torch.serve(SAM, base_optimizer=torch.optim.SGD, lr=0.1, momentum=0.9, cost=2)
