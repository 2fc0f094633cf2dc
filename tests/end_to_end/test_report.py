"""Snakemake's HTML report is made from finished results, with every figure and table in it."""

import json
import re
from pathlib import Path

import pytest
from support import ROOT, Paper

from ickrr.config.load import load_experiment

EXPERIMENT = load_experiment(ROOT / "config.yaml", "smoke")
RESULTS = {**EXPERIMENT.figures, **EXPERIMENT.tables}


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_of_the_report_has_a_description(name: str) -> None:
    """Fails if a figure or table would stand in the report without a title or words."""
    assert RESULTS[name].title
    assert RESULTS[name].description


@pytest.fixture(scope="module")
def report(smoke_paper: Paper, tmp_path_factory: pytest.TempPathFactory) -> str:
    project = smoke_paper.copy(tmp_path_factory.mktemp("report") / "project")
    path = Path("results") / "smoke" / "report.html"
    run = project.snakemake("--report", str(path))
    assert run.returncode == 0, run.stdout
    return (project.path / path).read_text()


@pytest.mark.parametrize("name", [*RESULTS, "paper"])
def test_report_holds_every_result(report: str, name: str) -> None:
    """Fails if a figure, table or the paper is not offered in the report, or without its words."""
    suffix = {"fig": "png", "tab": "csv"}.get(name[:3], "pdf")
    assert f"{name}.{suffix}" in report
    if name in RESULTS:
        first = " ".join(RESULTS[name].description.split()[:6])
        assert first in " ".join(report.replace("\\n", " ").split())


def test_results_have_titles_in_the_order_of_the_paper(report: str) -> None:
    """Fails if the report lists ids, or fig10 before fig2; it sorts by the first label, as a text."""
    places = {}
    for name, item in RESULTS.items():
        suffix = {"fig": "figures/{}.png", "tab": "tables/{}.csv"}[name[:3]].format(name)
        entry = report.split(f'"results/smoke/{suffix}": {{"name"')[1]
        labels = json.loads(re.search(r'"labels": (\{.*?\})', entry)[1])
        assert item.title in labels.values()
        assert labels["target"] == name
        places[name] = labels["no."]
    figures = [name for name in sorted(places, key=places.get) if name.startswith("fig")]
    assert figures[:16] == [f"fig{number}" for number in range(1, 17)]


def test_report_needs_no_network(report: str) -> None:
    """Fails if the page would load a script or a style from somewhere else."""
    assert "<script src=" not in report
    assert "<link href=" not in report
