"""Conjugate gradients for (K + ridge I) a = y, K = Phi Phi^T, as weights of the transformer.

Paired layout, one head of linear attention that sums, no norm, a sink token that aggregates, and MLPs with
exact products and guarded quotients. The inputs x are the representations phi. One step takes five blocks:

| block | attention | MLP |
| --- | --- | --- |
| product | support and query read K p | scaled image g (K p + ridge p) (preconditioned only) |
| curvature | the aggregator gathers p.(K p + ridge p) | alpha = size / curvature |
| update | all read alpha | a += alpha p, r -= alpha w, z -= alpha g w, prediction += alpha K p |
| size | the aggregator gathers r.z | beta = new size / size; size <- new size |
| momentum | all read beta | p <- z + beta p |

Before the first step one block gathers r.z, after one that computes g and z if it is preconditioned. The
linear maps of attention form w = K p + ridge p. Algorithm: Hestenes and Stiefel (1952).
"""

from typing import Final

import torch
from torch import Tensor

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.blocks import empty_block, write_unit
from ickrr.constructions.conjugate.channels import Channels
from ickrr.constructions.conjugate.stack import SETUP_BLOCKS, Stack, assemble, checked_projection
from ickrr.constructions.functionals import ONE, Affine, Functional, channel_value
from ickrr.model.block import Block
from ickrr.model.built import RationalMLP

BLOCKS_PER_STEP: Final = 5
PRECONDITIONER_BLOCKS: Final = 1  # the weights g and z = g r, before it
UPDATE: Final = 3  # the block of a step after which its prediction stands
HIDDEN: Final = 7  # units of the widest MLP: the update's

PRIMITIVES: Final = {
    "product": "u v, a unit of RationalMLP whose divisor is 1",
    "guarded division": "u / w, a unit of RationalMLP, 0 where w <= SMALLEST_DIVISOR",
}
"""What the exact model uses beyond linear maps and linear attention; no trained model does."""


def settings_for(
    dimension: int, steps: int, *, preconditioned: bool = False, head_width: int | None = None
) -> BuiltModelSettings:
    """Return the architecture of the exact model for representations of a dimension d and so many steps."""
    setup = SETUP_BLOCKS + PRECONDITIONER_BLOCKS * preconditioned
    return BuiltModelSettings(
        layers=setup + BLOCKS_PER_STEP * steps,
        width=Channels(dimension).width,
        heads=1,
        head_width=head_width or dimension,
        attention="linear",
        linear_scale="sum",
        mlp="rational",
        hidden=HIDDEN,
        norm="none",
        layout="paired",
        sink=True,
    )


@torch.no_grad()
def build(
    dimension: int,
    steps: int,
    ridge: float,
    *,
    preconditioned: bool = False,
    projection: Tensor | None = None,
) -> Stack:
    """Build the exact model; the blocks of all steps are the same five modules.

    Args:
        dimension: d of the representations.
        steps: CG steps T.
        ridge: lambda > 0.
        preconditioned: by the row sums of K + ridge I.
        projection: S, (d, r), float64: queries and keys see S^T phi; phi itself when absent.

    Raises:
        ConstructionError: the ridge is not positive, or the projection is not of this dimension.
    """
    projection = checked_projection(dimension, ridge, projection)
    settings = settings_for(dimension, steps, preconditioned=preconditioned, head_width=projection.shape[1])
    blocks = Blocks(settings, Channels(dimension), ridge, projection, preconditioned)
    setup = [blocks.weight()] if preconditioned else []
    setup.append(blocks.first_size())
    step = [
        blocks.product(),
        blocks.curvature(),
        blocks.update(),
        blocks.size(),
        blocks.momentum(),
    ]
    model = assemble(settings, blocks.channels, [*setup, *step * steps], preconditioned)
    return Stack(model, blocks.channels, len(setup), len(step), UPDATE, preconditioned, ridge)


