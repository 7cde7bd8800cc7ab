"""Writes reference.json: what the accountant is compared with.

renyi     the Rényi divergence of the subsampled Gaussian by numerical integration with 40 digits (mpmath), both directions
epsilon   ε by Opacus's RDP accountant, with this program's orders; Opacus 1.6
tight     lower and upper bounds of the true ε by Opacus's PRV accountant (Gopi, Lee & Wutschitz 2021)
gaussian  ε of the Gaussian mechanism by bisection of Balle & Wang's formula with 40 digits

Needs mpmath and opacus, and half a minute.
"""

import json
import pathlib

import mpmath as mp
from opacus.accountants import PRVAccountant, RDPAccountant

mp.mp.dps = 40


def renyi(q, sigma, alpha):
    """(log E[(μ/μ0)^α] under μ0, log E[(μ0/μ)^α] under μ) / (α−1), μ0 = N(0,σ²), μ = (1−q)·N(0,σ²) + q·N(1,σ²)."""
    q, sigma, alpha = mp.mpf(q), mp.mpf(sigma), mp.mpf(alpha)
    normal = lambda z: mp.exp(-z * z / (2 * sigma**2)) / (sigma * mp.sqrt(2 * mp.pi))
    ratio = lambda z: 1 - q + q * mp.exp((2 * z - 1) / (2 * sigma**2))
    middle = sigma**2 * mp.log(1 / q - 1) + mp.mpf(1) / 2
    points = sorted([-30 * sigma - alpha, -3 * sigma, 0, middle, alpha, alpha + 3 * sigma, alpha + 30 * sigma])
    forward = mp.quad(lambda z: normal(z) * ratio(z)**alpha, points)
    backward = mp.quad(lambda z: normal(z) * ratio(z)**(1 - alpha), points)
    return [float(mp.log(a) / (alpha - 1)) for a in (forward, backward)]


def gaussian(sigma, delta):
    sigma = mp.mpf(sigma)
    f = lambda e: mp.ncdf(1 / (2 * sigma) - e * sigma) - mp.exp(e) * mp.ncdf(-1 / (2 * sigma) - e * sigma) - delta
    lo, hi = mp.mpf(0), mp.mpf(1000)
    for _ in range(120):
        middle = (lo + hi) / 2
        lo, hi = (middle, hi) if f(middle) > 0 else (lo, middle)
    return float(hi)


ORDERS = [1 + i / 20 for i in range(1, 20)] + [i / 10 for i in range(20, 110)] + list(range(11, 64))
a = 64
while a <= 1024:
    ORDERS.append(a)
    a += a // 8

RUNS = [  # lists of (rate, noise multiplier, steps), delta
    ([(0.01, 1.1, 10000)], 1e-5),
    ([(256 / 60000, 1.1, 14063)], 1e-5),  # 60 epochs of MNIST, the example of TensorFlow Privacy
    ([(2048 / 50000, 1.8, 732)], 1e-5),
    ([(0.25, 0.8, 40)], 1e-3),
    ([(0.5, 3.0, 200)], 1e-6),
    ([(0.001, 0.5, 1000)], 1e-5),
    ([(0.02, 1.0, 500), (0.04, 2.0, 300)], 1e-5),
]


def opacus(run, delta):
    accountant = RDPAccountant()
    accountant.history = [(sigma, q, steps) for q, sigma, steps in run]
    return accountant.get_epsilon(delta, alphas=ORDERS)


def tight(run, delta):
    accountant = PRVAccountant()
    accountant.history = [(sigma, q, steps) for q, sigma, steps in run]
    composed = accountant._get_dprv(eps_error=0.01, delta_error=delta / 1000)
    lower, _, upper = composed.compute_epsilon(delta, delta / 1000, 0.01)
    return [float(lower), float(upper)]


out = {"renyi": [], "epsilon": [], "gaussian": []}
for q in (0.001, 0.01, 0.25, 0.9):
    for sigma in (0.3, 1.0, 4.0):
        for alpha in (1.05, 1.5, 2, 3.7, 10.9, 32):
            forward, backward = renyi(q, sigma, alpha)
            out["renyi"].append({"q": q, "sigma": sigma, "alpha": alpha, "forward": forward, "backward": backward})
for run, delta in RUNS:
    out["epsilon"].append({"run": run, "delta": delta, "renyi": opacus(run, delta), "tight": tight(run, delta)})
for sigma in (0.05, 0.5, 1.0, 3.0, 40.0):
    for delta in (1e-3, 1e-5, 1e-10):
        out["gaussian"].append({"sigma": sigma, "delta": delta, "epsilon": gaussian(sigma, delta)})

text = ",\n".join(f' "{key}": [\n  ' + ",\n  ".join(json.dumps(row) for row in rows) + "]" for key, rows in out.items())
pathlib.Path(__file__).with_name("reference.json").write_text("{\n" + text + "\n}\n")
