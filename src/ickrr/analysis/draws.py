"""Bootstrap draws of one comparison, as they pass from `compare` to `tabulate`.

Row 0 of every array is the point estimate, rows 1.. are draws over prompts. Row r of every seed and solver
belongs to the same resampled prompts, so that differences can be taken draw by draw.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from ickrr.analysis.inputs import load_checked
from ickrr.files import atomic_path
from ickrr.tensors import METADATA_KEY, read_metadata

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


def save_draws(path: str | Path, draws: Draws, solvers: list[str], run: str, seed: int) -> None:
    """Write the draws of one model against its solvers, in their order."""
    record = {"run": run, "seed": seed, "solvers": solvers}
    arrays = {name: np.ascontiguousarray(getattr(draws, name)) for name in STATISTICS}
    with atomic_path(path) as temporary:
        save_file(arrays, temporary, metadata={METADATA_KEY: json.dumps(record, sort_keys=True)})


def load_draws(path: str | Path) -> tuple[dict[str, object], Draws]:
    """Read draws.

    Returns:
        Their metadata (``run``, ``seed``, ``solvers``) and the draws.

    Raises:
        FileError: the file cannot be read, or an array is missing or has another shape.
    """
    metadata = read_metadata(path)
    solvers = metadata.get("solvers")
    count = len(solvers) if isinstance(solvers, list) else None
    shapes: dict[str, tuple[int | None, ...]] = dict.fromkeys(STATISTICS, (count, None, None))
    shapes |= {"floor": (None, None), **dict.fromkeys(TREND, (count, None))}
    return metadata, Draws(**load_checked(path, shapes))
