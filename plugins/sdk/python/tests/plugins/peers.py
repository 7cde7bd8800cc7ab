"""A metric that compares the network it measures with others."""

import sharpbench as sb


@sb.metric(
    "python-peers", peers=sb.Peers("seeds", max=2), needs=["loss", "grad"], values=[sb.ValueInfo("loss"), sb.ValueInfo("told")],
    slots=lambda problem, params: [sb.Slot(f"g{k + 1}", p.dim, scratch=True) for k, p in enumerate(problem.peers)])
def measure(session):
    """the sum of the losses of the peers"""
    loss, told = 0.0, ""
    for k, p in enumerate(session.problem.peers):
        batch, at, g = session.full_batch().of_peer(k + 1), session.slot(f"peer{k + 1}"), session.slot(f"g{k + 1}")
        loss += session.loss(batch, at)
        session.grad(batch, at, g)
        update = session.slot(f"peer{k + 1}.update").tolist() if session.has(f"peer{k + 1}.update") else []
        told += f"{p.dim} {p.seed} {p.step} {g.tolist()} {update};"
    return {"loss": loss, "told": sb.Value(None, reason=told + "-")}


sb.serve(measure)
