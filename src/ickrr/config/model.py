"""Settings of the transformer: what a trained one can have, and what one with hand-built weights can have."""

from math import isqrt
from typing import ClassVar, Final, Literal, Self

from pydantic import model_validator

from ickrr.config.fields import Flag, Settings, setting

FUSED_FROM: Final = 64
"""Keys from which softmax attention is faster in torch's fused kernel on a CPU (docs/performance.md)."""

AttentionKind = Literal["softmax", "linear", "unnormalised_exp"]
NormKind = Literal["layernorm", "none"]
Layout = Literal["interleaved", "paired"]
MLPKind = Literal["gelu", "relu", "none"]
BuiltMLPKind = Literal["relu_banks", "bilinear", "rational"]


class Architecture(Settings):
    """What every transformer has, trained or built."""

    layers: int = setting(8, "Number L of transformer blocks", ge=1)
    width: int = setting(64, "Width of the residual stream", ge=1)
    heads: int = setting(4, "Number of attention heads", ge=1)
    attention: AttentionKind = setting(
        "softmax",
        "Attention weights: softmax, raw logits, or exponentials that are not normalised",
        "sources",
    )
    linear_scale: Literal["mean", "sum"] = setting(
        "mean",
        "Attention without a normaliser: divide by the number of visible keys, or not at all",
    )
    norm: NormKind = setting("layernorm", "Normalisation before each sublayer", "sources")
    layout: Layout = setting(
        "interleaved",
        "interleaved: tokens x1, y1, x2, y2, .., causal; paired: tokens (x, y), all of which see the context",
        "sources",
    )


class ModelSettings(Architecture):
    """Architecture of a trained transformer; the defaults are GPT-2's block."""

    mlp: MLPKind = setting("gelu", "Nonlinearity of the MLP; none leaves the MLP out", "sources")
    mlp_ratio: float = setting(4.0, "Hidden width of the MLP over the width", "sources", gt=0)

    sink: ClassVar[Literal[False]] = False  # only built models choose it

    @model_validator(mode="after")
    def heads_divide_width(self) -> Self:
        """Refuse head counts that do not divide the width."""
        if self.width % self.heads:
            small = [h for h in range(1, isqrt(self.width) + 1) if self.width % h == 0]
            divisors = sorted({*small, *(self.width // h for h in small)})
            raise ValueError(
                f"heads = {self.heads} does not divide width = {self.width}; heads must be one of {divisors}"
            )
        return self


class BuiltModelSettings(Architecture):
    """Architecture of a transformer whose weights are built by hand (`ickrr.constructions`)."""

    head_width: int | None = setting(
        None, "Channels of each attention head; the width over the heads when absent", unit="channels", ge=1
    )
    mlp: BuiltMLPKind = setting(
        "bilinear",
        "MLP: ReLU with further units in banks that share a direction (relu_banks), product of two linear "
        "maps (bilinear), or that product over a third map (rational)",
    )
    hidden: int = setting(1, "Hidden units of each MLP that have directions of their own", unit="units", ge=1)
    banks: int = setting(1, "Shared directions of each MLP (relu_banks only)", ge=1)
    bank_units: int = setting(
        1, "Hidden units that share one direction (relu_banks only)", unit="units", ge=1
    )
    sink: Flag = setting(
        False, "A further key that is no data, with a residual stream of its own (paired layout only)"
    )

    @model_validator(mode="after")
    def sink_is_paired(self) -> Self:
        """Refuse a sink where positions and causality would apply to it."""
        if self.sink and self.layout != "paired":
            raise ValueError(f"sink = true needs layout = paired, found layout = {self.layout}")
        return self


AnyModelSettings = ModelSettings | BuiltModelSettings
