"""M transformers of one shape as one: every parameter has a leading axis of members.

The prompts of all members are folded into one batch, (M, B, ..) -> (M B, ..), on which blocks, attention and
nonlinearities are those of `Transformer`; only what has parameters is told its members apart. `torch.vmap`
would do the same, but has no rule for the fused attention kernel of the CPU and falls back to a loop.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ickrr.model.transformer import Transformer


class StackedLinear(nn.Module):
    """A linear map of each member: (M B, .., in) -> (M B, .., out).

    Args:
        alone: the members' maps.
    """

    def __init__(self, alone: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = stacked([one.weight for one in alone])  # (M, out, in)
        self.bias = stacked([one.bias for one in alone])  # (M, out)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return W_m h + b_m for every token h of member m."""
        by_member = tokens.reshape(len(self.weight), -1, tokens.shape[-1])  # (M, B T, in)
        mapped = torch.baddbmm(self.bias.unsqueeze(1), by_member, self.weight.mT)  # (M, B T, out)
        return mapped.reshape(*tokens.shape[:-1], -1)


class StackedLayerNorm(nn.Module):
    """A layer norm of each member: (M B, .., width) -> the same.

    Args:
        alone: the members' norms.
    """

    def __init__(self, alone: Sequence[nn.LayerNorm]) -> None:
        super().__init__()
        self.epsilon = alone[0].eps
        self.weight = stacked([one.weight for one in alone])  # (M, width)
        self.bias = stacked([one.bias for one in alone])  # (M, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """Normalise every token, with the scale and shift of its member."""
        width = tokens.shape[-1]
        normal = nn.functional.layer_norm(tokens, (width,), eps=self.epsilon)
        by_member = normal.reshape(len(self.weight), -1, width)  # (M, B T, width)
        scaled = torch.addcmul(self.bias.unsqueeze(1), by_member, self.weight.unsqueeze(1))
        return scaled.reshape(tokens.shape)


class StackedTransformer(Transformer):
    """M transformers of one shape, interleaved layout; its state dict is that of one, stacked.

    Args:
        models: the members; their weights are copied.

    Raises:
        TypeError: a part with parameters is neither linear nor a layer norm.
    """

    def __init__(self, models: Sequence[Transformer]) -> None:
        first = models[0]
        super().__init__(first.settings, first.dimension, first.context_length)
        self.members = len(models)
        for name, module in list(self.named_modules()):
            if name and list(module.parameters(recurse=False)):
                self.set_submodule(name, stacked_module([one.get_submodule(name) for one in models]))
        positions = [one.positions for one in models if one.positions is not None]
        self.positions = stacked(positions)  # (M, 2N+1, width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Predict at every context length, each member on its own prompts.

        Args:
            x: inputs, (M, B, N+1, d).
            y: labels, (M, B, N+1); the last is never looked at.

        Returns:
            (M, B, N+1).
        """
        folded = super().forward(x.flatten(0, 1), y.flatten(0, 1))  # (M B, N+1)
        prediction: Tensor = folded.unflatten(0, (self.members, -1))
        return prediction

    def _embed(self, tokens: Tensor) -> Tensor:
        assert self.positions is not None
        embedded: Tensor = self.embedding(tokens).unflatten(0, (self.members, -1))  # (M, B, T, width)
        embedded = embedded + self.positions[:, None, : tokens.shape[1]]
        return embedded.flatten(0, 1)  # (M B, T, width)


def stacked_module(alone: Sequence[nn.Module]) -> nn.Module:
    """Stack the members' copies of one module with parameters.

    Raises:
        TypeError: there is no stacked form of it.
    """
    linear = [one for one in alone if isinstance(one, nn.Linear)]
    norms = [one for one in alone if isinstance(one, nn.LayerNorm)]
    if len(linear) == len(alone):
        return StackedLinear(linear)
    if len(norms) == len(alone):
        return StackedLayerNorm(norms)
    raise TypeError(f"an ensemble has no stacked {type(alone[0]).__name__}")


def stacked(parameters: Sequence[Tensor]) -> nn.Parameter:
    """Copy the members' values of one parameter into one with a leading axis, (..) -> (M, ..)."""
    return nn.Parameter(torch.stack([parameter.detach() for parameter in parameters]))
