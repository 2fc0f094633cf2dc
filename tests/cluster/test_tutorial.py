"""The tutorial on SLURM, done on a real one."""

from pathlib import Path

import pytest
from pages import follow
from support import ROOT, Project


@pytest.mark.slow
def test_the_page(slurm, fresh_project: Project, tmp_path: Path) -> None:
    """Fails if a command of docs/tutorials/slurm.md fails, or prints something else than the page shows."""
    project = fresh_project.copy(tmp_path / "project")
    environment = {**slurm.environment, "PYTHONPATH": str(project.path / "src"), "OMP_NUM_THREADS": "1"}
    text = (ROOT / "docs/tutorials/slurm.md").read_text(encoding="utf-8")
    assert follow(project, text, tmp_path / "bin", **environment) == 3
