"""What predictions do when the labels change: derivatives, and the failure of superposition.

For predictions p(y) at fixed inputs, S = dp/dy is the label Jacobian. Richardson and every fixed polynomial
in P A is linear: p(y + y') = p(y) + p(y'), and S does not depend on y. Conjugate gradients is homogeneous,
so that S y = p, but not linear.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from ickrr.comparison.probe import Readouts
from ickrr.model.transformer import Transformer
from ickrr.solvers.krylov import conjugate_gradients
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import cholesky

Array = npt.NDArray[np.float64]

Predictor = Callable[[Tensor, Tensor], Tensor]
"""Predicts from inputs x (b, N+1, d) and labels y (b, N+1): (M, b, N+1), M layers or steps."""


def layer_predictor(model: Transformer, readouts: Readouts) -> Predictor:
    """Return the predictions of layers 1..L and of the model's own readout, M = L + 1."""
    precision = model.readout.weight.dtype

    def predict(x: Tensor, y: Tensor) -> Tensor:
        streams = model.residual_streams(x.to(precision), y.to(precision))  # (L+1, b, N+1, width)
        own = model.read(streams[-1]).double()
        return torch.cat((readouts.predict(streams)[1:], own[None]))

    return predict


def conjugate_predictor(kernel: Callable[[Tensor], Tensor], ridge: float, steps: int) -> Predictor:
    """Return the predictions of conjugate gradients after 0..steps steps, M = steps + 1.

    Args:
        kernel: maps inputs (b, n, d) to K, (b, n, n).
        ridge: lambda.
        steps: the last step.
    """

    def predict(x: Tensor, y: Tensor) -> Tensor:
        system = KernelSystem(kernel(x), y, ridge)
        return torch.stack(list(islice(conjugate_gradients(system, system.mask), steps + 1)))

    return predict


def label_jacobians(predict: Predictor, x: Tensor, y: Tensor) -> Tensor:
    """Return dp_n / dy_j in forward mode, one pass for each label.

    Prompts do not depend on each other, so that one tangent serves all of them.

    Args:
        predict: the predictions.
        x: inputs, (b, N+1, d).
        y: labels, (b, N+1).

    Returns:
        (M, b, N+1, N); the last label is never looked at.
    """
    columns = []
    # The fused kernel of attention has no forward derivative.
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        for label in range(y.shape[1] - 1):
            direction = torch.zeros_like(y)
            direction[:, label] = 1.0
            columns.append(torch.func.jvp(predict, (x, y), (torch.zeros_like(x), direction))[1])
    return torch.stack(columns, dim=-1)


def other_labels(kernel: Tensor, ridge: float, generator: torch.Generator) -> Tensor:
    """Draw labels of other functions at the same inputs, K (B, N+1, N+1) -> (B, N+1)."""
    normals = torch.randn(*kernel.shape[:2], 1, generator=generator, dtype=torch.float64)
    return (cholesky(kernel, ridge) @ normals)[..., 0]


@dataclass(frozen=True)
class Responses:
    """Predictions and Jacobians of M layers or steps on B prompts at C context lengths.

    Attributes:
        plain: p(y) and p(y'), (2, M, B, C).
        summed: p(y + y'), (M, B, C).
        rotated: p((y + y') / sqrt 2), (M, B, C): these labels have the distribution of y.
        jacobians: S(y) and S(y'), (2, M, B, C, N).
    """

    plain: Array
    summed: Array
    rotated: Array
    jacobians: Array

    @classmethod
    def of(
        cls, predict: Predictor, x: Tensor, labels: Sequence[Tensor], lengths: slice, chunk: int
    ) -> "Responses":
        """Compute them for inputs x (B, N+1, d) and two sets of labels, each (B, N+1)."""
        found: dict[str, list[Array]] = {"plain": [], "summed": [], "rotated": [], "jacobians": []}
        first, second = labels
        for some_x, y, other in zip(x.split(chunk), first.split(chunk), second.split(chunk), strict=True):
            with torch.no_grad():
                plain = torch.stack([predict(some_x, one) for one in (y, other)])
                summed = predict(some_x, y + other)
                rotated = predict(some_x, (y + other) / 2**0.5)
            slopes = torch.stack([label_jacobians(predict, some_x, one) for one in (y, other)])
            for name, value in (("plain", plain), ("summed", summed), ("rotated", rotated)):
                found[name].append(value[..., lengths].double().numpy())
            found["jacobians"].append(slopes[..., lengths, :].double().numpy())
        axes = {"plain": 2, "summed": 1, "rotated": 1, "jacobians": 2}
        return cls(**{name: np.concatenate(parts, axis=axes[name]) for name, parts in found.items()})

    def interpolated(self, positions: Array) -> "Responses":
        """Return the responses between steps, at a fractional step for each context length, (C): M = 1."""
        below = np.minimum(np.floor(positions).astype(int), self.summed.shape[0] - 2)  # (C)
        share = positions - below
        columns = np.arange(len(positions))

        def between(values: Array, axis: int) -> Array:
            """Interpolate along the axis of steps, which is followed by those of prompts and lengths."""
            moved = np.moveaxis(values, (axis, axis + 2), (0, 1))  # (M, C, ...)
            low, high = moved[below, columns], moved[below + 1, columns]  # (C, ...)
            weight = share.reshape(-1, *[1] * (low.ndim - 1))
            mixed = (low + weight * (high - low))[None]  # (1, C, ...)
            return np.moveaxis(mixed, (0, 1), (axis, axis + 2))

        return Responses(
            between(self.plain, 1),
            between(self.summed, 0),
            between(self.rotated, 0),
            between(self.jacobians, 1),
        )

    def errors(self) -> dict[str, tuple[Array, Array]]:
        """Return squared errors and squared sizes of each prompt, (M, B) each, by quantity.

        ``superposition``: p(y + y') - p(y) - p(y') against p(y + y'); ``rotation``: the same with sqrt 2
        p((y + y') / sqrt 2) in place of p(y + y'); ``jacobian_change``: S(y) - S(y') against the mean of the
        squares of both.
        """
        rotated = 2**0.5 * self.rotated
        together = self.plain.sum(axis=0)
        change = self.jacobians[0] - self.jacobians[1]  # (M, B, C, N)
        return {
            "superposition": (_squares(self.summed - together), _squares(self.summed)),
            "rotation": (_squares(rotated - together), _squares(rotated)),
            "jacobian_change": (_squares(change), _squares(self.jacobians).mean(axis=0)),
        }


def _squares(values: Array) -> Array:
    """Return sums of squares over what follows the axes of steps and prompts, (.., M, B)."""
    kept = 3 if values.ndim == 5 else 2
    squares: Array = (values**2).reshape(*values.shape[:kept], -1).sum(axis=-1)
    return squares
