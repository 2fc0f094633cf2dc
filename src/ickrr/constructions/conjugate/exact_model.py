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

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.conjugate.channels import ConjugateChannels, identity
from ickrr.constructions.richardson.exact_model import Affine
from ickrr.constructions.richardson.relu_model import Functional
from ickrr.errors import ConstructionError
from ickrr.model.attention import Visibility
from ickrr.model.block import Block
from ickrr.model.built import RationalMLP
from ickrr.model.tokens import pair
from ickrr.model.transformer import Transformer, build_block

BLOCKS_PER_STEP: Final = 5
SETUP_BLOCKS: Final = 1  # gathers r.z
PRECONDITIONER_BLOCKS: Final = 1  # the weights g and z = g r, before it
UPDATE: Final = 3  # the block of a step after which its prediction stands
HIDDEN: Final = 7  # units of the widest MLP: the update's

PRIMITIVES: Final = {
    "product": "u v, a unit of RationalMLP whose divisor is 1",
    "guarded division": "u / w, a unit of RationalMLP, 0 where w <= SMALLEST_DIVISOR",
}
"""What the exact version uses beyond linear maps and linear attention; no trained model does."""

ONE: Final[Affine] = ({}, 1.0)


@dataclass(frozen=True)
class Stack:
    """A built model, and which of its layers holds which step.

    Attributes:
        model: the transformer, float64.
        channels: its residual stream.
        setup: blocks before the first step.
        blocks_per_step: blocks of one step.
        update: the block of a step after which its prediction stands.
        preconditioned: z = r / (row sums of K + ridge).
        ridge: the ridge that the weights are made for.
    """

    model: Transformer
    channels: ConjugateChannels
    setup: int
    blocks_per_step: int
    update: int
    preconditioned: bool
    ridge: float

    def step(self, layer: int) -> int:
        """Return the step whose prediction and dual a layer holds; layer 0 is the embedding."""
        return max(0, (layer - self.setup + self.blocks_per_step - self.update) // self.blocks_per_step)

    def position(self, layer: int) -> float:
        """Return the steps that a layer's blocks make up, a fraction between steps."""
        return max(0.0, (layer - self.setup) / self.blocks_per_step)

    def layer(self, step: int) -> int:
        """Return the last layer of a step; step 0 ends with the setup."""
        return self.setup + self.blocks_per_step * step

    @torch.no_grad()
    def streams(self, x: Tensor, y: Tensor, queries: Tensor) -> Iterator[Tensor]:
        """Yield the residual stream of all tokens at layers 0..L.

        Args:
            x: representations of the context, (B, n, d), float64.
            y: labels, (B, n).
            queries: (B, Q, d).

        Yields:
            (B, 1+n+Q, width): the aggregator, the context, the queries.

        Raises:
            ConstructionError: it is preconditioned and a row sum of K + ridge I is not positive.
        """
        if self.preconditioned:
            require_positive_row_sums(x, self.ridge)
        tokens = self.model.embedding(pair(x, y, queries))  # (B, n+Q, width)
        assert self.model.sink is not None  # `build` gives every stack one
        tokens = torch.cat((self.model.sink.expand(len(x), 1, -1), tokens), dim=1)  # (B, 1+n+Q, width)
        yield from self.model.layers(tokens, Visibility(keys=1 + x.shape[1]))

    def run(self, x: Tensor, y: Tensor, queries: Tensor) -> tuple[Tensor, Tensor]:
        """Return what every layer holds of predictions, (L+1, B, Q), and duals, (L+1, B, n).

        Args:
            x: representations of the context, (B, n, d), float64.
            y: labels, (B, n).
            queries: (B, Q, d).

        Raises:
            ConstructionError: as `streams`.
        """
        keys = 1 + x.shape[1]
        predictions, duals = [], []
        for stream in self.streams(x, y, queries):
            predictions.append(self.model.read(stream[:, keys:]))
            duals.append(stream[:, 1:keys, self.channels.dual])
        return torch.stack(predictions), torch.stack(duals)

    def predictions(self, x: Tensor, y: Tensor, queries: Tensor) -> Tensor:
        """Return the predictions of the last layer, (B, Q), for the arguments of `run`.

        Raises:
            ConstructionError: as `streams`.
        """
        *_, last = self.streams(x, y, queries)
        return self.model.read(last[:, 1 + x.shape[1] :])


def require_positive_row_sums(x: Tensor, ridge: float) -> None:
    """Refuse representations whose kernel has no row-sum preconditioner.

    Args:
        x: representations of the context, (B, n, d).
        ridge: lambda.

    Raises:
        ConstructionError: a row sum of K + ridge I is not positive; says the smallest.
    """
    row_sums = (x @ x.sum(dim=1)[..., None])[..., 0] + ridge  # (B, n)
    smallest = min(row_sums.flatten().tolist(), default=ridge)
    if not smallest > 0:
        raise ConstructionError(
            f"preconditioner: found a row sum of K + ridge I of {smallest:g}; row sums must be positive: use "
            "representations without negative entries, or conjugate gradients without a preconditioner"
        )


def settings_for(
    dimension: int, steps: int, *, preconditioned: bool = False, head_width: int | None = None
) -> BuiltModelSettings:
    """Architecture of the exact version for representations of a dimension d and a number of steps."""
    setup = SETUP_BLOCKS + PRECONDITIONER_BLOCKS * preconditioned
    return BuiltModelSettings(
        layers=setup + BLOCKS_PER_STEP * steps,
        width=ConjugateChannels(dimension).width,
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
    """Build the exact version; the blocks of all steps are the same five modules.

    Args:
        dimension: d of the representations.
        steps: CG steps T.
        ridge: lambda > 0.
        preconditioned: by the row sums of K + ridge I.
        projection: S, (d, r), float64: queries and keys see S^T phi; phi itself when absent.

    Raises:
        ConstructionError: the ridge is not positive, or the projection is not of this dimension.
    """
    projection = checked(dimension, ridge, projection)
    settings = settings_for(dimension, steps, preconditioned=preconditioned, head_width=projection.shape[1])
    assembly = Assembly(settings, ConjugateChannels(dimension), ridge, projection, preconditioned)
    setup = [assembly.weight_block()] if preconditioned else []
    setup.append(assembly.first_size_block())
    step = [
        assembly.product_block(),
        assembly.curvature_block(),
        assembly.update_block(),
        assembly.size_block(),
        assembly.momentum_block(),
    ]
    model = assemble(settings, assembly.channels, [*setup, *step * steps], preconditioned)
    return Stack(model, assembly.channels, len(setup), len(step), UPDATE, preconditioned, ridge)


def checked(dimension: int, ridge: float, projection: Tensor | None) -> Tensor:
    """Return the projection, (d, r), after refusing what cannot be built.

    Raises:
        ConstructionError: the ridge is not positive, or the projection is not of this dimension.
    """
    if not ridge > 0:
        raise ConstructionError(f"ridge: found {ridge:g}; it must be positive")
    if projection is None:
        return identity(dimension)
    if projection.shape[0] != dimension:
        raise ConstructionError(
            f"projection: found {projection.shape[0]} rows; the representations have {dimension} channels"
        )
    return projection


def assemble(
    settings: BuiltModelSettings, channels: ConjugateChannels, blocks: list[Block], preconditioned: bool
) -> Transformer:
    """Put blocks between the embedding and the readout; y starts r, and p where r = z."""
    model = Transformer(settings.model_copy(update={"layers": 1}), channels.dimension, 1)
    model = model.double().requires_grad_(False).eval()
    model.settings = settings
    for parameter in model.parameters():
        parameter.zero_()
    assert model.sink is not None  # all settings of this module have one
    label = (channels.residual,) if preconditioned else (channels.residual, channels.direction)
    channels.write_ends(model.embedding, model.sink, model.readout, label)
    model.blocks = nn.ModuleList(blocks)
    return model


def empty(settings: BuiltModelSettings) -> Block:
    """Return a float64 block that changes nothing."""
    block = build_block(settings).double().requires_grad_(False)
    for parameter in block.parameters():
        parameter.zero_()
    return block


class Assembly:
    """The blocks of the exact version.

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
        channels: ConjugateChannels,
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

    def weight_block(self) -> Block:
        """Row sums K 1 by the kernel's head; g = 1/(K 1 + ridge), z = p = g y."""
        block, write, c = self._block()
        c.multiply_kernel(block.attention, self.projection, None)
        row_sum: Affine = ({c.image: 1.0}, self.ridge)
        write.add(ONE, ONE, row_sum, {c.weight: 1.0})
        write.add(_of(c.residual), ONE, row_sum, {c.scaled: 1.0, c.direction: 1.0})
        write.clear(c.image)
        return block

    def first_size_block(self) -> Block:
        """Gather r.z before the first step."""
        block, _, c = self._block()
        c.gather(block.attention, c.residual, {self.z: 1.0}, c.size)
        return block

    def product_block(self) -> Block:
        """K p by the kernel's head; g (K p + ridge p) if preconditioned."""
        block, write, c = self._block()
        c.multiply_kernel(block.attention, self.projection, c.direction)
        if self.preconditioned:
            write.add(_of(c.weight), (self.image, 0.0), ONE, {c.scaled_image: 1.0})
        return block

    def curvature_block(self) -> Block:
        """Gather p.w; alpha = size / curvature at the aggregator, and 0/0 = 0 elsewhere."""
        block, write, c = self._block()
        c.gather(block.attention, c.direction, self.image, c.curvature)
        write.add(_of(c.size), ONE, _of(c.curvature), {c.step: 1.0})
        write.clear(c.curvature)
        return block

    def update_block(self) -> Block:
        """Lend alpha to all; everything that moves by alpha."""
        block, write, c = self._block()
        c.broadcast(block.attention, c.step)
        write.add(_of(c.step), _of(c.direction), ONE, {c.dual: 1.0})
        write.add(_of(c.step), (self.image, 0.0), ONE, {c.residual: -1.0})
        write.add(_of(c.step), _of(c.image), ONE, {c.prediction: 1.0})
        write.clear(c.step)
        write.clear(c.image)
        if self.preconditioned:
            write.add(_of(c.step), _of(c.scaled_image), ONE, {c.scaled: -1.0})
            write.clear(c.scaled_image)
        return block

    def size_block(self) -> Block:
        """Gather r.z; beta = new size / size; the new size takes the old one's place."""
        block, write, c = self._block()
        c.gather(block.attention, c.residual, {self.z: 1.0}, c.new_size)
        write.add(_of(c.new_size), ONE, _of(c.size), {c.momentum: 1.0})
        write.add(_of(c.new_size), ONE, ONE, {c.size: 1.0, c.new_size: -1.0})
        write.clear(c.size)
        return block

    def momentum_block(self) -> Block:
        """Lend beta to all; p <- z + beta p."""
        block, write, c = self._block()
        c.broadcast(block.attention, c.momentum)
        write.add(_of(c.momentum), _of(c.direction), ONE, {c.direction: 1.0})
        write.add(_of(self.z), ONE, ONE, {c.direction: 1.0})
        write.clear(c.direction)
        write.clear(c.momentum)
        return block

    def _block(self) -> tuple[Block, "Units", ConjugateChannels]:
        block = empty(self.settings)
        assert isinstance(block.mlp, RationalMLP)  # `settings_for` says so
        return block, Units(block.mlp), self.channels


class Units:
    """Fill the units of a rational MLP one after the other.

    Args:
        mlp: all zeros.
    """

    def __init__(self, mlp: RationalMLP) -> None:
        self.mlp = mlp
        self.used = 0

    def add(self, first: Affine, second: Affine, divisor: Affine, outputs: Functional) -> None:
        """Add first * second / divisor, each an affine functional of the stream, to some channels."""
        mlp, unit = self.mlp, self.used
        for linear, (functional, constant) in ((mlp.up, first), (mlp.gate, second), (mlp.divisor, divisor)):
            linear.weight[unit, list(functional)] = torch.tensor(
                list(functional.values()), dtype=torch.float64
            )
            linear.bias[unit] = constant
        for channel, coefficient in outputs.items():
            mlp.down.weight[channel, unit] += coefficient
        self.used += 1

    def clear(self, channel: int) -> None:
        """Subtract what the channel holds before this MLP."""
        self.add(_of(channel), ONE, ONE, {channel: -1.0})


def _of(channel: int) -> Affine:
    return {channel: 1.0}, 0.0
