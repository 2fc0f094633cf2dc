"""A resolved run: all that training one model depends on, apart from its seed."""

from ickrr.config.fields import Settings
from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings


class RunSettings(Settings):
    """One named run, resolved: the base with the run's overrides applied."""

    name: str
    task_name: str
    task: TaskSettings
    model: ModelSettings
    training: TrainingSettings
