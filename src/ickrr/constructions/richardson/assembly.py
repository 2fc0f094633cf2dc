"""How blocks become a model of Richardson iteration, and which of its layers holds which step."""

from typing import Final

import torch
from torch import nn

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.richardson.channels import Channels
from ickrr.constructions.richardson.design import SETUP_BLOCKS
from ickrr.errors import ConstructionError
from ickrr.model.block import Block
from ickrr.model.transformer import Transformer

SIZES: Final = ("layers", "hidden", "banks", "bank_units")
"""Settings of an architecture that may be larger than the construction needs."""


def prediction_step(layer: int) -> int:
    """Return the Richardson step whose prediction a layer holds; layer 0 is the embedding."""
    return max(0, layer - SETUP_BLOCKS)


def assemble(
    settings: BuiltModelSettings,
    channels: Channels,
    blocks: list[Block],
    context_length: int,
    norm: float = 0.0,
) -> Transformer:
    """Put blocks between the embedding and the readout of the construction; |x|^2 starts at `norm`."""
    with torch.device("meta"):  # the blocks are replaced below, so they take no memory here
        model = Transformer(settings, channels.dimension, context_length)
    model.embedding = channels.embedding(norm)
    model.sink = nn.Parameter(channels.sink())
    model.readout = channels.readout()
    model.blocks = nn.ModuleList(blocks)
    return model.eval().requires_grad_(False)


def require_room(settings: BuiltModelSettings, needed: BuiltModelSettings) -> None:
    """Refuse an architecture that the construction does not fit into.

    Raises:
        ConstructionError: names the first key that differs, or is too small.
    """
    for key, wanted in needed.model_dump().items():
        found = getattr(settings, key)
        if not (found >= wanted if key in SIZES else found == wanted):
            least = "at least " if key in SIZES else ""
            raise ConstructionError(f"model.{key}: found {found!r}; the construction needs {least}{wanted!r}")
