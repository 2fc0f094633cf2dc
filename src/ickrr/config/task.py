"""Settings of a regression task and of a set of its prompts."""

from typing import Annotated, Literal

from pydantic import RootModel

from ickrr.config.fields import Settings, setting
from ickrr.entries import KERNELS, LAWS

Law = Annotated[str, LAWS]
KernelName = Annotated[str, KERNELS]
Stored = Literal["fit", "evaluation"]
Split = Literal[Stored, "validation"]


class TaskSettings(Settings):
    """A Gaussian-process regression task: y = f(x) + noise, f ~ GP(0, kernel)."""

    law: Law = setting(
        "spherical",
        "Law of the inputs, each described in its module of src/ickrr/laws",
        "sources",
    )
    dimension: int = setting(5, "Dimension d of the inputs", ge=1)
    kernel: KernelName = setting(
        "gaussian",
        "Covariance of the regression function, each described in its module of src/ickrr/kernels; solvers "
        "are run on those that are positive everywhere",
        "sources",
    )
    lengthscale: float = setting(1.0, "Lengthscale h of the kernel", unit="input units", gt=0)
    noise_std: float = setting(
        0.3, "Standard deviation of the label noise; the ridge is its square", unit="labels", ge=0
    )
    context_length: int = setting(20, "Largest number N of labelled pairs in a prompt", ge=1)


class PromptSettings(Settings):
    """One set of prompts; those of `Stored` splits are kept in files, trainings draw their validation set."""

    name: str
    task_name: str
    task: TaskSettings
    split: Split
    count: int = setting(128, "Number of prompts", ge=1)
    seed: int = setting(0, "Root seed of the experiment", ge=0)


class PromptSets(RootModel[list[PromptSettings]]):
    """Sets of prompts that are drawn and stored together."""
