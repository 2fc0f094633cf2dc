"""The site of invented results, and Debian's Chromium, in which it is opened from the file system."""

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pytest
from identification_tables import filters
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from ickrr.__main__ import main
from ickrr.code import ROOT
from ickrr.io.files import write_json, write_table
from ickrr.site.docs_files import documentation_sources
from ickrr.site.explorer_files import explored_runs, explorer_tables
from ickrr.site.results_files import tables_of

_PATH = Path(__file__).resolve().parents[1] / "report/conftest.py"
_SPEC = importlib.util.spec_from_file_location("report_conftest", _PATH)
_MODULE = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(_MODULE)
results = _MODULE.results

PATIENCE = 120_000  # [ms] for a machine that does other things besides
FIGURES = {
    "fig1": {"kind": "error_curves", "runs": ["spherical"], "tables": ["errors"]},
    "fig10": {"kind": "noise_mismatch", "runs": ["spherical"], "tables": ["noise"]},
    "fig_training": {"kind": "learning_curves", "runs": ["spherical"], "tables": ["learning_curve"]},
}


@pytest.fixture(scope="session")
def experiment():
    plain = _MODULE.experiment.__wrapped__().model_dump(mode="json")
    identified = {"tab_identification": {"runs": ["spherical"], "tables": ["encompassing", "linearity"]}}
    shown = {"figures": FIGURES, "tables": plain["tables"] | identified}
    return _MODULE.Experiment.model_validate({**plain, **shown})


def build_results(results: Path, site: Path, names: dict[str, str]) -> None:
    """Build the Results page with invented figures."""
    drawn = results / "figures"
    drawn.mkdir(exist_ok=True)
    for name in FIGURES:
        image = Image.new("RGBA", (1386, 500), (255, 255, 255, 255))
        ImageDraw.Draw(image).line((0, 500, 1386, 0), fill="black", width=5)
        image.save(drawn / f"{name}.png")
        (drawn / f"{name}.pdf").write_bytes(b"%PDF-1.4\n")
    (results / "paper.pdf").write_bytes(b"%PDF-1.4\n")
    (results / "tables/tab_setup.csv").write_text("a,b\n1,2\n")
    copied = [results / "paper.pdf", results / "tables/tab_setup.csv", *sorted(drawn.glob("*.pdf"))]
    experiment = _MODULE.Experiment.model_validate_json((results / "specs/experiment.json").read_text())
    tables = {table for figure in experiment.figures.values() for table in tables_of(figure)}
    described = {name: f"What ``{name}`` shows, and no more." for name in FIGURES}
    write_json(results / "specs/words.json", {"figures": described, "tables": {"tab_setup": "All settings."}})
    options = {
        "experiment": [results / "specs/experiment.json"],
        "words": [results / "specs/words.json"],
        "judged": [results / "tables/claims.parquet"],
        "tables": [results / "tables" / f"{table}.parquet" for table in sorted(tables)],
        "drawn": [drawn / f"{name}.png" for name in FIGURES],
        "executed": [results / "executed"],
        "copied": copied,
        "index": [site / "index.html"],
        "assets": [site / "assets/site.css"],
        "pictures": [site / "figures" / f"{name}.webp" for name in FIGURES],
        "data": [site / "data" / f"{name}.zip" for name in FIGURES],
        "notebooks": [site / "notebooks" / f"{name}.html" for name in FIGURES],
        "copies": [site / path.relative_to(results) for path in copied],
    }
    run("build_results", options)


def build_explorer(results: Path, site: Path, experiment) -> None:
    """Build the Explorer; the layers of one run are identified."""
    table = filters("spherical", np.random.default_rng(4), experiment.seeds("spherical"), layers=8)
    write_table(results / "tables/spherical/filters.parquet", table)
    identified = {
        name: shown.model_copy(update={"runs": ["spherical"]}) if "attribution" in shown.tables else shown
        for name, shown in experiment.tables.items()
    }
    experiment = experiment.model_copy(update={"tables": identified})
    write_json(results / "specs/explored.json", experiment.model_dump(mode="json"))
    runs = explored_runs(experiment)
    options = {
        "experiment": [results / "specs/explored.json"],
        "tables": [results / "tables" / f"{table}.parquet" for table in explorer_tables(experiment)],
        "explorer": [site / "explorer.html"],
        "data": [site / "explorer" / f"{name}.js" for name in runs],
        "assets": [site / "assets/explorer.js"],
    }
    run("build_explorer", options)


def build_docs(site: Path) -> None:
    """Build the documentation."""
    options = {
        "texts": documentation_sources(ROOT),
        "docs": [site / "docs/index.html"],
        "search": [site / "docs/searchindex.js"],
    }
    run("build_docs", options)


def run(step: str, options: dict[str, list[Path]]) -> None:
    words = [word for name, paths in options.items() for word in (f"--{name}", *map(str, paths))]
    assert main([step, *words]) == 0


@pytest.fixture(scope="session")
def site(results: Path, experiment) -> Path:
    """The site without the playground, which has tests of its own."""
    folder = results / "site"
    build_results(results, folder, FIGURES)
    build_explorer(results, folder, experiment)
    build_docs(folder)
    return folder


@pytest.fixture(scope="session")
def browser() -> Browser:
    """Chromium; the tests are skipped where there is none."""
    executable = shutil.which("chromium")
    if executable is None:
        pytest.skip("there is no Chromium on this machine; make system-browser installs it")
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=executable, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser, site: Path):
    """Open a page of the site; an error in the console, or a file from elsewhere, fails the test."""
    said: list[str] = []
    contexts = []

    def asked(request) -> None:
        if not request.url.startswith(("file:", "data:", "blob:")):
            said.append(f"asked for {request.url}")

    def failed(request) -> None:
        # A page that is left or loaded again while a picture is on its way gives it up.
        if request.failure != "net::ERR_ABORTED":
            said.append(f"failed: {request.url}, {request.failure}")

    def open_page(path: str, **options) -> Page:
        context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"} | options)
        )
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: said.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", asked)
        page.on("requestfailed", failed)
        name, _, fragment = path.partition("#")
        page.goto(f"{(site / name).as_uri()}{'#' if fragment else ''}{fragment}")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert said == []
