"""The columns of every table, and the page that is made of all catalogues."""

import re
from typing import get_args

import pytest
from support import ROOT

from ickrr.__main__ import main
from ickrr.catalogue.columns import Table
from ickrr.catalogue.of_no_run import OF_NO_RUN
from ickrr.catalogue.of_paper import OF_PAPER
from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.catalogue.page import first_line, page
from ickrr.code import import_closure
from ickrr.comparison.alignment import STATISTICS as OF_ALIGNMENT
from ickrr.config.experiment import OtherTable, RunTable
from ickrr.config.load import load_experiment
from ickrr.entries import KERNELS, LAWS, SOLVERS, STATISTICS
from ickrr.io.files import read_table
from ickrr.report.load import COLUMNS, SUMMARY

WITHOUT_RUN = {**OF_NO_RUN, **OF_PAPER}
STEPS = sorted(path.stem for path in (ROOT / "src/ickrr/steps").glob("[a-z]*.py"))


def test_the_page_has_not_drifted():
    """Fails if an entry, a column or a quantity is changed and docs/catalogue.md is not made again."""
    assert (ROOT / "docs/catalogue.md").read_text(encoding="utf-8") == page()


def test_the_tool_prints_or_writes_the_page(tmp_path, capsys):
    """Fails if the command that the page names does not make it."""
    assert main(["catalogue"]) == 0
    assert capsys.readouterr().out == page()
    assert main(["catalogue", "--output", str(tmp_path / "catalogue.md")]) == 0
    assert (tmp_path / "catalogue.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize("entries", [KERNELS, LAWS, SOLVERS, STATISTICS], ids=lambda entries: entries.package)
def test_every_entry_says_what_it_is_in_one_line(entries):
    """Fails if a row of the page breaks off in the middle of a sentence."""
    for name in entries:
        line = first_line(entries, name)
        assert line.endswith("."), f"{name}: {line}"
        assert f"| `{name}` |" in page()


def test_the_tables_of_the_schema_are_those_of_the_catalogue():
    """Fails if a table that figures can read is not described, or a described one cannot be named."""
    assert set(OF_RUNS) == set(get_args(RunTable))
    assert set(OF_NO_RUN) == set(get_args(OtherTable))
    assert set(OF_PAPER) == set(load_experiment(ROOT / "config.yaml").tables)


def test_the_statistics_of_the_alignment_are_described():
    """Fails if one that the comparison computes is not named where the tables of a run say what they hold."""

    def named(table):
        return {*re.findall("`(.*?)`", OF_RUNS[table].columns["statistic"].meaning)}

    assert named("alignment") == set(OF_ALIGNMENT)
    assert named("pairs") == set(OF_ALIGNMENT) - {"floor"}
    assert named("shares") == {name for name, one in OF_ALIGNMENT.items() if one.by_layer and one.better}


def test_what_reports_read_is_in_the_catalogue():
    """Fails if a column that the report asks for is one that no table has."""
    described = {**OF_RUNS, **WITHOUT_RUN, "summary": Table("", dict.fromkeys(SUMMARY))}
    for name, columns in COLUMNS.items():
        assert set(columns) <= set(described[name].columns), name


def test_tables_of_the_smoke_paper_have_these_columns(smoke_paper):
    """Fails if a step writes a table or a column that the catalogue lacks, in another order, or does not."""
    folder = smoke_paper.path / "results/smoke/tables"
    shown = load_experiment(ROOT / "config.yaml")
    found = sorted(path.relative_to(folder) for path in folder.rglob("*.parquet"))
    without_run = set()
    for path in found:
        name = str(path.with_suffix(""))
        if name in WITHOUT_RUN:
            without_run.add(name)
            columns = WITHOUT_RUN[name].columns
        else:
            columns = OF_RUNS[path.stem].columns
        assert list(read_table(folder / path)) == list(columns), name
    assert without_run == set(WITHOUT_RUN)
    of_runs = {path.stem for path in found if path.parent.name not in ("", "construction", "metarep")}
    read = {one for show in (*shown.figures.values(), *shown.tables.values()) for one in show.tables}
    assert of_runs >= read  # what else there is, rules make on demand: tests/steps looks at these


@pytest.mark.parametrize("step", STEPS)
def test_no_step_imports_the_catalogue(step):
    """Fails if a word about a column makes results again, or a step is fed from its own description.

    The page of the site that shows the ledger is made of these words.
    """
    if step == "build_results":
        return
    names = {path.as_posix().split("src/ickrr/")[1] for path in import_closure(f"ickrr.steps.{step}")}
    assert not [name for name in names if name.startswith(("catalogue/", "config/summaries"))]
