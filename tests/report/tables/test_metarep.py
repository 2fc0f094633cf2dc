"""The table of MetaRepICL on invented numbers, read back from its LaTeX."""

import re
import shutil

import pandas as pd
import pytest
from metarep_tables import metarep_tables
from typesetting import typeset

from ickrr.errors import FileError
from ickrr.io.files import write_table
from ickrr.report.quantities import setting_words
from ickrr.report.tables.metarep import BLOCKS, ELSEWHERE, build


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("metarep")
    for name, table in metarep_tables().items():
        write_table(folder / "tables" / f"{name}.parquet", table)
    return folder


def first_number(cell):
    found = re.match(r"(?:\\ensuremath\{|\$>)?(-?[\d.]+)(?:\\,\[[^]]*\])?(?:\\times 10\^\{(-?\d+)\})?", cell)
    return float(found[1]) * 10 ** int(found[2] or 0)


def test_every_number_stands_under_its_subject(folder):
    """Fails if a value is lost, stands in another column or row, or is not that of the tidy table."""
    table = build(None, folder / "tables")
    lines = table.latex.split(r"\toprule")[1].split(r"\bottomrule")[0].strip().splitlines()
    lines = [line.strip().removeprefix(r"\midrule").strip() for line in lines]
    rows = [[cell.strip() for cell in line.removesuffix(r"\\").split("&")] for line in lines if "&" in line]
    shown = []
    for row in rows:
        if r"\textit" in row[2]:
            subjects = [cell for cell in row[2:] if cell]
            continue
        cells = row[2 : 2 + len(subjects)]
        shown += [(row[1], first_number(cell)) for cell in cells if cell != "--"]
        assert not any(row[2 + len(subjects) :])
    expected = []
    for table_name, quantities in BLOCKS:
        printed = [quantity for quantity in quantities if quantity not in ELSEWHERE]
        block = table.frame[table.frame["quantity"].isin(printed)]
        for quantity in printed:
            part = block[block["quantity"] == quantity]
            for setting in part["setting"].unique():
                for subject in block["subject"].unique():
                    found = part[(part["setting"] == setting) & (part["subject"] == subject)]
                    expected += [
                        (setting_words(table_name, quantity, setting), value) for value in found["value"]
                    ]
    assert [words for words, _ in shown] == [words for words, _ in expected]
    assert [value for _, value in shown] == pytest.approx(
        [value for _, value in expected], rel=0.05, abs=2e-2
    )
    assert len(expected) == (~table.frame["quantity"].isin(ELSEWHERE)).sum() > 20


def test_a_median_beyond_the_grid_is_a_bound(folder):
    """Fails if a number of steps that was never reached is given as if it had been."""
    rows = [line for line in build(None, folder / "tables").latex.splitlines() if "ill-conditioned" in line]
    assert sum(row.count("$>") for row in rows) == 1


def test_subjects_are_named_as_their_quantity_names_them(folder):
    """Fails if a kernel or a ReLU stack is given the name that it has in another table."""
    heads = re.findall(r"\\textit\{([^}]*)\}", build(None, folder / "tables").latex)
    assert heads[:2] == ["conjugate gradient", "preconditioned CG"]
    assert {"spherical", "paired", "one linear layer", "several linear layers"} < set(heads)


def test_it_fits_on_a_page(folder):
    """Fails if the table grows beyond what a page of this size of type holds."""
    assert build(None, folder / "tables").latex.count(r"\\") <= 60


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_it_is_as_wide_as_the_page_at_most(tmp_path):
    """Fails if the paper cannot be typeset where all differences of kernels are negative."""
    for name, table in metarep_tables().items():
        if name == "metarep/operators":
            refitted = table[table["setting"] == "representation"].assign(setting="representation_refitted")
            table = pd.concat([table, refitted]).assign(value=-0.0312, low=-0.0366, high=-0.0261)
        if name == "metarep/cg":
            table.loc[table["quantity"] == "steps", ["value", "low", "high"]] = 17.0, 13.9, 18.0
        write_table(tmp_path / "tables" / f"{name}.parquet", table)
    latex = build(None, tmp_path / "tables").latex
    assert "Overfull" not in typeset(tmp_path, rf"\noindent {latex}")


def test_numbers_without_an_interval_show_none(folder):
    """Fails if a largest value looks like an estimate."""
    latex = build(None, folder / "tables").latex
    assert r"\ensuremath{3.00\times 10^{-12}} &" in latex


def test_a_quantity_that_is_missing_is_named(folder, tmp_path):
    """Fails if a row of the table vanishes without a word."""
    for name, table in metarep_tables().items():
        write_table(tmp_path / "tables" / f"{name}.parquet", table[table["quantity"] != "silent"])
    with pytest.raises(FileError, match=r"metarep/operators.parquet: has no rows of quantity 'silent', only"):
        build(None, tmp_path / "tables")
    (tmp_path / "tables/metarep/width.parquet").unlink()
    with pytest.raises(FileError, match=r"metarep/width.parquet: no such table"):
        build(None, tmp_path / "tables")
