"""Conjugate gradients as weights with ReLU MLPs: every product and quotient inside a token is an interpolant.

It is `exact_model` without a preconditioner. Sums over tokens stay exact, because linear attention is a
product itself. Products in MLPs are polarised squares; a quotient is exp(log u - log w), whose exponential
takes a block of its own, so that one step takes seven blocks:

| block | attention | MLP |
| --- | --- | --- |
| product | K p | |
| curvature | the aggregator gathers p.(K p + ridge p) | quotient = log size - log curvature |
| step | | alpha = exp quotient |
| update | all read alpha | a += alpha p, r -= alpha w, prediction += alpha K p |
| size | the aggregator gathers r.r | quotient = log new size - log size; size <- new size |
| ratio | | beta = exp quotient |
| momentum | all read beta | p <- r + beta p |

Logarithms have knots in geometric progression. Numerators are read deeper (`NUMERATOR_FLOOR`) than
denominators (`FLOOR`): once both are below, the quotient falls to 0, and the iteration stays where it is.
"""

import math
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions import interpolants
from ickrr.constructions.bank_weights import set_bank, set_linear, set_product
from ickrr.constructions.blocks import empty_block
from ickrr.constructions.conjugate.channels import Channels
from ickrr.constructions.conjugate.stack import SETUP_BLOCKS, Stack, assemble, checked_projection
from ickrr.constructions.functionals import Affine, Functional, channel_value
from ickrr.errors import ConstructionError
from ickrr.model.banks import BankedMLP
from ickrr.model.block import Block

BLOCKS_PER_STEP: Final = 7
UPDATE: Final = 4  # the block of a step after which its prediction stands
BANKS: Final = 6  # two for each of the update's three products
LINEAR_UNITS: Final = 6  # relu(z) - relu(-z) = z for what is linear in an MLP
FEWEST_UNITS: Final = 4
FLOOR: Final = 1e-14
"""Denominators below this share of the largest one are read as this share of it."""
NUMERATOR_FLOOR: Final = 1e-20
"""Numerators below this share of the largest one are read as this share of it."""
SMALLEST_RATIO: Final = 1e-8
"""Quotients up to this share of the largest are 0."""
HIDDEN_LOGARITHM: Final = 1e3
"""Taken from the logarithm at every token but the aggregator; e^-1000 is 0 in float64."""


@dataclass(frozen=True)
class Ranges:
    """Bounds of what the interpolants read; beyond them products continue linearly and quotients are cut off.

    Attributes:
        step: alpha.
        momentum: beta.
        direction: |p_i|.
        image: |(K p)_i| and |(K p + ridge p)_i|.
        size: r.r.
        curvature: p.(K p + ridge p).
    """

    step: float
    momentum: float
    direction: float
    image: float
    size: float
    curvature: float


def measured_ranges(stack: Stack, x: Tensor, y: Tensor, queries: Tensor, margin: float) -> Ranges:
    """Return the largest values in the streams of an exact stack, times a margin.

    Layers whose r.r has fallen below `FLOOR` of its start are left out: their quotients are those of
    rounding errors.

    Args:
        stack: the exact model, without a preconditioner.
        x: representations of some contexts, (B, n, d), float64.
        y: labels, (B, n).
        queries: (B, Q, d).
        margin: factor of all ranges, at least 1.
    """
    c = stack.channels
    largest = dict.fromkeys(("step", "momentum", "direction", "image", "size", "curvature"), 0.0)
    start: Tensor | None = None
    for layer, stream in enumerate(stack.streams(x, y, queries)):
        size = stream[:, 0, c.size]  # (B)
        if layer == stack.setup:
            start = size
        if start is None:
            continue
        live = stream[size > FLOOR * start]  # (B', 1+n+Q, width)
        image, direction = live[..., c.image], live[..., c.direction]
        support = slice(1, 1 + x.shape[1])
        weighted = image + stack.ridge * direction  # w
        found = {
            "step": live[:, 0, c.step],
            "momentum": live[:, 0, c.momentum],
            "direction": direction[:, support].abs(),
            "image": torch.maximum(image.abs(), weighted.abs()),
            "size": live[:, 0, c.size],
            "curvature": (direction * weighted)[:, support].sum(1),
        }
        for name, values in found.items():
            largest[name] = max([largest[name], *values.flatten().tolist()])
    return Ranges(**{name: margin * value for name, value in largest.items()})


def settings_for(dimension: int, steps: int, units: int) -> BuiltModelSettings:
    """Return the architecture of the ReLU model for interpolants of so many units."""
    return BuiltModelSettings(
        layers=SETUP_BLOCKS + BLOCKS_PER_STEP * steps,
        width=Channels(dimension).width,
        heads=1,
        head_width=dimension,
        attention="linear",
        linear_scale="sum",
        mlp="relu_banks",
        hidden=LINEAR_UNITS,
        banks=BANKS,
        bank_units=units,
        norm="none",
        layout="paired",
        sink=True,
    )


