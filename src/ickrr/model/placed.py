"""A trained model that takes stored prompts as they are."""

from collections.abc import Mapping

import torch
from torch import Tensor

from ickrr.io.checks import Array
from ickrr.model.transformer import Transformer


class PlacedModel:
    """A model that takes prompts of any precision, and computes in that of its weights, on their device.

    Args:
        model: the model.
    """

    def __init__(self, model: Transformer) -> None:
        self.model = model
        self.device, self.precision = model.readout.weight.device, model.readout.weight.dtype

    def place(self, prompts: Mapping[str, Array]) -> tuple[Tensor, Tensor]:
        """Put inputs `x` (B, N+1, d) and labels `y` (B, N+1) on the device of the model."""
        return torch.from_numpy(prompts["x"]).to(self.device), torch.from_numpy(prompts["y"]).to(self.device)

    def streams(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the residual streams, (L+1, B, N+1, width)."""
        return self.model.residual_streams(x.to(self.precision), y.to(self.precision))

    def output(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the model's own predictions, (B, N+1)."""
        prediction: Tensor = self.model(x.to(self.precision), y.to(self.precision))
        return prediction

    def own_layers(self, x: Tensor, y: Tensor) -> Tensor:
        """Return what the model's own readout says at every layer, (L+1, B, N+1)."""
        return self.model.read(self.streams(x, y))
