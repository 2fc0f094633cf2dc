"""The residual stream of the construction: which channel holds what, and how attention reads it.

| channel | holds | written by |
| --- | --- | --- |
| `x` (d) | the input | embedding |
| `y` | the label, 0 at queries and at the sink | embedding |
| `norm` | |x|^2 | block 1 (on a sphere: embedding) |
| `flag` | 1 at the sink, else 0 | embedding |
| `weight` | g = ridge/G_i, from the sink's share | block 2 |
| `inverse` | 1/(the sink's share) | block 2 |
| `iterate` | b = N a | blocks 3 .. |
| `mixed` | attention's average of b; 0 between blocks | blocks 3 .. |
| `prediction` | the readout of the iterate that this block's attention saw | blocks 3 .. |
| `remainder` | 1 - share * inverse of the Newton iteration (exact products only) | setup blocks |
"""

import math

import torch
from torch import Tensor, nn

from ickrr.model.attention import Attention

# A difference of logits at which float64's exponential is exactly 0 beside 1.
HIDDEN = 1e4


class Channels:
    """Indices of the channels for inputs of dimension d; embedding, sink, readout and attention on them.

    Args:
        dimension: d.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.x = range(dimension)
        (
            self.y,
            self.norm,
            self.flag,
            self.weight,
            self.inverse,
            self.iterate,
            self.mixed,
            self.prediction,
            self.remainder,
        ) = range(dimension, dimension + 9)
        self.width = dimension + 9

    def embedding(self, norm: float = 0.0) -> nn.Linear:
        """Return the map of a token (x, y), (d+1), to its channels; |x|^2 starts at `norm`."""
        linear = zeros(nn.Linear(self.dimension + 1, self.width))
        for channel in (*self.x, self.y):
            linear.weight[channel, channel] = 1.0
        linear.bias[self.norm] = norm
        return linear

    def sink(self) -> Tensor:
        """Return the stream of the sink, (width): x = 0, y = 0, flag 1."""
        stream = torch.zeros(self.width, dtype=torch.float64)
        stream[self.flag] = 1.0
        return stream

    def readout(self) -> nn.Linear:
        """Return the map that reads the prediction."""
        linear = zeros(nn.Linear(self.width, 1))
        linear.weight[0, self.prediction] = 1.0
        return linear

    def attend(self, attention: Attention, lengthscale: float, ridge: float, *, hidden_sink: bool) -> None:
        """Set queries and keys: kernel weights at the data, `ridge` (or nothing) at the sink.

        Logit of query i at data j: x_i.x_j/h^2 - |x_j|^2/(2h^2); at the sink: log ridge + |x_i|^2/(2h^2), so
        that the weights are k(x_i, x_j) and ridge up to a common factor. The sink sees itself alone, so that
        its stream never changes.

        Args:
            attention: attention to write to.
            lengthscale: h.
            ridge: weight of the sink.
            hidden_sink: the sink gets no weight.
        """
        root = math.sqrt(self.width)  # attention divides its logits by the root of the head's width
        query, key = attention.query, attention.key
        for channel in self.x:
            query.weight[channel, channel] = root / lengthscale**2
            key.weight[channel, channel] = 1.0
        norm, sink = self.dimension, self.dimension + 1  # further channels of the head
        query.bias[norm] = -root / (2 * lengthscale**2)
        key.weight[norm, self.norm] = 1.0
        query.bias[sink] = root * (-HIDDEN if hidden_sink else math.log(ridge))
        query.weight[sink, self.flag] = root * 2 * HIDDEN
        if not hidden_sink:
            query.weight[sink, self.norm] = root / (2 * lengthscale**2)
        key.weight[sink, self.flag] = 1.0

    def move(self, attention: Attention, source: int, target: int) -> None:
        """Set values and output: add the average of one channel of the keys to another of the token."""
        attention.value.weight[0, source] = 1.0
        attention.output.weight[target, 0] = 1.0


def zeros(linear: nn.Linear) -> nn.Linear:
    """Set a linear map to float64 zeros and return it."""
    linear = linear.double().requires_grad_(False)
    linear.weight.zero_()
    linear.bias.zero_()
    return linear
