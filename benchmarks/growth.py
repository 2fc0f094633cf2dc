"""How the cost grows with the size of the problem: measured exponents beside those that arithmetic says.

Each quantity is doubled twice from its laptop value with the others held; the exponent is the slope of log
seconds against log size. A slope below the expected one means that overheads still count at these sizes.
Memory is the peak of a process of its own that makes two training steps (Linux).
"""

import subprocess
import sys
from collections.abc import Callable
from statistics import median

import numpy as np
import torch

from benchmarks.runs import run_of
from benchmarks.timing import one_thread, seconds
from benchmarks.training_step import SIZES, our_step
from ickrr.comparison.probe import fit_readouts
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.resources.of_steps import training_memory_mb
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import bayes_ridge, kernel_matrix, posterior, sample_labels, sample_prompts
from ickrr.training.data import Batch

Work = Callable[[], object]

REPEATS = 3
FACTORS = (1, 2, 4)


def step(
    context_length: int = 20, dimension: int = 5, layers: int = 8, width: int = 64, prompts: int = 64
) -> Work:
    """One training step of these sizes."""
    task = TaskSettings(context_length=context_length, dimension=dimension)
    x, y, target = sample_labels(task, prompts, torch.Generator().manual_seed(0))
    return our_step(task, ModelSettings(layers=layers, width=width), Batch(x, y, target), TrainingSettings())


def regression(context_length: int = 20, dimension: int = 5, prompts: int = 256) -> Work:
    """Converged regression of all prefixes."""
    task = TaskSettings(context_length=context_length, dimension=dimension)
    drawn = sample_prompts(task, prompts, torch.Generator().manual_seed(0))
    return lambda: posterior(kernel_matrix(task, drawn.x), drawn.y, bayes_ridge(task))


def trajectory(context_length: int = 20, prompts: int = 64, steps: int = 64) -> Work:
    """Trajectory of preconditioned Richardson on all prefixes."""
    task = TaskSettings(context_length=context_length)
    drawn = sample_prompts(task, prompts, torch.Generator().manual_seed(0))
    return lambda: solve(
        "preconditioned_richardson",
        KernelSystem.of_prompts(task, drawn.x, drawn.y),
        steps,
        SolverSettings(),
    )


def probe(width: int = 64, layers: int = 8, prompts: int = 256, context_length: int = 20) -> Work:
    """Readouts of all layers on given streams."""
    streams = torch.randn(layers + 1, prompts, context_length + 1, width)
    x, y = torch.zeros(prompts, context_length + 1, 1), torch.randn(prompts, context_length + 1)

    def given(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return streams[:, : len(x)]

    return lambda: fit_readouts(given, x, y, ProbeSettings(ridge=1e-6, chunk_prompts=prompts))


# what, keyword, first value, exponent of the arithmetic that dominates
CASES: tuple[tuple[str, Callable[..., Work], str, int, str], ...] = (
    ("training step", step, "context_length", 20, "1 to 2"),
    ("training step", step, "dimension", 5, "0"),
    ("training step", step, "layers", 4, "1"),
    ("training step", step, "width", 64, "1 to 2"),
    ("training step", step, "prompts", 32, "1"),
    ("converged regression", regression, "context_length", 20, "2 to 3"),
    ("converged regression", regression, "dimension", 5, "0 to 1"),
    ("converged regression", regression, "prompts", 256, "1"),
    ("solver trajectory", trajectory, "context_length", 20, "3"),
    ("solver trajectory", trajectory, "prompts", 32, "1"),
    ("solver trajectory", trajectory, "steps", 32, "1"),
    ("probe", probe, "width", 64, "2 to 3"),
    ("probe", probe, "layers", 4, "1"),
    ("probe", probe, "prompts", 256, "1"),
)

MEMORY = """
import re, sys
from pathlib import Path
from benchmarks.growth import step
from benchmarks.training_step import SIZES
task, model, prompts, _ = SIZES[sys.argv[1]]
work = step(task.context_length, task.dimension, model.layers, model.width, prompts)
work(), work()
# Not ru_maxrss: that starts at what the process that started this one had.
print(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
"""


def measure() -> list[dict[str, object]]:
    """One row a case, and one a size for the memory."""
    with one_thread():
        rows = [growth(*case) for case in CASES]
    return rows + [memory(size) for size in SIZES]


def growth(what: str, work: Callable[..., Work], size: str, first: int, expected: str) -> dict[str, object]:
    """Fit the exponent of one size; its range is over pairs of a fast and a slow repeat."""
    sizes = [factor * first for factor in FACTORS]
    times = [seconds(work(**{size: value}), REPEATS) for value in sizes]

    def slope(of: Callable[[list[float]], float]) -> float:
        return float(np.polyfit(np.log(sizes), np.log([of(repeats) for repeats in times]), 1)[0])

    slopes = [slope(median), slope(min), slope(max)]
    return {
        "benchmark": f"{what} against {size.replace('_', ' ')} {', '.join(map(str, sizes))}",
        "peer": f"expected exponent {expected}",
        "ours_s": median(times[0]),
        "peer_s": None,
        "ratio": None,
        "ratio_low": None,
        "ratio_high": None,
        "note": f"exponent {slopes[0]:.2f} ({min(slopes):.2f}..{max(slopes):.2f}), one thread; "
        f"seconds are those of the first size, {median(times[-1]):.3g} of the last",
    }


def memory(size: str) -> dict[str, object]:
    """Measure the peak memory of a process that trains, beside the estimate that jobs ask for."""
    task, model, prompts, _ = SIZES[size]
    command = [sys.executable, "-c", MEMORY, size]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    run = run_of(task, model, TrainingSettings(batch_size=prompts))
    return {
        "benchmark": f"peak memory of training, {size} size",
        "peer": "what `ickrr estimate` says",
        "ours_s": None,
        "peer_s": None,
        "ratio": None,
        "ratio_low": None,
        "ratio_high": None,
        "note": f"{int(found.stdout) / 1024:.0f} MiB measured, "
        f"{training_memory_mb(run) / 1.048576:.0f} MiB estimated",
    }
