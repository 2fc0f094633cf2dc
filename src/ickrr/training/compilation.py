"""Forward and backward pass compiled by torch, for trainings that are long enough to pay for it."""

from collections.abc import Callable

import torch
from torch import Tensor

from ickrr.errors import ConfigError
from ickrr.model.transformer import Transformer
from ickrr.training.data import Batch, predict

Predictor = Callable[[Transformer, Batch], Tensor]


def predictor(fuse: bool) -> Predictor:
    """Return `predict`, compiled at its first call if asked for; the predictions are equal up to rounding.

    Args:
        fuse: compile it; the prompts of all calls must then have one shape.

    Raises:
        ConfigError: when it is called, if torch cannot compile on this machine.
    """
    if not fuse:
        return predict
    from torch._dynamo.exc import TorchDynamoException  # a second of imports

    torch.compiler.reset()  # of other trainings in this process: after a few shapes torch stops compiling
    compiled = torch.compile(predict, fullgraph=True, dynamic=False)

    def predict_compiled(model: Transformer, batch: Batch) -> Tensor:
        try:
            prediction: Tensor = compiled(model, batch)
        except TorchDynamoException as error:
            reason = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
            raise ConfigError(
                f"training.compile is true, but torch.compile failed here: {reason}; install a C++ compiler "
                "(g++; on a GPU also Triton, which comes with torch), or set training.compile to false"
            ) from error
        return prediction

    return predict_compiled
