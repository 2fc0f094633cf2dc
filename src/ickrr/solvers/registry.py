"""All classical solvers by name, and the one way to run them: whole trajectories in bounded memory."""

from collections.abc import Callable, Iterator
from itertools import islice

import torch
from torch import Tensor

from ickrr.config.analysis import SolverName, SolverSettings
from ickrr.solvers.krylov import chebyshev, conjugate_gradient, preconditioned_cg
from ickrr.solvers.newton_schulz import newton_schulz
from ickrr.solvers.stationary import (
    damped_jacobi,
    preconditioned_richardson,
    preconditioned_richardson_ridge,
    richardson,
)
from ickrr.solvers.system import KernelSystem
from ickrr.solvers.trajectory import Trajectory, mark_divergence

Solver = Callable[[KernelSystem, SolverSettings], Iterator[Tensor]]

SOLVERS: dict[SolverName, Solver] = {
    "preconditioned_richardson": preconditioned_richardson,
    "preconditioned_richardson_ridge": preconditioned_richardson_ridge,
    "richardson": richardson,
    "conjugate_gradient": conjugate_gradient,
    "newton_schulz": newton_schulz,
    "preconditioned_cg": preconditioned_cg,
    "chebyshev": chebyshev,
    "damped_jacobi": damped_jacobi,
}


def solve(name: SolverName, system: KernelSystem, steps: int, settings: SolverSettings) -> Trajectory:
    """Run a solver on all prompts and prefixes at once, `settings.chunk_prompts` prompts at a time.

    Args:
        name: key of `SOLVERS`.
        system: the systems of B prompts.
        steps: last step T.
        settings: relaxations and the chunk size; its own `steps` is not used.

    Returns:
        Predictions (T+1, B, N+1), float64, on the system's device, and where they diverged.
    """
    prompts = len(system.labels)
    predictions = torch.empty(
        steps + 1, prompts, system.points, dtype=torch.float64, device=system.labels.device
    )
    start = 0
    for chunk in system.chunks(settings.chunk_prompts):
        stop = start + len(chunk.labels)
        for step, prediction in enumerate(islice(SOLVERS[name](chunk, settings), steps + 1)):
            predictions[step, start:stop] = prediction
        start = stop
    return mark_divergence(predictions, system.labels)
