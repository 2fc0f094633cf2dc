"""Sets of points that are bad for the iteration: equal ones, pairs, tight clusters, two far clusters.

Points that coincide make the smallest eigenvalue of the preconditioned matrix ridge/(N + ridge), the bound of
the theorem; far clusters make the row sums differ most.
"""

from typing import Final

import torch
from torch import Tensor

from ickrr.constructions.richardson.drawn_laws import DIRECTIONS
from ickrr.laws import draw_inputs

CLUSTERS: Final = 4
TIGHT: Final = 1e-3
"""Radius of a tight cluster."""

ALL_EQUAL: Final = "all equal"
DUPLICATES: Final = "duplicates"
TIGHT_CLUSTERS: Final = "tight clusters"
TWO_CLUSTERS: Final = "two far clusters"


def directions(count: int, dimension: int, generator: torch.Generator) -> Tensor:
    """Draw points on the unit sphere, (count, d), float64."""
    return draw_inputs(DIRECTIONS, (count, dimension), generator)


def all_equal(count: int, dimension: int, radius: float, generator: torch.Generator) -> Tensor:
    """Return one point of a norm, many times, (count, d)."""
    return directions(1, dimension, generator).expand(count, -1) * radius


def duplicates(count: int, dimension: int, radius: float, generator: torch.Generator) -> Tensor:
    """Return points of a norm, each twice, (count, d)."""
    points = directions(-(-count // 2), dimension, generator) * radius
    return points.repeat_interleave(2, dim=0)[:count]


def tight_clusters(
    count: int, dimension: int, radius: float, spread: float, generator: torch.Generator
) -> Tensor:
    """Return points at a distance from one of `CLUSTERS` centres of a norm, (count, d)."""
    centres = directions(CLUSTERS, dimension, generator) * radius
    return centres[torch.arange(count) % CLUSTERS] + spread * directions(count, dimension, generator)


def two_clusters(count: int, dimension: int, radius: float, generator: torch.Generator) -> Tensor:
    """Return a point of a norm for a quarter of the points, and its negative for the others, (count, d)."""
    side = torch.where(torch.arange(count) < count // 4, 1.0, -1.0).double()[:, None]  # (count, 1)
    return directions(1, dimension, generator) * radius * side
