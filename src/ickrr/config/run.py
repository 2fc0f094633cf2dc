"""A resolved run: all that one model depends on, apart from its seed."""

from ickrr.config.fields import Settings
from ickrr.config.model import AnyModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings


class RunSettings(Settings):
    """One named run or control, resolved: the base with its own overrides applied."""

    name: str
    task_name: str
    task: TaskSettings
    model: AnyModelSettings
    training: TrainingSettings
