"""Before the first job starts, what the planned jobs need of the machine is checked."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support import ROOT, Mount

from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.driver import needs
from ickrr.driver.plan import Job, bytes_of, jobs_of_paper

PAPER = ROOT / "paper"
FIGURE = [Job("train_model", {"run": "spherical"}), Job("draw_figure", {"figure": "fig1"})]
TYPESET = [Job("build_paper")]
CLAIMS = load_ledger(ROOT / "claims.yaml", load_experiment(ROOT / "config.yaml")).claims
needs_tex = pytest.mark.skipif(shutil.which("kpsewhich") is None, reason="TeX is not installed")


@pytest.fixture
def experiment() -> Experiment:
    return load_experiment(ROOT / "config.yaml", "smoke")


def missing(jobs: list[Job], experiment: Experiment, folder: Path, paper: Path = PAPER) -> list[str]:
    return list(needs.missing(jobs, experiment, CLAIMS, paper, folder / "results"))


@needs_tex
def test_nothing_is_missing_here(experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a machine that can make the paper is refused."""
    assert missing([*FIGURE, *TYPESET], experiment, tmp_path) == []


def test_only_the_paper_needs_tex(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if the absence of TeX is found by the last job, or stops a figure."""
    monkeypatch.setenv("PATH", str(tmp_path))
    assert missing(FIGURE, experiment, tmp_path) == []
    (fault,) = missing(TYPESET, experiment, tmp_path)
    assert fault.startswith("the paper: latexmk, pdflatex, bibtex not found on PATH; install TeX: ")


@needs_tex
def test_every_latex_package_is_looked_for(experiment: Experiment, tmp_path: Path) -> None:
    """Fails if TeX counts as complete without a package, class or style that the text or a package names."""
    paper = shutil.copytree(PAPER, tmp_path / "paper")
    (paper / "main.tex").write_text(
        "\\documentclass{no-class}\n\\usepackage[a,b]{ickrr, no-a,no-b}\n%\\usepackage{no-comment}\n"
        "\\bibliographystyle{no-style}\n\\IfFileExists{no-c.sty}{\\usepackage{no-c}}{}\n"
    )
    (paper / "ickrr.sty").write_text("\\RequirePackage{booktabs}\\RequirePackage{no-inner}\n")
    (fault,) = missing(TYPESET, experiment, tmp_path, paper)
    assert "LaTeX has no no-a.sty, no-b.sty, no-class.cls, no-inner.sty, no-style.bst" in fault


@needs_tex
def test_text_names_only_what_is_made(experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a figure that the configuration no longer makes, or a misspelt section, is found by LaTeX."""
    paper = shutil.copytree(PAPER, tmp_path / "paper")
    with (paper / "sections/results.tex").open("a") as text:
        text.write("\\input{sections/gone}\n")
    without = {name: one for name, one in experiment.figures.items() if name != "fig1"}
    faults = missing(TYPESET, experiment.model_copy(update={"figures": without}), tmp_path, paper)
    assert len(faults) == 2, faults
    assert any(
        "sections/" in one and "names figures/fig1.pdf, which the configuration" in one for one in faults
    )
    assert any(
        "results.tex:" in one and "names sections/gone.tex, which does not exist" in one for one in faults
    )


@needs_tex
@pytest.mark.parametrize(
    ("changes", "macro", "lack"),
    [
        (
            {"figures-": ["fig9"], "figures": {"fig1": {"runs": ["uniform"]}}},
            "SphericalDivergenceStatement (and 4 more numbers of Spherical)",
            "Spherical is not a run of which a figure or table shows the table errors",
        ),
        (
            {"figures": {"fig10": {"runs-": ["spherical"]}}},
            "SphericalNoiseRidgeGrowth (and 7 more numbers of Spherical)",
            "Spherical is not a run of which a figure or table shows the table noise",
        ),
        (
            {
                "runs-": ["depth_double"],
                "compute": {"first_runs-": ["depth_double"]},
                "figures-": ["fig6", "fig7"],
                "tables": {
                    name: {"runs-": ["depth_double"]}
                    for name in ("tab_ablations", "tab_described", "tab_degree")
                },
            },
            "DepthDoubleLayers (and 1 more number of DepthDouble)",
            "DepthDouble is not a run; bring it back into the configuration, or take it out of the text",
        ),
    ],
)
def test_numbers_of_the_text_are_made(changes: Any, macro: str, lack: str, tmp_path: Path) -> None:
    """Fails if a number that a changed configuration lacks is found by LaTeX, hours later."""
    experiment = load_experiment(ROOT / "config.yaml", "smoke", overrides=changes)
    faults = [fault for fault in missing(TYPESET, experiment, tmp_path) if lack in fault]
    assert len(faults) == 1, faults
    pattern = rf"the paper: \S+paper/sections/\S+\.tex:\d+: uses \\{re.escape(macro)}"
    assert re.match(pattern, faults[0]), faults
    assert missing(FIGURE, experiment, tmp_path) == []


@needs_tex
def test_commands_of_the_text_are_no_numbers(experiment: Experiment, tmp_path: Path) -> None:
    """Fails if a command that the text defines, or a comment, stops the paper."""
    paper = shutil.copytree(PAPER, tmp_path / "paper")
    with (paper / "sections/results.tex").open("a") as text:
        text.write("\\newcommand{\\MyFinalMse}{1} \\MyFinalMse{} $\\Omega$ % \\GoneFinalMse\n")
    assert missing(TYPESET, experiment, tmp_path, paper) == []


def test_notebooks_need_their_packages(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if a missing kernel is found by the first figure, or is taken from the caller's PYTHONPATH."""
    (tmp_path / "no_such_kernel.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setattr(needs, "KERNEL", (*needs.KERNEL, "no_such_kernel"))
    (fault,) = missing(FIGURE, experiment, tmp_path)
    assert "has no no_such_kernel to run notebooks with; run make env" in fault
    assert missing(FIGURE[:1], experiment, tmp_path) == []


def test_compiler_is_asked_for_where_a_planned_training_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if training finds it missing, or a training that does not compile needs one."""
    compiling = {"runs": {"spherical": {"task": "spherical", "training": {"compile": True}}}}
    experiment = load_experiment(ROOT / "config.yaml", "smoke", overrides=compiling)
    monkeypatch.setenv("CXX", "no-such-compiler")
    (fault,) = missing(FIGURE, experiment, tmp_path)
    assert fault.startswith("runs.spherical.training.compile is true: the C++ compiler no-such-compiler")
    assert missing([Job("train_model", {"run": "noise_low"})], experiment, tmp_path) == []


@pytest.mark.parametrize(
    ("options", "expected"), [("size=1m", "are free at"), ("nr_inodes=10", "may be made at")]
)
def test_disk_must_hold_what_is_planned(
    options: str, expected: str, experiment: Experiment, tmp_path: Path, mount: Mount
) -> None:
    """Fails if a disk too small, or with too few files left, is found when it is full."""
    mount(tmp_path / "small", options)
    (fault,) = missing(FIGURE, experiment, tmp_path / "small")
    assert fault.startswith("disk: up to ") and expected in fault and "snakemake --directory" in fault
    assert missing(FIGURE, experiment, tmp_path) == []


def test_missing_here_is_only_said_where_jobs_run_elsewhere(
    experiment: Experiment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Fails if a login node without TeX cannot start jobs on nodes that have it, or nothing is said of it."""
    monkeypatch.setenv("PATH", str(tmp_path))
    needs.require(TYPESET, experiment, CLAIMS, PAPER, tmp_path, here=False)
    assert "warning: on this machine, the paper: latexmk" in capsys.readouterr().err
    with pytest.raises(needs.NeedsError, match=r"none was started\n  the paper: latexmk"):
        needs.require(TYPESET, experiment, CLAIMS, PAPER, tmp_path, here=True)


def test_estimate_of_the_disk_grows_with_the_settings(experiment: Experiment) -> None:
    """Fails if more prompts, layers or solver steps take no more space, or a scale is counted twice."""
    size = bytes_of(experiment, jobs_of_paper(experiment))
    for part, key in (("prompts", "evaluation"), ("solvers", "steps")):
        settings = getattr(experiment, part)
        more = settings.model_copy(update={key: 100 * getattr(settings, key)})
        larger = experiment.model_copy(update={part: more})
        assert bytes_of(larger, jobs_of_paper(larger)) > size + 1e6
    assert 1e8 < size < 1e9
