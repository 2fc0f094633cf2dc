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

from ickrr.config.model import FUSED_FROM


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
    return query / math.sqrt(query.shape[-1]) @ key.transpose(-2, -1)


def softmax_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Softmax over the visible keys (`mean` has no effect); a row that sees none gets equal weights."""
    del mean
    sees = visible.any(-1, keepdim=True)  # (T, 1)
    return torch.softmax(scores + _hiding(visible | ~sees, scores.dtype), dim=-1)


def linear_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Raw logits of the visible keys, over their number if `mean`."""
    return scores * _shares(visible, mean, scores.dtype)


def exponential_weights(scores: Tensor, visible: Tensor, mean: bool) -> Tensor:
    """Exponentials of the logits of the visible keys, over their number if `mean`."""
    exponentials = (scores + _hiding(visible, scores.dtype)).exp()  # (B, H, T, S) + (T, S)
    return exponentials * _shares(visible, mean, scores.dtype)


# Both are (T, S): with them all heads' (B, H, T, S) are gone over once, by masked_fill twice.


def _hiding(visible: Tensor, dtype: torch.dtype) -> Tensor:
    """0 for visible keys, -inf for the others."""
    return torch.zeros(visible.shape, dtype=dtype, device=visible.device).masked_fill(~visible, -torch.inf)


def _shares(visible: Tensor, mean: bool, dtype: torch.dtype) -> Tensor:
    """1 for visible keys, or 1 over their number if `mean`; 0 for the others."""
    shares = visible.to(dtype)
    return shares / shares.sum(-1, keepdim=True).clamp(min=1) if mean else shares


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
        fused: use torch's fused kernel where it computes the same thing (softmax without an explicit mask);
            where that is the faster way when None.
    """

    def __init__(
        self,
        width: int,
        heads: int,
        kind: str = "softmax",
        linear_scale: str = "mean",
        head_width: int | None = None,
        fused: bool | None = None,
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
        if self._uses_fused_kernel(visibility, source):
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
        weights = WEIGHTS[self.kind](scores, visible, self.mean)
        if visibility.mask is None:  # every token sees a key, if there is any
            return weights
        return weights * visible.any(-1, keepdim=True)

    def _uses_fused_kernel(self, visibility: Visibility, source: Tensor) -> bool:
        keys = source.shape[1]
        plain = visibility.mask is None and not (visibility.causal and visibility.keys is not None)
        wanted = (source.is_cuda or keys >= FUSED_FROM) if self.fused is None else self.fused
        return wanted and self.kind == "softmax" and plain and keys > 0

    def _split(self, tokens: Tensor) -> Tensor:
        split: Tensor = tokens.unflatten(-1, (self.heads, -1))  # (B, S, width) -> (B, S, H, d_head)
        return split.transpose(1, 2)  # (B, H, S, d_head)
