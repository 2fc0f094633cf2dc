"""What tf32 or bfloat16 matrix products would do to a training, found on a CPU by rounding.

A GPU that multiplies in tf32 rounds the factors to 10 bits of mantissa and adds in float32; in bfloat16 it
rounds factors and results to 7 bits. Both are done here around every float32 product of forward and
backward pass, so the arithmetic of a step is that of the GPU but for what a fused attention kernel keeps
inside. Trainings differ in nothing else. What counts is the excess risk at the end, and whether rounding
moves it by more than the seed.
"""

from collections.abc import Callable
from statistics import fmean, stdev
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

from benchmarks.timing import one_thread
from benchmarks.training import Setting, our_recipe, train

SETTING = Setting(seeds=tuple(range(6)))


def tf32(tensor: Tensor) -> Tensor:
    """Round float32 to 10 bits of mantissa, to nearest, ties to even."""
    bits = tensor.contiguous().view(torch.int32)
    last = (bits >> 13) & 1
    return ((bits + 0xFFF + last) & ~0x1FFF).view(torch.float32)


def bfloat16(tensor: Tensor) -> Tensor:
    """Round float32 to bfloat16 and back."""
    return tensor.bfloat16().float()


ROUNDINGS: dict[str, Callable[[Tensor], Tensor]] = {"tf32": tf32, "bfloat16": bfloat16}


class RoundedProducts(TorchDispatchMode):
    """While it is entered, float32 matrix products and fused attention take rounded factors.

    Args:
        precision: ``tf32`` or ``bfloat16``; the latter rounds the results as well, as autocast does.
    """

    # Name of the operation, or how it begins, and the dimensions of its factors: what has fewer (biases, the
    # attention's normalisers) stays in float32.
    PRODUCTS: ClassVar = {"mm": 2, "addmm": 2, "bmm": 3, "baddbmm": 3, "_scaled_dot_product": 4}

    def __init__(self, precision: str) -> None:
        super().__init__()
        self.round = ROUNDINGS[precision]
        self.results = precision == "bfloat16"
        self.products = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Round what a product takes, and in bfloat16 what it gives."""
        kwargs = kwargs or {}
        operation = func.overloadpacket.__name__
        dimensions = next((n for name, n in self.PRODUCTS.items() if operation.startswith(name)), None)
        if dimensions is None:
            return func(*args, **kwargs)
        self.products += 1
        found = func(*(self._rounded(value, dimensions) for value in args), **kwargs)
        if not self.results:
            return found
        if isinstance(found, tuple):
            return tuple(self._rounded(value, dimensions) for value in found)
        return self._rounded(found, dimensions)

    def _rounded(self, value: Any, dimensions: int) -> Any:
        if isinstance(value, Tensor) and value.dtype == torch.float32 and value.ndim == dimensions:
            return self.round(value)
        return value


def measure(setting: Setting = SETTING) -> list[dict[str, object]]:
    """Return one row a precision: excess risk of float32 over that of rounded products, and its range."""
    recipe = our_recipe(setting)
    risks: dict[str, list[float]] = {}
    with one_thread():
        risks["float32"] = [train(setting, recipe, seed).risks[-1] for seed in setting.seeds]
        for precision in ROUNDINGS:
            with RoundedProducts(precision) as rounded:
                risks[precision] = [train(setting, recipe, seed).risks[-1] for seed in setting.seeds]
            assert rounded.products > 10 * setting.steps  # the mode has seen the products
    spread = stdev(risks["float32"]) / fmean(risks["float32"])
    return [row(precision, risks, spread, setting) for precision in ROUNDINGS]


def row(precision: str, risks: dict[str, list[float]], spread: float, setting: Setting) -> dict[str, object]:
    """Summarise one precision."""
    ratios = [exact / found for exact, found in zip(risks["float32"], risks[precision], strict=True)]
    ratio = fmean(risks["float32"]) / fmean(risks[precision])
    within = "within" if abs(1 / ratio - 1) <= spread else "beyond"
    return {
        "benchmark": f"excess risk after training with products in {precision} (rounded on a CPU)",
        "peer": "float32",
        "ours_s": None,
        "peer_s": None,
        "ratio": ratio,
        "ratio_low": min(ratios),
        "ratio_high": max(ratios),
        "note": f"excess risk {fmean(risks[precision]):.4g} against {fmean(risks['float32']):.4g}, {within} "
        f"the spread of seeds ({spread:.1%}, standard deviation); {len(ratios)} seeds, "
        f"{setting.model.layers} layers, width {setting.model.width}, {setting.steps} steps",
    }
