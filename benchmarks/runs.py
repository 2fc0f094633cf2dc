"""Runs that stand in no configuration."""

from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings


def run_of(task: TaskSettings, model: ModelSettings, training: TrainingSettings) -> RunSettings:
    """Return a run that has no name anywhere else."""
    return RunSettings(name="benchmark", task_name="benchmark", task=task, model=model, training=training)
