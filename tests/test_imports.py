"""Which steps, figures and tables import the packages that take long to import."""

import pkgutil
import subprocess
import sys

import pytest
from support import ROOT

from ickrr import steps, tools
from ickrr.report import figures, tables

# What runs or builds models, or measures what they would take.
TORCH = {
    "build_playground",
    *("build_control", "compare_linear_regression", "construct", "estimate", "measure_contraction"),
    *(
        "identify",
        "identify_by_probe",
        "identify_run",
        "identify_snapshots",
        "measure_operators",
        "measure_width",
        "probe_model",
    ),
    *("compare_probes", "measure_degree", "measure_linearity", "replace_heads"),
    "run_conjugate_gradient",
    "weigh_families",
    *(
        "sample_prompts",
        "solve_prompts",
        "sweep_noise",
        "trace_functions",
        "train_model",
        "try_identification",
        "verify_construction",
    ),
}
NO_TABLES = {  # they read and write arrays, settings or text; papermill, which draws, brings pyarrow
    *(
        "build_control",
        "bundle",
        "check",
        "config",
        "construct",
        "measure_operators",
        "build_paper",
        "build_docs",
    ),
    *("probe_model", "restore", "sample_prompts", "solve_prompts", "why"),
}
BANDS = {"contraction"}  # the figure that draws medians and bands with seaborn, which imports scipy.stats

# Imports one module after the other, and says which was the first to bring each package.
FIRST = """
import sys
from importlib import import_module
sys.path.insert(0, sys.argv[1])
packages, found = sys.argv[2].split(","), set()
for name in sys.argv[3:]:
    import_module(name)
    for package in packages:
        if package in sys.modules and package not in found:
            found.add(package)
            print(name, "imports", package)
"""


def names(package, but=()):
    """Dotted names of a package's modules."""
    found = (module.name for module in pkgutil.iter_modules(package.__path__))
    return [f"{package.__name__}.{name}" for name in found if name not in but]


ALL = [*names(steps), *names(tools), *names(tables), *names(figures, BANDS)]


@pytest.mark.parametrize(
    ("packages", "modules"),
    [
        ("seaborn,scipy.stats,matplotlib.pyplot,IPython,snakemake", ALL),
        ("torch", [*names(steps, TORCH), *names(tools, TORCH), *names(tables), *names(figures)]),
        (
            "pandas,pyarrow,scipy",
            [name for name in [*names(steps), *names(tools)] if name.split(".")[-1] in NO_TABLES],
        ),
        ("matplotlib", [*names(steps), *names(tools), *names(tables)]),
    ],
    ids=["statistics", "torch", "tables", "drawing"],
)
def test_nothing_is_imported_that_is_not_used(packages, modules):
    """Fails if a step, figure or table imports torch, pandas, seaborn or their like without need for them."""
    command = [sys.executable, "-I", "-c", FIRST, str(ROOT / "src"), packages, *modules]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == ""
