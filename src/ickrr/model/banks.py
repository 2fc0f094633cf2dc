"""A ReLU MLP whose hidden units come in banks: all units of a bank read one direction of the stream.

u(h) = W_down relu(W_up h + b_up) + b_down + sum_r m_r g_r(d_r.h + e_r), g_r(z) = sum_k c_rk relu(z - t_rk):
an ordinary ReLU MLP of hidden + banks x units units, stored without its repeated rows, and evaluated without
its hidden layer. g_r is linear between the sorted knots, g_r(z) = z C_i - S_i with C_i and S_i the sums of
c and c t over the knots below z, so that one binary search replaces `units` multiplications.
"""

import math

import torch
from torch import Tensor, nn

from ickrr.model.block import MLP

Prefix = tuple[Tensor, Tensor, Tensor]


class BankedMLP(nn.Module):
    """A ReLU MLP with `hidden` units of their own direction and `banks` directions of `units` units each.

    Args:
        width: width of the residual stream.
        hidden: number of units with a direction of their own.
        banks: number of shared directions.
        units: number of units of each bank.
    """

    def __init__(self, width: int, hidden: int, banks: int, units: int) -> None:
        super().__init__()
        self.up = nn.Linear(width, hidden)
        self.down = nn.Linear(hidden, width)
        self.direction = nn.Linear(width, banks)
        self.knots = nn.Parameter(torch.zeros(banks, units))
        self.changes = nn.Parameter(torch.zeros(banks, units))
        self.mix = nn.Linear(banks, width, bias=False)
        self._prefix: tuple[object, Prefix] | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the update of every token, (B, T, width)."""
        update: Tensor = self.down(torch.relu(self.up(tokens)))  # (B, T, hidden) -> (B, T, width)
        inputs = self.direction(tokens).flatten(0, -2).T.contiguous()  # (B, T, banks) -> (banks, B T)
        values = self.bank_values(inputs).T.unflatten(0, tokens.shape[:-1])  # (banks, B T) -> (B, T, banks)
        update = update + self.mix(values)  # (B, T, width)
        return update

    def bank_values(self, inputs: Tensor) -> Tensor:
        """Evaluate g_r at P inputs for each bank, (banks, P) -> (banks, P)."""
        knots, slopes, offsets = self._prefix_sums()
        below = torch.searchsorted(knots, inputs.detach(), right=True)  # (banks, P), knots at or below z
        return inputs * slopes.gather(1, below) - offsets.gather(1, below)

    def dense(self) -> MLP:
        """Return the ordinary MLP that computes the same, with hidden + banks x units hidden units."""
        banks, units = self.knots.shape
        own, width = self.up.weight.shape
        mlp = MLP(width, own + banks * units, torch.relu).to(self.knots)
        with torch.no_grad():
            repeated = self.direction.weight.repeat_interleave(units, dim=0)  # (banks units, width)
            shifts = (self.direction.bias[:, None] - self.knots).flatten()  # (banks units)
            mlp.up.weight.copy_(torch.cat((self.up.weight, repeated)))
            mlp.up.bias.copy_(torch.cat((self.up.bias, shifts)))
            outputs = self.mix.weight[:, :, None] * self.changes  # (width, banks, units)
            mlp.down.weight.copy_(torch.cat((self.down.weight, outputs.flatten(1)), dim=1))
            mlp.down.bias.copy_(self.down.bias)
        return mlp

    def _prefix_sums(self) -> Prefix:
        """Return the sorted knots, (banks, units), and C and S between them, (banks, units + 1)."""
        if torch.is_grad_enabled() and self.changes.requires_grad:
            return _prefix(self.knots, self.changes)
        # In evaluation the sums are kept until a weight is written to.
        state = tuple((p.data_ptr(), p._version, p.dtype, p.device) for p in (self.knots, self.changes))
        if self._prefix is None or self._prefix[0] != state:
            self._prefix = (state, _prefix(self.knots.detach(), self.changes.detach()))
        return self._prefix[1]


def _prefix(knots: Tensor, changes: Tensor) -> Prefix:
    ordered, order = knots.sort(dim=1)  # (banks, units)
    changes = changes.gather(1, order)  # (banks, units)
    return ordered.contiguous(), _sums_before(changes), _sums_before(changes * ordered)


def _sums_before(terms: Tensor) -> Tensor:
    """Return the sums of the first 0, 1, .., units terms of each row, (banks, units) -> (banks, units + 1).

    They are added up in two levels, so that rounding grows with the square root of the number of units.
    """
    units = terms.shape[1]
    side = math.isqrt(units - 1) + 1
    padded = nn.functional.pad(terms, (0, side * side - units))  # (banks, side side)
    within = padded.unflatten(1, (side, side)).cumsum(2)  # (banks, side, side)
    before = nn.functional.pad(within[..., -1].cumsum(1), (1, 0))[:, :-1, None]  # (banks, side, 1)
    total = (before + within).flatten(1)[:, :units]  # (banks, units)
    return nn.functional.pad(total, (1, 0))  # (banks, units + 1)
