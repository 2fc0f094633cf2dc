"""The numbers that the claims about the construction rest on, a row for each.

The theory promises |prediction - kernel ridge regression| <= eps in every cell, layers within their bound of
the Richardson iterates, steps of order log(1/eps) and widths of order sqrt(N/eps). Sources: the abstract for
the rates, the reviews for the uniform contraction rate (see `ickrr.constructions.richardson.contraction`).
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pandas as pd

from ickrr.constructions.richardson.rates import MEASURED
from ickrr.constructions.richardson.status import VERIFIED
from ickrr.constructions.summary_rows import Row, estimate, supremum

BUILT: Final = "built"
EXPONENTS: Final = {
    ("steps", "log(1/eps)"): "depth_slope",
    ("steps", "e-folds"): "depth_folds",
    ("steps", "N"): "depth_growth",
    ("width", "1/eps"): "width_slope",
    ("width", "N"): "width_growth",
}
SLACK: Final = 1e-9  # rounding of an eigenvalue


def summary_table(cells: pd.DataFrame, rates: pd.DataFrame, contraction: pd.DataFrame) -> pd.DataFrame:
    """Return the numbers as a table.

    Args:
        cells: table `cells` of all ridges.
        rates: table `rates`, the fitted exponents.
        contraction: table `contraction`, measured factors.

    Returns:
        quantity, subject, setting, value, low, high. Of subject `built`, by ridge: `error_share`, the largest
        error over its accuracy; `layer_error`, the largest distance to Richardson over its bound; `failures`,
        the number of verified cells that break a promise (all NaN where no cell could be run). By what was
        counted and ridge: `depth_slope`, `depth_folds`, `depth_growth`, `width_slope`, `width_growth`, with
        the intervals of the fit. By preconditioner and scaling of the ridge: `contraction_share`, of the
        measured prompts that contract at the rate of the spectral-gap argument, and `divergence_share`, of
        those whose factor is 1 or more. Numbers that are no estimates have equal ends.
    """
    return pd.DataFrame([*_grid(cells), *_exponents(rates), *_shares(contraction)])


def _grid(cells: pd.DataFrame) -> Iterator[Row]:
    for name, all_cells in cells.groupby("name", sort=False):
        verified = all_cells[all_cells["status"] == VERIFIED]
        numbers = {
            "error_share": float((verified["error"] / verified["accuracy"]).max()),
            "layer_error": float((verified["iterate_error"] / verified["layer_bound"]).max()),
            "failures": float((~verified["passed"].astype(bool)).sum()) if len(verified) else np.nan,
        }
        for quantity, number in numbers.items():
            yield supremum(quantity, BUILT, str(name), number)


def _exponents(rates: pd.DataFrame) -> Iterator[Row]:
    for (kind, against), quantity in EXPONENTS.items():
        counted = (kind, *(each for each in MEASURED if each.endswith(kind)))
        for fit in rates[rates["quantity"].isin(counted) & (rates["against"] == against)].to_dict("records"):
            yield estimate(quantity, fit["quantity"], fit["name"], fit["value"], fit["low"], fit["high"])


def _shares(contraction: pd.DataFrame) -> Iterator[Row]:
    for key, prompts in contraction.groupby(["preconditioner", "scaling"]):
        preconditioner, scaling = map(str, key)
        uniform = prompts["factor"] <= prompts["gap_rate"] + SLACK
        yield supremum("contraction_share", preconditioner, scaling, float(uniform.mean()))
        yield supremum("divergence_share", preconditioner, scaling, float((prompts["factor"] >= 1).mean()))
