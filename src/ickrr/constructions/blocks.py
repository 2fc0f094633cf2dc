"""Blocks that change nothing until weights are written to them, and units that multiply and divide."""

from collections.abc import Sequence
from typing import TypeVar

from torch import nn

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.functionals import Affine, Functional
from ickrr.model.block import Block
from ickrr.model.built import BilinearMLP, RationalMLP
from ickrr.model.transformer import build_block

MLPType = TypeVar("MLPType", bound=nn.Module)


def empty_block(settings: BuiltModelSettings, mlp: type[MLPType]) -> tuple[Block, MLPType]:
    """Return a float64 block that changes nothing, and its MLP, which the settings make of this type."""
    block = build_block(settings).double().requires_grad_(False)
    for parameter in block.parameters():
        parameter.zero_()
    assert isinstance(block.mlp, mlp), f"mlp = {settings.mlp} makes a {type(block.mlp).__name__}"
    return block, block.mlp


def write_unit(mlp: BilinearMLP, unit: int, factors: Sequence[Affine], outputs: Functional) -> None:
    """Let a unit add the product of two factors, over a third if there is one, to the channels of `outputs`.

    Args:
        mlp: bilinear, or rational, whose third factor is the divisor.
        unit: index of a unit that is still zero.
        factors: two or three affine functionals of the stream.
        outputs: coefficient by channel.
    """
    maps = [mlp.up, mlp.gate, mlp.divisor] if isinstance(mlp, RationalMLP) else [mlp.up, mlp.gate]
    for linear, (functional, constant) in zip(maps, factors, strict=True):
        for channel, coefficient in functional.items():
            linear.weight[unit, channel] = coefficient
        linear.bias[unit] = constant
    for channel, coefficient in outputs.items():
        mlp.down.weight[channel, unit] = coefficient
