"""A metric that reads all it can."""

import numpy as np

import sharpbench as sb


@sb.metric(
    "python-metric", slots=lambda problem, params: ["mean", sb.Slot("logits", 64)], params=[sb.String("do", "", "what to do")],
    needs=["grad", "loss", "outputs"], invariances=["permutation"],
    values=[sb.ValueInfo("norm", unit="loss", better="lower"), sb.ValueInfo("moved"), sb.ValueInfo("outputs", unit="1")])
def measure(session):
    """norm of the gradient"""
    do = session.params["do"]
    if do == "write":
        session.w[0] = 1
    if do == "force":
        session.w.flags.writeable = True
        session.w[0] = 1
    if do == "commit":
        session.commit()
    if do == "into":
        session.grad(session.full_batch(), at="grad", out="params")
    mean = session.slot("mean")
    mean[:] = 0
    for batch, share in session.probe_batches():
        mean += np.float32(share) * session.grad(batch)[1]
    moved = sb.Value(None, reason="no initial parameters")
    if session.has("init"):
        moved = float((session.w - session.slot("init")).sum() + 100 * session.slot("update").sum())
    try:
        outputs = session.outputs(session.full_batch(), "logits")
        outputs = float(outputs.shape[0] * 10 + outputs[0, 1])
    except sb.Unsupported as e:
        outputs = sb.Value(None, reason=e.message)
    if do == "nan":
        moved = float("nan")
    if do == "missing":
        return {"norm": 1.0}
    if session.training.optimizer:
        rate = session.training.params["lr"] * session.training.lr_scale
        session.keep(session.training.optimizer, lr=[rate])
    norm = float(np.sqrt((mean.astype(np.float64) ** 2).sum()))
    return {"norm": sb.Value(norm, std_err=0.25, warnings=("few draws",)), "moved": moved, "outputs": outputs}


sb.serve(measure)
