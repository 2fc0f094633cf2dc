"""Tables of the paper: what a module says that it reads is what its table is given."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT

from ickrr.config import paper_tables
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError

CONFIG = ROOT / "config.yaml"
EXPERIMENT = load_experiment(CONFIG)
Read = Callable[..., Experiment]


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the modules of tables, which the configuration asks instead of the project's own."""
    folder = tmp_path / "tables"
    shutil.copytree(paper_tables.MODULES, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(paper_tables, "MODULES", folder)
    return folder


def test_tables_are_given_what_their_modules_read() -> None:
    """Fails if a constant of a module is not found, or reaches another key."""
    given = {name: (table.tables, table.others) for name, table in EXPERIMENT.tables.items()}
    assert given["tab_ablations"] == (["learning_curve", "alignment", "pairs"], [])
    assert given["tab_rates"] == ([], ["construction/cells", "construction/rates"])
    assert given["tab_runs"] == given["tab_setup"] == ([], [])
    assert given["tab_claims"] == given["tab_ledger_ours"] == ([], ["claims"])


def test_what_controls_do_not_have_is_read_of_runs_alone() -> None:
    """Fails if a table asks for partial coefficients of controls, or its runs are not identified for it."""
    alone = EXPERIMENT.model_copy(update={"tables": {"tab_alignment": EXPERIMENT.tables["tab_alignment"]}})
    table = alone.tables["tab_alignment"]
    assert (table.tables, table.tables_of_runs) == (["alignment"], ["encompassing"])
    assert set(table.runs) <= set(alone.runs_showing("encompassing"))
    assert not set(table.controls) & set(alone.runs_showing("encompassing"))


def test_what_only_controls_need_is_read_with_controls_only(read: Read) -> None:
    """Fails if a paper without controls waits for their table, or one with controls lacks it."""
    assert EXPERIMENT.tables["tab_alignment"].others == ["construction/controls"]
    assert read("tables: {tab_alignment: {controls: []}}").tables["tab_alignment"].others == []


def test_only_the_table_of_costs_is_made_after_everything() -> None:
    """Fails if it is made while what it counts still runs, or another table waits for nothing."""
    late = [name for name in EXPERIMENT.tables if paper_tables.load(name).costs_of]
    assert late == ["tab_cost"]


def test_a_new_table_is_its_module_and_its_entry(modules: Path) -> None:
    """Fails if a further list must name what it reads."""
    (modules / "mine.py").write_text('READS_OF_RUNS = ("errors",)\nREADS: Final = ("metarep/cg",)\n')
    told = {"tables": {"tab_mine": {"runs": ["spherical"]}}}
    mine = load_experiment(CONFIG, overrides=told).tables["tab_mine"]
    assert (mine.tables, mine.others) == (["errors"], ["metarep/cg"])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("READS = (", "is not valid Python"),
        ('READS = ("metarep/cg")', """READS is 'metarep/cg'; write a tuple of names, such as ("""),
        ("READS = tuple(BLOCKS)", "READS is tuple(BLOCKS); write a tuple of names"),
        ('READS = ("metarep/gc",)', "READS names metarep/gc; allowed: construction/cells"),
        ('READS_OF_RUNS: Final = ("metarep/cg",)', "READS_OF_RUNS names metarep/cg; allowed: errors"),
    ],
)
def test_what_no_job_makes_is_refused(content: str, expected: str, modules: Path) -> None:
    """Fails if the fault is found by the job that writes the table, or ends in a traceback."""
    (modules / "setup.py").write_text(content)
    with pytest.raises(ConfigError) as caught:
        load_experiment(CONFIG, overrides={})
    assert "tables.tab_setup: " in str(caught.value) and expected in str(caught.value)
