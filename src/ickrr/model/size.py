"""How many parameters a model has, from its settings alone, banks left out; free of torch."""

from typing import Final

from ickrr.config.model import AnyModelSettings, BuiltModelSettings
from ickrr.config.task import TaskSettings

MAPS_UP: Final = {"bilinear": 2, "rational": 3}
"""Linear maps from the stream to the hidden units, by kind of MLP; the other kinds have one."""


def parameters(model: AnyModelSettings, task: TaskSettings) -> int:
    """Count the parameters of the model of a run."""
    width = model.width
    paired = model.layout == "paired"
    embedding = (task.dimension + paired + 1) * width
    positions = 0 if paired else (2 * task.context_length + 1) * width
    norm = 2 * width if model.norm == "layernorm" else 0
    norms = norm * (1 if model.mlp == "none" else 2)
    biases = 3 * inner_width(model) + width + _mlp_biases(model)
    return embedding + positions + model.layers * (block_weights(model) + biases + norms) + norm + width + 1


def block_weights(model: AnyModelSettings) -> int:
    """Count the matrix entries of one block: attention 4 width times the heads' channels, and the MLP's."""
    maps = 0 if model.mlp == "none" else 1 + _maps_up(model)
    return 4 * model.width * inner_width(model) + maps * model.width * hidden_width(model)


def hidden_width(model: AnyModelSettings) -> int:
    """Count the units of a block's MLP that have directions of their own; 0 without an MLP."""
    if isinstance(model, BuiltModelSettings):
        return model.hidden
    return 0 if model.mlp == "none" else round(model.mlp_ratio * model.width)


def _mlp_biases(model: AnyModelSettings) -> int:
    if model.mlp == "none":
        return 0
    return model.width + hidden_width(model) * _maps_up(model)


def _maps_up(model: AnyModelSettings) -> int:
    return MAPS_UP.get(model.mlp, 1)


def head_width(model: AnyModelSettings) -> int:
    """Count the channels of each head of a block."""
    chosen = model.head_width if isinstance(model, BuiltModelSettings) else None
    return chosen or model.width // model.heads


def inner_width(model: AnyModelSettings) -> int:
    """Count the channels of all heads of a block together."""
    return model.heads * head_width(model)
