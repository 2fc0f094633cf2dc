import pandas as pd
import pytest

from ickrr.errors import FileError
from ickrr.io.files import write_table
from ickrr.report.load import COLUMNS, estimate, load_summary, load_table


@pytest.mark.parametrize("table", ["errors", "similarity", "matches", "alignment", "learning_curve"])
def test_runs_come_in_the_order_asked_for(results, table):
    """Fails if a figure's rows would stand in another order than its configuration says."""
    frame = load_table(results / "tables", ["spherical", "noise_01"], table)
    assert frame["run"].unique().tolist() == ["spherical", "noise_01"]
    assert set(COLUMNS[table]) <= set(frame.columns)


def test_a_missing_table_is_named(results):
    """Fails if a person gets a traceback instead of the file's name and what to do."""
    with pytest.raises(FileError, match=r"nowhere/errors\.parquet: no such table; run snakemake"):
        load_table(results / "tables", ["nowhere"], "errors")


def test_a_job_reads_the_tables_that_its_rule_declares_and_no_others(results):
    """Fails if a table that lies beside the declared ones is read, so that a change of it reruns nothing."""
    declared = [results / "tables/spherical/errors.parquet", results / "tables/metarep/cg.parquet"]
    assert load_table(declared, ["spherical"], "errors")["run"].unique().tolist() == ["spherical"]
    assert len(load_summary([str(path) for path in declared], "metarep/cg"))
    with pytest.raises(FileError, match=r"noise_01/errors\.parquet: is read, but is none of the inputs"):
        load_table(declared, ["noise_01"], "errors")
    with pytest.raises(FileError, match=r"metarep/width\.parquet: is read, but is none of the inputs"):
        load_summary(declared, "metarep/width")


def test_a_table_of_another_shape_is_refused(tmp_path, toy):
    """Fails if a table written by older code is drawn as if nothing had happened."""
    write_table(tmp_path / "a/errors.parquet", toy.errors("a").drop(columns="mse_se"))
    with pytest.raises(FileError, match="lacks the column 'mse_se'"):
        load_table(tmp_path, ["a"], "errors")


def test_a_table_of_another_run_is_refused(tmp_path, toy):
    """Fails if a copied directory passes as another run's results."""
    write_table(tmp_path / "b/errors.parquet", toy.errors("a"))
    with pytest.raises(FileError, match=r"column 'run' holds \['a'\], expected \['b'\]"):
        load_table(tmp_path, ["b"], "errors")


def test_an_empty_table_is_refused(tmp_path, toy):
    """Fails if a figure without data would be drawn."""
    write_table(tmp_path / "a/errors.parquet", toy.errors("a").head(0))
    with pytest.raises(FileError, match="has no rows"):
        load_table(tmp_path, ["a"], "errors")


def test_estimate_needs_exactly_one_row(results):
    """Fails if a missing or doubled row is papered over."""
    alignment = load_table(results / "tables", ["spherical"], "alignment")
    assert estimate(alignment, "chebyshev", "floor").value == pytest.approx(0.57)
    with pytest.raises(FileError, match="has 0 rows of solver 'chebyshev' and statistic 'speed'"):
        estimate(alignment, "chebyshev", "speed")
    with pytest.raises(FileError, match="has 2 rows"):
        estimate(pd.concat([alignment, alignment]), "chebyshev", "floor")