class Blocks:
    """The blocks of the exact model.

    Args:
        settings: architecture.
        channels: the residual stream.
        ridge: lambda.
        projection: S, (d, r).
        preconditioned: by the row sums of K + ridge I.
    """

    def __init__(
        self,
        settings: BuiltModelSettings,
        channels: Channels,
        ridge: float,
        projection: Tensor,
        preconditioned: bool,
    ) -> None:
        self.settings = settings
        self.channels = channels
        self.ridge = ridge
        self.projection = projection
        self.preconditioned = preconditioned
        self.image: Functional = {channels.image: 1.0, channels.direction: ridge}  # w = K p + ridge p
        self.z = channels.scaled if preconditioned else channels.residual

    def weight(self) -> Block:
        """Return the block of g = 1/(K 1 + ridge), with K 1 by the kernel's head, and of z = p = g y."""
        block, write, c = self._block()
        c.multiply_kernel(block.attention, self.projection, None)
        row_sum: Affine = ({c.image: 1.0}, self.ridge)
        write.add(ONE, ONE, row_sum, {c.weight: 1.0})
        write.add(channel_value(c.residual), ONE, row_sum, {c.scaled: 1.0, c.direction: 1.0})
        write.clear(c.image)
        return block

    def first_size(self) -> Block:
        """Return the block that gathers r.z before the first step."""
        block, _, c = self._block()
        c.gather(block.attention, c.residual, {self.z: 1.0}, c.size)
        return block

    def product(self) -> Block:
        """Return the block of K p, by the kernel's head, and of g (K p + ridge p) if preconditioned."""
        block, write, c = self._block()
        c.multiply_kernel(block.attention, self.projection, c.direction)
        if self.preconditioned:
            write.add(channel_value(c.weight), (self.image, 0.0), ONE, {c.scaled_image: 1.0})
        return block

    def curvature(self) -> Block:
        """Return the block that gathers p.w, and of alpha = size / curvature; 0/0 = 0 at other tokens."""
        block, write, c = self._block()
        c.gather(block.attention, c.direction, self.image, c.curvature)
        write.add(channel_value(c.size), ONE, channel_value(c.curvature), {c.step: 1.0})
        write.clear(c.curvature)
        return block

    def update(self) -> Block:
        """Return the block that lends alpha to all tokens, and of everything that moves by alpha."""
        block, write, c = self._block()
        c.broadcast(block.attention, c.step)
        write.add(channel_value(c.step), channel_value(c.direction), ONE, {c.dual: 1.0})
        write.add(channel_value(c.step), (self.image, 0.0), ONE, {c.residual: -1.0})
        write.add(channel_value(c.step), channel_value(c.image), ONE, {c.prediction: 1.0})
        write.clear(c.step)
        write.clear(c.image)
        if self.preconditioned:
            write.add(channel_value(c.step), channel_value(c.scaled_image), ONE, {c.scaled: -1.0})
            write.clear(c.scaled_image)
        return block

    def size(self) -> Block:
        """Return the block that gathers r.z, and of beta = new size / size; the new replaces the old."""
        block, write, c = self._block()
        c.gather(block.attention, c.residual, {self.z: 1.0}, c.new_size)
        write.add(channel_value(c.new_size), ONE, channel_value(c.size), {c.momentum: 1.0})
        write.add(channel_value(c.new_size), ONE, ONE, {c.size: 1.0, c.new_size: -1.0})
        write.clear(c.size)
        return block

    def momentum(self) -> Block:
        """Return the block that lends beta to all tokens, and of p <- z + beta p."""
        block, write, c = self._block()
        c.broadcast(block.attention, c.momentum)
        write.add(channel_value(c.momentum), channel_value(c.direction), ONE, {c.direction: 1.0})
        write.add(channel_value(self.z), ONE, ONE, {c.direction: 1.0})
        write.clear(c.direction)
        write.clear(c.momentum)
        return block

    def _block(self) -> tuple[Block, "Writer", Channels]:
        block, mlp = empty_block(self.settings, RationalMLP)
        return block, Writer(mlp), self.channels


class Writer:
    """Writes the units of a rational MLP one after the other.

    Args:
        mlp: all zeros.
    """

    def __init__(self, mlp: RationalMLP) -> None:
        self.mlp = mlp
        self.used = 0

    def add(self, first: Affine, second: Affine, divisor: Affine, outputs: Functional) -> None:
        """Add first * second / divisor to the channels of `outputs`."""
        write_unit(self.mlp, self.used, (first, second, divisor), outputs)
        self.used += 1

    def clear(self, channel: int) -> None:
        """Subtract from a channel what it holds before this MLP."""
        self.add(channel_value(channel), ONE, ONE, {channel: -1.0})
