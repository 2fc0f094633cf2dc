"""The transformer: embedding, L blocks, final norm, linear readout.

One class serves trained and hand-built weights: h_0 = W_in token (+ position), h_l = Block_l(h_{l-1}),
prediction = w_out . norm(h_L) + b_out at the prediction tokens. With the default options the blocks compute
exactly what GPT-2's do (Radford et al. 2019).
"""

from collections.abc import Iterator

import torch
from torch import Tensor, nn

from ickrr.config.model import AnyModelSettings, BuiltModelSettings
from ickrr.model.attention import CAUSAL, Attention, Visibility
from ickrr.model.block import MLPS, NORMS, Block
from ickrr.model.built import BUILT_MLPS
from ickrr.model.size import head_width, hidden_width
from ickrr.model.tokens import at_inputs, interleave, pair


class Transformer(nn.Module):
    """A transformer that predicts y_{n+1} from n labelled pairs and x_{n+1}.

    Args:
        settings: architecture.
        dimension: dimension d of the inputs.
        context_length: largest context length N (bounds the positions of the interleaved layout).
    """

    def __init__(self, settings: AnyModelSettings, dimension: int, context_length: int) -> None:
        super().__init__()
        self.settings = settings
        self.dimension = dimension
        self.context_length = context_length
        interleaved = settings.layout == "interleaved"
        self.embedding = nn.Linear(dimension if interleaved else dimension + 1, settings.width)
        # The paired layout has no positions: the order of the context cannot leak into the prediction.
        self.positions = (
            nn.Parameter(torch.zeros(2 * context_length + 1, settings.width)) if interleaved else None
        )
        # A first token that holds no data: every token attends to it as to the context.
        self.sink = nn.Parameter(torch.zeros(settings.width)) if settings.sink else None
        self.blocks = nn.ModuleList(build_block(settings) for _ in range(settings.layers))
        self.final_norm = NORMS[settings.norm](settings.width)
        self.readout = nn.Linear(settings.width, 1)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """Predict at every context length.

        Args:
            x: inputs, (B, N+1, d).
            y: labels, (B, N+1); the last is never looked at.

        Returns:
            (B, N+1); entry n predicts y_{n+1} from the first n pairs and x_{n+1}.

        Raises:
            ValueError: the prompt is longer than the model's positions.
        """
        if self.settings.layout == "interleaved":
            *_, last = self.layers(self._embed(interleave(x, y)), CAUSAL)  # (B, 2N+1, width)
            return self.read(at_inputs(last))  # (B, N+1)
        return torch.cat(
            [self.predict(x[:, :n], y[:, :n], x[:, n : n + 1]) for n in range(x.shape[1])], dim=1
        )  # N+1 times (B, 1) -> (B, N+1)

    def predict(self, x: Tensor, y: Tensor, queries: Tensor) -> Tensor:
        """Predict at many queries from one shared context (paired layout).

        Args:
            x: context inputs, (B, n, d).
            y: context labels, (B, n).
            queries: (B, Q, d).

        Returns:
            (B, Q).
        """
        *_, last = self.query_layers(x, y, queries)  # (B, Q, width)
        return self.read(last)  # (B, Q)

    def query_layers(self, x: Tensor, y: Tensor, queries: Tensor) -> Iterator[Tensor]:
        """Yield the raw residual stream of layers 0..L at many queries of one context (paired layout).

        Args:
            x: context inputs, (B, n, d).
            y: context labels, (B, n).
            queries: (B, Q, d).

        Yields:
            (B, Q, width).
        """
        tokens = self._embed(pair(x, y, queries))  # (B, n+Q, width)
        keys = x.shape[1]
        if self.sink is not None:
            tokens = torch.cat((self.sink.expand(len(x), 1, -1), tokens), dim=1)  # (B, 1+n+Q, width)
            keys += 1
        for layer in self.layers(tokens, Visibility(keys=keys)):
            yield layer[:, keys:]  # (B, Q, width)

    def residual_streams(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the raw residual stream (before the final norm) at the prediction tokens of all layers.

        Args:
            x: inputs, (B, N+1, d).
            y: labels, (B, N+1).

        Returns:
            (L+1, B, N+1, width); layer 0 is the embedding, entry n of the context axis has seen n pairs.
        """
        if self.settings.layout == "interleaved":
            tokens = self._embed(interleave(x, y))  # (B, 2N+1, width)
            return torch.stack([at_inputs(layer) for layer in self.layers(tokens, CAUSAL)])
        streams = []
        for n in range(x.shape[1]):
            layers = self.query_layers(x[:, :n], y[:, :n], x[:, n : n + 1])
            streams.append(torch.stack([layer[:, 0] for layer in layers]))  # (L+1, B, width)
        return torch.stack(streams, dim=2)  # (L+1, B, N+1, width)

    def layers(self, tokens: Tensor, visibility: Visibility) -> Iterator[Tensor]:
        """Yield the residual stream of layers 0..L, each (B, T, width), from embedded tokens."""
        yield tokens  # (B, T, width)
        for block in self.blocks:
            tokens = block(tokens, visibility)  # (B, T, width)
            yield tokens

    def _embed(self, tokens: Tensor) -> Tensor:
        embedded: Tensor = self.embedding(tokens)  # (B, T, d or d+1) -> (B, T, width)
        if self.positions is None:
            return embedded
        length, limit = tokens.shape[1], self.positions.shape[0]
        if length > limit:
            raise ValueError(
                f"a prompt of context length {(length - 1) // 2} does not fit a model made for "
                f"context lengths up to {self.context_length}; shorten it, or train a model for it"
            )
        return embedded + self.positions[:length]  # (B, T, width) + (T, width)

    def read(self, tokens: Tensor) -> Tensor:
        """Apply the model's own readout to residual streams, (..., width) -> (...)."""
        prediction: Tensor = self.readout(self.final_norm(tokens)).squeeze(-1)  # (..., width) -> (...)
        return prediction


def build_block(settings: AnyModelSettings) -> Block:
    """Return one block with the options of the settings."""
    mlp = (
        BUILT_MLPS[settings.mlp](settings)
        if isinstance(settings, BuiltModelSettings)
        else MLPS[settings.mlp](settings.width, hidden_width(settings))
    )
    attention = Attention(
        settings.width,
        settings.heads,
        head_width(settings),
        settings.attention,
        mean=settings.linear_scale == "mean",
    )
    return Block(attention, mlp, NORMS[settings.norm], settings.width)
