"""Random initial weights, as GPT-2's: N(0, 0.02^2), residual outputs over sqrt(2L), biases 0, norms 1.

Attention that sums over its keys, without dividing, starts with its output over the largest number of keys,
so that it adds to the stream no more than attention that averages.
"""

import math

import torch
from torch import nn

from ickrr.model.transformer import Transformer

STANDARD_DEVIATION = 0.02
RESIDUAL_OUTPUTS = ("attention.output.weight", "mlp.down.weight")


@torch.no_grad()
def initialise(model: Transformer, generator: torch.Generator) -> None:
    """Draw initial weights in place, in the order of the state dict, from an explicit CPU generator.

    Source: Radford et al. (2019), section 2.3, and the reference implementation. Each block adds
    twice to the residual stream (once where it has no MLP), hence the factor 1/sqrt(number of additions) on
    what is added.

    Args:
        model: model to fill, on the CPU.
        generator: CPU generator.
    """
    for module in model.modules():
        if isinstance(module, nn.LayerNorm):
            module.reset_parameters()  # weight 1, bias 0: no randomness
    additions = model.settings.layers * (1 if model.settings.mlp == "none" else 2)
    keys = model.context_length if model.positions is None else len(model.positions)
    sums = model.settings.attention != "softmax" and model.settings.linear_scale == "sum"
    for name, parameter in model.named_parameters():
        if "norm" in name:
            continue
        if name.endswith("bias"):
            parameter.zero_()
            continue
        residual = name.endswith(RESIDUAL_OUTPUTS)
        scale = STANDARD_DEVIATION / math.sqrt(additions) if residual else STANDARD_DEVIATION
        if sums and name.endswith("attention.output.weight"):
            scale /= keys
        parameter.normal_(0.0, scale, generator=generator)
