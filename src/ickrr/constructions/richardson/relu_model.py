"""Richardson iteration as weights of the transformer: paired layout, sink, one head, no norm, ReLU banks.

With b = N a and g_i = ridge/G_i, one step is b_i <- b_i - (attention b)_i - g_i (b_i - N y_i/ridge).
Attention averages b with the weights k(x_i, x_j), and `ridge` at the sink, whose b is 0:
(attention b)_i = (K b)_i/(D_i + ridge), and the sink's share is s_i = ridge/(D_i + ridge) = g_i. The plain
preconditioner hides the sink once its share has been read and uses g_i = s_i/(1 - s_i) = ridge/D_i. The
prediction k_q^T b/N is (ridge/N)(attention b)_q/s_q, or (ridge/N)(attention b)_q (1/s_q - 1) without the
sink.

| block | attention | MLP |
| --- | --- | --- |
| 1 | nothing | |x|^2 |
| 2 | the sink's share | g and 1/s from the share |
| 3 .. T+3 | average of b | b <- the next iterate; prediction <- readout of the iterate before |

Attention reads b before the MLP updates it, so layer l holds the iterate l - 2, but the
prediction of step l - 3.
"""

import torch

from ickrr.config.model import BuiltModelSettings
from ickrr.constructions import interpolants
from ickrr.constructions.bank_weights import set_bank, set_linear, set_product
from ickrr.constructions.blocks import empty_block
from ickrr.constructions.richardson.assembly import assemble, require_room
from ickrr.constructions.richardson.channels import Channels
from ickrr.constructions.richardson.design import LINEAR_UNITS, Certificate
from ickrr.model.banks import BankedMLP
from ickrr.model.block import Block
from ickrr.model.transformer import Transformer


def settings_for(certificate: Certificate) -> BuiltModelSettings:
    """Return the architecture of a construction; every MLP has the shape of the largest bank."""
    units = certificate.units
    return BuiltModelSettings(
        layers=certificate.depth,
        width=Channels(certificate.problem.dimension).width,
        heads=1,
        mlp="relu_banks",
        hidden=LINEAR_UNITS,
        banks=max(certificate.problem.dimension, 4),
        bank_units=max(units.norm, units.share, units.update, units.reciprocal, units.readout),
        norm="none",
        layout="paired",
        sink=True,
    )


@torch.no_grad()
def build(certificate: Certificate, settings: BuiltModelSettings | None = None) -> Transformer:
    """Build the model in float64; the blocks of the iteration are one module, repeated.

    Args:
        certificate: problem, steps, units and ranges.
        settings: architecture with room for the units; `settings_for` when absent.

    Returns:
        The model, in evaluation mode.

    Raises:
        ConstructionError: the architecture has no room for the construction.
    """
    needed = settings_for(certificate)
    settings = settings or needed
    require_room(settings, needed)
    problem = certificate.problem
    channels = Channels(problem.dimension)
    blocks = Blocks(certificate, settings, channels)
    first = [blocks.norm(), blocks.share()]
    repeated = [blocks.iteration()] * (settings.layers - len(first))
    norm = problem.input_bound**2 if problem.sphere else 0.0
    return assemble(settings, channels, [*first, *repeated], problem.context_length, norm)


class Blocks:
    """The blocks of one construction.

    Args:
        certificate: problem, units and ranges.
        settings: architecture.
        channels: the residual stream.
    """

    def __init__(self, certificate: Certificate, settings: BuiltModelSettings, channels: Channels) -> None:
        self.certificate = certificate
        self.settings = settings
        self.channels = channels
        self.plain = certificate.problem.preconditioner == "kernel"

    def norm(self) -> Block:
        """Return block 1, which writes the squares of the coordinates of x to `norm`; nothing on a sphere."""
        block, mlp = empty_block(self.settings, BankedMLP)
        if self.certificate.problem.sphere:
            return block
        square = interpolants.square(self.certificate.problem.input_bound, self.certificate.units.norm)
        for bank, coordinate in enumerate(self.channels.x):
            set_bank(mlp, bank, square, {coordinate: 1.0}, {self.channels.norm: 1.0})
        return block

    def share(self) -> Block:
        """Return block 2, of the sink's share, through its value channel, and the functions of it alone."""
        problem, units, ranges = self.certificate.problem, self.certificate.units, self.certificate.ranges
        channels = self.channels
        block, mlp = empty_block(self.settings, BankedMLP)
        channels.attend(block.attention, problem.lengthscale, problem.ridge, hidden_sink=False)
        channels.move(block.attention, channels.flag, channels.weight)
        share = {channels.weight: 1.0}
        inverse = interpolants.reciprocal(ranges.share_low, 1.0, units.reciprocal)
        set_bank(mlp, 0, inverse, {channels.weight: -1.0}, {channels.inverse: 1.0})
        if self.plain:
            high = ranges.weight_high / (1 + ranges.weight_high)  # odds(high) = weight_high
            odds = interpolants.odds(ranges.share_low, high, units.share)
            set_bank(mlp, 1, odds, share, {channels.weight: 1.0})
            set_linear(mlp, 0, share, {channels.weight: -1.0})
        return block

    def iteration(self) -> Block:
        """Return blocks 3 .. T+3, of a step of Richardson and the prediction of the iterate before it."""
        problem, units, ranges = self.certificate.problem, self.certificate.units, self.certificate.ranges
        channels = self.channels
        block, mlp = empty_block(self.settings, BankedMLP)
        channels.attend(block.attention, problem.lengthscale, problem.ridge, hidden_sink=self.plain)
        channels.move(block.attention, channels.iterate, channels.mixed)
        scale = problem.ridge / problem.context_length
        residual = {channels.iterate: 1.0, channels.y: -1 / scale}
        mixed = {channels.mixed: scale}
        update = interpolants.product(ranges.weight_radius, ranges.residual, units.update)
        middle, centre = ranges.weight_middle, ranges.reciprocal_middle
        set_product(mlp, 0, update, ({channels.weight: 1.0}, -middle), residual, {channels.iterate: -1.0})
        readout = interpolants.product(ranges.reciprocal_radius, ranges.mixed, units.readout)
        set_product(mlp, 2, readout, ({channels.inverse: 1.0}, -centre), mixed, {channels.prediction: 1.0})
        set_linear(mlp, 0, residual, {channels.iterate: -middle})
        rest = scale * (centre - (1.0 if self.plain else 0.0))
        outputs = {channels.iterate: -1.0, channels.mixed: -1.0, channels.prediction: rest}
        set_linear(mlp, 1, {channels.mixed: 1.0}, outputs)
        set_linear(mlp, 2, {channels.prediction: 1.0}, {channels.prediction: -1.0})
        return block
