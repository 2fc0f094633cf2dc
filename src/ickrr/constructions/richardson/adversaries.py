"""Prompts on which the construction is verified: random ones, and ones that are bad for the iteration.

For adversarial points see `geometries`; of the further ones here, those on the bound |x| = R have the largest
errors of |x|^2. Labels of alternating sign excite the eigenvector of the smallest eigenvalue.
"""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from ickrr.constructions.dense_system import row_weights
from ickrr.constructions.richardson import geometries
from ickrr.constructions.richardson.drawn_laws import RANDOM_LAWS
from ickrr.constructions.richardson.geometries import TIGHT, directions
from ickrr.constructions.richardson.problem import Problem
from ickrr.constructions.richardson.prompts import Prompts, exact_system
from ickrr.kernels.distances import squared_distances
from ickrr.kernels.gaussian import profile as gaussian
from ickrr.laws import draw_inputs
from ickrr.randomness import torch_generator

QUERIES: Final = 4
NOISE_STD: Final = 0.3
JITTER: Final = 1e-10


def random_prompts(problem: Problem, count: int, seed: int) -> Prompts:
    """Draw `count` prompts of each of `RANDOM_LAWS`, with clipped labels of a noisy Gaussian process.

    Points beyond the input bound are moved onto it, labels beyond the label bound too. The last query is a
    context point.
    """
    sets = []
    for law in RANDOM_LAWS:
        if problem.sphere and law != "spherical":
            continue
        generator = torch_generator(seed, "construction", law, problem.context_length)
        size = problem.context_length + QUERIES
        points = _allowed(problem, draw_inputs(law, (count, size, problem.dimension), generator))
        kernel = gaussian(squared_distances(points, points), problem.lengthscale)
        factor = torch.linalg.cholesky(kernel + JITTER * torch.eye(size, dtype=torch.float64))
        normals = torch.randn(count, size, 2, generator=generator, dtype=torch.float64)
        y = (factor @ normals[..., :1])[..., 0] + NOISE_STD * normals[..., 1]  # (B, n+Q)
        y = y.clamp(-problem.label_bound, problem.label_bound)
        sets.append(_split(points, y, [law] * count, problem.context_length))
    return _stack(sets)


def adversarial_prompts(problem: Problem, steps: int, seed: int) -> Prompts:
    """Build one prompt of every adversarial geometry with every adversarial labelling.

    Args:
        problem: the problem.
        steps: Richardson steps T, for which the worst labels are computed.
        seed: seed of the points.
    """
    sets = []
    for name, place in GEOMETRIES.items():
        generator = torch_generator(seed, "adversary", name, problem.context_length)
        points = place(problem, problem.context_length + QUERIES, generator)[None]  # (1, n+Q, d)
        blank = torch.zeros(points.shape[:2], dtype=torch.float64)
        prompts = _split(_allowed(problem, points), blank, [name], problem.context_length)
        for labelling in LABELLINGS:
            labels = problem.label_bound * labelling(problem, prompts, steps)  # (1, n)
            sets.append(Prompts(prompts.x, labels, prompts.queries, [name]))
    return _stack(sets)


def all_prompts(problem: Problem, per_law: int, steps: int, seed: int) -> Prompts:
    """Return random and adversarial prompts together."""
    return _stack([random_prompts(problem, per_law, seed), adversarial_prompts(problem, steps, seed)])


def few_of_each(prompts: Prompts, count: int) -> Prompts:
    """Return the first prompts of every family."""
    seen: dict[str, int] = {}
    kept = []
    for index, family in enumerate(prompts.families):
        seen[family] = seen.get(family, 0) + 1
        if seen[family] <= count:
            kept.append(index)
    families = [prompts.families[index] for index in kept]
    return Prompts(prompts.x[kept], prompts.y[kept], prompts.queries[kept], families)


def _inner(problem: Problem) -> float:
    """Return the norm of points that need not lie on the bound."""
    return min(1.0, problem.input_bound)


def _equal(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    return geometries.all_equal(count, problem.dimension, _inner(problem), generator)


def _duplicates(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    return geometries.duplicates(count, problem.dimension, _inner(problem), generator)


def _clusters(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    radius, spread = _inner(problem) * (1 - TIGHT), TIGHT * problem.lengthscale
    return geometries.tight_clusters(count, problem.dimension, radius, spread, generator)


def _two_far(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    return geometries.two_clusters(count, problem.dimension, problem.input_bound, generator)


def _boundary(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    return directions(count, problem.dimension, generator) * problem.input_bound


def _near(problem: Problem, count: int, generator: torch.Generator) -> Tensor:
    ball = directions(count, problem.dimension, generator)
    radius = torch.rand(count, 1, generator=generator, dtype=torch.float64)
    return ball * radius * min(0.5 * problem.lengthscale, problem.input_bound)


GEOMETRIES: Final[dict[str, Callable[[Problem, int, torch.Generator], Tensor]]] = {
    geometries.ALL_EQUAL: _equal,
    geometries.DUPLICATES: _duplicates,
    geometries.TIGHT_CLUSTERS: _clusters,
    geometries.TWO_CLUSTERS: _two_far,
    "on the bound": _boundary,
    "close together": _near,
}
"""Adversarial points by name: (n, d) for a problem, n and a generator."""


def _alternating(problem: Problem, prompts: Prompts, steps: int) -> Tensor:
    """Return the labels +1, -1, +1, .., (1, n)."""
    signs = torch.ones_like(prompts.y)
    signs[:, 1::2] = -1
    return signs


def _worst(problem: Problem, prompts: Prompts, steps: int) -> Tensor:
    """Return the signs for which T exact steps are furthest from convergence at the first query, (1, n).

    The error is r^T y with r = A^-1 (I - A G^-1)^T k_q, so that y = sign(r) is the worst with |y| <= 1.
    """
    system = exact_system(problem, prompts)
    weights = row_weights(system.kernel, problem.ridge, problem.preconditioner)[0]  # (n)
    matrix = system.kernel[0] + problem.ridge * torch.eye(len(weights), dtype=torch.float64)  # (n, n)
    power = torch.linalg.matrix_power(torch.eye(len(weights), dtype=torch.float64) - matrix / weights, steps)
    direction = torch.linalg.solve(matrix, power @ system.cross[0, 0])  # (n)
    return torch.where(direction < 0, -1.0, 1.0).double()[None]


def _ones(problem: Problem, prompts: Prompts, steps: int) -> Tensor:
    """Return equal labels, (1, n)."""
    return torch.ones_like(prompts.y)


LABELLINGS: Final[tuple[Callable[[Problem, Prompts, int], Tensor], ...]] = (_worst, _alternating, _ones)
"""Adversarial labels, (1, n), within [-1, 1], of a prompt and a number of steps."""


def _allowed(problem: Problem, points: Tensor) -> Tensor:
    """Move points beyond the input bound onto it; on a sphere, all of them."""
    norms, bound = points.norm(dim=-1, keepdim=True), problem.input_bound  # (B, n+Q, 1)
    return torch.where((norms > bound) | problem.sphere, points * (bound / norms), points)


def _split(points: Tensor, y: Tensor, families: list[str], context_length: int) -> Prompts:
    x, queries = points[:, :context_length], points[:, context_length:].clone()
    queries[:, -1] = x[:, -1]
    return Prompts(x, y[:, :context_length], queries, families)


def _stack(sets: list[Prompts]) -> Prompts:
    return Prompts(
        torch.cat([part.x for part in sets]),
        torch.cat([part.y for part in sets]),
        torch.cat([part.queries for part in sets]),
        [family for part in sets for family in part.families],
    )
