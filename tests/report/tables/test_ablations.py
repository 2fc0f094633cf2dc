import math
import re

import pytest

from ickrr.io.files import write_table
from ickrr.report.load import load_table
from ickrr.report.tables.ablations import build


def rows_of(latex):
    lines = latex.split(r"\midrule", 1)[1].split(r"\bottomrule")[0].strip().splitlines()
    return {
        cells[0]: cells
        for line in lines
        if (cells := [cell.strip() for cell in line.removesuffix(r"\\").split("&")])
    }


def test_numbers_are_those_of_the_tables(experiment, results):
    """Fails if a number is another run's, an average over the wrong thing, or of another solver."""
    table = build(experiment, results / "tables")
    frame = table.frame.set_index("run")
    for run in ("spherical", "noise_01"):
        curve = load_table(results / "tables", [run], "learning_curve")
        final = curve[curve["step"] == curve["step"].max()]
        row = frame.loc[run]
        assert row["excess_risk"] == pytest.approx(final["excess_risk"].mean())
        assert row["excess_risk_sd"] == pytest.approx(final["excess_risk"].std())
        assert row["excess_share"] == pytest.approx(final["excess_risk"].mean() / 0.224)
        alignment = load_table(results / "tables", [run], "alignment").query("statistic == 'distance'")
        headline = alignment[alignment["solver"].isin(experiment.solvers.headline)].set_index("solver")[
            "value"
        ]
        closest, second = headline.sort_values().index[:2]
        assert (row["closest"], row["runner_up"]) == (closest, second)
        pairs = load_table(results / "tables", [run], "pairs").query(
            "statistic == 'distance' and layer == 0 and first == @second and second == @closest"
        )
        assert row["ahead"] == pytest.approx(headline[second] - headline[closest])
        assert (row["ahead_low"], row["ahead_high"]) == (pairs["low"].item(), pairs["high"].item())
        assert row["ahead_low"] <= row["ahead"] <= row["ahead_high"]
        cells = rows_of(table.latex)[run.replace("_", " ")]
        assert float(cells[3]) == pytest.approx(row["excess_risk"], abs=5.1e-5)
        assert float(cells[8]) == pytest.approx(row["distance"], abs=5.1e-5)
        low, high = map(float, re.findall(r"-?[\d.]+", cells[10].replace(r"\ensuremath", "")))
        ends = (1000 * row["ahead_low"], 1000 * row["ahead_high"])
        assert (float(cells[9]), low, high) == pytest.approx((1000 * row["ahead"], *ends), abs=5.1e-3)


def test_parameters_are_those_of_the_model(experiment, results):
    """Fails if the number of weights is not what PyTorch counts in the built model."""
    from ickrr.model.weights import build_model

    frame = build(experiment, results / "tables").frame.set_index("run")
    for run in ("spherical", "noise_01"):
        settings = experiment.run(run)
        counted = sum(weights.numel() for weights in build_model(settings).parameters())
        assert frame.loc[run, "parameters"] == counted


def test_a_diverged_seed_shows(experiment, toy, tmp_path):
    """Fails if a run with a diverged seed is given a mean, or a solver without distance is called closest."""
    for run in ("spherical", "noise_01"):
        draws = [toy.draws(0), toy.draws(1)]
        alignment, pairs = toy.alignment(run, draws), toy.pairs(run, draws)
        alignment.loc[alignment["statistic"] == "distance", ["value", "low", "high"]] = math.nan
        write_table(tmp_path / "tables" / run / "alignment.parquet", alignment)
        write_table(tmp_path / "tables" / run / "pairs.parquet", pairs)
        curve = toy.learning_curve(run, diverging=(1,))
        write_table(tmp_path / "tables" / run / "learning_curve.parquet", curve)
    table = build(experiment, tmp_path / "tables")
    assert table.frame["diverged_seeds"].tolist() == [1, 1]
    assert table.frame["excess_risk"].isna().all()
    assert table.frame["closest"].tolist() == ["", ""]
    cells = rows_of(table.latex)["spherical"]
    assert (cells[3], cells[7], cells[8]) == ("{--}", "none", "{--}")
