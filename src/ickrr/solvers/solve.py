"""Running a solver by its name: whole trajectories, in bounded memory."""

from itertools import islice

import torch

from ickrr.config.solvers import SolverSettings
from ickrr.entries import SOLVERS
from ickrr.solvers.system import KernelSystem
from ickrr.solvers.trajectory import Trajectory, mark_divergence


def solve(name: str, system: KernelSystem, steps: int, settings: SolverSettings) -> Trajectory:
    """Run a solver on all prompts and prefixes, `settings.chunk_prompts` prompts at a time.

    Args:
        name: name of the solver.
        system: the systems of B prompts.
        steps: last step T.
        settings: relaxations and the chunk size; its own `steps` is not used.

    Returns:
        Predictions (T+1, B, N+1), float64, on the system's device, and where they diverged.
    """
    iterate = SOLVERS.load(name).iterate
    prompts = len(system.labels)
    predictions = torch.empty(
        steps + 1, prompts, system.points, dtype=torch.float64, device=system.labels.device
    )
    start = 0
    for chunk in system.chunks(settings.chunk_prompts):
        stop = start + len(chunk.labels)
        for step, prediction in enumerate(islice(iterate(chunk, settings), steps + 1)):
            predictions[step, start:stop] = prediction  # (b, N+1)
        start = stop
    return mark_divergence(predictions, system.labels)
