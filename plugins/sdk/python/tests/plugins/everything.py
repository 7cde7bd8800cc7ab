"""An optimizer that makes the requests that others leave out, and compares the answers with what they must be.

The problem: logistic regression without a bias on the examples x = (3, 4), y = 1 and x = (0, 2), y = -1; at w = 0 the
losses are ln 2 and their gradients -y x/2.
"""

import math

import numpy as np

import sharpbench as sb

wrong = []


def near(what, got, want):
    if not np.allclose(got, want, rtol=0, atol=1e-6):
        wrong.append(f"{what} is {got}, want {want}")


class Everything(sb.Optimizer):
    name = "everything"
    needs = ["grad", "grad_clipped", "grad_squared", "hvp", "vjp", "input_grad", "output_grad", "activations", "inputs", "normal", "commit"]
    slots = ["v", sb.Slot("room", 4, scratch=True), sb.Slot("delta", 4), "noise"]

    def run(self, s):
        w, g, v, room, delta = s.w, s.grad_slot, s.slot("v"), s.slot("room"), s.slot("delta")
        b = s.train_batch()

        near("the mean loss", s.loss(b, each=room), math.log(2))
        near("the losses", room[:2], math.log(2))

        n, total = s.grad_clipped(b, 1, norms=room)
        near("clipped gradients", n, 2)
        near("the norms", room[:2], [2.5, 1])
        near("the clipped sum", total, [-0.6, -0.8 + 1])
        near("the clamped sum", s.grad_clipped(b, 1.25, per_coordinate=True)[1], [-1.25, -1.25 + 1])
        near("the sum without a limit", s.grad_clipped(b, math.inf)[1], [-1.5, -2 + 1])
        near("the sum of squares", s.grad_squared(b)[1], [2.25, 4 + 1])

        v[:] = 1, 0
        near("xx'/4 along the first axis", s.hvp(b.of_class(1), v), [9 / 4, 12 / 4])
        room[:] = 7, 1, 9, -1  # the first logit of an example is constant
        near("x1 - x2", s.vjp(b, room), [3, 2])

        w[:] = 0, 1  # w.x is 4 and 2
        near("the outputs", s.outputs(b, room), [[0, 4], [0, 2]])
        near("the gradient by the outputs", s.output_grad(b, room)[1][:, 1], [-0.5 / (1 + math.exp(4)), 0.5 / (1 + math.exp(-2))])
        n, z = s.activations(b, 0, room)
        near("w.x", z[:n], [4, 2])
        near("the inputs", s.inputs(b, delta)[1], [3, 4, 0, 2])
        loss, dx = s.input_grad(b, delta)
        near("the gradient by the second example's inputs", dx[2:], [0, 0.5 / (1 + math.exp(-2))])
        near("the loss at w", loss, (math.log1p(math.exp(-4)) + math.log1p(math.exp(2))) / 2)

        delta[:] = -3, -4, 0, 0
        near("the gradient at x = 0", s.grad(b.example(0).perturbed(delta))[1], [0, 0])
        near("a range", s.grad(b.range(1, 2))[1], [0, 2 / (1 + math.exp(-2))])

        near("an empty draw", s.grad_squared(s.poisson_batch(1e-9))[0], 0)
        near("the sum over nothing", g, [0, 0])
        near("a draw of everything", s.grad_squared(s.poisson_batch(1))[0], 2)
        for what, request, error in [
            ("a class that is not there", lambda: s.grad(s.poisson_batch(1e-9).of_class(1)), sb.BadRequest),
            ("a product into its direction", lambda: s.hvp(b, v, out=v), sb.BadSlot),
            ("a domain", lambda: s.grad(b.of_domain(0)), sb.BadRequest),
        ]:
            try:
                request()
                wrong.append(f"{what}: no error")
            except error:
                pass
        if wrong:
            raise AssertionError("; ".join(wrong))
        w[:] = s.normal("everything", 3, "noise", 2.0)
        s.commit()


sb.serve(Everything())
