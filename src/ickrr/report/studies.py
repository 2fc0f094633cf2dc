"""What figures, tables and numbers say alike of the alignment and of the studies of docs/mechanism.md."""

from typing import Final

import pandas as pd

from ickrr.report.intervals import Interval
from ickrr.report.load import only_row
from ickrr.row_keys import NO_SEED, WHOLE_MODEL

DEFAULT_PROBE: Final = ("raw", "label")
"""The probe of the comparison: what it reads, and what it is fitted to."""
UNNAMED: Final = ("none", "undecided")
"""What the identification says where it names no family."""
OF_NO_FAMILY: Final = ("held out", "no iteration")
"""Groups of known cases that no family is right for."""
ALIGNED: Final[dict[str, tuple[str, float, int]]] = {
    "similarity": ("Peak SimE", 1, 3),
    "distance": ("Distance", 1, 3),
    "slope": ("Slope", 1, 2),
    "r_squared": ("$R^2$", 1, 2),
    "kendall_tau": (r"Kendall $\tau$", 1, 2),
    "censored_share": (r"Censored, \%", 100, 0),
}
"""Statistics of the alignment that have an interval of their own for each solver: header of their column in a
table, factor, decimals."""


def kernel_heads(heads: pd.DataFrame, run: str) -> tuple[int, int]:
    """Return how many heads of all trainings of a run are like a kernel, and how many there are.

    Args:
        heads: table `heads`.
        run: the run.
    """
    each = heads[heads["run"] == run].drop_duplicates(["seed", "layer", "head"])
    return int(each["like_kernel"].sum()), len(each)


def needed_degrees(degree: pd.DataFrame, run: str) -> "pd.Series[float]":
    """Return the needed degree of layers 1..L and of the model's own readout, mean over seeds, by layer.

    Args:
        degree: table `degree`.
        run: the run.
    """
    rows = degree[(degree["run"] == run) & degree["needed"].astype(bool)]
    return rows.groupby("layer")["degree"].mean()


def rotations(linearity: pd.DataFrame, run: str, method: str) -> pd.DataFrame:
    """Return the rotation of layers 1..L and of the model's own readout, mean over seeds, by layer.

    Args:
        linearity: table `linearity`.
        run: the run.
        method: ``layer``, or ``CG`` for the conjugate gradients that are nearest to it.

    Returns:
        Columns `counted, value, low, high`; `counted` says whether claims count the layer.
    """
    means = linearity[(linearity["run"] == run) & (linearity["seed"] == NO_SEED)]
    chosen = means[(means["quantity"] == "rotation") & (means["method"] == method)]
    return chosen.set_index("layer")[["counted", "value", "low", "high"]].sort_index()


def mean_addition(pairs: pd.DataFrame, where: str, family: str, other: str) -> Interval:
    """Return what one family adds to another, mean over the layers that count and over seeds.

    Args:
        pairs: table `encompassing` or `uneven` of one run.
        where: what the message calls the table.
        family: what is added to.
        other: the family that is added.

    Raises:
        FileError: the table lacks the mean of the two.
    """
    means = pairs[(pairs["seed"] == NO_SEED) & (pairs["layer"] == WHOLE_MODEL)]
    found = only_row(means, where, family=family, other=other)
    return Interval(*(float(found[end]) for end in ("coefficient", "low", "high")))


def later_additions(coefficients: pd.DataFrame, run: str, counted: slice) -> "pd.Series[float]":
    """Return what PR adds to R in the layers after one whose kernel-like heads are replaced, by replacement.

    Means over such layers of all seeds and over the later layers that count; ``none`` is the same layers of
    the models as they are. Empty without heads that are like a kernel.

    Args:
        coefficients: table `coefficients`.
        run: the run.
        counted: which of the layers 1..L count.
    """
    rows = coefficients[
        (coefficients["run"] == run) & (coefficients["family"] == "R") & (coefficients["other"] == "PR")
    ]
    rows = rows[rows["read"].between(counted.start + 1, counted.stop)]
    replaced = rows[(rows["scope"] == "layer") & (rows["read"] > rows["layer"])]
    as_it_is = rows[rows["scope"] == "none"].set_index(["seed", "read"])["coefficient"]
    found = replaced.groupby("replacement")["coefficient"].mean()
    sets = replaced[["seed", "layer", "read"]].drop_duplicates()
    if sets.empty:
        return found
    found["none"] = as_it_is[pd.MultiIndex.from_frame(sets[["seed", "read"]])].mean()
    return found


def nearest_families(attribution: pd.DataFrame) -> "pd.Series[str]":
    """Return the family that is nearest to the layers that count, mean over them and the seeds, by step.

    Args:
        attribution: table `snapshot_attribution` of one run.
    """
    counted = attribution[attribution["counted"].astype(bool)]
    means = counted.groupby(["step", "family"])["distance"].mean().unstack()
    return means.idxmin(axis=1).astype(str)


def settled_from(holds: "pd.Series[bool]") -> int | None:
    """Return the first step from which on something holds to the end, None if it does not at the end.

    Args:
        holds: by step, in any order.
    """
    steps = holds.sort_index()
    fails = steps.index[~steps]
    after = steps.index[steps.index > fails.max()] if len(fails) else steps.index
    return int(after[0]) if len(after) else None


def chosen_probe(probes: pd.DataFrame, run: str) -> tuple[str, str]:
    """Return what the chosen probe of a run reads, and what it is fitted to.

    Args:
        probes: table `probes`.
        run: the run.
    """
    row = probes[(probes["run"] == run) & probes["chosen"].astype(bool)].iloc[0]
    return str(row["stream"]), str(row["target"])


def effects_of_choice(probes: pd.DataFrame, effects: pd.DataFrame, run: str) -> pd.DataFrame:
    """Return the alignment of one run through the default and through the chosen probe.

    A number depends on the probe if it leaves, with the chosen probe, the interval that it has with the
    default one.

    Args:
        probes: table `probes`.
        effects: table `probe_effects`.
        run: the run.

    Returns:
        Rows `run, solver, statistic, value, low, high, stream, target, chosen_value, leaves`.
    """
    stream, target = chosen_probe(probes, run)
    whole = effects[
        (effects["run"] == run) & (effects["layer"] == WHOLE_MODEL) & effects["statistic"].isin(list(ALIGNED))
    ]

    def through(probe: tuple[str, str]) -> pd.DataFrame:
        rows = whole[(whole["stream"] == probe[0]) & (whole["target"] == probe[1])]
        return rows.set_index(["run", "solver", "statistic"])[["value", "low", "high"]]

    frame = through(DEFAULT_PROBE)
    values = through((stream, target))["value"]
    leaves = (values < frame["low"]) | (values > frame["high"])
    frame = frame.assign(stream=stream, target=target, chosen_value=values, leaves=leaves)
    return frame.reset_index()
