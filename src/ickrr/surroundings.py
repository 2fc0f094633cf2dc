"""Give a job surroundings of its own: the caller's variables that are on a list, and a new home folder.

Nothing else of the environment and nothing in the caller's home folder (``~/texmf``, ``~/.ipython``, settings
of matplotlib, Jupyter, TeX, git) reaches what is computed, so that the same bytes come out everywhere. The
list says what is let in, because nobody can list all that the libraries read. This module uses the standard
library only, because it runs before anything else of a job.
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
        # Programs and their libraries, where the machine or a cluster's modules have them; scratch; the user.
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
KEPT_PREFIXES: Final = ("SLURM", "ICKRR_")  # of the batch job, and this project's own


def cleaned(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    """Return the environment of a job.

    Args:
        environment: the caller's environment.
        home: the home folder that the job is given.
    """
    kept = {
        name: value for name, value in environment.items() if name in KEPT or name.startswith(KEPT_PREFIXES)
    }
    # In the locale C, which every system has, Python itself reads and writes UTF-8.
    return {**kept, "HOME": str(home), "LC_ALL": "C"}


def is_job(command: Iterable[str]) -> bool:
    """Return whether a command is a job of a rule, which it names, rather than a call of a person."""
    return any(word.partition("=")[0] == "--rule" for word in command)


def enter() -> None:
    """Start this process again in the surroundings of a job, unless that has been done.

    To change variables in place would be too late for what the C library reads when it starts.
    """
    if os.environ.get(ENTERED) == str(os.getpid()):
        return
    home = Path.cwd() / HOME
    with suppress(OSError):  # if nothing can be written, the job itself will say so
        home.mkdir(parents=True, exist_ok=True)
    os.execve(sys.executable, sys.orig_argv, {**cleaned(os.environ, home), ENTERED: str(os.getpid())})


def not_installed(error: ModuleNotFoundError) -> str:
    """Return a message that names the package that this Python lacks, and the Python that has it."""
    if error.name is None or error.name.split(".")[0] == "ickrr":
        raise error
    return (
        f"{error.name}: is not installed for {sys.executable}; run make env, and use the Python of .venv "
        "(source .venv/bin/activate)"
    )
