"""Which files the playground consists of, and which run it is made of; its rule asks for these."""

from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.config.run import RunSettings

SCRIPTS: Final = (
    "static/transformer.js",
    "static/solvers.js",
    "static/prompts.js",
    "static/plot.js",
    "static/playground.js",
)
"""In the order in which they are run, after the data."""
STYLE: Final = "static/playground.css"
SOLVER: Final = "preconditioned_richardson"
"""The solver whose iterates solvers.js computes."""
PLAYABLE: Final = {
    "task.dimension": 1,
    "task.law": "uniform",
    "task.kernel": "gaussian",
    "model.layout": "interleaved",
    "model.attention": "softmax",
    "model.norm": "layernorm",
    "model.mlp": "gelu",
}
"""What the scripts compute; another value of one of these keys would need code of its own there."""


def played_run(experiment: Experiment) -> str | None:
    """Return the name of the first run that the scripts can compute, None if there is none."""
    if SOLVER not in experiment.solvers.names:
        return None
    return next((name for name in experiment.compared if is_playable(experiment.run(name))), None)


def is_playable(run: RunSettings) -> bool:
    """Say whether the scripts can compute a run."""
    found = (getattr(getattr(run, room), name) for room, name in (key.split(".") for key in PLAYABLE))
    return all(one == wanted for one, wanted in zip(found, PLAYABLE.values(), strict=True))
