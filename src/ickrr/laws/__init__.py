"""Laws of the inputs by name, one module each.

Each module has ``NAME``, ``draw(shape, generator)`` (float64, on the generator's device),
``mean_square_norm(dimension)``, E|x|^2, and ``LINE``, the end of the interval on which one-dimensional curves
are traced (all of the inputs, or 99 % of them; None where the inputs on a line are no interval).
"""

from typing import TYPE_CHECKING

from ickrr.entries import LAWS

if TYPE_CHECKING:
    import torch
    from torch import Tensor


def draw_inputs(law: str, shape: tuple[int, ...], generator: "torch.Generator") -> "Tensor":
    """Draw inputs of a law, of shape (..., d), float64, on the generator's device.

    Args:
        law: name of the law.
        shape: (..., d).
        generator: source of all randomness.
    """
    drawn: Tensor = LAWS.load(law).draw(shape, generator)
    return drawn
