"""The construction with exact products: bilinear MLPs, so that only rounding separates it from Richardson.

Products are products of channels. The reciprocal of the share s is Newton's iteration r <- r + r e, e <- e^2
from r = 2 - s, e = (1 - s)^2, where e = 1 - s r: further setup blocks, each of which doubles the number of
correct digits.
"""

import math
from typing import Final

import torch

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions.blocks import empty_block, write_unit
from ickrr.constructions.functionals import ONE, Affine, channel_value
from ickrr.constructions.richardson.assembly import assemble, require_room
from ickrr.constructions.richardson.channels import Channels
from ickrr.constructions.richardson.problem import Problem
from ickrr.errors import ConstructionError
from ickrr.model.block import Block
from ickrr.model.built import BilinearMLP
from ickrr.model.transformer import Transformer

ACCURATE: Final = 2.0**-60


def newton_blocks(problem: Problem) -> int:
    """Return the blocks until (1 - s)^(2^(K+1)) is below float64's reach for every s >= ridge/(N + ridge)."""
    slowest = -math.log1p(-problem.ridge / (problem.context_length + problem.ridge))
    return max(0, math.ceil(math.log2(-math.log(ACCURATE) / slowest)) - 1)


def setup_blocks(problem: Problem) -> int:
    """Return the blocks before the first step and that of the prediction: layer l holds step l - these."""
    return 3 + newton_blocks(problem)


def settings_for(problem: Problem, steps: int) -> BuiltModelSettings:
    """Return the architecture of the construction with exact products."""
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
    """Build the model in float64, in evaluation mode; the blocks of the iteration are one module, repeated.

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
    blocks = Blocks(problem, settings, channels)
    first = [blocks.norm(), blocks.share(), *[blocks.newton()] * newton_blocks(problem)]
    repeated = [blocks.iteration()] * (settings.layers - len(first))
    return assemble(settings, channels, [*first, *repeated], problem.context_length)


class Blocks:
    """The blocks of one construction with exact products.

    Args:
        problem: the problem.
        settings: architecture.
        channels: the residual stream.
    """

    def __init__(self, problem: Problem, settings: BuiltModelSettings, channels: Channels) -> None:
        self.problem = problem
        self.settings = settings
        self.channels = channels

    def norm(self) -> Block:
        """Return block 1, which writes the squares of the coordinates of x to `norm`."""
        block, mlp = empty_block(self.settings, BilinearMLP)
        for unit, coordinate in enumerate(self.channels.x):
            factor = channel_value(coordinate)
            write_unit(mlp, unit, (factor, factor), {self.channels.norm: 1.0})
        return block

    def share(self) -> Block:
        """Return block 2, of the sink's share s and the start of Newton's iteration."""
        c = self.channels
        block, mlp = empty_block(self.settings, BilinearMLP)
        c.attend(block.attention, self.problem.lengthscale, self.problem.ridge, hidden_sink=False)
        c.move(block.attention, c.flag, c.weight)
        rest: Affine = ({c.weight: -1.0}, 1.0)  # 1 - s
        write_unit(mlp, 0, (rest, rest), {c.remainder: 1.0})
        write_unit(mlp, 1, (rest, ONE), {c.inverse: 1.0})
        mlp.down.bias[c.inverse] = 1.0
        return block

    def newton(self) -> Block:
        """Return the block of a step of Newton's iteration: r <- r + r e, e <- e^2."""
        c = self.channels
        block, mlp = empty_block(self.settings, BilinearMLP)
        write_unit(mlp, 0, (channel_value(c.remainder), channel_value(c.inverse)), {c.inverse: 1.0})
        write_unit(mlp, 1, (channel_value(c.remainder), ({c.remainder: 1.0}, -1.0)), {c.remainder: 1.0})
        return block

    def iteration(self) -> Block:
        """Return the block of a step of Richardson, and of the prediction of the iterate before it."""
        c, problem = self.channels, self.problem
        block, mlp = empty_block(self.settings, BilinearMLP)
        c.attend(block.attention, problem.lengthscale, problem.ridge, hidden_sink=False)
        c.move(block.attention, c.iterate, c.mixed)
        scale = problem.ridge / problem.context_length
        residual: Affine = ({c.iterate: 1.0, c.y: -1 / scale}, 0.0)
        mixed = channel_value(c.mixed)
        write_unit(mlp, 0, (residual, channel_value(c.weight)), {c.iterate: -1.0})
        write_unit(mlp, 1, (mixed, ({c.inverse: scale}, 0.0)), {c.prediction: 1.0})
        write_unit(mlp, 2, (mixed, ONE), {c.iterate: -1.0, c.mixed: -1.0})
        write_unit(mlp, 3, (channel_value(c.prediction), ONE), {c.prediction: -1.0})
        return block
