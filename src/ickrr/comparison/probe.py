"""Linear readout of every layer in closed form: what the residual stream says, linearly, about the label.

For each layer, w and b minimise sum (y - w.h - b)^2 + r |w|^2 over all prompts and positions, where h is
the raw residual stream at a position, r = ridge * tr(C) / width, and C = sum (h - mean h)(h - mean h)^T.
The bias is not penalised: w solves (C + r I) w = sum (h - mean h)(y - mean y), and b = mean y - w . mean h.
Fu et al. (arXiv 2310.17086, section 3) train the same readout by gradient descent, one layer at a time.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.config.probe import ProbeSettings

Streams = Callable[[Tensor, Tensor], Tensor]
"""Residual streams of prompts: x (B, N+1, d), y (B, N+1) -> (L+1, B, N+1, width)."""


class NormalEquations:
    """Streamed second moments of the features of all layers and the target, in float64.

    Moments are taken about the mean of the first chunk, so that centring them at the end cancels little.

    Attributes:
        gram: sum of (h - s)(h - s)^T, (L+1, width, width), s the shift.
        cross: sum of (h - s)(y - s_y), (L+1, width).
        feature_sum: sum of h - s, (L+1, width).
        target_sum: sum of y - s_y, a scalar.
        count: number of rows.
    """

    def __init__(self, features: Tensor, target: Tensor) -> None:
        rows, labels = _rows(features), target.reshape(-1).double()
        self.shift, self.target_shift = rows.mean(dim=1, keepdim=True), labels.mean()
        layers, _, width = rows.shape
        self.gram = rows.new_zeros(layers, width, width)
        self.cross = rows.new_zeros(layers, width)
        self.feature_sum = rows.new_zeros(layers, width)
        self.target_sum = rows.new_zeros(())
        self.count = 0
        self.add(features, target)

    def add(self, features: Tensor, target: Tensor) -> None:
        """Add a chunk.

        Args:
            features: (L+1, b, N+1, width).
            target: (b, N+1).
        """
        rows = _rows(features) - self.shift  # (L+1, b (N+1), width)
        labels = target.reshape(-1).double() - self.target_shift  # (b (N+1))
        self.gram += rows.mT @ rows
        self.cross += rows.mT @ labels
        self.feature_sum += rows.sum(dim=1)
        self.target_sum += labels.sum()
        self.count += len(labels)

    def solve(self, settings: ProbeSettings) -> "Readouts":
        """Solve for the readouts of all layers.

        Args:
            settings: of the fit; the ridge is over the mean diagonal of the centred normal equations, and 0
                gives the least-squares solution of least norm.

        Returns:
            The readouts. A layer with features that are not finite (a diverged model) has NaN weights and
            bias.
        """
        mean = self.feature_sum / self.count  # (L+1, width)
        target_mean = self.target_sum / self.count
        centred = self.gram - self.count * mean[:, :, None] * mean[:, None, :]  # (L+1, width, width)
        right_side = self.cross - self.count * mean * target_mean  # (L+1, width)
        finite = centred.isfinite().all(dim=2).all(dim=1)  # (L+1)
        values, vectors = torch.linalg.eigh(torch.where(finite[:, None, None], centred, 0.0))
        values = values.clamp(min=0.0)  # (L+1, width)
        penalty = settings.ridge * values.mean(dim=1, keepdim=True)
        # Directions that the data do not span are rounding noise: without a ridge they would be blown up.
        noise = values.shape[1] * torch.finfo(values.dtype).eps * values.amax(dim=1, keepdim=True)
        inverse = torch.where(values + penalty > noise, 1 / (values + penalty), 0.0)
        coordinates = inverse * torch.einsum("lij,li->lj", vectors, right_side)
        weights = torch.einsum("lij,lj->li", vectors, coordinates)  # (L+1, width)
        weights = torch.where(finite[:, None], weights, torch.nan)
        offset = mean + self.shift[:, 0]
        biases = self.target_shift + target_mean - (weights * offset).sum(dim=1)  # (L+1)
        return Readouts(weights, biases)


@dataclass(frozen=True)
class Readouts:
    """One linear readout for each layer, shared by all positions.

    Attributes:
        weights: (L+1, width) float64.
        biases: (L+1) float64.
    """

    weights: Tensor
    biases: Tensor

    def predict(self, features: Tensor) -> Tensor:
        """Read out (L+1, b, N+1, width) features: predictions (L+1, b, N+1), float64."""
        read = torch.einsum("lbnw,lw->lbn", features.double(), self.weights)
        return read + self.biases[:, None, None]


def fit_readouts(streams: Streams, x: Tensor, y: Tensor, settings: ProbeSettings) -> Readouts:
    """Fit the readouts of all layers to y, all layers from one forward pass.

    Args:
        streams: the model's residual streams.
        x: inputs, (B, N+1, d).
        y: labels, (B, N+1).
        settings: of the fit, and how many prompts a forward pass takes.

    Returns:
        The readouts.

    Raises:
        ValueError: there are no prompts.
    """
    equations: NormalEquations | None = None
    with torch.no_grad():
        for part in _chunks(len(y), settings.chunk_prompts):
            features = streams(x[part], y[part])  # (L+1, b, N+1, width)
            if equations is None:
                equations = NormalEquations(features, y[part])
            else:
                equations.add(features, y[part])
    if equations is None:
        raise ValueError("a readout cannot be fitted to an empty set of prompts")
    return equations.solve(settings)


def read_layers(streams: Streams, readouts: Readouts, x: Tensor, y: Tensor, chunk_prompts: int) -> Tensor:
    """Predictions of every layer, (L+1, B, N+1) float64, on prompts (B, N+1, d), (B, N+1)."""
    with torch.no_grad():
        parts = [readouts.predict(streams(x[part], y[part])) for part in _chunks(len(y), chunk_prompts)]
    return torch.cat(parts, dim=1)


def read_with(readout: Streams, x: Tensor, y: Tensor, chunk_prompts: int) -> Tensor:
    """Predictions of every layer by a readout that needs no fit, prompts -> (L+1, b, N+1): (L+1, B, N+1)."""
    with torch.no_grad():
        parts = [readout(x[part], y[part]).double() for part in _chunks(len(y), chunk_prompts)]
    return torch.cat(parts, dim=1)


def read_output(model: Streams, x: Tensor, y: Tensor, chunk_prompts: int) -> Tensor:
    """Predictions of the model's own readout, (B, N+1) float64."""
    with torch.no_grad():
        parts = [model(x[part], y[part]).double() for part in _chunks(len(y), chunk_prompts)]
    return torch.cat(parts)


def _rows(features: Tensor) -> Tensor:
    """(L+1, b, N+1, width) -> (L+1, b (N+1), width), float64."""
    return features.double().flatten(1, 2)


def _chunks(count: int, size: int) -> Iterator[slice]:
    return (slice(start, start + size) for start in range(0, count, size))
