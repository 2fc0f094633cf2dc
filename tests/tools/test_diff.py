"""The tool `diff` as a person calls it: on invented tables that were changed, and on two small papers."""

import importlib.util
import json
import re
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pandas as pd
import pytest

from ickrr.__main__ import main

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
experiment, results = _MODULE.experiment, _MODULE.results


class Page(HTMLParser):
    """The texts of the cells of all tables, and the addresses of everything that a page loads."""

    def __init__(self, html):
        super().__init__()
        self.rows, self.loaded, self.pictures = [], [], 0
        self._cell = None
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.pictures += tag == "svg"
        if tag in ("script", "img", "link", "iframe"):
            self.loaded.append(given.get("src") or given.get("href"))
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = ""

    def handle_data(self, data):
        if self._cell is not None:
            self._cell += data

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.rows[-1].append(self._cell)
            self._cell = None


@pytest.fixture
def sides(results, tmp_path, monkeypatch):
    """Two copies of the toy's results, as scales of two projects; the working directory has the first."""
    for name in ("a", "b"):
        shutil.copytree(results, tmp_path / name / "results/laptop")
    monkeypatch.chdir(tmp_path / "a")
    return tmp_path / "b/results/laptop"


def change(path, edit):
    """Rewrite a table."""
    table = pd.read_parquet(path)
    edit(table)
    table.to_parquet(path)


def test_equal_results_do_not_differ(sides, capsys):
    """Fails if a difference is seen where every table is the same."""
    assert main(["diff", "laptop", str(sides)]) == 0
    told = capsys.readouterr().out
    assert "2 runs on both sides, on the same prompts." in told
    for part in ("Final excess risk", "Best step of each layer", "Alignment"):
        assert re.search(rf"^{part}: 0 of \d+ numbers with a difference\.$", told, re.MULTILINE)
    assert re.search(r"^Claims: 0 with another verdict; 4 claims on both sides", told, re.MULTILINE)


