"""Settings of the study of attention operators, and of the dials that lead out of distribution."""

from typing import Annotated, Final, Self

from pydantic import Field, model_validator

from ickrr.config.fields import Settings, setting
from ickrr.config.task import Law

Factor = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Shift = Annotated[float, Field(ge=0)]

IN_DISTRIBUTION: Final = "in_distribution"
"""Stands for a dial at its first level."""


class DialSettings(Settings):
    """Levels of every dial, from in distribution (the first) to the outermost (the last)."""

    bandwidth: list[Factor] = setting(
        [1.0, 0.7, 0.5, 0.3, 0.2],
        "Lengthscale of the functions over that of training",
        unit="training lengthscale",
        min_length=2,
    )
    noise: list[Factor] = setting(
        [1.0, 2.0, 4.0, 8.0],
        "Noise of the labels over that of training (standard deviations)",
        unit="training noise",
        min_length=2,
    )
    radius: list[Factor] = setting(
        [1.0, 1.25, 1.5, 2.0, 3.0], "Factor that all inputs are multiplied by", min_length=2
    )
    law: list[Share] = setting(
        [0.0, 0.25, 0.5, 1.0], "Share of the inputs that come from another law", min_length=2
    )
    duplicates: list[Share] = setting(
        [0.0, 0.25, 0.5, 0.75],
        "Probability that a labelled input is a copy of an earlier one, with noise of its own",
        min_length=2,
    )
    outlier: list[Shift] = setting(
        [0.0, 2.0, 5.0, 10.0],
        "Shift of one label, in standard deviations of a label in distribution",
        unit="label standard deviations",
        min_length=2,
    )

    @model_validator(mode="after")
    def first_level_changes_nothing(self) -> Self:
        """Check that every dial starts in distribution."""
        for name, levels in self.levels().items():
            if levels[0] != NEUTRAL[name]:
                raise ValueError(
                    f"{name} = {levels}: the first level is in distribution and must be {NEUTRAL[name]:g}"
                )
        return self

    def levels(self) -> dict[str, list[float]]:
        """Return the levels by dial, in the order of the fields."""
        return {name: list(getattr(self, name)) for name in NEUTRAL}


NEUTRAL = {"bandwidth": 1.0, "noise": 1.0, "radius": 1.0, "law": 0.0, "duplicates": 0.0, "outlier": 0.0}
"""The level of each dial that leaves the task as it is."""


class OperatorSettings(Settings):
    """The comparison of trained softmax attention with kernels, in and out of distribution."""

    runs: list[str] = setting([], "Runs whose attention is measured (softmax)")
    anchor: str | None = setting(
        None,
        "Run of linear regression (kernel linear, one layer of linear attention) that is compared with one "
        "step of gradient descent; none when absent",
    )
    fit_prompts: int = setting(
        64, "Prompts that bandwidths, ridges and the best head are chosen on", unit="prompts", ge=2
    )
    prompts: int = setting(128, "Fresh prompts at each level", unit="prompts", ge=2)
    lengthscales: list[Factor] = setting(
        [0.1, 0.15, 0.22, 0.33, 0.5, 0.75, 1.1, 1.7, 2.5, 3.8, 5.7, 10.0],
        "Lengthscales that the Gaussian kernel of the inputs may have",
        unit="root mean square distance of two inputs",
        min_length=1,
    )
    bandwidths: list[Factor] = setting(
        [0.1, 0.15, 0.22, 0.33, 0.5, 0.75, 1.1, 1.7, 2.5, 3.8, 5.7, 10.0],
        "Bandwidths that the kernel of the representation may have",
        unit="root mean square distance of two representations in the layer",
        min_length=1,
    )
    ridges: list[Factor] = setting(
        [1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0],
        "Ridges that kernel regression under a fitted kernel may have",
        min_length=1,
    )
    other_law: Law = setting(
        "gaussian",
        "Law of the foreign inputs of the dial `law`, scaled to the mean square norm of the task's",
    )
    dials: DialSettings = setting(DialSettings(), "The dials")
    bootstrap_draws: int = setting(300, "Bootstrap draws over prompts and seeds", unit="draws", ge=10)
    seed: int = setting(0, "Seed of fresh prompts, permutations and random weights", ge=0)

    @property
    def summaries(self) -> list[str]:
        """Return the summary tables that these settings make, by their path below ``tables``."""
        made = {"metarep/operators": bool(self.runs), "metarep/anchor": self.anchor is not None}
        return [table for table, is_made in made.items() if is_made]
