"""What the tokens of a prompt are to attention: whose pair they belong to, and who sees whom.

Interleaved, the tokens are x_1, y_1, .., x_{N+1}, each sees itself and those before it. Paired, they are n
pairs and one query, and all see the n pairs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.kernels.distances import squared_distances
from ickrr.model.attention import CAUSAL, Visibility

ROWS = {"interleaved": ("x", "y"), "paired": ("pair", "query")}
"""Kinds of tokens that attend, of each layout."""

CLASSES = {"interleaved": 4, "paired": 2}
"""Kinds of keys that a token tells apart: of other pairs and of its own; interleaved, x and y of each."""


@dataclass(frozen=True)
class Sequence:
    """T tokens, of which the first S are keys.

    Attributes:
        point: number of the pair or query that each token is of, (T).
        row: kind of each token, an index of `ROWS`, (T).
        key: class of each key as each token sees it, (T, S).
        visible: who sees whom, (T, S).
    """

    point: Tensor
    row: Tensor
    key: Tensor
    visible: Tensor

    @classmethod
    def of(cls, layout: str, tokens: int) -> "Sequence":
        """Return the sequence of a layout with a number T of tokens."""
        index = torch.arange(tokens)
        if layout == "interleaved":
            point, row = index // 2, index % 2
            own = point[:, None] == point
            key = 2 * own + row
            return cls(point, row, key, CAUSAL.matrix(tokens, index.device))
        pairs = tokens - 1
        own = index[:, None] == index[:pairs]
        visible = Visibility(keys=pairs).matrix(tokens, index.device)
        return cls(index, (index == pairs).long(), own.long(), visible)

    def distances(self, x: Tensor) -> Tensor:
        """Return the squared distances of the inputs that the tokens belong to.

        Args:
            x: inputs of the prompts, (B, N+1, d), at least as many as there are points.

        Returns:
            (B, T, S), float64.
        """
        rows = x[:, self.point].double()  # (B, T, d)
        return squared_distances(rows, rows[:, : self.key.shape[1]])
