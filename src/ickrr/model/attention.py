"""Multi-head attention, o_i = sum_j w_ij v_j over the keys j that token i may see.

The logits are s_ij = q_i.k_j / sqrt(d_head). softmax: w_ij = exp(s_ij) / sum_j exp(s_ij). linear:
w_ij = s_ij / c_i. unnormalised_exp: w_ij = exp(s_ij) / c_i, with c_i the number of visible keys
(scale "mean") or 1 ("sum"). A token that sees no key gets 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Visibility:
    """Which keys each token may see: all restrictions hold at once.

    Args:
        keys: only the first `keys` tokens are keys (None: every token is).
        causal: token i sees keys up to and including itself.
        mask: (T, keys) boolean, True where token i may see key j.
    """

    keys: int | None = None
    causal: bool = False
    mask: Tensor | None = None

    def matrix(self, tokens: int, device: torch.device) -> Tensor:
        """Return the boolean matrix of who sees whom, (T, S), for T tokens of which S are keys."""
        keys = tokens if self.keys is None else self.keys
        visible = torch.ones(tokens, keys, dtype=torch.bool, device=device)  # (T, S)
        if self.causal:
            visible = visible.tril()
        return visible if self.mask is None else visible & self.mask


CAUSAL = Visibility(causal=True)


def logits(query: Tensor, key: Tensor) -> Tensor:
    """Return s_ij = q_i.k_j / sqrt(d_head), (B, H, T, S), for (B, H, T, d_head) and (B, H, S, d_head)."""
    return query @ key.transpose(-2, -1) / math.sqrt(query.shape[-1])


def softmax_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Softmax over the visible keys; rows that see none are zero (`mean` has no effect: rows sum to 1)."""
    del mean
    masked = scores.masked_fill(~visible, -torch.inf)
    # A row of -inf only would be 0/0; it is given equal weights here and cleared below.
    masked = masked.masked_fill(~visible.any(-1, keepdim=True), 0.0)
    return torch.softmax(masked, dim=-1).masked_fill(~visible, 0.0)


def linear_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Raw logits of the visible keys, over their number if `mean`."""
    return _over_count(scores.masked_fill(~visible, 0.0), visible, mean)


def exponential_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Exponentials of the logits of the visible keys, over their number if `mean`."""
    return _over_count(scores.masked_fill(~visible, -torch.inf).exp(), visible, mean)


def _over_count(weights: Tensor, visible: Tensor, mean: bool) -> Tensor:
    if not mean:
        return weights
    return weights / visible.sum(-1, keepdim=True).clamp(min=1)  # (B, H, T, S) / (T, 1)


WEIGHTS: dict[str, Callable[[Tensor, Tensor, bool], Tensor]] = {
    "softmax": softmax_weights,
    "linear": linear_weights,
    "unnormalised_exp": exponential_weights,
}


class Attention(nn.Module):
    """Multi-head attention with separate query, key, value and output maps (all with bias, as in GPT-2).

    Args:
        width: width of the residual stream.
        heads: number of heads H.
        kind: a key of `WEIGHTS`.
        linear_scale: "mean" or "sum", for the kinds without a normaliser.
        head_width: channels d_head of each head; width/heads when None.
        fused: use torch's fused kernel where it computes the same thing (softmax without an explicit mask).
    """

    def __init__(
        self,
        width: int,
        heads: int,
        kind: str = "softmax",
        linear_scale: str = "mean",
        head_width: int | None = None,
        fused: bool = True,
    ) -> None:
        super().__init__()
        self.heads = heads
        self.kind = kind
        self.mean = linear_scale == "mean"
        self.fused = fused
        inner = heads * (head_width or width // heads)
        self.query = nn.Linear(width, inner)
        self.key = nn.Linear(width, inner)
        self.value = nn.Linear(width, inner)
        self.output = nn.Linear(inner, width)

    def forward(self, tokens: Tensor, visibility: Visibility) -> Tensor:
        """Return the update of every token, (B, T, width), for tokens (B, T, width)."""
        source = tokens if visibility.keys is None else tokens[:, : visibility.keys]  # (B, S, width)
        value = self._split(self.value(source))  # (B, H, S, d_head)
        if self.fused and self._has_fused_kernel(visibility, source.shape[1]):
            query = self._split(self.query(tokens))  # (B, H, T, d_head)
            key = self._split(self.key(source))  # (B, H, S, d_head)
            mixed = nn.functional.scaled_dot_product_attention(
                query, key, value, is_causal=visibility.causal
            )  # (B, H, T, d_head)
        else:
            mixed = self.weights(tokens, visibility) @ value  # (B, H, T, d_head)
        update: Tensor = self.output(mixed.transpose(1, 2).flatten(2))  # (B, T, width)
        return update

    def weights(self, tokens: Tensor, visibility: Visibility) -> Tensor:
        """Return the attention weights w_ij, (B, H, T, S), computed without the fused kernel."""
        source = tokens if visibility.keys is None else tokens[:, : visibility.keys]  # (B, S, width)
        scores = logits(self._split(self.query(tokens)), self._split(self.key(source)))  # (B, H, T, S)
        visible = visibility.matrix(tokens.shape[1], tokens.device)  # (T, S)
        return WEIGHTS[self.kind](scores, visible, self.mean)

    def _has_fused_kernel(self, visibility: Visibility, keys: int) -> bool:
        plain = visibility.mask is None and not (visibility.causal and visibility.keys is not None)
        return self.kind == "softmax" and plain and keys > 0

    def _split(self, tokens: Tensor) -> Tensor:
        split: Tensor = tokens.unflatten(-1, (self.heads, -1))  # (B, S, width) -> (B, S, H, d_head)
        return split.transpose(1, 2)  # (B, H, S, d_head)
