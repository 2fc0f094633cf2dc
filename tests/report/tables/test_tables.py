"""What all tables share: found by name, code of their own, LaTeX that fits the page."""

import re
import shutil
from pathlib import Path

import pytest
from typesetting import typeset

from ickrr.code import import_closure
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError
from ickrr.report.tables import builder, module_name, names

ROOT = Path(__file__).resolve().parents[3]


def test_every_table_of_the_paper_can_be_made():
    """Fails if config.yaml names a table without a module, or a module is never used."""
    assert names() == sorted(load_experiment(ROOT / "config.yaml").tables)


def test_unknown_table_is_named():
    """Fails if a table that does not exist ends in a traceback, or without saying which there are."""
    with pytest.raises(ConfigError, match=r"tables\.tab_nothing is no table .* tab_ablations, tab_alignment"):
        builder("tab_nothing")


@pytest.mark.parametrize("table", names())
def test_a_table_reads_its_own_code_only(table):
    """Fails if an edit of another table, a figure or a step would write this table again."""
    found = {path.as_posix().split("src/ickrr/")[1] for path in import_closure(module_name(table))}
    tables = {name for name in found if name.startswith("report/tables/")}
    own = {"report/tables/__init__.py", f"report/tables/{table.removeprefix('tab_')}.py"}
    # The ledger in short has the words of the ledger in full.
    assert tables == own | ({"report/tables/claims.py"} if table.startswith("tab_ledger") else set())
    others = {name for name in found if not name.startswith(("report/", "config/"))}
    shared = {"__init__.py", "entries.py", "errors.py", "row_keys.py", "io/__init__.py", "io/files.py"}
    assert others <= shared | {"model/__init__.py", "model/size.py"}
    assert not {name for name in found if "figures" in name or "panels" in name or "style" in name}
    if table in ("tab_setup", "tab_runs"):
        assert "report/load.py" not in found


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs pdflatex")
def test_tables_compile_without_overfull_lines(experiment, results, tmp_path):
    """Fails if a table is not valid LaTeX, needs other packages, or is wider than the text of the paper."""
    for name in names():
        files = [*sorted(results.rglob("*.parquet")), results / "benchmarks"]
        (tmp_path / f"{name}.tex").write_text(builder(name)(experiment, files).latex)
    inputs = "".join(rf"\noindent\input{{{name}}}\par " for name in names())
    printed = typeset(tmp_path, inputs)
    wide = [float(size) for size in re.findall(r"Overfull \\hbox \(([\d.]+)pt", printed)]
    assert all(size <= 5 for size in wide), printed
