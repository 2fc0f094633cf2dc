"""What the pages are made of: frame, findings, downloads, and the contents of the documentation."""

import io
import re
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from ickrr.code import ROOT
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.report import judge
from ickrr.report.load import COLUMNS
from ickrr.site.docs import stage
from ickrr.site.docs_files import documentation_sources
from ickrr.site.downloads import write_data, write_picture
from ickrr.site.findings import VERDICTS, claims_of, number
from ickrr.site.layout import page
from ickrr.site.results import MARKS, STYLES, formatted, in_order
from ickrr.site.results_files import tables_of


def test_links_of_the_frame_are_relative_to_the_page():
    """Fails if a page in a folder looks for styles and other pages in that folder."""
    text = page("A < B", "<h1>x</h1>", "notebooks/fig1.html", scripts=["assets/a.js"])
    assert set(re.findall(r'(?:href|src)="([^"#]*assets[^"]*|[^"#]*\.html)"', text)) >= {
        "../assets/site.css",
        "../assets/a.js",
        "../index.html",
        "../docs/index.html",
    }
    assert "<title>A &lt; B" in text
    assert text.count("<h1>") == 1
    assert 'aria-current="page"' in page("R", "", "index.html")


def test_figures_stand_as_a_person_counts_them():
    """Fails if fig10 stands before fig2, or a figure without a number first."""
    assert in_order(["fig10", "fig_training", "fig2", "fig1"]) == ["fig1", "fig2", "fig10", "fig_training"]


def test_descriptions_are_escaped():
    """Fails if a description could bring mark-up of its own."""
    assert formatted("``a<b`` & c") == "<code>a&lt;b</code> &amp; c"


def test_findings_have_the_words_and_seeds_of_the_ledger():
    """Fails if a verdict, a bound or the number of trainings is another than the row's."""
    experiment = Experiment.model_validate(
        {"runs": {"a": {"seeds": [0, 1]}, "b": {"seeds": [5]}}, "figures": {}, "tables": {}}
    )
    row = dict.fromkeys(COLUMNS["claims"], "")
    row |= {
        "claim": "one",
        "source": "ours",
        "statement": r"It is 5\,\% better.",
        "evidence": "fig1, tab_x",
        "part": "rule",
        "factor": np.nan,
        "margin": np.nan,
    }
    row |= {"verdict": "undecided", "condition": 0, "run": "a", "statistic": "excess_ratio", "reference": "b"}
    row |= {
        "above": 1.5,
        "below": np.nan,
        "value": -0.0123,
        "low": np.nan,
        "high": np.nan,
        "outcome": "undecided",
    }
    (claim,) = claims_of(pd.DataFrame([row]), experiment)
    assert (claim.statement, claim.evidence, claim.verdict) == (
        "It is 5 % better.",
        ("fig1", "tab_x"),
        "undecided",
    )
    (condition,) = claim.conditions
    assert (condition.wanted, condition.seeds, condition.exact) == ("above 1.5", {"a": 2, "b": 1}, False)
    assert (number(condition.effect), number(condition.low)) == ("−0.0123", "")


def test_downloads_are_the_tables(tmp_path):
    """Fails if a CSV in the ZIP file is not its table, or equal tables give other bytes."""
    table = pd.DataFrame({"run": ["a", "b"], "value": [0.1 + 0.2, np.nan]})
    table.to_parquet(tmp_path / "t.parquet")
    for name in ("one.zip", "two.zip"):
        write_data({"spherical/errors": tmp_path / "t.parquet"}, tmp_path / name)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "two.zip").read_bytes()
    with ZipFile(tmp_path / "one.zip") as archive:
        found = pd.read_csv(io.BytesIO(archive.read("spherical/errors.csv")))
    pd.testing.assert_frame_equal(found, table, check_dtype=False)


def test_pictures_are_on_white(tmp_path):
    """Fails if a figure with a clear background would be black on a dark page."""
    Image.new("RGBA", (40, 20), (0, 0, 0, 0)).save(tmp_path / "a.png")
    assert write_picture(tmp_path / "a.png", tmp_path / "a.webp") == (40, 20)
    with Image.open(tmp_path / "a.webp") as shown:
        assert min(low for low, _ in shown.convert("RGB").getextrema()) > 250


def test_every_figure_reads_the_tables_that_its_rule_declares():
    """Fails if the data to download are not those that the figure is drawn from."""
    experiment = load_experiment(ROOT / "config.yaml")
    assert tables_of(experiment.figures["fig2"]) == ["spherical/similarity", "spherical/matches"]
    assert all(tables_of(figure) for figure in experiment.figures.values())


@pytest.fixture(scope="module")
def staged(tmp_path_factory):
    folder = tmp_path_factory.mktemp("docs")
    stage(ROOT, documentation_sources(ROOT), folder)
    return folder


def test_the_navigation_lists_every_page_once(staged):
    """Fails if a page of docs/ can only be found by searching, or a section names one that is gone."""
    contents = (staged / "index.md").read_text().split("```{toctree}")[1:]
    listed = [
        line for part in contents for line in part.split("```")[0].splitlines() if line and line[0] != ":"
    ]
    listed = [line for line in listed if line != "{toctree}"]
    assert len(listed) == len(set(listed))
    for name in listed:
        assert (staged / f"{name}.md").is_file() or (staged / f"{name}.rst").is_file(), name
    assert {f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md")} <= set(listed)


def test_the_reference_is_of_modules_that_exist(staged):
    """Fails if a room of the science is left out, or a module is named that cannot be imported."""
    rooms = {path.stem for path in (staged / "api").glob("*.rst")} - {"index"}
    assert rooms >= {
        "kernels",
        "laws",
        "solvers",
        "model",
        "training",
        "comparison",
        "attention",
        "constructions",
    }
    for path in (staged / "api").glob("*.rst"):
        for module in re.findall(r"automodule:: (\S+)", path.read_text()):
            file = ROOT / "src" / module.replace(".", "/")
            assert file.with_suffix(".py").is_file() or (file / "__init__.py").is_file(), module


def test_every_verdict_has_a_heading_a_colour_and_a_mark():
    """Fails if the judge has a verdict that the page of the results cannot show."""
    assert set(VERDICTS) == set(judge.VERDICTS) == set(STYLES) == set(MARKS)
