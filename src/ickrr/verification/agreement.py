"""Whether one training agrees with another of the same run and seed, within what trainings differ by.

The same seed on another machine ends in other last bits, which grow with every step, so that its numbers
differ as those of another training may. A number x of the retrained model agrees with that of the reference
if |x - x_ref| <= 2 sqrt(2) s, with s the standard deviation over the seeds of the reference: the difference
of two trainings has the standard deviation sqrt(2) s. Numbers by layer (or by step of the learning curve)
are judged together by the root mean square over layers. Risks are compared by their logarithms.
"""

import math
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.differences.observations import KEY, RISK, STEP, observations
from ickrr.differences.sides import Side

Array = npt.NDArray[np.float64]
CURVE: Final = "learning_curve"
OF_SOLVER: Final = (STEP, "similarity", "distance")
ADDITIONS: Final = ("PR beside R", "R beside PR")
"""Encompassing coefficients that are compared, over the layers that claims count."""
LOGARITHMIC: Final = frozenset({RISK, CURVE})
WIDTH: Final = 2 * math.sqrt(2)

SMALLEST: Final = {STEP: 4.0, "similarity": 0.005, "distance": 0.012, RISK: 0.02, CURVE: 0.02}
"""Smallest tolerances: what one seed was measured to move by between machines (risks: relative). The spread
over two or three seeds may come out smaller by chance."""


class Agreement(NamedTuple):
    """One number, or one for each layer, of the retrained model beside the reference's.

    Attributes:
        quantity: what it is.
        subject: the solver that it is about; empty if it is of the model.
        reference: mean over layers of the reference with the same seed.
        here: the same of the retrained model.
        deviation: root mean square over layers of their difference (of logarithms, for risks).
        tolerance: the largest deviation that agrees.
        undecided: layers of which one side has no number.
    """

    quantity: str
    subject: str
    reference: float
    here: float
    deviation: float
    tolerance: float
    undecided: int

    @property
    def inside(self) -> bool:
        """Whether the deviation is within the tolerance; one that is undefined is not."""
        return self.deviation <= self.tolerance


def numbers(side: Side, run: str, solvers: list[str]) -> pd.DataFrame:
    """Return what is compared of all trainings of a run: `observations` of some, and the learning curve.

    Args:
        side: the results.
        run: one of their runs.
        solvers: solvers that are looked at.
    """
    found = observations(side, run)
    about = (found["quantity"] == RISK) | (found["quantity"].isin(OF_SOLVER) & found["subject"].isin(solvers))
    about |= found["subject"].isin(ADDITIONS) & found["layer"].isin(counted_layers(side, run))
    curve = side.table(run, "learning_curve")
    assert curve is not None, "a side lists the runs that have one"
    steps = curve.rename(columns={"step": "layer", "excess_risk": "value"})
    steps = steps.assign(quantity=CURVE, subject="")[[*KEY, "seed", "value"]]
    kept = pd.concat([found[about], steps], ignore_index=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        logarithms = np.log(kept["value"].to_numpy(float))
    return kept.assign(value=np.where(kept["quantity"].isin(LOGARITHMIC), logarithms, kept["value"]))


def counted_layers(side: Side, run: str) -> list[int]:
    """Return the layers that claims on the identification count; none where the run was not identified."""
    attribution = side.table(run, "attribution")
    return [] if attribution is None else sorted(attribution.loc[attribution["counted"], "layer"].unique())


def spreads(trainings: pd.DataFrame) -> "pd.Series[float]":
    """Return the standard deviation over seeds, pooled over layers and runs, by quantity and subject.

    Args:
        trainings: as `numbers` returns them, of any number of runs; those with one seed say nothing.
    """
    variances = trainings.groupby(KEY, sort=False)["value"].var(ddof=1)
    return variances.groupby(["quantity", "subject"]).mean() ** 0.5


def agreements(
    reference: pd.DataFrame, here: pd.DataFrame, seed: int, spread: "pd.Series[float]"
) -> list[Agreement]:
    """Compare a training with that of the same seed in the reference.

    Args:
        reference: numbers of the run in the reference, as `numbers` returns them.
        here: those of the retrained model.
        seed: of the training.
        spread: as `spreads` returns it.
    """
    sides = [side[side["seed"] == seed].set_index(KEY)["value"] for side in (reference, here)]
    joined = pd.concat(sides, axis=1, keys=["reference", "here"])
    found = []
    for (quantity, subject), layers in joined.groupby(["quantity", "subject"], sort=False):
        defined = layers.dropna()
        if layers.isna().all(axis=None):
            continue  # a trend that neither side has
        before, after = (_shown(str(quantity), defined[side].to_numpy(float)) for side in defined)
        deviation = float(np.sqrt(np.square(defined["here"] - defined["reference"]).mean()))
        known = float(spread.get((quantity, subject), math.nan))
        tolerance = np.nanmax([WIDTH * known, SMALLEST.get(str(quantity), math.nan), 0.0])
        one_sided = int((layers.isna().sum(axis=1) == 1).sum())
        found.append(
            Agreement(str(quantity), str(subject), before, after, deviation, float(tolerance), one_sided)
        )
    return found


def _shown(quantity: str, values: Array) -> float:
    mean = float(values.mean()) if len(values) else math.nan
    return math.exp(mean) if quantity in LOGARITHMIC else mean


class Conclusion(NamedTuple):
    """A statement that a reader takes away from one training, on both sides.

    Attributes:
        about: the question.
        reference: the answer of the reference.
        here: that of the retrained model.
        agrees: whether they agree; two solvers that are closer to each other than the tolerance are tied.
    """

    about: str
    reference: str
    here: str
    agrees: bool


LEARNED: Final = 20
"""A model has learned its task if its excess risk is below the Bayes risk over this (claims.yaml)."""


def conclusions(
    reference: pd.DataFrame, here: pd.DataFrame, seed: int, bayes_risk: float, compared: list[Agreement]
) -> list[Conclusion]:
    """Return what both sides say about the run.

    Args:
        reference: numbers of the run in the reference, as `numbers` returns them.
        here: those of the retrained model.
        seed: of the training.
        bayes_risk: on the validation prompts.
        compared: as `agreements` returns them, for the tolerances.
    """
    sides = [side[side["seed"] == seed] for side in (reference, here)]
    risks = [float(np.exp(side.loc[side["quantity"] == RISK, "value"].iloc[0])) for side in sides]
    before, after = ("yes" if risk < bayes_risk / LEARNED else "no" for risk in risks)
    found = [Conclusion(f"Excess risk below 1/{LEARNED} of the Bayes risk?", before, after, before == after)]
    for quantity, sign in (("distance", 1.0), ("similarity", -1.0)):
        tolerances = [one.tolerance for one in compared if one.quantity == quantity]
        if tolerances:
            first, second = (_ranked(side, quantity, sign, max(tolerances)) for side in sides)
            about = f"Which solver do the layers match best, by {quantity}?"
            agrees = second[0] in first or first[0] in second
            found.append(Conclusion(about, " or ".join(first), " or ".join(second), agrees))
    return found


def _ranked(side: pd.DataFrame, quantity: str, sign: float, tolerance: float) -> list[str]:
    """Return the best solver, and those that are not farther from it than the tolerance, best first."""
    values: Any = side[side["quantity"] == quantity].set_index("subject")["value"] * sign
    order = values.sort_values(kind="stable")
    return [str(solver) for solver in order.index[order <= order.iloc[0] + tolerance]]
