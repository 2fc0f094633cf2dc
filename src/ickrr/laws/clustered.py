"""About half of the points of a prompt close to one centre on the unit sphere, the others on a larger sphere.

The row sums of the kernel then differ much more between the points of a prompt than under the other laws, so
that solvers with and without the row-sum preconditioner differ (docs/identification.md, rule 8).
"""

from typing import TYPE_CHECKING

from ickrr.laws.normal import normal

if TYPE_CHECKING:
    import torch
    from torch import Tensor

NAME = "Cluster"
LINE = None  # on a line, the larger sphere is two points
SHARE = 0.5  # probability of a point to be in the cluster
SPREAD = 0.2  # standard deviation of each coordinate around the centre
RADIUS = 1.5  # of the sphere of the others


def draw(shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw points of a shape (.., points, d), float64; each prompt has a centre of its own."""
    import torch

    *prompts, points, dimension = shape
    unit = torch.nn.functional.normalize
    centre = unit(normal((*prompts, 1, dimension), generator), dim=-1)  # (.., 1, d)
    drawn = normal(shape, generator)  # (.., points, d)
    uniforms = torch.rand(
        (*prompts, points, 1), generator=generator, dtype=torch.float64, device=generator.device
    )
    return torch.where(uniforms < SHARE, centre + SPREAD * drawn, RADIUS * unit(drawn, dim=-1))


def mean_square_norm(dimension: int) -> float:
    """Return E|x|^2."""
    return SHARE * (1 + dimension * SPREAD**2) + (1 - SHARE) * RADIUS**2
