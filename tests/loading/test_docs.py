"""The page and the notebook on finished results run as they stand, on results that were computed."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support import Project

ROOT = Path(__file__).parents[2]
NOTEBOOK = ROOT / "docs/finished_run.ipynb"


def test_the_notebook_is_committed_without_outputs() -> None:
    """Fails if somebody's run is committed, or papermill finds no parameters."""
    document = json.loads(NOTEBOOK.read_text())
    cells = [cell for cell in document["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in cells)
    assert cells[0]["metadata"]["tags"] == ["parameters"]


@pytest.mark.slow
def test_the_notebook_runs(tiny_paper: Project, tmp_path: Path) -> None:
    """Fails if a cell fails, nothing is drawn, or GPT-2 predicts something else."""
    pytest.importorskip("transformers")
    given = json.dumps({"run": "spherical", "seed": 1, "results": str(tiny_paper.results())})
    executed = tmp_path / "executed.ipynb"
    command = [sys.executable, "-m", "papermill", str(NOTEBOOK), str(executed), "-y", given]
    done = subprocess.run([*command, "--no-progress-bar"], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    text = executed.read_text()
    assert '"image/png"' in text
    found = re.search(r"largest difference between the two: ([\d.e-]+)", text)
    assert float(found[1]) < 1e-5
    assert re.search(r"step \d+ \(0\.\d+\)", text)


def test_the_lines_of_the_page_run(tiny_paper: Project) -> None:
    """Fails if the example of docs/results.md fails where a reader tries it, beside smoke results."""
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs/results.md").read_text(), re.MULTILINE | re.DOTALL
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=tiny_paper.path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_page_names_every_part_of_a_run() -> None:
    """Fails if something that a loaded run has is not on the page."""
    from ickrr.loading.run import LoadedRun

    page = (ROOT / "docs/results.md").read_text()
    parts = [name for name in (*vars(LoadedRun), *LoadedRun.__dataclass_fields__) if not name.startswith("_")]
    assert {"model", "layers", "trajectory", "to_gpt2"} <= set(parts)
    for name in set(parts) - {"results"}:
        assert re.search(rf"`{name}\b", page), name
