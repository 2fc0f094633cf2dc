"""Predictions of a model before and after heads are replaced, and what the replacement costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ickrr.comparison.probe import Readouts
from ickrr.interventions.kernel_heads import LayerKernels
from ickrr.interventions.plan import HeadSet, Replacement, operators_of
from ickrr.interventions.replacing import replaced
from ickrr.model.transformer import Transformer

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Subject:
    """A model and the prompts that it is changed on.

    Attributes:
        model: the model.
        readouts: of its layers, fitted to the model as it is.
        kernels: of its layers.
        x: inputs, (B, N+1, d).
        permuted: the same, the points of each prompt in another order.
        y: labels, (B, N+1).
        posterior_mean: (B, N+1).
        chunk_prompts: prompts of a forward pass; bounds memory.
    """

    model: Transformer
    readouts: Readouts
    kernels: Mapping[int, LayerKernels]
    x: Tensor
    permuted: Tensor
    y: Tensor
    posterior_mean: Array
    chunk_prompts: int

    def predictions(self, heads: HeadSet | None = None, replacement: Replacement = "kernel") -> Array:
        """Return the predictions of layers 0..L and the model's own, (L+2, B, N+1), with heads replaced."""
        chunks = (whole.split(self.chunk_prompts) for whole in (self.x, self.permuted, self.y))
        parts = [
            self._part(x, permuted, y, heads, replacement) for x, permuted, y in zip(*chunks, strict=True)
        ]
        return np.concatenate(parts, axis=1)

    def _part(
        self, x: Tensor, permuted: Tensor, y: Tensor, heads: HeadSet | None, replacement: Replacement
    ) -> Array:
        layout, precision = self.model.settings.layout, self.model.readout.weight.dtype
        operators = {
            head: operators_of(replacement, head, self.kernels[head[0]], x, permuted, layout)
            for head in (heads.heads if heads else ())
        }
        with torch.no_grad(), replaced(self.model, operators):
            streams = self.model.residual_streams(x.to(precision), y.to(precision))  # (L+1, b, N+1, width)
            output = self.model.read(streams[-1]).double()
        return torch.cat((self.readouts.predict(streams), output[None])).numpy()

    def risks(self, predictions: Array) -> Array:
        """Return the excess risk of each prompt, the mean over n = 0..N: (L+2, B, N+1) -> (L+2, B)."""
        risks: Array = ((predictions - self.posterior_mean) ** 2).mean(axis=2)
        return risks


def permuted_points(x: Array, generator: np.random.Generator) -> Array:
    """Return inputs (B, N+1, d) with the points of each prompt in a random order."""
    order = np.argsort(generator.random(x.shape[:2]), axis=1)
    return np.take_along_axis(x, order[..., None], axis=1)
