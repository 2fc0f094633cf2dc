"""docs/extending.md: each section is applied to a checkout as the page has it, and does what it says."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from pages import FILE, apply
from safetensors.numpy import load_file
from scipy.sparse.csgraph import connected_components
from scipy.stats import sem
from sklearn.gaussian_process.kernels import RationalQuadratic
from support import ROOT, Paper, Project

PAGE = (ROOT / "docs" / "extending.md").read_text()
MADE_OF_RUNS = {"judge_claims", "draw_figure", "write_numbers", "write_table", "build_paper"}
OVERLAY = ("--config", "scale=smoke", "overlay=mine.yaml")


def section(title: str) -> str:
    """Text of one section of the page."""
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def build(project: Project, *names: str, overlay: bool = True) -> None:
    """Make files of the results."""
    wanted = [f"results/smoke/{name}" for name in names]
    run = project.snakemake(*wanted, "--cores", "2", *(OVERLAY if overlay else ("--config", "scale=smoke")))
    assert run.returncode == 0, run.stdout


def python(project: Project, code: str) -> str:
    """Run code with the checkout's own library; return what it prints."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, 'src')\n{code}"]
    done = subprocess.run(command, cwd=project.path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def project(tiny_paper: Paper, tmp_path: Path) -> Project:
    """A finished tiny paper in another directory."""
    return tiny_paper.copy(tmp_path / "paper")


def test_every_addition_touches_four_files_at_most() -> None:
    """Fails if the table at the top lists more files, misses a section, or a section shows another file."""
    rows = re.findall(r"^\| \[[^]]*\]\(#([\w-]+)\) \| (.*?) \| (.*?) \|$", PAGE, re.MULTILINE)
    titles = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    anchors = [title.lower().replace(" ", "-").replace("'", "") for title in titles]
    assert [anchor for anchor, _, _ in rows] == anchors
    for (_, files, tests), title in zip(rows, titles, strict=True):
        assert 1 <= len(files.split(",")) <= 4
        for test, entries in re.findall(r"`(tests/[\w/]+\.py)`(?:: ((?:`\w+`(?:, )?)+))?", tests):
            source = (ROOT / test).read_text()
            for entry in re.findall(r"\w+", entries):
                assert f"{entry} = {{" in source or f"def {entry}(" in source, (test, entry)
        text = section(title)
        shown = [name for name, _, _ in FILE.findall(text) if not name.endswith(".patch")]
        shown += re.findall(r"^\+\+\+ b/(.*)$", text, re.MULTILINE)
        listed = "config.yaml" if "`config.yaml`" in files else ""
        for name in shown:
            folder = str(Path(name).parent)
            known = (name == "mine.yaml" and listed) or f"`{folder}/" in files or f"`{name}`" in files
            assert known, (title, name)


@pytest.mark.slow
def test_a_kernel(project: Project) -> None:
    """Fails if the kernel is not scikit-learn's, cannot be chosen, or if adding it reruns anything."""
    assert project.planned() == {}
    apply(project, section("A kernel"))
    assert project.planned() == {}
    build(project, "prompts/heavy_tails-fit.safetensors")
    x = load_file(project.results() / "prompts/heavy_tails-fit.safetensors")["x"][0]
    printed = python(
        project,
        "import torch\nfrom ickrr.kernels.rational_quadratic import covariance\n"
        f"x = torch.tensor({x.tolist()}, dtype=torch.float64)\nprint(covariance(x, x, 0.7).tolist())",
    )
    found = np.array(yaml.safe_load(printed))
    np.testing.assert_allclose(found, RationalQuadratic(length_scale=0.7, alpha=1.0)(x), atol=1e-12)


@pytest.mark.slow
def test_a_law(project: Project) -> None:
    """Fails if points are not in four groups, E|x|^2 is wrong, or if adding it reruns anything."""
    apply(project, section("A law of the inputs"))
    assert project.planned() == {}
    build(project, "prompts/grouped-fit.safetensors")
    x = load_file(project.results() / "prompts/grouped-fit.safetensors")["x"]  # (B, N+1, d)
    near = np.linalg.norm(x[:, :, None] - x[:, None], axis=-1) < 1.0  # three times the distance in a group
    groups = np.array([connected_components(prompt)[0] for prompt in near])
    assert groups.max() <= 4
    assert groups.mean() > 3
    expected = float(python(project, "from ickrr.laws.grouped import mean_square_norm as m; print(m(5))"))
    assert (x**2).sum(-1).mean() == pytest.approx(expected * x.shape[-1] / 5, rel=0.15)


@pytest.mark.slow
def test_a_solver(project: Project) -> None:
    """Fails if an iterate is not that of steepest descent on its prefix, or finished results run again."""
    apply(project, section("A solver"))
    assert project.planned() == {}
    build(project, "trajectories/spherical-evaluation/steepest_descent.safetensors")
    found = load_file(project.results() / "trajectories/spherical-evaluation/steepest_descent.safetensors")
    data = load_file(project.results() / "prompts/spherical-evaluation.safetensors")
    x, y = data["x"][3], data["y"][3]
    kernel = np.exp(-((x[:, None] - x[None]) ** 2).sum(-1) / 2)
    n, coefficients = 6, np.zeros(6)
    matrix = kernel[:n, :n] + 0.3**2 * np.eye(n)
    for step in range(5):
        assert found["predictions"][step, 3, n] == pytest.approx(kernel[n, :n] @ coefficients, abs=1e-10)
        residual = y[:n] - matrix @ coefficients
        coefficients += (residual @ residual) / (residual @ matrix @ residual) * residual


@pytest.mark.slow
def test_an_ablation(project: Project) -> None:
    """Fails if a run needs more than its entry, or another run is trained again."""
    apply(project, section("An ablation"))
    planned = project.planned("results/smoke/tables/narrow/alignment.parquet", *OVERLAY)
    assert planned == {"train_model": 1, "probe_model": 1, "compare_run": 1}


@pytest.mark.slow
@pytest.mark.parametrize("title", ["A claim", "A statistic"])
def test_a_claim(project: Project, title: str) -> None:
    """Fails if a claim, or one of a new statistic, is not judged, or needs more than the files shown."""
    apply(project, section(title))
    assert set(project.planned("results/smoke/tables/claims.parquet")) == {"judge_claims"}
    build(project, "tables/claims.parquet", overlay=False)
    claims = pd.read_parquet(project.results() / "tables/claims.parquet").set_index("claim")
    (added,) = set(claims.index) - {"one"}
    curves = {
        run: pd.read_parquet(project.results() / f"tables/{run}/learning_curve.parquet")
        for run in ("spherical", "noise_low")
    }
    if title == "A claim":
        last = {run: c.sort_values("step").groupby("seed")["excess_risk"].last() for run, c in curves.items()}
        expected = last["noise_low"].mean() / last["spherical"].mean()
    else:
        loss = curves["spherical"].dropna(subset="loss").sort_values("step").groupby("seed")["loss"]
        expected = (loss.last() / loss.first()).mean()
    assert claims.loc[added, "value"] == pytest.approx(expected)
    assert added in project.tool("claims", "--scale", "smoke").stdout


@pytest.mark.slow
@pytest.mark.parametrize("title", ["A figure of an existing kind", "A kind of figure"])
def test_a_figure(project: Project, title: str) -> None:
    """Fails if a figure, or one of a new kind, needs more than what is shown, or redraws another."""
    apply(project, section(title))
    assert project.planned() == {}
    name = "fig_noise_errors" if title.startswith("A figure") else "fig_losses"
    planned = project.planned(f"results/smoke/figures/{name}.pdf", *OVERLAY)
    assert planned == {"draw_figure": 1}
    build(project, f"figures/{name}.pdf")
    assert (project.results() / f"figures/{name}.pdf").read_bytes().startswith(b"%PDF")


SHOWN = "made_and_shown or mentioned or typed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("title", "tests", "names"),
    [
        ("A figure of an existing kind", ["paper/test_sources.py"], SHOWN),
        (
            "A kind of figure",
            ["paper/test_sources.py", "config/test_kinds.py", "report/test_notebooks.py"],
            f"{SHOWN} or every_kind or losses",
        ),
        ("A claim", ["paper/test_sources.py", "report/test_paper_macros.py"], "typed or every_claim"),
        ("A statistic", ["paper/test_sources.py", "report/test_paper_macros.py"], "typed or every_claim"),
    ],
)
def test_what_the_paper_shows(
    fresh_project: Project, tmp_path: Path, title: str, tests: list[str], names: str
) -> None:
    """Fails if the example, moved into config.yaml, misses something that the tests of the paper demand."""
    project = fresh_project.copy(tmp_path / "paper")
    apply(project, section(title))
    overlay = project.path / "mine.yaml"
    if overlay.exists():
        config = yaml.safe_load((project.path / "config.yaml").read_text())
        config["figures"] |= yaml.safe_load(overlay.read_text())["figures"]
        (project.path / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    given = ["-q", "-p", "no:cacheprovider", "-k", names, *(f"tests/{test}" for test in tests)]
    code = f"import sys; sys.path.insert(0, 'src'); import pytest; sys.exit(pytest.main({given!r}))"
    run = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=project.path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout


@pytest.mark.slow
def test_a_column(fresh_project: Project, tmp_path: Path) -> None:
    """Fails if the patch does not fit the table as it is, or its LaTeX and the catalogue lack the column."""
    project = fresh_project.copy(tmp_path / "paper")
    apply(project, section("A column of a table"))
    printed = python(
        project,
        "from ickrr.config.load import load_experiment\nfrom ickrr.report.tables import builder\n"
        "table = builder('tab_runs')(load_experiment('config.yaml', 'smoke'), [])\n"
        "print(set(table.frame['steps']), 'Steps' in table.latex)",
    )
    assert printed == "{60} True\n"
    said = project.tool("catalogue", "--output", "docs/catalogue.md")
    assert said.returncode == 0, said.stdout
    assert "optimisation steps of the training" in (project.path / "docs/catalogue.md").read_text()


@pytest.mark.slow
def test_a_column_of_a_run(project: Project) -> None:
    """Fails if the patch does not fit, more than the comparisons is made again, or the column is another."""
    apply(project, section("A column of a run's table"))
    planned = set(project.planned())
    assert {"compare_run"} <= planned <= {"compare_run", "check_controls", *MADE_OF_RUNS}
    build(project, "tables/noise_low/errors.parquet", overlay=False)
    errors = pd.read_parquet(project.results() / "tables/noise_low/errors.parquet")
    mine = errors[(errors["method"] == "transformer_output") & (errors["context_length"] == 5)].iloc[0]
    predictions = load_file(project.results() / "predictions/noise_low/seed0.safetensors")["output"][:, 5]
    prompts = load_file(project.results() / "prompts/spherical_low_noise-evaluation.safetensors")
    excess = (predictions - prompts["posterior_mean"][:, 5]) ** 2
    assert mine["excess_risk_se"] == pytest.approx(sem(excess))
    said = project.tool("catalogue")
    assert "| `excess_risk_se` | labels^2 |" in said.stdout


@pytest.mark.slow
def test_a_quantity(smoke_paper: Paper, tmp_path: Path) -> None:
    """Fails if the patch does not fit, something is measured anew, or the number is not in table and text."""
    project = smoke_paper.copy(tmp_path / "paper")
    apply(project, section("A quantity of a summary table"))
    planned = set(project.planned())
    assert {"tabulate_operators", "write_table"} <= planned <= {"tabulate_operators", *MADE_OF_RUNS}
    build(project, "latex/tab_metarep.tex", overlay=False)
    table = pd.read_parquet(project.results() / "tables/metarep/operators.parquet")
    found = table[table["quantity"] == "rms"].set_index("subject")["value"]
    stored = [load_file(path) for path in sorted((project.results() / "operators/spherical").glob("*"))]
    squares = [np.square(arrays["predictions"][0, 0]).mean() for arrays in stored]  # in distribution, model
    assert found["spherical"] == pytest.approx(np.mean(squares) ** 0.5)
    assert "RMS of the predictions" in (project.results() / "latex/tab_metarep.tex").read_text()


@pytest.mark.slow
def test_a_key(smoke_paper: Paper, tmp_path: Path) -> None:
    """Fails if the key is not checked, is not used, or reruns what neither reads it nor is told all keys."""
    project = smoke_paper.copy(tmp_path / "paper")
    apply(project, section("A key of the configuration"))
    planned = set(project.planned())
    assert {"trace_functions", "write_table"} <= planned
    assert planned <= {"trace_functions", *MADE_OF_RUNS}
    (project.path / "mine.yaml").write_text("functions: {widening: -1}\n")
    said = project.tool("config", "--overlay", "mine.yaml")
    assert said.returncode == 1
    assert "functions.widening" in said.stdout
    (project.path / "mine.yaml").write_text("functions: {widening: 2}\n")
    assert '"widening": 2.0' in project.tool("config", "--overlay", "mine.yaml").stdout


@pytest.mark.slow
def test_a_cluster(project: Project) -> None:
    """Fails if the profile of the page is none that Snakemake takes."""
    apply(project, section("A cluster"))
    settings = yaml.safe_load((project.path / "profiles/mine/profile.yaml").read_text())
    assert settings["executor"] == "slurm" and settings["default-resources"]["slurm_account"] == "physics"
    run = project.snakemake("-n", "--workflow-profile", "profiles/mine", "--executor", "local")
    assert run.returncode == 0, run.stdout
