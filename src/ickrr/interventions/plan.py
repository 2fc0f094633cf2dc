"""Which heads are replaced, and by what."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from torch import Tensor

from ickrr.interventions.kernel_heads import LayerKernels
from ickrr.interventions.replacing import Head, Operators
from ickrr.interventions.sequence import Sequence

Replacement = Literal["kernel", "permuted", "flat", "mean"]

REPLACEMENTS: Final[tuple[Replacement, ...]] = ("kernel", "permuted", "flat", "mean")
"""The fitted kernel, the same of permuted points, flat attention, and the mean over the fit prompts."""

NO_LAYER: Final = 0
NO_HEAD: Final = -1


@dataclass(frozen=True)
class HeadSet:
    """Heads that are replaced together.

    Attributes:
        scope: ``head``, a single one; ``layer``, all of a layer that are like a kernel; ``random``, as many
            of the heads of the model that are not; ``model``, all that are; ``rest``, all that are not.
        layer: of the first two, and the layer that a random set stands beside; otherwise `NO_LAYER`.
        head: of the first; otherwise `NO_HEAD`.
        heads: the heads.
    """

    scope: str
    layer: int
    head: int
    heads: tuple[Head, ...]

    @property
    def first(self) -> int:
        """The first layer that is changed."""
        return min(layer for layer, _ in self.heads)


def head_sets(like_kernels: Mapping[Head, bool], generator: np.random.Generator) -> list[HeadSet]:
    """Return all sets of heads that are replaced; empty ones are left out.

    Args:
        like_kernels: of each head, whether it is like a kernel.
        generator: draws the random sets, one for each layer.
    """
    inside = [head for head, like in like_kernels.items() if like]
    outside = [head for head, like in like_kernels.items() if not like]
    sets = [HeadSet("head", *head, (head,)) for head in like_kernels]
    for layer in dict.fromkeys(layer for layer, _ in like_kernels):
        together = tuple(head for head in inside if head[0] == layer)
        count = min(len(together), len(outside))
        drawn = [outside[index] for index in sorted(generator.permutation(len(outside))[:count])]
        sets.append(HeadSet("layer", layer, NO_HEAD, together))
        sets.append(HeadSet("random", layer, NO_HEAD, tuple(drawn)))
    sets.append(HeadSet("model", NO_LAYER, NO_HEAD, tuple(inside)))
    sets.append(HeadSet("rest", NO_LAYER, NO_HEAD, tuple(outside)))
    return [one for one in sets if one.heads]


def operators_of(
    replacement: Replacement, head: Head, kernels: LayerKernels, x: Tensor, permuted: Tensor, layout: str
) -> Operators:
    """Return what a head's attention is replaced by on some prompts.

    Args:
        replacement: kind of operator.
        head: the head.
        kernels: of its layer.
        x: inputs of the prompts, (B, N+1, d).
        permuted: the same, the points of each prompt in another order.
        layout: of the model.
    """
    _, number = head

    def from_kernel(tokens: int) -> Tensor:
        sequence = Sequence.of(layout, tokens)
        return kernels.kernel.operators(number, sequence, sequence.distances(x))

    def from_permuted(tokens: int) -> Tensor:
        sequence = Sequence.of(layout, tokens)
        return kernels.kernel.operators(number, sequence, sequence.distances(permuted))

    def flat(tokens: int) -> Tensor:
        sequence = Sequence.of(layout, tokens)
        return kernels.flat.operators(number, sequence, sequence.distances(x))

    def mean(tokens: int) -> Tensor:
        return kernels.mean[tokens][number]

    made: dict[Replacement, Callable[[int], Tensor]] = {
        "kernel": from_kernel,
        "permuted": from_permuted,
        "flat": flat,
        "mean": mean,
    }
    return made[replacement]
