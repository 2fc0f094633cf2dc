"""How blocks become a model of conjugate gradients, and which of its layers holds which step."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.conjugate.channels import Channels, identity
from ickrr.errors import ConstructionError
from ickrr.model.attention import Visibility
from ickrr.model.block import Block
from ickrr.model.tokens import pair
from ickrr.model.transformer import Transformer

SETUP_BLOCKS: Final = 1  # gathers r.z before the first step


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
    channels: Channels
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


def checked_projection(dimension: int, ridge: float, projection: Tensor | None) -> Tensor:
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
    settings: BuiltModelSettings, channels: Channels, blocks: list[Block], preconditioned: bool
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
