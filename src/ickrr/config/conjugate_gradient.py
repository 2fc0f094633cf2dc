"""Settings of the built conjugate gradients and of the study of their width."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from ickrr.config.fields import Settings, setting

Positive = Annotated[float, Field(gt=0)]
Units = Annotated[int, Field(ge=4, multiple_of=2)]
Rank = Annotated[int, Field(ge=1)]
Conditioning = Literal["well", "ill"]

DIVERGED = 1e6
"""Relative prediction error at which an iteration counts as diverged; larger errors are cut to it."""
PROJECTIONS: Final = ("gaussian", "eigenspace")
"""Projections to fewer channels: at random, and to the leading eigenspace (an oracle)."""


class FamilySettings(Settings):
    """Representations of one kind, and their ridge."""

    decay: float = setting(
        0.0, "Exponent c of the mean squares of the coordinates, proportional to j^-c", ge=0
    )
    ridge: float = setting(1.0, "lambda; also the variance of the labels' noise", gt=0)


class ConjugateGradientSettings(Settings):
    """The prompts on which the built conjugate gradients are run and checked."""

    dimension: int = setting(16, "Dimension of the representations", unit="channels", ge=1)
    context_length: int = setting(24, "Pairs of a prompt", unit="pairs", ge=1)
    queries: int = setting(4, "Queries of a prompt", ge=1)
    prompts: int = setting(16, "Prompts of each family", unit="prompts", ge=2)
    families: dict[Conditioning, FamilySettings] = setting(
        {"well": FamilySettings(ridge=10.0), "ill": FamilySettings(decay=2.0, ridge=0.01)},
        "Well-conditioned and ill-conditioned kernels",
    )
    steps: int = setting(64, "Steps of the built stacks", unit="steps", ge=1)
    solver_steps: int = setting(4000, "Steps after which Richardson iteration is stopped", unit="steps", ge=1)
    tolerance: float = setting(1e-6, "Relative error of the predictions that counts as converged", gt=0, lt=1)
    at_rest: float = setting(
        1e-10, "Relative error of the predictions below which a change counts as drift", gt=0, lt=1
    )
    relu_units: list[Units] = setting(
        [256, 4096, 65536], "Units of each interpolant of the ReLU versions", unit="units", min_length=1
    )
    margin: float = setting(
        2.0, "Ranges of the interpolants, over the largest values found on other prompts of the family", ge=1
    )
    seed: int = setting(0, "Seed of the prompts", ge=0)

    @model_validator(mode="after")
    def both_families(self) -> Self:
        """Refuse a comparison without one of its two sides."""
        if set(self.families) != {"well", "ill"}:
            raise ValueError(f"families = {sorted(self.families)}; both ill and well are needed")
        return self


class WidthSettings(Settings):
    """The prompts on which representations are projected to fewer channels."""

    dimension: int = setting(256, "Dimension of the full representations", unit="channels", ge=2)
    context_length: int = setting(128, "Pairs of a prompt", unit="pairs", ge=2)
    queries: int = setting(64, "Queries of a prompt", ge=1)
    decay: float = setting(
        2.0, "Exponent c of the mean squares of the coordinates, proportional to j^-c", gt=0
    )
    ridges: list[Positive] = setting([0.1, 1.0, 10.0], "Ridges", min_length=1)
    noise_std: float = setting(1.0, "Standard deviation of the labels' noise", unit="labels", ge=0)
    seeds: int = setting(32, "Prompts, each with a projection of its own", unit="seeds", ge=2)
    multiples: list[Positive] = setting(
        [0.5, 1.0, 2.0, 4.0], "Ranks over the effective dimension that are summarised", min_length=1
    )
    ranks: list[Rank] = setting(
        [1, 2, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256], "Ranks r of the curves", min_length=1
    )
    stack_ranks: list[Rank] = setting(
        [4, 16, 64], "Ranks at which the built stack is run with heads of that width", min_length=1
    )
    stack_seeds: int = setting(4, "Seeds on which the built stack is run, the first ones", ge=1)
    stack_steps: int = setting(96, "CG steps of the built stack", unit="steps", ge=1)
    seed: int = setting(0, "Root of all seeds", ge=0)

    @model_validator(mode="after")
    def fits(self) -> Self:
        """Refuse ranks beyond the representation, more stack seeds than seeds, and too few multiples."""
        beyond = [rank for rank in (*self.ranks, *self.stack_ranks) if rank > self.dimension]
        if beyond:
            raise ValueError(f"ranks: found {beyond}, but dimension = {self.dimension}; allowed: up to it")
        if self.stack_seeds > self.seeds:
            raise ValueError(f"stack_seeds = {self.stack_seeds}; allowed: up to seeds = {self.seeds}")
        missing = [multiple for multiple in (0.5, 1.0, 2.0) if multiple not in self.multiples]
        if missing:
            raise ValueError(f"multiples = {self.multiples} lacks {missing}, which the summary needs")
        return self
