"""Trained models as the comparison sees them: each layer read out as a prediction."""

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor

from ickrr.comparison.probe import fit_readouts, read_layers, read_output, read_with
from ickrr.config.probe import ProbeSettings
from ickrr.io.checks import Array
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer

Readout = Literal["fitted", "own"]


class ProbedModel:
    """A trained model with a linear readout fitted to every layer, as in the comparison with solvers.

    Args:
        model: the model.
        fit: prompts that the readouts are fitted to.
        settings: of the readouts.
    """

    def __init__(self, model: Transformer, fit: Mapping[str, Array], settings: ProbeSettings) -> None:
        self.model = PlacedModel(model)
        self.readouts = fit_readouts(self.model.streams, *self.model.place(fit), settings)

    def layers(self, x: Tensor, y: Tensor) -> Array:
        """Predict the last of the points (B, n+1, d) with labels (B, n+1) from every layer; (L+1, B)."""
        with torch.no_grad():
            features = self.model.streams(x.to(self.model.device), y.to(self.model.device))
        predictions: Array = self.readouts.predict(features)[..., -1].cpu().numpy()  # (L+1, B)
        return predictions


def probe(
    model: Transformer,
    fit: Mapping[str, Array],
    evaluation: Mapping[str, Array],
    settings: ProbeSettings,
    readout: Readout,
) -> dict[str, Tensor]:
    """Predict prompts from every layer of a model.

    Args:
        model: the model.
        fit: prompts that readouts are fitted to.
        evaluation: prompts that are predicted.
        settings: of the readouts.
        readout: ``fitted``, a linear readout for each layer; or ``own``, the model's readout at every layer.

    Returns:
        `layers` (L+1, B, N+1) and `output`, the model's own predictions (B, N+1); float64.
    """
    placed, chunk = PlacedModel(model), settings.chunk_prompts
    x, y = placed.place(evaluation)
    if readout == "fitted":
        readouts = fit_readouts(placed.streams, *placed.place(fit), settings)
        layers = read_layers(placed.streams, readouts, x, y, chunk)
    else:
        layers = read_with(placed.own_layers, x, y, chunk)
    return {"layers": layers, "output": read_output(placed.output, x, y, chunk)}
