"""Settings of the sweep over test noise that is not that of training."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from ickrr.config.fields import Settings, setting

Factor = Annotated[float, Field(gt=0)]


class NoiseMismatchSettings(Settings):
    """Test noise that differs from the noise of training."""

    factors: list[Factor] = setting(
        [0.1, 0.147, 0.215, 0.316, 0.464, 0.681, 1.0, 1.47, 2.15, 3.16, 4.64, 6.81, 10.0],
        "Test noise over training noise (standard deviations), the whole sweep",
        unit="training noise",
        min_length=1,
    )
    snapshots: list[Factor] = setting(
        [0.1, 1.0, 10.0],
        "Factors shown at every context length: well below, equal and well above training",
        unit="training noise",
        min_length=1,
    )
    chunk_prompts: int = setting(
        256, "Prompts per forward pass; bounds the memory", "technical", "prompts", ge=1
    )

    @model_validator(mode="after")
    def snapshots_are_swept(self) -> Self:
        """Check that every snapshot is one of the factors of the sweep."""
        missing = [factor for factor in self.snapshots if factor not in self.factors]
        if missing:
            raise ValueError(
                f"snapshots = {self.snapshots}: {missing} is not among factors; allowed: {self.factors}"
            )
        return self
