"""The way back from a result: every job, setting and seed on it, and what is no longer as it was."""

from pathlib import Path

import pytest
from invented_results import RESULTS, project

from ickrr.errors import FileError
from ickrr.lineage import target_file, trace
from ickrr.records import Records

__all__ = ["project"]

TABLE = RESULTS / "tables/spherical/errors.parquet"


def test_trace_reaches_settings_and_code_of_every_seed(project: Path) -> None:
    """Fails if a stage, a seed or the settings are missing on the way back."""
    lines = trace(Records(RESULTS), TABLE)
    text = "\n".join(lines)
    assert lines[0].startswith(f"{TABLE}: rule tabulate_run, 2")
    for seed in (0, 1):
        assert f"    results/smoke/trained/spherical/seed{seed}/weights.safetensors: rule train_model" in text
    assert "      results/smoke/specs/runs/spherical.json" in text
    assert "1 source files" in text


def test_trace_says_what_has_changed_or_gone(project: Path) -> None:
    """Fails if a trace vouches for files that are not what they were."""
    Path("src/train.py").write_text("# edited\n")
    (RESULTS / "comparisons/spherical/seed0/errors.parquet").write_bytes(b"x")
    (RESULTS / "comparisons/spherical/seed1/errors.parquet").unlink()
    text = "\n".join(trace(Records(RESULTS), TABLE))
    assert "1 of them changed since: src/train.py" in text
    assert "comparisons/spherical/seed0/errors.parquet: rule compare_run" in text
    assert "DIFFERS from its record" in text
    assert "not here" in text


def test_result_without_record_cannot_be_traced(project: Path) -> None:
    """Fails if a file of unknown origin gets an empty trace."""
    with pytest.raises(FileError, match=r"gone\.pdf: has no record of how it was made"):
        trace(Records(RESULTS), RESULTS / "gone.pdf")


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("fig2", "figures/fig2.pdf"),
        ("tab_setup", "latex/tab_setup.tex"),
        ("paper", "paper.pdf"),
        ("tables/spherical/errors.parquet", "tables/spherical/errors.parquet"),
        ("results/smoke/paper.pdf", "paper.pdf"),
    ],
)
def test_short_targets(target: str, file: str) -> None:
    """Fails if a name that snakemake knows is not known here."""
    assert target_file(target, RESULTS) == RESULTS / file
