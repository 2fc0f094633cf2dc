"""Prompts of representations: y = phi.theta + noise with theta ~ N(0, I), where |phi|^2 has mean 1."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ickrr.constructions.dense_system import System


@dataclass(frozen=True)
class FeaturePrompts:
    """Contexts with several queries each.

    Attributes:
        x: representations phi, (B, n, d), float64.
        y: labels, (B, n).
        queries: (B, Q, d).
        ridge: lambda.
    """

    x: Tensor
    y: Tensor
    queries: Tensor
    ridge: float

    @cached_property
    def system(self) -> System:
        """The linear systems with K = Phi Phi^T."""
        return System(self.x @ self.x.mT, self.queries @ self.x.mT, self.y, self.ridge)

    @cached_property
    def matrix(self) -> Tensor:
        """K + ridge I, (B, n, n)."""
        return self.system.kernel + self.ridge * torch.eye(self.x.shape[1], dtype=torch.float64)

    def condition_numbers(self) -> Tensor:
        """Return the largest over the smallest eigenvalue of K + ridge I, (B)."""
        values = torch.linalg.eigvalsh(self.matrix)  # (B, n), ascending
        ratio: Tensor = values[:, -1] / values[:, 0]
        return ratio

    def projected(self, projection: Tensor) -> "FeaturePrompts":
        """Return the same prompts with S^T phi for phi, S of shape (d, r) or (B, d, r)."""
        return FeaturePrompts(self.x @ projection, self.y, self.queries @ projection, self.ridge)


def draw(
    shape: tuple[int, int, int, int],
    decay: float,
    ridge: float,
    noise_std: float,
    generator: torch.Generator,
    *,
    nonnegative: bool,
) -> FeaturePrompts:
    """Draw prompts; coordinate j of phi has a mean square proportional to j^-decay.

    Args:
        shape: prompts B, pairs n, queries Q, dimension d.
        decay: exponent c of the mean squares.
        ridge: lambda.
        noise_std: standard deviation of the labels' noise.
        generator: source of all randomness.
        nonnegative: take absolute values of the coordinates, so that kernel entries are not negative.
    """
    prompts, pairs, queries, dimension = shape
    weights = torch.arange(1, dimension + 1, dtype=torch.float64) ** -decay  # (d)
    points = torch.randn(prompts, pairs + queries, dimension, generator=generator, dtype=torch.float64)
    points = (points.abs() if nonnegative else points) * (weights / weights.sum()).sqrt()  # (B, n+Q, d)
    theta = torch.randn(prompts, dimension, 1, generator=generator, dtype=torch.float64)
    noise = torch.randn(prompts, pairs, generator=generator, dtype=torch.float64)
    x = points[:, :pairs]  # (B, n, d)
    return FeaturePrompts(x, (x @ theta)[..., 0] + noise_std * noise, points[:, pairs:], ridge)
