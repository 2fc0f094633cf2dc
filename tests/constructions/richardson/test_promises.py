"""The summary of the construction against plain loops over its tables."""

import math

import numpy as np
import pytest
from construction_tables import construction_cells, contraction_table

from ickrr.constructions.richardson.promises import summary_table
from ickrr.constructions.richardson.rates import rates_table
from ickrr.report.load import SUMMARY

CELLS = construction_cells()
RATES = rates_table(CELLS, 0.95)
CONTRACTION = contraction_table()


def rows_of(cells=CELLS, contraction=CONTRACTION):
    table = summary_table(cells, RATES, contraction)
    assert tuple(table.columns) == SUMMARY
    assert not table.duplicated(["quantity", "subject", "setting"]).any()
    return {
        (row.quantity, row.subject, row.setting): (row.value, row.low, row.high) for row in table.itertuples()
    }


def test_grid_numbers_equal_a_loop():
    """Fails if a cell that was not run counts, a largest value is another one, or it has an interval."""
    cells = CELLS.copy()
    cells.loc[(cells["name"] == "fixed") & (cells["context_length"] == 10), "passed"] = False
    cells["error"] *= np.linspace(0.5, 1.5, len(cells))
    found = rows_of(cells)
    for name in ("scaled", "fixed"):
        errors, layers, failures = [], [], 0
        for cell in cells.to_dict("records"):
            if cell["name"] == name and cell["status"] == "verified":
                errors.append(cell["error"] / cell["accuracy"])
                layers.append(cell["iterate_error"] / cell["layer_bound"])
                failures += not cell["passed"]
        assert found["error_share", "built", name] == (max(errors),) * 3
        assert found["layer_error", "built", name] == (max(layers),) * 3
        assert found["failures", "built", name] == (failures,) * 3
    assert found["failures", "built", "fixed"][0] == 3


def test_a_ridge_that_was_never_run_has_no_numbers():
    """Fails if a ridge without a single built model counts as one without failures."""
    cells = CELLS.copy()
    cells.loc[cells["name"] == "fixed", "status"] = "theory only"
    found = rows_of(cells)
    for quantity in ("error_share", "layer_error", "failures"):
        assert all(math.isnan(end) for end in found[quantity, "built", "fixed"])


def test_exponents_are_those_the_tables_were_made_with():
    """Fails if a quantity is taken from another fit, or loses its interval."""
    found = rows_of()
    known = {
        ("depth_folds", "steps", "scaled"): 1.0,
        ("depth_growth", "steps", "fixed"): 1.0,
        ("depth_growth", "steps", "scaled"): 0.0,
        ("width_slope", "width", "fixed"): 0.5,
        ("width_growth", "width", "fixed"): 1.25,
        ("width_growth", "smallest_width", "scaled"): 0.0,
    }
    for key, exponent in known.items():
        value, low, high = found[key]
        assert value == pytest.approx(exponent, abs=0.03) and low <= value <= high
    slopes = {key: ends for key, ends in found.items() if key[0].startswith(("depth", "width"))}
    # Two ridges; of steps three fits, of width two; theory and smallest.
    assert len(slopes) == 2 * (3 + 2) * 2


def test_shares_of_prompts_equal_a_loop():
    """Fails if a share mixes preconditioners or ridge scalings, or counts the wrong side."""
    found = rows_of()
    for preconditioner in ("ridge", "kernel"):
        for scaling in ("fixed", "scaled"):
            uniform = diverging = prompts = 0
            for row in CONTRACTION.to_dict("records"):
                if row["preconditioner"] == preconditioner and row["scaling"] == scaling:
                    prompts += 1
                    uniform += row["factor"] <= row["gap_rate"] + 1e-9
                    diverging += row["factor"] >= 1
            assert found["contraction_share", preconditioner, scaling][0] == pytest.approx(uniform / prompts)
            assert found["divergence_share", preconditioner, scaling][0] == pytest.approx(diverging / prompts)
    assert 0 < found["contraction_share", "ridge", "fixed"][0] < 1
