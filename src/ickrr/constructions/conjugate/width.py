"""How many channels a representation needs: kernel ridge regression on r of them and on all.

The kernel of S^T phi for S of shape (d, r) stands for that of phi. S is Gaussian with entries N(0, 1/r), or
spans the first r right singular vectors of Phi, an oracle that has seen the context. Errors are root mean
squares over the queries of the distance to the full-rank prediction, over the full-rank prediction's own root
mean square. With them comes the effective dimension tr K (K + ridge I)^-1 of the full kernel.
"""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ickrr.config.conjugate_gradient import PROJECTIONS, WidthSettings
from ickrr.constructions.conjugate.exact_model import build
from ickrr.constructions.conjugate.feature_prompts import FeaturePrompts, draw
from ickrr.randomness import torch_generator


@dataclass(frozen=True)
class Draw:
    """One seed: a prompt, and both projections at every rank.

    Attributes:
        prompts: one prompt, at the first ridge.
        normal: standard normal numbers, (d, d); the first r columns make the Gaussian projection.
        basis: right singular vectors of Phi, (d, min(n, d)), the largest first.
    """

    prompts: FeaturePrompts
    normal: Tensor
    basis: Tensor

    def at(self, ridge: float) -> FeaturePrompts:
        """Return the prompt at a ridge."""
        return replace(self.prompts, ridge=ridge)

    def projection(self, kind: str, rank: int) -> Tensor:
        """Return S, (d, r); the eigenspace ends with the rank of Phi."""
        columns = self.normal / rank**0.5 if kind == "gaussian" else self.basis
        return columns[:, :rank]


def draw_seed(settings: WidthSettings, seed: int) -> Draw:
    """Draw the prompt and the projections of one seed."""
    generator = torch_generator(settings.seed, "width", seed)
    shape = (1, settings.context_length, settings.queries, settings.dimension)
    prompts = draw(
        shape, settings.decay, settings.ridges[0], settings.noise_std, generator, nonnegative=False
    )
    normal = torch.randn(settings.dimension, settings.dimension, generator=generator, dtype=torch.float64)
    basis = torch.linalg.svd(prompts.x[0], full_matrices=False).Vh.T  # (d, min(n, d))
    return Draw(prompts, normal, basis)


def effective_dimension(prompts: FeaturePrompts) -> float:
    """Return tr K (K + ridge I)^-1 of one prompt's kernel."""
    values = torch.linalg.eigvalsh(prompts.system.kernel[0]).clamp_min(0)  # (n)
    return float((values / (values + prompts.ridge)).sum())


def relative_error(found: Tensor, reference: Tensor) -> float:
    """Return the root mean square of found - reference over that of the reference."""
    return float((found - reference).norm() / reference.norm())


def ranks_of(settings: WidthSettings, dimension: float) -> dict[float, int]:
    """Return the rank at every multiple of an effective dimension, rounded, from 1 to the full dimension."""
    return {
        multiple: min(settings.dimension, max(1, round(multiple * dimension)))
        for multiple in settings.multiples
    }


def measure(settings: WidthSettings, seed: int) -> list[dict[str, object]]:
    """Return the errors of one seed at every ridge, projection and rank; multiples of d_eff are marked."""
    drawn = draw_seed(settings, seed)
    rows: list[dict[str, object]] = []
    for ridge in settings.ridges:
        prompts = drawn.at(ridge)
        full = prompts.system.solution()  # (1, Q)
        dimension = effective_dimension(prompts)
        marked = [(rank, multiple) for multiple, rank in ranks_of(settings, dimension).items()]
        for rank, multiple in [*((rank, float("nan")) for rank in settings.ranks), *marked]:
            for kind in PROJECTIONS:
                found = prompts.projected(drawn.projection(kind, rank)).system.solution()
                rows.append(
                    {
                        "seed": seed,
                        "projection": kind,
                        "ridge": ridge,
                        "rank": rank,
                        "multiple": multiple,
                        "effective_dimension": dimension,
                        "source": "algebra",
                        "error": relative_error(found, full),
                        "gap": float("nan"),
                    }
                )
    return rows


def measure_stack(settings: WidthSettings, seed: int, rank: int) -> dict[str, object]:
    """Run the built conjugate gradients with heads of width r at the middle ridge.

    Queries and keys of the heads are S^T phi with the Gaussian S. `gap` is the largest distance of its
    predictions to those of the algebra with the same S, over the largest of these.
    """
    drawn = draw_seed(settings, seed)
    ridge = middle(settings.ridges)
    prompts, projection = drawn.at(ridge), drawn.projection("gaussian", rank)
    stack = build(settings.dimension, settings.stack_steps, ridge, projection=projection)
    last = stack.predictions(prompts.x, prompts.y, prompts.queries)  # (1, Q)
    algebra = prompts.projected(projection).system.solution()
    return {
        "seed": seed,
        "projection": "gaussian",
        "ridge": ridge,
        "rank": rank,
        "multiple": float("nan"),
        "effective_dimension": effective_dimension(prompts),
        "source": "stack",
        "error": relative_error(last, prompts.system.solution()),
        "gap": float((last - algebra).abs().max() / algebra.abs().max()),
    }


def middle(values: list[float]) -> float:
    """Return the middle one of some values."""
    return sorted(values)[len(values) // 2]
