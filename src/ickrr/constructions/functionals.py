"""Functionals of the residual stream, in which hand-built weights are written: coefficients by channel."""

from typing import Final

Functional = dict[int, float]
"""A linear functional of the stream, or a direction in it: coefficient by channel."""

Affine = tuple[Functional, float]
"""A linear functional and a constant that is added to it."""

ONE: Final[Affine] = ({}, 1.0)


def channel_value(channel: int) -> Affine:
    """Return the functional that reads one channel."""
    return {channel: 1.0}, 0.0
