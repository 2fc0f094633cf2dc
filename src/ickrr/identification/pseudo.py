"""Make pseudo-layers: write a known algorithm into a residual stream and read it with a fitted probe.

The stream is that of a transformer with initial weights on the same prompts, so that what the probe finds
beside the iterates is structured like a model's stream: functions of inputs and labels, not white noise. Each
signal is written in a random direction, and white noise of a share of the stream's size is added. The result
is the prediction of a probe that was fitted to the labels on other prompts, as for trained layers.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from ickrr.comparison.probe import NormalEquations
from ickrr.config.probe import ProbeSettings

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Side:
    """The stream and labels of one set of prompts: those that the probe is fitted to, or those it predicts.

    Attributes:
        stream: residual stream of the untrained model, (B, N+1, width).
        labels: y, (B, N+1).
    """

    stream: Array
    labels: Array


def pseudo_layer(
    fit: Side,
    evaluation: Side,
    signals: Sequence[tuple[Array, Array]],
    noise: float,
    probe: ProbeSettings,
    generator: np.random.Generator,
) -> Array:
    """Return what a fitted probe reads from streams that hold signals; (B, N+1), evaluation prompts.

    Args:
        fit: prompts that the probe is fitted to.
        evaluation: prompts that are predicted.
        signals: predictions to write, each on the fit and on the evaluation prompts, (B, N+1).
        noise: standard deviation of white noise over that of the stream.
        probe: settings of the probe.
        generator: of the directions and the noise.
    """
    width = fit.stream.shape[2]
    size = float(fit.stream.std())
    unit = float(fit.labels.std())
    directions = generator.standard_normal((len(signals), width))  # as long as the stream where y is one unit
    layers = []
    for index, side in enumerate((fit, evaluation)):
        stream = side.stream + noise * size * generator.standard_normal(side.stream.shape)
        for direction, signal in zip(directions, signals, strict=True):
            stream += (size / unit) * signal[index][..., None] * direction
        layers.append(torch.from_numpy(stream)[None])  # (1, B, N+1, width)
    readouts = NormalEquations(layers[0], torch.from_numpy(fit.labels)).solve(probe)
    prediction: Array = readouts.predict(layers[1])[0].numpy()
    return prediction
