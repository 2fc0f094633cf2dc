"""What a job sees of the caller's surroundings: the variables on a list, and a home folder of its own.

Nothing else of the environment and nothing in the caller's home folder (``~/texmf``, ``~/.ipython``, settings
of matplotlib, Jupyter, TeX, git) reaches what is computed, so that the same bytes come out. It is a list of
what is let in, since nobody can list all that the libraries read. Standard library only: this comes before
anything else of a job.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

HOME: Final = Path(
    ".snakemake/ickrr/home"
)  # below the working directory; caches of fonts, kernels, compilers
ENTERED: Final = "ICKRR_ENTERED"  # id of the process that was started again
KEPT: Final = frozenset(
    {
        # Programs and their libraries, as the machine or a cluster's modules lay them out; scratch; who.
        *("PATH", "LD_LIBRARY_PATH", "TMPDIR", "USER", "LOGNAME"),
        # Threads: Snakemake sets them for each job.
        *("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"),
        # Which GPU, and how to reach it.
        *("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "CUDA_HOME", "CUDA_PATH"),
        *("CUDA_MPS_PIPE_DIRECTORY", "CUDA_MPS_LOG_DIRECTORY"),
        # The compiler of training.compile.
        *("CC", "CXX", "CPATH", "LIBRARY_PATH"),
    }
)
KEPT_PREFIXES: Final = ("SLURM", "ICKRR_")  # the batch job, and what this project says to itself


def cleaned(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return what a job may see of an environment.

    Args:
        environment: that of the caller.
        home: the home folder that the job gets.
    """
    kept = {
        name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }
    # In the locale C, which every system has, Python itself reads and writes UTF-8.
    return {**kept, "HOME": str(home), "LC_ALL": "C"}


def is_job(command: Iterable[str]) -> bool:
    """Tell a job of a rule, whose command says which, from what a person calls."""
    return any(word.partition("=")[0] == "--rule" for word in command)


def enter() -> None:
    """Start this process again in the surroundings of a job, unless it was already.

    Changing variables in place would be too late for what the C library reads at its start.
    """
    if os.environ.get(ENTERED) == str(os.getpid()):
        return
    home = Path.cwd() / HOME
    with suppress(OSError):  # where nothing can be written, the job says so of its results
        home.mkdir(parents=True, exist_ok=True)
    os.execve(sys.executable, sys.orig_argv, {**cleaned(os.environ, home), ENTERED: str(os.getpid())})


def not_installed(error: ModuleNotFoundError) -> str:
    """Say which package this Python lacks, and where it would be."""
    if error.name is None or error.name.split(".")[0] == "ickrr":
        raise error
    return (
        f"{error.name}: is not installed for {sys.executable}; run make env, and use the Python of .venv "
        "(source .venv/bin/activate)"
    )
