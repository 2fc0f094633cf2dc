"""A whole run in hostile surroundings gives the same bytes as one in clean surroundings."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import Paper, Project

FOREIGN = "raise SystemExit('this came from the caller, not from .venv')\n"
KERNEL = {"argv": ["/bin/false", "{connection_file}"], "display_name": "theirs", "language": "python"}
HOME = {
    ".latexmkrc": "die 'latexmkrc was read';\n",
    "texmf/tex/latex/local/booktabs.sty": "\\errmessage{booktabs of the home folder}\n",
    ".config/matplotlib/matplotlibrc": "font.size: 30\npdf.fonttype: 3\n",
    ".config/pip/pip.conf": "[global]\nuser = true\n",
    ".ipython/profile_default/startup/00.py": "import os\nos._exit(9)\n",
    ".local/share/jupyter/kernels/python3/kernel.json": json.dumps(KERNEL),
    ".jupyter/jupyter_config.json": "not json",
    ".gitconfig": "[status]\nshowUntrackedFiles = nonsense\n[core]\nbare = true\n",
}
VARIABLES = {
    "JUPYTER_CONFIG_DIR": "{home}/.jupyter",
    "JUPYTER_PATH": "{home}/.local/share/jupyter",
    "IPYTHONDIR": "{home}/.ipython",
    "PYTHONPATH": "{foreign}",
    "PYTHONOPTIMIZE": "1",
    "MATPLOTLIBRC": "{home}/.config/matplotlib",
    "MPLBACKEND": "nonsense",
    "TEXINPUTS": "{home}/texmf/tex/latex/local:",
    "TEXMFHOME": "{home}/texmf",
    "GIT_DIR": "/nowhere",
    "SOURCE_DATE_EPOCH": "86400",
    "TZ": "Pacific/Kiritimati",
    "LC_ALL": "C",
    "COLUMNS": "20",
    "OMP_NUM_THREADS": "3",
    "OMP_DYNAMIC": "true",
    # Other kernels of the BLAS, of numpy and of torch: other last bits.
    "OPENBLAS_CORETYPE": "Nehalem",
    "NPY_DISABLE_CPU_FEATURES": "AVX2 FMA3",
    "ATEN_CPU_CAPABILITY": "default",
    "MKL_CBWR": "COMPATIBLE",
}
MADE_AGAIN = [
    *("figures/fig1.pdf", "figures/fig1.png", "figures/fig_training.pdf", "paper.pdf", "latex/tab_setup.tex"),
    *("prompts/spherical-fit.safetensors", "tables/spherical/similarity.parquet"),
    "trajectories/spherical-evaluation/conjugate_gradient.safetensors",
    "trained/spherical/seed1/weights.safetensors",
]


def snakemake(project: Project, environment: dict[str, str], *arguments: str) -> None:
    """Run Snakemake at smoke scale with nothing in its environment but what is given."""
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    run = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--config", "scale=smoke"],
        cwd=project.path,
        env={"PATH": path, **environment},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-5000:]


@pytest.mark.slow
def test_whatever_the_surroundings_hold_the_bytes_are_the_same(tiny_paper: Paper, tmp_path: Path) -> None:
    """Fails if a setting of the user's or a foreign package or kernel reaches a result or its record."""
    home, foreign = tmp_path / "home", tmp_path / "foreign"
    for name, text in HOME.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    for name in ("ickrr", "seaborn", "yaml", "matplotlib", "numpy"):
        (foreign / name).mkdir(parents=True)
        (foreign / name / "__init__.py").write_text(FOREIGN)
    project = tiny_paper.copy(tmp_path / "project")
    for name in MADE_AGAIN:
        (project.results() / name).unlink()
    given = {name: value.format(home=home, foreign=foreign) for name, value in VARIABLES.items()}
    snakemake(project, {"HOME": str(home), **given}, *(f"results/smoke/{name}" for name in MADE_AGAIN))
    for name in MADE_AGAIN:
        assert (project.results() / name).read_bytes() == (tiny_paper.results() / name).read_bytes(), name
        record = f"records/{name}.json"
        before, now = (json.loads((one.results() / record).read_text()) for one in (tiny_paper, project))
        assert (now["machine"], now["versions"]) == (before["machine"], before["versions"])
        assert now["commit"] == before["commit"] != "unknown"
    assert sorted(path.name for path in home.iterdir()) == sorted({Path(name).parts[0] for name in HOME})


@pytest.mark.parametrize(
    "environment",
    [
        pytest.param(
            {"HOME": "/proc/home", "TMPDIR": "/proc/tmp", "XDG_CACHE_HOME": "/proc/cache"}, id="unwritable"
        ),
        pytest.param({"HOME": "/dev/null"}, id="no folder", marks=pytest.mark.slow),
        pytest.param({}, id="unset", marks=pytest.mark.slow),
    ],
)
def test_no_home_folder_is_needed(tiny_paper: Paper, tmp_path: Path, environment: dict[str, str]) -> None:
    """Fails if HOME, TMPDIR or XDG folders that cannot be written stop a run, or a figure lacks a cache."""
    project = tiny_paper.copy(tmp_path / "project")
    (project.results() / "figures/fig_training.pdf").unlink()
    shutil.rmtree(project.path / ".snakemake/ickrr/home")
    snakemake(project, environment, "fig_training")
    name = "figures/fig_training.pdf"
    assert (project.results() / name).read_bytes() == (tiny_paper.results() / name).read_bytes()
