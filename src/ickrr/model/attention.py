"""Multi-head attention, o_i = sum_j w_ij v_j over the keys j that token i may see.

The logits are s_ij = q_i.k_j / sqrt(d_head). softmax: w_ij = exp(s_ij) / sum_j exp(s_ij). linear:
w_ij = s_ij / c_i. unnormalised_exp: w_ij = exp(s_ij) / c_i, with c_i the number of visible keys
(scale "mean") or 1 ("sum"). A token that sees no key gets 0.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from ickrr.config.model import FUSED_FROM, AttentionKind


@dataclass(frozen=True)
class Visibility:
    """Which keys each token may see.

    Args:
        keys: every token sees the first `keys` tokens; None: each sees itself and those before it.
    """

    keys: int | None

    def source(self, tokens: Tensor) -> Tensor:
        """Return the tokens that are keys, (B, S, width), of all tokens (B, T, width)."""
        return tokens if self.keys is None else tokens[:, : self.keys]

    def matrix(self, tokens: int, device: torch.device) -> Tensor:
        """Return the boolean matrix of who sees whom, (T, S), for T tokens of which S are keys."""
        if self.keys is None:
            return torch.ones(tokens, tokens, dtype=torch.bool, device=device).tril()
        return torch.ones(tokens, self.keys, dtype=torch.bool, device=device)


CAUSAL: Final = Visibility(keys=None)


def logits(query: Tensor, key: Tensor) -> Tensor:
    """Return s_ij = q_i.k_j / sqrt(d_head), (B, H, T, S), for (B, H, T, d_head) and (B, H, S, d_head)."""
    return query / math.sqrt(query.shape[-1]) @ key.transpose(-2, -1)


# The kinds take the logits, (B, H, T, S), and what each key counts for each token, (T, S): 1/c_i, or 0 where
# it is hidden. Adding or multiplying a (T, S) matrix goes over the logits of all heads once, masked_fill
# twice.


def softmax_weights(scores: Tensor, shares: Tensor) -> Tensor:
    """Return the softmax over the visible keys, (B, H, T, S)."""
    return torch.softmax(scores + _hiding(shares), dim=-1)


def linear_weights(scores: Tensor, shares: Tensor) -> Tensor:
    """Return the logits of the visible keys over c_i, (B, H, T, S)."""
    return scores * shares


def exponential_weights(scores: Tensor, shares: Tensor) -> Tensor:
    """Return the exponentials of the logits of the visible keys over c_i, (B, H, T, S)."""
    return (scores + _hiding(shares)).exp() * shares


def _hiding(shares: Tensor) -> Tensor:
    """Return 0 for visible keys and -inf for the others, (T, S)."""
    return torch.zeros_like(shares).masked_fill(shares == 0, -torch.inf)


WEIGHTS: Final[dict[AttentionKind, Callable[[Tensor, Tensor], Tensor]]] = {
    "softmax": softmax_weights,
    "linear": linear_weights,
    "unnormalised_exp": exponential_weights,
}


class Attention(nn.Module):
    """Multi-head attention with separate query, key, value and output maps (all with bias, as in GPT-2).

    Args:
        width: width of the residual stream.
        heads: number H of heads.
        head_width: channels d_head of each head.
        kind: how weights are made from logits.
        mean: c_i is the number of visible keys, not 1; softmax needs no c_i.
    """

    def __init__(
        self, width: int, heads: int, head_width: int, kind: AttentionKind = "softmax", mean: bool = True
    ) -> None:
        super().__init__()
        self.heads = heads
        self.kind = kind
        self.mean = mean
        inner = heads * head_width
        self.query = nn.Linear(width, inner)
        self.key = nn.Linear(width, inner)
        self.value = nn.Linear(width, inner)
        self.output = nn.Linear(inner, width)

    def forward(self, tokens: Tensor, visibility: Visibility) -> Tensor:
        """Return the update of every token, (B, T, width), for tokens (B, T, width)."""
        source = visibility.source(tokens)  # (B, S, width)
        value = self._split(self.value(source))  # (B, H, S, d_head)
        if self._uses_fused_kernel(source):
            query = self._split(self.query(tokens))  # (B, H, T, d_head)
            key = self._split(self.key(source))  # (B, H, S, d_head)
            mixed = nn.functional.scaled_dot_product_attention(
                query, key, value, is_causal=visibility.keys is None
            )  # (B, H, T, d_head)
        else:
            mixed = self.weights(tokens, visibility) @ value  # (B, H, T, d_head)
        update: Tensor = self.output(mixed.transpose(1, 2).flatten(2))  # (B, T, H d_head) -> (B, T, width)
        return update

    def weights(self, tokens: Tensor, visibility: Visibility) -> Tensor:
        """Return the attention weights w_ij, (B, H, T, S), computed without the fused kernel."""
        source = visibility.source(tokens)  # (B, S, width)
        scores = logits(self._split(self.query(tokens)), self._split(self.key(source)))  # (B, H, T, S)
        shares = visibility.matrix(tokens.shape[1], tokens.device).to(scores.dtype)  # (T, S)
        if self.mean:
            shares = shares / shares.sum(-1, keepdim=True).clamp(min=1)  # (T, S) / (T, 1)
        return WEIGHTS[self.kind](scores, shares)

    def _uses_fused_kernel(self, source: Tensor) -> bool:
        keys = source.shape[1]
        return self.kind == "softmax" and keys > 0 and (source.is_cuda or keys >= FUSED_FROM)

    def _split(self, tokens: Tensor) -> Tensor:
        split: Tensor = tokens.unflatten(-1, (self.heads, -1))  # (B, S, H d_head) -> (B, S, H, d_head)
        return split.transpose(1, 2)  # (B, H, S, d_head)
