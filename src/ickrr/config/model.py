"""Settings of the transformer."""

from math import isqrt
from typing import Literal, Self

from pydantic import model_validator

from ickrr.config.fields import Flag, Settings, setting

FUSED_FROM = 64
"""Keys from which softmax attention is faster in torch's fused kernel on a CPU (docs/performance.md)."""


class ModelSettings(Settings):
    """Architecture of one transformer; the defaults are GPT-2's block."""

    layers: int = setting(8, "Number L of transformer blocks", ge=1)
    width: int = setting(64, "Width of the residual stream", ge=1)
    heads: int = setting(4, "Number of attention heads; divides the width unless head_width is set", ge=1)
    head_width: int | None = setting(
        None, "Channels of each attention head; the width over the heads when absent", unit="channels", ge=1
    )
    mlp_ratio: float = setting(4.0, "Hidden width of the MLP over the width", "sources", gt=0)
    attention: Literal["softmax", "linear", "unnormalised_exp"] = setting(
        "softmax",
        "Attention weights: softmax, raw logits, or exponentials that are not normalised",
        "sources",
    )
    linear_scale: Literal["mean", "sum"] = setting(
        "mean",
        "Attention without a normaliser: divide by the number of visible keys, or not at all",
    )
    mlp: Literal["gelu", "relu", "relu_banks", "bilinear", "rational", "none"] = setting(
        "gelu",
        "Nonlinearity of the MLP (relu_banks: ReLU, further units in banks that share a direction; "
        "bilinear: product of two linear maps; rational: the same over a third; none: no MLP)",
        "sources",
    )
    hidden: int | None = setting(
        None,
        "Hidden units of each MLP with a direction of their own; mlp_ratio times the width when absent",
        unit="units",
        ge=1,
    )
    banks: int = setting(1, "Shared directions of each MLP (relu_banks only)", ge=1)
    bank_units: int = setting(
        1, "Hidden units that share one direction (relu_banks only)", unit="units", ge=1
    )
    norm: Literal["layernorm", "none"] = setting("layernorm", "Normalisation before each sublayer", "sources")
    layout: Literal["interleaved", "paired"] = setting(
        "interleaved",
        "interleaved: x1,y1,x2,y2,.. and causal; paired: tokens (x,y), everyone attends to the context",
        "sources",
    )
    sink: Flag = setting(
        False, "A further key that is no data, with a residual stream of its own (paired layout only)"
    )

    @model_validator(mode="after")
    def heads_divide_width(self) -> Self:
        """Refuse head counts that do not divide the width."""
        if self.head_width is None and self.width % self.heads:
            small = [h for h in range(1, isqrt(self.width) + 1) if self.width % h == 0]
            divisors = sorted({*small, *(self.width // h for h in small)})
            raise ValueError(
                f"heads = {self.heads} does not divide width = {self.width}; "
                f"heads must be one of {divisors}, or head_width set"
            )
        return self

    @model_validator(mode="after")
    def sink_is_paired(self) -> Self:
        """Refuse a sink where positions and causality would apply to it."""
        if self.sink and self.layout != "paired":
            raise ValueError(f"sink = true needs layout = paired, found layout = {self.layout}")
        return self
