"""One of the solvers on prompts that have many queries each."""

from itertools import islice

import torch
from torch import Tensor

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.solvers.system import KernelSystem


def query_predictions(x: Tensor, y: Tensor, queries: Tensor, ridge: float, solver: str, steps: int) -> Tensor:
    """Run a solver on every query as a prompt of its own, with the linear kernel; (T+1, B, Q).

    Args:
        x: features of the context, (B, n, d).
        y: its labels, (B, n).
        queries: features of the queries, (B, Q, d).
        ridge: lambda.
        solver: name of the solver.
        steps: last step T.
    """
    count, pairs, _ = x.shape
    asked = queries.shape[1]
    context = x[:, None].expand(-1, asked, -1, -1)  # (B, Q, n, d)
    points = torch.cat((context, queries[:, :, None]), dim=2).flatten(0, 1)  # (B Q, n+1, d)
    labels = torch.nn.functional.pad(y, (0, 1)).repeat_interleave(asked, dim=0)  # (B Q, n+1)
    system = KernelSystem(points @ points.mT, labels, ridge)
    run = SOLVERS.load(solver).iterate(system, SolverSettings())
    # Copied at once: what a solver yields may be a view of the product it was read from.
    predictions = torch.empty(steps + 1, count, asked, dtype=torch.float64)
    for step, found in enumerate(islice(run, steps + 1)):
        predictions[step] = found[:, pairs].reshape(count, asked)
    return predictions
