"""The bundles that come with the project belong to its present code and settings."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.testing.compare import compare_images
from support import ROOT, Project, checkout

from ickrr.report.studies import mean_addition

SHIPPED = sorted((ROOT / "bundles").glob("*-tables.tar.xz"))
LARGEST_MB = 20  # every clone carries it
DRAWN = {"draw_figure", "build_paper"}
WRITTEN = {"write_table", "write_numbers"}
MODELS = ROOT / "bundles/laptop-models-of-spherical-line.tar.xz"
LARGEST_MODELS_MB = 15
RUNS, TABLES = ("spherical", "line"), ("matches", "attribution")
LAWS = ("uniform", "gaussian", "clustered")
SHOWN = ROOT / "docs/fig_identification.png"  # in the README, drawn at the laptop scale


def restored(folder: Path, *words: str) -> Project:
    """Make a fresh clone, and restore a bundle in it."""
    project = checkout(folder, shipped="--shipped" in words)
    said = project.tool("restore", *words)
    assert said.returncode == 0, said.stdout
    return project


@pytest.fixture(scope="module")
def with_tables(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Project]:
    """Give a fresh clone with the shipped tables of a scale, one for all tests."""
    return cache(lambda scale: restored(tmp_path_factory.mktemp(scale), "--shipped", scale))


@pytest.mark.parametrize("bundle", SHIPPED, ids=lambda path: path.name)
def test_shipped_tables_are_those_of_this_code(bundle: Path, with_tables: Callable[[str], Project]) -> None:
    """Fails if a fresh clone would train although the README says that it draws from what is shipped.

    Then make the bundle again (`make recompute`, `make bundle TIER=tables`), or take it out. After an edit of
    how tables or numbers are written, which is a matter of seconds, it need not be made again.
    """
    scale = bundle.name.removesuffix("-tables.tar.xz")
    assert set(with_tables(scale).planned(scale=scale)) - WRITTEN == DRAWN
    assert bundle.stat().st_size < LARGEST_MB * 1e6


def test_the_page_of_verdicts_says_what_the_shipped_ledger_says(
    with_tables: Callable[[str], Project],
) -> None:
    """Fails if docs/verdicts.md lacks a claim, has another verdict, or no reason for a change."""
    judged = pd.read_parquet(with_tables("laptop").results("laptop") / "tables/claims.parquet")
    lines = (ROOT / "docs/verdicts.md").read_text().splitlines()
    rows = [
        [cell.strip() for cell in line.strip("|").split(" | ")] for line in lines if line.startswith("| `")
    ]
    now = {claim.strip("`"): verdict for claim, _, _, verdict, _ in rows}
    assert now == dict(zip(judged["claim"], judged["verdict"], strict=True))
    assert all(why for _, old, first, verdict, why in rows if {old, first} != {verdict})


def test_shipped_models_are_analysed_without_training(tmp_path: Path) -> None:
    """Fails if the commands of docs/results.md would train in a fresh clone, or have nothing to do there."""
    page = (ROOT / "docs/results.md").read_text()
    command = next(line for line in page.splitlines() if "{matches,attribution}" in line)
    targets = [f"results/laptop/tables/{run}/{name}.parquet" for run in RUNS for name in TABLES]
    assert command.split()[-1] == f"results/laptop/tables/{{{','.join(RUNS)}}}/{{{','.join(TABLES)}}}.parquet"
    planned = restored(tmp_path, str(MODELS)).planned(*targets, scale="laptop")
    assert planned == {
        "sample_prompts": 2,
        "solve_prompts": 2,
        "probe_model": 6,
        "compare_run": 2,
        "identify_run": 2,
    }
    assert MODELS.stat().st_size < LARGEST_MODELS_MB * 1e6


def test_shipped_models_of_the_other_laws_are_analysed_without_training(tmp_path: Path) -> None:
    """Fails if a shipped model is not that of this code, so that its run would be trained again."""
    models = [ROOT / f"bundles/laptop-models-of-{run}.tar.xz" for run in LAWS]
    project = restored(tmp_path, str(models[0]))
    assert [project.tool("restore", str(model)).returncode for model in models[1:]] == [0, 0]
    targets = [f"results/laptop/tables/{run}/{name}.parquet" for run in LAWS for name in TABLES]
    planned = project.planned(*targets, scale="laptop")
    assert planned == {
        "sample_prompts": 3,
        "solve_prompts": 3,
        "probe_model": 15,
        "compare_run": 3,
        "identify_run": 3,
    }
    assert max(model.stat().st_size for model in models) < LARGEST_MODELS_MB * 1e6


def test_shipped_models_of_the_desk_scale_are_not_trained_again(tmp_path: Path) -> None:
    """Fails if the command of docs/identification.md would train."""
    models = "bundles/desk-models-of-spherical.tar.xz"
    target = "results/desk/tables/spherical/attribution.parquet"
    page = (ROOT / "docs/identification.md").read_text()
    assert f"    ickrr restore {models}\n" in page and f"--config scale=desk -- {target}\n" in page
    planned = restored(tmp_path, str(ROOT / models)).planned(target, scale="desk")
    assert planned == {"sample_prompts": 1, "identify_run": 1}
    assert (ROOT / models).stat().st_size < LARGEST_MODELS_MB * 1e6


@pytest.mark.parametrize("run", ["spherical", "clustered"])
def test_the_page_on_the_desk_scale_says_what_its_tables_say(
    run: str, with_tables: Callable[[str], Project]
) -> None:
    """Fails if a coefficient of docs/identification.md is not the mean in the shipped tables."""
    tables = with_tables("desk").results("desk") / "tables"
    table = pd.read_parquet(tables / run / "encompassing.parquet")
    page = (ROOT / "docs/identification.md").read_text()
    for family, beside in (("PR", "R"), ("R", "PR"), ("PR", "ridge"), ("ridge", "PR")):
        found = mean_addition(table, "the shipped table", beside, family)
        value, low, high = (f"{number:.2f}".replace("0.", ".") for number in found)
        assert f"| {family} beside {beside} | {value} [{low}, {high}] |" in page


def test_the_figure_in_the_readme_is_drawn_from_the_shipped_tables(
    with_tables: Callable[[str], Project],
) -> None:
    """Fails if the README shows other results than those that are shipped, or no figure at all.

    Then copy results/laptop/figures/fig_identification.png to docs/.
    """
    assert f"]({SHOWN.relative_to(ROOT)})" in (ROOT / "README.md").read_text()
    project = with_tables("laptop")
    said = project.snakemake("--cores", "1", "fig_identification", scale="laptop")
    assert said.returncode == 0, said.stdout
    drawn = project.results("laptop") / "figures" / SHOWN.name
    assert compare_images(str(SHOWN), str(drawn), tol=2) is None
