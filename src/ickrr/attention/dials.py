"""Prompts that leave the training distribution along one dial at a time, each with its exact posterior.

All levels of all dials are made from the same draws (inputs, foreign inputs, normal numbers, uniforms), so
that two levels differ in what the dial changes and in nothing else; the first level of every dial gives the
same prompts. The posterior mean is that of the shifted task: its own lengthscale and noise, its own inputs.
A label that was shifted by hand stays in the data that it is computed from.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.config.operators import IN_DISTRIBUTION
from ickrr.config.task import Law, TaskSettings
from ickrr.entries import LAWS
from ickrr.laws import draw_inputs
from ickrr.laws.normal import normal
from ickrr.randomness import torch_generator
from ickrr.tasks import (
    JITTER,
    Prompts,
    bayes_ridge,
    cholesky,
    kernel_matrix,
    posterior,
)


@dataclass(frozen=True)
class DialDraws:
    """What all levels of all dials are made from.

    Attributes:
        x: inputs of the task's law, (B, N+1, d).
        foreign: inputs of the other law, scaled to the same mean square norm, (B, N+1, d).
        normals: of the function and of the noise, (2, B, N+1).
        uniforms: that decide which points are foreign, which are copies, and of what, (3, B, N+1).
    """

    x: Tensor
    foreign: Tensor
    normals: Tensor
    uniforms: Tensor


def mean_square_norm(law: Law, dimension: int) -> float:
    """Return E|x|^2 of an input law."""
    value: float = LAWS.load(law).mean_square_norm(dimension)
    return value


def dial_draws(task: TaskSettings, other_law: Law, count: int, seed: int, *purpose: str) -> DialDraws:
    """Draw everything once.

    Args:
        task: law, dimension and context length N.
        other_law: law of the foreign inputs.
        count: number B of prompts.
        seed: root seed.
        purpose: name of the stream.
    """
    generator = torch_generator(seed, "dials", *purpose)
    size, dimension = task.context_length + 1, task.dimension
    x = draw_inputs(task.law, (count, size, dimension), generator)  # (B, N+1, d)
    normals = normal((2, count, size), generator)  # (2, B, N+1)
    uniforms = torch.rand((3, count, size), generator=generator, dtype=torch.float64)  # (3, B, N+1)
    foreign = draw_inputs(other_law, (count, size, dimension), generator)  # (B, N+1, d)
    scale = (mean_square_norm(task.law, dimension) / mean_square_norm(other_law, dimension)) ** 0.5
    return DialDraws(x, scale * foreign, normals, uniforms)


def shifted_prompts(task: TaskSettings, draws: DialDraws, dial: str, level: float) -> Prompts:
    """Make the prompts of one level.

    Args:
        task: the task in distribution.
        draws: as `dial_draws` gives them.
        dial: `IN_DISTRIBUTION` (the level has no effect), or one of

            - ``bandwidth``: the functions' lengthscale is `level` times the task's;
            - ``noise``: the noise's standard deviation is `level` times the task's;
            - ``radius``: inputs are `level` times those of the task;
            - ``law``: a point is foreign with probability `level`;
            - ``duplicates``: a labelled input is a copy of a random earlier one with probability `level`,
              its noise stays its own;
            - ``outlier``: one label of the context is shifted by `level` standard deviations of a label,
              up or down.
        level: where the dial stands.

    Returns:
        The prompts with the posterior of the shifted task.

    Raises:
        ValueError: there is no such dial.
        CovarianceError: a covariance is not numerically positive definite.
    """
    if dial not in (IN_DISTRIBUTION, "bandwidth", "noise", "radius", "law", "duplicates", "outlier"):
        raise ValueError(f"there is no dial '{dial}'")
    changes = {"bandwidth": "lengthscale", "noise": "noise_std"}
    shifted = task
    if dial in changes:
        name = changes[dial]
        shifted = task.model_copy(update={name: level * getattr(task, name)})
    x = draws.x
    if dial == "radius":
        x = level * x
    elif dial == "law":
        x = torch.where((draws.uniforms[0] < level)[..., None], draws.foreign, x)
    elif dial == "duplicates":
        x = with_copies(x, level, draws.uniforms)
    kernel = kernel_matrix(shifted, x)  # (B, N+1, N+1)
    f = (cholesky(kernel, JITTER) @ draws.normals[0, ..., None])[..., 0]  # (B, N+1)
    y = f + shifted.noise_std * draws.normals[1]  # (B, N+1)
    if dial == "outlier":
        y = with_outlier(y, level * (1 + task.noise_std**2) ** 0.5, draws.uniforms)
    mean, variance = posterior(kernel, y, bayes_ridge(shifted))
    return Prompts(x, y, f, mean, variance)


def with_copies(x: Tensor, share: float, uniforms: Tensor) -> Tensor:
    """Replace labelled inputs by copies of random earlier ones; the query is never one.

    Args:
        x: (B, N+1, d).
        share: probability of each labelled input but the first to be a copy.
        uniforms: (3, B, N+1); the second decides who is a copy, the third of whom.
    """
    copied = x.clone()
    rows = torch.arange(len(x))
    for i in range(1, x.shape[1] - 1):
        parent = (uniforms[2, :, i] * i).long()  # (B), 0 .. i-1
        is_copy = uniforms[1, :, i] < share  # (B)
        copied[:, i] = torch.where(is_copy[:, None], copied[rows, parent], copied[:, i])
    return copied


def with_outlier(y: Tensor, shift: float, uniforms: Tensor) -> Tensor:
    """Shift one label of each context up or down; which one, and where to, is drawn.

    Args:
        y: labels, (B, N+1); the last is the query's and stays.
        shift: size of the shift, labels.
        uniforms: (3, B, N+1), of which the first point's are used.
    """
    context = y.shape[1] - 1
    chosen = (uniforms[0, :, 0] * context).long()  # (B)
    sign = torch.where(uniforms[1, :, 0] < 0.5, -1.0, 1.0).to(y)  # (B)
    shifted = y.clone()
    shifted[torch.arange(len(y)), chosen] += sign * shift
    return shifted
