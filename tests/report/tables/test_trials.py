"""The table of known cases, against loops over the rows that it counts."""

import numpy as np
import pandas as pd
import pytest
from identification_tables import trials

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.io.files import write_table
from ickrr.report.tables.trials import SAID, build

RUNS = ("spherical", "noise_01")


@pytest.fixture(scope="module")
def experiment(experiment):
    """The experiment of the toy, with the table of two runs."""
    shown = experiment.tables["tab_trials"].model_copy(update={"runs": list(RUNS)})
    return experiment.model_copy(update={"tables": {**experiment.tables, "tab_trials": shown}})


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """Known cases of two runs: mixtures of two families, a name that is wrong, a model built for one run."""
    folder = tmp_path_factory.mktemp("tables")
    tables = []
    for seed, run in enumerate(RUNS):
        table = trials(run, np.random.default_rng(seed))
        if seed:
            table = table[table["group"] != "built model"]
        row = dict.fromkeys(table.columns, "") | {"run": run, "added_to_r": 0.0, "added_by_r": 0.0}
        mixed = {"group": "mixed pseudo-layer", "case": "PR 10 and R 10", "noise": 0.3, "allowed": "PR, R"}
        unlike = {"group": "no iteration", "case": "Laplace", "noise": 0.0, "allowed": "none"}
        more = [
            row | mixed | {"named": "R", "wrong": False},
            row | mixed | {"named": "ridge", "wrong": True},
            row | unlike | {"named": "undecided", "wrong": False},
            row | unlike | {"named": "ridge", "wrong": True},
        ]
        tables.append(pd.concat([table, pd.DataFrame(more)], ignore_index=True).astype({"wrong": bool}))
        write_table(folder / run / "trials.parquet", tables[-1])
    return folder, pd.concat(tables)


def said_of(row):
    """Return what is said of a case, by the names alone."""
    if row["named"] in ("none", "undecided"):
        return row["named"]
    return "right" if row["named"] in row["allowed"].split(", ") and not row["wrong"] else "wrong"


def counted(rows):
    said = [said_of(row) for row in rows.to_dict("records")]
    return [said.count(one) for one in SAID]


def cells(latex, label):
    """Return the cells of the line of a label, four for each run."""
    lines = [one.replace(r"\midrule ", "").rstrip("\\ ") for one in latex.splitlines()]
    found = [line.split("&") for line in lines if line.startswith(f"{label} &")]
    assert len(found) == 1, label
    return [cell.strip() for cell in found[0][1:]]


def test_every_case_is_counted_once(experiment, known):
    """Fails if a case is lost, counted twice, for another group, family or noise, or said of it otherwise."""
    folder, table = known
    frame = build(experiment, folder).frame
    assert frame["cases"].sum() == len(table)
    for row in frame.to_dict("records"):
        same = (table["run"] == row["run"]) & (table["group"] == row["group"])
        rows = table[same & (table["allowed"] == row["family"]) & (table["noise"] == row["noise"])]
        assert row["cases"] == len(rows) > 0
        assert [row[one] for one in SAID] == counted(rows)


def test_the_lines_add_noises_and_families_up(experiment, known):
    """Fails if a line has the cases of another family, of mixtures, of one noise alone, or of another run."""
    folder, table = known
    latex = build(experiment, folder).latex
    pseudo, mixed = (table["group"] == group for group in ("pseudo-layer", "mixed pseudo-layer"))
    expected = {
        words[0].upper() + words[1:]: pseudo & (table["allowed"] == name)
        for name, words in FAMILY_WORDS.items()
    }
    expected |= {"Mixtures": mixed}
    expected |= {
        f"All of these, noise {noise:.2f}": (pseudo | mixed) & (table["noise"] == noise)
        for noise in (0.1, 0.2, 0.3, 0.4)
    }
    for label, rows in expected.items():
        shown = [int(cell) for cell in cells(latex, label)]
        assert shown == [count for run in RUNS for count in counted(table[rows & (table["run"] == run)])]


def test_no_name_is_right_for_cases_of_no_family(experiment, known):
    """Fails if a right name is counted where there can be none, or a run without a built model has zeros."""
    folder, _ = known
    latex = build(experiment, folder).latex
    shown = cells(latex, "Without iteration")
    assert shown == ["", "0", "1", "1"] * 2
    assert cells(latex, "Held-out algorithms")[0] == cells(latex, "Held-out algorithms")[4] == ""
    built = cells(latex, "Layers of a built model")
    assert all(built[:4]) and built[4:] == [""] * 4
    assert "Variants" not in latex  # a group that no run has
