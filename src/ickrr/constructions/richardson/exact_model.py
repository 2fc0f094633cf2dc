"""The construction with exact products: bilinear MLPs, so that only rounding separates it from Richardson.

Products are products of channels. The reciprocal of the share s is Newton's iteration r <- r + r e, e <- e^2
from r = 2 - s, e = (1 - s)^2, where e = 1 - s r: further setup blocks, doubling the correct digits each.
"""

import math

import torch
from torch import nn

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.richardson.channels import Channels
from ickrr.constructions.richardson.problem import Problem
from ickrr.constructions.richardson.relu_model import Functional, assemble, require_room
from ickrr.errors import ConstructionError
from ickrr.model.attention import Attention
from ickrr.model.block import Block
from ickrr.model.built import BilinearMLP
from ickrr.model.transformer import Transformer, build_block

ACCURATE = 2.0**-60
Affine = tuple[Functional, float]


def newton_blocks(problem: Problem) -> int:
    """Blocks until (1 - s)^(2^(K+1)) is below float64's reach for every share s >= ridge/(N + ridge)."""
    slowest = -math.log1p(-problem.ridge / (problem.context_length + problem.ridge))
    return max(0, math.ceil(math.log2(-math.log(ACCURATE) / slowest)) - 1)


def setup_blocks(problem: Problem) -> int:
    """Blocks before the first step, and the one of the prediction: layer l holds step l - setup_blocks."""
    return 3 + newton_blocks(problem)


def settings_for(problem: Problem, steps: int) -> BuiltModelSettings:
    """Architecture of the construction with exact products."""
    return BuiltModelSettings(
        layers=setup_blocks(problem) + steps,
        width=Channels(problem.dimension).width,
        heads=1,
        mlp="bilinear",
        hidden=max(problem.dimension, 5),
        norm="none",
        layout="paired",
        sink=True,
    )


@torch.no_grad()
def build(problem: Problem, steps: int, settings: BuiltModelSettings | None = None) -> Transformer:
    """Build the model in float64, in evaluation mode.

    Args:
        problem: the problem; its bounds on the data are not needed.
        steps: Richardson steps T.
        settings: architecture with room for it; `settings_for` when absent.

    Raises:
        ConstructionError: the preconditioner is the plain one, whose odds are not a product, or the
            architecture has no room.
    """
    if problem.preconditioner != "ridge":
        raise ConstructionError(
            "preconditioner: found kernel; exact products are made for preconditioner = ridge"
        )
    needed = settings_for(problem, steps)
    settings = settings or needed
    require_room(settings, needed)
    channels = Channels(problem.dimension)
    newton = _newton_block(settings, channels)
    step = _iteration_block(settings, channels, problem)
    first = [_norm_block(settings, channels), _share_block(settings, channels, problem)]
    first += [newton] * newton_blocks(problem)
    blocks = [*first, *[step] * (settings.layers - len(first))]
    return assemble(settings, channels, blocks, problem.context_length)


def _norm_block(settings: BuiltModelSettings, channels: Channels) -> Block:
    block, _, mlp = _empty_block(settings)
    for unit, coordinate in enumerate(channels.x):
        _multiply(mlp, unit, ({coordinate: 1.0}, 0.0), ({coordinate: 1.0}, 0.0), {channels.norm: 1.0})
    return block


def _share_block(settings: BuiltModelSettings, channels: Channels, problem: Problem) -> Block:
    block, attention, mlp = _empty_block(settings)
    channels.attend(attention, problem.lengthscale, problem.ridge, hidden_sink=False)
    channels.move(attention, channels.flag, channels.weight)
    rest: Affine = ({channels.weight: -1.0}, 1.0)  # 1 - s
    _multiply(mlp, 0, rest, rest, {channels.remainder: 1.0})
    _multiply(mlp, 1, rest, ({}, 1.0), {channels.inverse: 1.0})
    mlp.down.bias[channels.inverse] = 1.0
    return block


def _newton_block(settings: BuiltModelSettings, channels: Channels) -> Block:
    block, _, mlp = _empty_block(settings)
    remainder: Affine = ({channels.remainder: 1.0}, 0.0)
    _multiply(mlp, 0, remainder, ({channels.inverse: 1.0}, 0.0), {channels.inverse: 1.0})
    _multiply(mlp, 1, remainder, ({channels.remainder: 1.0}, -1.0), {channels.remainder: 1.0})
    return block


def _iteration_block(settings: BuiltModelSettings, channels: Channels, problem: Problem) -> Block:
    block, attention, mlp = _empty_block(settings)
    channels.attend(attention, problem.lengthscale, problem.ridge, hidden_sink=False)
    channels.move(attention, channels.iterate, channels.mixed)
    scale = problem.ridge / problem.context_length
    residual: Affine = ({channels.iterate: 1.0, channels.y: -1 / scale}, 0.0)
    mixed: Affine = ({channels.mixed: 1.0}, 0.0)
    _multiply(mlp, 0, residual, ({channels.weight: 1.0}, 0.0), {channels.iterate: -1.0})
    _multiply(mlp, 1, mixed, ({channels.inverse: scale}, 0.0), {channels.prediction: 1.0})
    _multiply(mlp, 2, mixed, ({}, 1.0), {channels.iterate: -1.0, channels.mixed: -1.0})
    _multiply(mlp, 3, ({channels.prediction: 1.0}, 0.0), ({}, 1.0), {channels.prediction: -1.0})
    return block


def _multiply(mlp: BilinearMLP, unit: int, first: Affine, second: Affine, outputs: Functional) -> None:
    """Add first * second, each an affine functional of the stream, to the channels of `outputs`."""
    for linear, (functional, constant) in ((mlp.up, first), (mlp.gate, second)):
        for channel, coefficient in functional.items():
            linear.weight[unit, channel] = coefficient
        linear.bias[unit] = constant
    for channel, coefficient in outputs.items():
        mlp.down.weight[channel, unit] = coefficient


def _empty_block(settings: BuiltModelSettings) -> tuple[Block, Attention, BilinearMLP]:
    block = build_block(settings).double().requires_grad_(False)
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    mlp = block.mlp
    if not isinstance(mlp, BilinearMLP):
        raise ConstructionError(f"model.mlp: found {settings.mlp}; exact products need bilinear")
    return block, block.attention, mlp
