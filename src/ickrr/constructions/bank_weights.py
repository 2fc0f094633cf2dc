"""Writing piecewise linear functions, products and linear maps into the banks of a `BankedMLP`."""

from ickrr.constructions.functionals import Affine, Functional
from ickrr.constructions.interpolants import PiecewiseLinear, Product
from ickrr.model.banks import BankedMLP


def set_bank(
    mlp: BankedMLP,
    bank: int,
    function: PiecewiseLinear,
    inputs: Functional,
    outputs: Functional,
    shift: float = 0.0,
) -> None:
    """Let a bank add function(inputs.h + shift) to the channels of `outputs`; its unused units do nothing."""
    units = len(function.knots)
    mlp.knots[bank, :units] = function.knots
    mlp.knots[bank, units:] = function.knots[-1]
    mlp.changes[bank, :units] = function.changes
    mlp.direction.bias[bank] = shift
    for channel, coefficient in inputs.items():
        mlp.direction.weight[bank, channel] = coefficient
    for channel, coefficient in outputs.items():
        mlp.mix.weight[channel, bank] = coefficient
        mlp.down.bias[channel] += coefficient * function.start


def set_product(
    mlp: BankedMLP,
    bank: int,
    product: Product,
    first: Affine,
    second: Functional,
    outputs: Functional,
) -> None:
    """Let two banks add (first + its constant) * second to the channels of `outputs`."""
    functional, constant = first
    for offset, sign in enumerate((1.0, -1.0)):
        inputs = {channel: value / (2 * product.scale) for channel, value in functional.items()}
        inputs |= {channel: sign * value * product.scale / 2 for channel, value in second.items()}
        signed = {channel: sign * value for channel, value in outputs.items()}
        set_bank(mlp, bank + offset, product.square, inputs, signed, constant / (2 * product.scale))


def set_linear(mlp: BankedMLP, index: int, inputs: Functional, outputs: Functional) -> None:
    """Let two units add inputs.h to the channels of `outputs`: relu(z) - relu(-z) = z."""
    for unit, sign in ((2 * index, 1.0), (2 * index + 1, -1.0)):
        for channel, coefficient in inputs.items():
            mlp.up.weight[unit, channel] = sign * coefficient
        for channel, coefficient in outputs.items():
            mlp.down.weight[channel, unit] = sign * coefficient