def test_what_was_changed_is_told(sides, capsys):
    """Fails if a changed learning curve, best step, distance or verdict is not found, or another is."""
    tables = sides / "tables"

    def worse(table):
        table["excess_risk"] *= 1.5

    def later(table):
        moved = (table["solver"] == "richardson") & (table["layer"] == 2)
        table.loc[moved, "best_step"] += 3

    def other(table):
        first = table["claim"] == "in_front"
        table.loc[first, ["verdict", "outcome"]] = "undecided"
        table.loc[first, "value"] = 0.123

    change(tables / "spherical/learning_curve.parquet", worse)
    change(tables / "spherical/matches.parquet", later)
    change(tables / "claims.parquet", other)
    assert main(["diff", "laptop", str(sides), "--html", "diff.html"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"^Final excess risk: 1 of 2 numbers with a difference\.$", told, re.MULTILINE)
    assert re.search(r"^  spherical +[\d.]+ +[\d.]+ +1\.5 \[1\.5, 1\.5\] +paired$", told, re.MULTILINE)
    assert re.search(r"^Best step of each layer: 1 of", told, re.MULTILINE)
    assert "2: 3 [3, 3]" in told
    assert re.search(r"^  in_front +supported +undecided +spherical: .* -> 0\.123 ", told, re.MULTILINE)
    page = Page(Path("diff.html").read_text(encoding="utf-8"))
    assert page.loaded == []
    assert page.pictures == 2
    shown = [cell for row in page.rows for cell in row]
    assert {"in_front", "1.5 [1.5, 1.5]", "2: 3 [3, 3]"} <= set(shown)


def test_statistics_are_those_of_the_alignment(sides, results, capsys):
    """Fails if a mean that is printed is not that of the matches of the solver from the third layer on."""
    matches = pd.read_parquet(results / "tables/spherical/matches.parquet")
    blocks = matches[(matches["layer"] > 0) & (matches["solver"] == "richardson")]
    main(["diff", "laptop", str(sides), "--all"])
    told = capsys.readouterr().out.split("\nAlignment: ")[1]
    for words, value in (
        ("SimE", blocks.query("layer >= 3")["similarity"].mean()),
        ("distance", blocks.query("layer >= 3")["distance"].mean()),
        ("censored share", blocks["censored"].mean()),
    ):
        assert re.search(rf"^  spherical +{words}, Richardson +{value:.4g} +{value:.4g} ", told, re.MULTILINE)


def test_coefficients_are_compared_where_both_have_them(sides, capsys):
    """Fails if a changed encompassing coefficient is left out, or one that only one side has is told.

    A mean over seeds is no training: it must not count as one. What R adds to PR is told as R beside PR, as
    everywhere else.
    """
    for side, value in ((Path("results/laptop"), 0.2), (sides, 0.9)):
        rows = [("spherical", seed, 3, "PR", "R", value, 0.0, 1.0, 0.5) for seed in (0, 1)]
        rows.append(("spherical", -1, 3, "PR", "R", 5 * value, 0.0, 1.0, 0.5))  # a mean over seeds
        columns = ["run", "seed", "layer", "family", "other", "coefficient", "low", "high", "left"]
        pd.DataFrame(rows, columns=columns).to_parquet(side / "tables/spherical/encompassing.parquet")
    main(["diff", "laptop", str(sides)])
    told = capsys.readouterr().out.split("\nEncompassing coefficients: ")[1]
    same = pd.read_parquet("results/laptop/tables/noise_01/encompassing.parquet").query("seed >= 0")
    compared = 1 + len(same.drop_duplicates(["layer", "family", "other"]))
    assert told.startswith(f"1 of {compared} numbers with a difference.")
    assert re.search(
        r"^  spherical +R beside PR +3 +0\.2 +0\.9 +0\.7 \[0\.7, 0\.7\] +paired$", told, re.MULTILINE
    )


def test_other_prompts_are_not_paired(sides, capsys):
    """Fails if a run that was evaluated on other prompts gets paired intervals."""

    def drawn_anew(table):
        table.loc[table["method"] == "posterior_mean", "mse"] *= 1.01

    change(sides / "tables/spherical/errors.parquet", drawn_anew)
    assert main(["diff", "laptop", str(sides), "--all"]) == 0
    told = capsys.readouterr().out
    assert re.search(r"other prompts +spherical$", told, re.MULTILINE)
    risks = told.split("Final excess risk")[1].split("\n\n")[0]
    assert re.search(r"spherical .* independent$", risks, re.MULTILINE)
    assert re.search(r"noise_01 .* paired$", risks, re.MULTILINE)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["laptop", "nowhere"],
            "nowhere: no such results; name a scale, a folder results/<scale>",
        ),
        (["laptop", "results"], "results: has no folder 'tables'"),
        (["smoke", "laptop"], "results/smoke: no such results"),
        (["laptop", "note.tar.xz"], "note.tar.xz: is damaged or truncated"),
    ],
)
def test_what_is_wrong_is_said(sides, capsys, arguments, message):
    """Fails if a wrong name or a file that is no bundle ends in a traceback."""
    Path("note.tar.xz").write_text("no archive")
    assert main(["diff", *arguments]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.slow
def test_a_bundle_against_a_changed_paper(tiny_paper, bundle, tmp_path):
    """Fails if the changed key is not named with both values, or the run that it does not touch differs."""
    project = tiny_paper.copy(tmp_path / "changed")
    overlay = {"runs": {"noise_low": {"training": {"gradient_clip": 0.01}}}}
    (project.path / "mine.yaml").write_text(json.dumps(overlay))
    run = project.snakemake("paper", "--cores", "2", "--config", "scale=smoke", "overlay=mine.yaml")
    assert run.returncode == 0, run.stdout
    said = project.tool("diff", str(bundle), "smoke").stdout
    settings = said.split("\nSettings: ")[1].split("\n\n")[0]
    assert settings.splitlines()[0] == "1 key with another value."
    assert re.search(r"runs\.noise_low\.training\.gradient_clip +– +0\.01$", settings, re.MULTILINE)
    for part in ("Final excess risk", "Best step of each layer", "Alignment"):
        table = said.split(f"\n{part}: ")[1].split("\n\n")[0]
        assert "noise_low" in table
        assert "spherical" not in table
    assert not list(tmp_path.glob("ickrr-*"))
