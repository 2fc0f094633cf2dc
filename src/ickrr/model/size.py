"""How many parameters a model has, from its settings alone; free of torch."""

from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings


def parameters(model: ModelSettings, task: TaskSettings) -> int:
    """Count the parameters of the model of a run."""
    width = model.width
    paired = model.layout == "paired"
    embedding = (task.dimension + paired + 1) * width
    positions = 0 if paired else (2 * task.context_length + 1) * width
    norm = 2 * width if model.norm == "layernorm" else 0
    norms = norm * (1 if model.mlp == "none" else 2)
    biases = 3 * inner_width(model) + width + _mlp_biases(model)
    return embedding + positions + model.layers * (block_weights(model) + biases + norms) + norm + width + 1


def block_weights(model: ModelSettings) -> int:
    """Count the matrix entries of one block: attention 4 width times the heads' channels, and the MLP's."""
    maps = 0 if model.mlp == "none" else 1 + _maps_up(model)
    return 4 * model.width * inner_width(model) + maps * model.width * hidden_width(model)


def hidden_width(model: ModelSettings) -> int:
    """Units of a block's MLP, 0 without one."""
    return 0 if model.mlp == "none" else round(model.mlp_ratio * model.width)


def _mlp_biases(model: ModelSettings) -> int:
    if model.mlp == "none":
        return 0
    return model.width + hidden_width(model) * _maps_up(model)


def _maps_up(model: ModelSettings) -> int:
    return {"bilinear": 2, "rational": 3}.get(model.mlp, 1)


def inner_width(model: ModelSettings) -> int:
    """Channels of all heads of a block together."""
    return model.heads * (model.head_width or model.width // model.heads)
