"""Settings of the verification of the construction and of the measured contraction factors."""

from typing import Annotated, Any, Literal

from pydantic import Field

from ickrr.config.fields import Identifier, Settings, setting
from ickrr.config.model import BuiltModelSettings, ModelSettings
from ickrr.config.task import Law

Positive = Annotated[float, Field(gt=0)]
PositiveInteger = Annotated[int, Field(ge=1)]
RidgeScaling = Literal["fixed", "scaled"]
PreconditionerName = Literal["ridge", "kernel"]
ControlWeights = Literal["built", "exact", "random"]

CONTROL_SOLVER = "preconditioned_richardson"
"""The solver that the controls are built to be, so that of the whole comparison they need its trajectory."""


class RidgeSettings(Settings):
    """One ridge."""

    scaling: RidgeScaling = setting("scaled", "scaled: lambda = N times the value; fixed: lambda = the value")
    value: float = setting(0.1, "lambda, or lambda / N", gt=0)


class VerificationSettings(Settings):
    """The grid on which the hand-built models are run and checked."""

    dimension: int = setting(5, "Dimension d of the inputs", ge=1)
    lengthscale: float = setting(1.0, "Lengthscale h", unit="input units", gt=0)
    input_bound: float = setting(4.0, "Bound on |x|; adversarial points lie on it", unit="input units", gt=0)
    label_bound: float = setting(3.0, "Bound on |y|; drawn labels are clipped to it", unit="labels", gt=0)
    ridges: dict[Identifier, RidgeSettings] = setting({}, "Named ridges of the grid")
    context_lengths: list[PositiveInteger] = setting(
        [10, 20, 40, 80, 160, 320], "Context lengths N of the grid", min_length=1
    )
    accuracies: list[Positive] = setting(
        [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6], "Accuracies eps of the grid", unit="labels", min_length=1
    )
    largest_depth: int = setting(
        2000,
        "Largest depth that is run; of deeper models only the theory is computed",
        "technical",
        "blocks",
        ge=4,
    )
    most_prompts: int = setting(
        16,
        "Largest number of prompts of each input law in a cell, besides the adversarial ones",
        unit="prompts",
        ge=1,
    )
    points: int = setting(
        1280, "Points in all prompts of one law: larger N have fewer prompts, at least two", ge=1
    )
    bisection_context_length: int = setting(
        160, "Largest N for which the smallest sufficient width is searched", "technical", ge=0
    )
    chunk_points: int = setting(
        2560, "Points in the prompts of one forward pass; bounds the memory", "technical", ge=1
    )
    seed: int = setting(0, "Seed of the prompts", ge=0)

    def prompts_at(self, context_length: int) -> int:
        """Return the number of prompts of each law at a context length."""
        return min(self.most_prompts, max(2, self.points // context_length))


class ContractionSettings(Settings):
    """The prompts whose contraction factor is measured."""

    laws: list[Law] = setting(["spherical", "uniform", "gaussian"], "Input laws", "sources", min_length=1)
    dimension: int = setting(5, "Dimension d of the inputs", ge=1)
    lengthscales: list[Positive] = setting(
        [0.5, 1.0, 2.0], "Lengthscales h", unit="input units", min_length=1
    )
    noise_stds: list[Positive] = setting(
        [0.1, 0.3, 1.0], "sigma of the fixed ridges sigma^2", unit="labels", min_length=1
    )
    scaled_ridges: list[Positive] = setting([0.1, 1.0], "Ridges over N of the scaled ridges", min_length=1)
    context_lengths: list[PositiveInteger] = setting(
        [10, 30, 100, 300, 1000], "Context lengths N", min_length=1
    )
    points: int = setting(
        4000,
        "Points in all random prompts of one case: larger N have fewer prompts, at least four",
        ge=10,
    )
    most_prompts: int = setting(100, "Largest number of random prompts of one case", unit="prompts", ge=1)
    seed: int = setting(0, "Seed of the prompts", ge=0)

    def prompts_at(self, context_length: int) -> int:
        """Return the number of prompts of each law at a context length."""
        return min(self.most_prompts, max(4, self.points // context_length))


class ControlSettings(Settings):
    """A model that is not trained, but probed and compared as the trained ones are."""

    task: str = setting("spherical", "Name of its task, a key of `tasks`")
    weights: ControlWeights = setting(
        "built",
        "built: the construction with ReLU interpolants; exact: with exact products; random: initial weights",
    )
    readout: Literal["own", "fitted"] = setting(
        "own", "own: the model's readout at every layer; fitted: the linear probe of the trained models"
    )
    model: dict[str, Any] = setting(
        {}, "Architecture of a built model (built, exact), or overrides of base.model (random)"
    )

    @property
    def architecture(self) -> type[ModelSettings] | type[BuiltModelSettings]:
        """What its `model` may say: a model with random weights is one that could be trained."""
        return ModelSettings if self.weights == "random" else BuiltModelSettings

    def model_on(self, base: ModelSettings) -> dict[str, Any]:
        """Return the values of its architecture, with those of `base.model` below them if it overrides it."""
        return {**base.model_dump(), **self.model} if self.weights == "random" else self.model


class ConstructionSettings(Settings):
    """Everything about the hand-built models."""

    verification: VerificationSettings = setting(VerificationSettings(), "Grid of hand-built models")
    contraction: ContractionSettings = setting(ContractionSettings(), "Measured contraction factors")
    controls: dict[Identifier, ControlSettings] = setting(
        {}, "Named positive and negative controls of the comparison"
    )
