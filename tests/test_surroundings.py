"""What a job sees of the caller's surroundings."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support import ROOT

from ickrr.surroundings import cleaned

PRINT = "import json, os, sys; print(json.dumps([dict(os.environ), sys.orig_argv, sys.flags.utf8_mode]))"
LET_IN = {
    "PATH": "/opt/module/bin:/bin",
    "LD_LIBRARY_PATH": "/opt/module/lib",
    "CUDA_VISIBLE_DEVICES": "1",
    "SLURM_JOB_ID": "7",
    "SLURMD_NODENAME": "n1",
    "OMP_NUM_THREADS": "2",
    "TMPDIR": "/scratch",
    "ICKRR_RUN": "1@host:/folder",
}
NAMES = """
    OPENBLAS_CORETYPE ATEN_CPU_CAPABILITY NPY_DISABLE_CPU_FEATURES MKL_CBWR ONEDNN_MAX_CPU_ISA OMP_DYNAMIC
    CUBLAS_WORKSPACE_CONFIG TORCH_CUDNN_V8_API_DISABLED GLIBC_TUNABLES LD_PRELOAD PYTHONPATH PYTHONOPTIMIZE
    MPLBACKEND MATPLOTLIBRC IPYTHONDIR JUPYTER_PATH TEXINPUTS TEXMFHOME BIBINPUTS GIT_DIR XDG_CONFIG_HOME
    LANG LC_NUMERIC TZ SOURCE_DATE_EPOCH COLUMNS FORCE_COLOR NO_COLOR VIRTUAL_ENV CONDA_PREFIX
"""
KEPT_OUT = dict.fromkeys(NAMES.split(), "x")


def test_only_what_is_on_the_list_is_let_in(tmp_path: Path) -> None:
    """Fails if a setting of a library passes, or what a cluster or a GPU needs does not."""
    found = cleaned({**LET_IN, **KEPT_OUT, "HOME": "/home/ana"}, tmp_path)
    assert found == {**LET_IN, "HOME": str(tmp_path), "LC_ALL": "C"}


def test_a_job_is_started_again_in_its_surroundings(tmp_path: Path) -> None:
    """Fails if a variable that the C library reads at its start is there, or the command or its id change."""
    source = tmp_path / "src"
    (source / "ickrr").mkdir(parents=True)
    for name in ("__main__.py", "ickrr/__init__.py", "ickrr/surroundings.py"):
        (source / name).write_text((ROOT / "src" / name).read_text())
    (source / "ickrr/__main__.py").write_text(f"def main():\n    {PRINT}\n    print(os.getpid())\n")
    command = [sys.executable, "-I", str(source), "verb", "--rule=r", "größe"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**LET_IN, **KEPT_OUT, "TMPDIR": str(tmp_path), "LC_ALL": "de_DE.ISO-8859-1"},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    said, process_id = process.communicate()[0].splitlines()
    environment, arguments, utf8 = json.loads(said)
    assert not KEPT_OUT.keys() & environment.keys()
    assert {name: environment[name] for name in LET_IN} == {**LET_IN, "TMPDIR": str(tmp_path)}
    assert Path(environment["HOME"]) == tmp_path / ".snakemake/ickrr/home"
    assert Path(environment["HOME"]).is_dir()
    assert (arguments, utf8, int(process_id)) == (command, 1, process.pid)


def test_a_tool_that_a_person_calls_keeps_its_surroundings() -> None:
    """Fails if what `why` starts, Snakemake, does not see the caller's environment."""
    command = [sys.executable, "-I", str(ROOT / "src"), "config", "--help"]
    environment = {**os.environ, "COLUMNS": "60"}
    said = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert max(map(len, said.splitlines())) <= 60
