"""Whole trajectories of the solvers on all prefixes, against a loop over prompts and prefixes in NumPy.

Ours iterates all prompts and all prefixes at once in masked matrices; the peer is the textbook: one prompt,
one prefix, one step after the other. Both in float64 on one thread (matrices of N = 20 are too small for
more). They agree to 1e-9 in the first steps and in the last; between them conjugate gradients multiply
rounding errors, so that two ways of adding up part for a while.
"""

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
import torch

from benchmarks.timing import compared, one_thread, seconds
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import TaskSettings
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import sample_prompts

PROMPTS, STEPS = 64, 64
TOLERANCE = 1e-9
COMPARED = [0, 1, 2, 3, 4, 5, STEPS]
Iterates = Iterator[np.ndarray]


def preconditioned_richardson(kernel: np.ndarray, labels: np.ndarray, ridge: float) -> Iterates:
    """Yield a <- a + D^-1 (y - A a) from zero, D the row sums of K."""
    coefficients = np.zeros_like(labels)
    inverse = 1 / kernel.sum(1)
    while True:
        yield coefficients
        coefficients = coefficients + inverse * (labels - kernel @ coefficients - ridge * coefficients)


def conjugate_gradient(kernel: np.ndarray, labels: np.ndarray, ridge: float) -> Iterates:
    """Yield the iterates of Hestenes and Stiefel (1952); they stay once the residual is rounding."""
    matrix = kernel + ridge * np.eye(len(labels))
    coefficients = np.zeros_like(labels)
    residual, direction = labels.copy(), labels.copy()
    square = residual @ residual
    smallest = (1e-14) ** 2 * square
    while True:
        yield coefficients
        if square <= smallest:
            continue
        image = matrix @ direction
        step = square / (direction @ image)
        coefficients = coefficients + step * direction
        residual = residual - step * image
        square, before = residual @ residual, square
        direction = residual + square / before * direction


PEERS: dict[str, Callable[[np.ndarray, np.ndarray, float], Iterates]] = {
    "preconditioned_richardson": preconditioned_richardson,
    "conjugate_gradient": conjugate_gradient,
}


def by_loops(name: str, system: KernelSystem) -> np.ndarray:
    """Predictions (T+1, B, N+1), one system at a time."""
    kernels, labels = system.kernel.numpy(), system.labels.numpy()
    found = np.zeros((STEPS + 1, *labels.shape))
    for prompt, kernel in enumerate(kernels):
        for n in range(1, system.points):
            iterates = PEERS[name](kernel[:n, :n], labels[prompt, :n], system.ridge)
            for step, coefficients in enumerate(islice(iterates, STEPS + 1)):
                found[step, prompt, n] = kernel[n, :n] @ coefficients
    return found


def measure() -> list[dict[str, object]]:
    """Measure; one row a solver.

    Raises:
        AssertionError: the peer's predictions differ from ours by more than the tolerance.
    """
    task, settings = TaskSettings(), SolverSettings()
    prompts = sample_prompts(task, PROMPTS, torch.Generator().manual_seed(0))
    rows = []
    with one_thread():
        for name in PEERS:
            # A fresh system each time: it keeps what it has computed.
            def ours(name: str = name) -> torch.Tensor:
                return solve(
                    name, KernelSystem.of_prompts(task, prompts.x, prompts.y), STEPS, settings
                ).predictions

            def theirs(name: str = name) -> np.ndarray:
                return by_loops(name, KernelSystem.of_prompts(task, prompts.x, prompts.y))

            difference = np.abs(ours().numpy() - theirs())[COMPARED].max()
            if not difference <= TOLERANCE:
                raise AssertionError(f"{name} differs from the loop by {difference:.1e} > {TOLERANCE:g}")
            rows.append(
                compared(
                    f"{name.replace('_', ' ')}, {STEPS} steps, {PROMPTS} prompts, all prefixes of "
                    f"N = {task.context_length}",
                    "NumPy, one prompt and prefix at a time",
                    seconds(ours, 7),
                    seconds(theirs, 3),
                    f"one thread, float64, largest difference {difference:.0e}",
                )
            )
    return rows
