"""The residual stream of the built conjugate gradients: which channel holds what, and the heads on it.

Support tokens are the context, the aggregator is the sink. A support channel is 0 at the aggregator and an
aggregator channel is 0 at support and query tokens, except for what a broadcast lends them within one block.

| channel | holds | where | written by |
| --- | --- | --- | --- |
| `x` (d) | the representation phi | support, query | embedding |
| `flag` | 1 | aggregator | embedding |
| `residual` | r = y - (K + ridge I) a, from y | support | embedding, update |
| `scaled` | z = g r (preconditioned only) | support | setup, update |
| `weight` | g = 1/(row sum of K + ridge) (preconditioned only) | support | setup |
| `direction` | p | support | embedding or setup, momentum |
| `image` | K p; cleared by the update | support, query | product |
| `scaled_image` | g (K p + ridge p); cleared by the update (preconditioned only) | support | product |
| `dual` | a | support | update |
| `prediction` | k_q.a, summed from its updates | query | update |
| `curvature` | p.(K p + ridge p); cleared at once | aggregator | curvature |
| `size` | r.z | aggregator | setup, size |
| `new_size` | r.z after the update; cleared at once | aggregator | size |
| `step` | alpha; lent to all, cleared by the update | aggregator | curvature |
| `momentum` | beta; lent to all, cleared by the momentum block | aggregator | size |
| `quotient` | log of a numerator less log of its denominator (ReLU only) | aggregator | curvature, size |

At query tokens the support channels carry the same recursion from y = 0; no token sees them.
"""

import math

import torch
from torch import Tensor, nn

from ickrr.constructions.functionals import Functional
from ickrr.model.attention import Attention


class Channels:
    """Indices of the channels for representations of dimension d, and the heads on them.

    Args:
        dimension: d.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.x = range(dimension)
        (
            self.flag,
            self.residual,
            self.scaled,
            self.weight,
            self.direction,
            self.image,
            self.scaled_image,
            self.dual,
            self.prediction,
            self.curvature,
            self.size,
            self.new_size,
            self.step,
            self.momentum,
            self.quotient,
        ) = range(dimension, dimension + 15)
        self.width = dimension + 15

    def write_ends(
        self, embedding: nn.Linear, sink: nn.Parameter, readout: nn.Linear, label: tuple[int, ...]
    ) -> None:
        """Set embedding, sink and readout, which are zero: y goes to the channels of `label`."""
        for channel in self.x:
            embedding.weight[channel, channel] = 1.0
        for channel in label:
            embedding.weight[channel, self.dimension] = 1.0
        sink[self.flag] = 1.0
        readout.weight[0, self.prediction] = 1.0

    def multiply_kernel(self, attention: Attention, projection: Tensor, source: int | None) -> None:
        """Write a head that adds sum_j (S^T phi_i).(S^T phi_j) s_j to `image`; the aggregator's phi is 0.

        Args:
            attention: attention to write to, all zeros, with head width r.
            projection: S, (d, r): the identity, or a map to fewer channels.
            source: channel of s; s = 1 when None.
        """
        x = slice(self.x.start, self.x.stop)
        attention.query.weight[:, x] = _root(attention) * projection.T
        attention.key.weight[:, x] = projection.T
        if source is None:
            attention.value.bias[0] = 1.0
        else:
            attention.value.weight[0, source] = 1.0
        attention.output.weight[self.image, 0] = 1.0

    def gather(self, attention: Attention, first: int, second: Functional, target: int) -> None:
        """Write a head that adds sum_j u_j v_j to a channel of the aggregator: u is its key, v its value."""
        attention.query.weight[0, self.flag] = _root(attention)
        attention.key.weight[0, first] = 1.0
        for channel, coefficient in second.items():
            attention.value.weight[0, channel] = coefficient
        attention.output.weight[target, 0] = 1.0

    def broadcast(self, attention: Attention, channel: int) -> None:
        """Write a head that adds the aggregator's channel to the same channel of all other tokens."""
        attention.query.bias[0] = _root(attention)
        attention.query.weight[0, self.flag] = -_root(attention)
        attention.key.weight[0, self.flag] = 1.0
        attention.value.weight[0, channel] = 1.0
        attention.output.weight[channel, 0] = 1.0


def _root(attention: Attention) -> float:
    """Return what attention divides its logits by, the root of the head width."""
    return math.sqrt(attention.query.out_features // attention.heads)


def identity(dimension: int) -> Tensor:
    """Return the projection that keeps every channel, (d, d)."""
    return torch.eye(dimension, dtype=torch.float64)
