"""Settings of the needed degree."""

from typing import Annotated

from pydantic import Field

from ickrr.config.fields import Settings, setting

Degree = Annotated[int, Field(ge=1)]


class DegreeSettings(Settings):
    """How many products with the kernel a layer needs, and how well that is found for known degrees."""

    largest: int = setting(12, "Largest degree, which the others are compared with", ge=2)
    margin: float = setting(
        0.005, "How much farther a needed degree may be from the layer than the largest", gt=0, lt=1
    )
    folds: int = setting(2, "Parts of the prompts, each predicted by fits to the others", ge=2)
    known: list[Degree] = setting([1, 2, 3, 4, 5, 6, 8], "Degrees of pseudo-layers", min_length=1)
    noises: list[float] = setting(
        [0.15, 0.3, 0.6], "Noise of pseudo-layers", unit="standard deviation of the stream"
    )
    seed: int = setting(0, "Seed of the pseudo-layers", ge=0)
