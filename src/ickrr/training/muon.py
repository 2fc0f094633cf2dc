"""Muon on many matrices at once: each is updated as `torch.optim.Muon` updates it alone.

With B <- mu B + (1 - mu) g and the Nesterov step u = (1 - mu) g + mu B, a matrix W (rows, cols) becomes
(1 - eta w) W - eta sqrt(max(1, rows/cols)) O, with O the orthogonalised u. Source: Jordan et al. (2024).
torch's own Muon orthogonalises one matrix after another and takes no stacks: at laptop size that costs a
tenth of a training step (docs/performance.md).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""a, b, c of the polynomial a s + b s^3 + c s^5 that each Newton-Schulz step applies to singular values."""

NEWTON_SCHULZ_STEPS = 5
SMALLEST_NORM = 1e-7
"""Smallest divisor of an update: one that is all zeros stays so."""


def orthogonalise(updates: Tensor) -> Tensor:
    """Return each matrix with all its singular values brought near 1, computed in bfloat16.

    Args:
        updates: (K, rows, cols).

    Returns:
        (K, rows, cols), bfloat16. No matrix depends on the others.
    """
    first, third, fifth = COEFFICIENTS
    tall = updates.shape[-2] > updates.shape[-1]
    x = updates.bfloat16()
    x = x.mT if tall else x  # (K, r, c) with r <= c
    x = x / torch.linalg.vector_norm(x, dim=(-2, -1), keepdim=True).clamp(min=SMALLEST_NORM)
    for _ in range(NEWTON_SCHULZ_STEPS):
        gram = x @ x.mT  # (K, r, r)
        polynomial = torch.baddbmm(gram, gram, gram, beta=third, alpha=fifth)  # (K, r, r)
        x = torch.baddbmm(x, polynomial, x, beta=first)  # (K, r, c)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon (Nesterov momentum, decoupled weight decay); matrices of one shape are orthogonalised together.

    Args:
        parameters: matrices, (rows, cols).
        lr: learning rate.
        momentum: decay mu of the momentum.
        weight_decay: decoupled weight decay w.

    Raises:
        ValueError: a parameter is no matrix.
    """

    def __init__(self, parameters: Iterable[Tensor], lr: float, momentum: float, weight_decay: float) -> None:
        super().__init__(parameters, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        for parameter in self._all():
            if parameter.ndim != 2:
                raise ValueError(f"Muon needs matrices (rows, cols), found {tuple(parameter.shape)}")

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]  # no closure is ever evaluated
        """Update all parameters that have a gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    by_shape.setdefault(parameter.shape, []).append(parameter)
            for (rows, cols), alike in by_shape.items():
                updates = [self._nesterov(parameter, group["momentum"]) for parameter in alike]
                directions = orthogonalise(torch.stack(updates))  # (K, rows, cols)
                rate = group["lr"] * math.sqrt(max(1.0, rows / cols))
                for parameter, direction in zip(alike, directions, strict=True):
                    parameter.mul_(1 - group["lr"] * group["weight_decay"])
                    parameter.add_(direction, alpha=-rate)

    def _nesterov(self, parameter: Tensor, momentum: float) -> Tensor:
        gradient = parameter.grad
        assert gradient is not None
        state = self.state[parameter]
        if "momentum_buffer" not in state:
            state["momentum_buffer"] = torch.zeros_like(gradient)
        buffer: Tensor = state["momentum_buffer"]
        buffer.lerp_(gradient, 1 - momentum)
        return gradient.lerp(buffer, momentum)

    def _all(self) -> list[Tensor]:
        return [parameter for group in self.param_groups for parameter in group["params"]]