@torch.no_grad()
def build(dimension: int, steps: int, ridge: float, ranges: Ranges, units: int) -> Stack:
    """Build the ReLU model; the blocks of all steps are the same seven modules.

    Args:
        dimension: d of the representations.
        steps: CG steps T.
        ridge: lambda > 0.
        ranges: what the interpolants cover.
        units: units of each interpolant, even, at least `FEWEST_UNITS`.

    Raises:
        ConstructionError: the ridge is not positive, or the units are odd or too few.
    """
    projection = checked_projection(dimension, ridge, None)
    if units < FEWEST_UNITS or units % 2:
        raise ConstructionError(f"units: found {units}; an even number of at least {FEWEST_UNITS} is needed")
    channels = Channels(dimension)
    blocks = Blocks(settings_for(dimension, steps, units), channels, ridge, ranges, units)
    first, _ = blocks.block()
    channels.gather(first.attention, channels.residual, {channels.residual: 1.0}, channels.size)
    product, _ = blocks.block()
    channels.multiply_kernel(product.attention, projection, channels.direction)
    step = [
        product,
        blocks.curvature(),
        blocks.exponential(channels.step, ranges.step),
        blocks.update(),
        blocks.size(),
        blocks.exponential(channels.momentum, ranges.momentum),
        blocks.momentum(),
    ]
    model = assemble(blocks.settings, channels, [first, *step * steps], preconditioned=False)
    return Stack(model, channels, SETUP_BLOCKS, BLOCKS_PER_STEP, UPDATE, False, ridge)


class Blocks:
    """The blocks of the ReLU model.

    Args:
        settings: architecture.
        channels: the residual stream.
        ridge: lambda.
        ranges: what the interpolants cover.
        units: units of each interpolant.
    """

    def __init__(
        self,
        settings: BuiltModelSettings,
        channels: Channels,
        ridge: float,
        ranges: Ranges,
        units: int,
    ) -> None:
        self.settings = settings
        self.channels = channels
        self.ranges = ranges
        self.units = units
        self.image: Functional = {channels.image: 1.0, channels.direction: ridge}  # w = K p + ridge p

    def block(self) -> tuple[Block, BankedMLP]:
        """Return a block that changes nothing, and its MLP."""
        return empty_block(self.settings, BankedMLP)

    def curvature(self) -> Block:
        """Return the block that gathers p.w, and of the logarithm of size over curvature."""
        c = self.channels
        block, mlp = self.block()
        c.gather(block.attention, c.direction, self.image, c.curvature)
        self._logarithm(mlp, 0, c.size, self.ranges.size, NUMERATOR_FLOOR, 1.0)
        self._logarithm(mlp, 1, c.curvature, self.ranges.curvature, FLOOR, -1.0)
        set_linear(mlp, 0, {c.curvature: 1.0}, {c.curvature: -1.0})
        return block

    def size(self) -> Block:
        """Return the block that gathers r.r, which replaces the old, and of the logarithm of their ratio."""
        c = self.channels
        block, mlp = self.block()
        c.gather(block.attention, c.residual, {c.residual: 1.0}, c.new_size)
        self._logarithm(mlp, 0, c.new_size, self.ranges.size, NUMERATOR_FLOOR, 1.0)
        self._logarithm(mlp, 1, c.size, self.ranges.size, FLOOR, -1.0)
        set_linear(mlp, 0, {c.new_size: 1.0, c.size: -1.0}, {c.size: 1.0})
        set_linear(mlp, 1, {c.new_size: 1.0}, {c.new_size: -1.0})
        return block

    def exponential(self, target: int, largest: float) -> Block:
        """Return the block that writes exp(quotient) to an aggregator channel and clears the quotient."""
        c = self.channels
        block, mlp = self.block()
        function = interpolants.exponential(math.log(SMALLEST_RATIO * largest), math.log(largest), self.units)
        inputs = {c.quotient: 1.0, c.flag: HIDDEN_LOGARITHM}
        set_bank(mlp, 0, function, inputs, {target: 1.0}, -HIDDEN_LOGARITHM)
        set_linear(mlp, 0, {c.quotient: 1.0}, {c.quotient: -1.0})
        return block

    def update(self) -> Block:
        """Return the block that lends alpha to all tokens, and of everything that moves by alpha."""
        c, ranges = self.channels, self.ranges
        block, mlp = self.block()
        c.broadcast(block.attention, c.step)
        step: Affine = channel_value(c.step)
        by_direction = interpolants.product(ranges.step, ranges.direction, self.units)
        by_image = interpolants.product(ranges.step, ranges.image, self.units)
        set_product(mlp, 0, by_direction, step, {c.direction: 1.0}, {c.dual: 1.0})
        set_product(mlp, 2, by_image, step, self.image, {c.residual: -1.0})
        set_product(mlp, 4, by_image, step, {c.image: 1.0}, {c.prediction: 1.0})
        set_linear(mlp, 0, {c.step: 1.0}, {c.step: -1.0})
        set_linear(mlp, 1, {c.image: 1.0}, {c.image: -1.0})
        return block

    def momentum(self) -> Block:
        """Return the block that lends beta to all tokens, and of p <- r + beta p."""
        c, ranges = self.channels, self.ranges
        block, mlp = self.block()
        c.broadcast(block.attention, c.momentum)
        product = interpolants.product(ranges.momentum, ranges.direction, self.units)
        set_product(mlp, 0, product, channel_value(c.momentum), {c.direction: 1.0}, {c.direction: 1.0})
        set_linear(mlp, 0, {c.residual: 1.0, c.direction: -1.0}, {c.direction: 1.0})
        set_linear(mlp, 1, {c.momentum: 1.0}, {c.momentum: -1.0})
        return block

    def _logarithm(
        self, mlp: BankedMLP, bank: int, source: int, largest: float, floor: float, sign: float
    ) -> None:
        function = interpolants.logarithm(floor * largest, largest, self.units)
        set_bank(mlp, bank, function, {source: -1.0}, {self.channels.quotient: sign})
