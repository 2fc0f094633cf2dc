"""Bootstrap draws of one comparison.

Row 0 of every array is the point estimate, rows 1.. are draws over prompts. Row r of every seed and solver
belongs to the same resampled prompts, so that differences can be taken draw by draw.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

TREND = ("slope", "r_squared", "kendall_tau", "censored_share")
"""Statistics of the best steps of a whole model; the others are also known layer by layer."""


@dataclass(frozen=True)
class Draws:
    """Statistics of S solvers against layers 1..L of one model under R = 1 + draws weightings.

    Attributes:
        similarity: SimE of each layer at the solver's best step of the draw, (S, R, L).
        distance: distance of each layer at the solver's nearest step of the draw, (S, R, L).
        floor: SimE of each layer to the zero predictor, (R, L): no solver has a part in it.
        slope: of t*(l), (S, R), as the following; NaN where undefined.
        r_squared: of the line through t*(l).
        kendall_tau: of t*(l).
        censored_share: of the layers' best steps.
    """

    similarity: Array
    distance: Array
    floor: Array
    slope: Array
    r_squared: Array
    kendall_tau: Array
    censored_share: Array

    def of_model(self, statistic: str) -> Array:
        """One statistic of the whole model, (S, R): the mean over layers where it is known by layer."""
        values: Array = getattr(self, statistic)
        if statistic in TREND:
            return values
        return np.broadcast_to(values.mean(axis=-1), self.slope.shape)

    def of_solvers(self, positions: Sequence[int]) -> "Draws":
        """The draws of some solvers, in the order of these positions."""
        chosen = {name: getattr(self, name)[list(positions)] for name in STATISTICS if name != "floor"}
        return Draws(floor=self.floor, **chosen)


STATISTICS = tuple(field.name for field in fields(Draws))
