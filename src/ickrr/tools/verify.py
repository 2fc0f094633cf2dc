"""Train one model again on this machine, and say whether it agrees with the results that are here or shipped.

Snakemake trains one seed of one run in a folder of its own, probes it, compares it with the solvers and
identifies its layers, as far as the reference has that. Bits, numbers and conclusions are then compared with
the reference; the tolerances come from the spread between the reference's trainings. The page that is written
says all this, with the machine. At the laptop scale it takes less than ten minutes on two cores.
"""

import argparse
import time
from pathlib import Path

from ickrr.bundles.format import contents_of, shipped_bundles
from ickrr.code import ROOT
from ickrr.config.command_line import add_layer_options, experiment_of
from ickrr.config.messages import no_such
from ickrr.differences.sides import Side, opened
from ickrr.errors import ConfigError, FileError
from ickrr.io.files import write_text
from ickrr.verification.compare import compared
from ickrr.verification.retraining import retrain
from ickrr.verification.statement import statement, summary

FOLDER = Path("build/verify")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_layer_options(parser)
    parser.add_argument("--run", default="spherical", help="run to train (default spherical)")
    parser.add_argument("--seed", type=int, help="one of its seeds (default: the first)")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="CPU threads of the training (default 1, as in the pipeline); others end in other last bits",
    )
    parser.add_argument(
        "--against",
        help="scale, folder results/<scale> or bundle (default: what is here, else what is shipped)",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        help=f"where to work (default {FOLDER}/<scale>-<run>-seed<seed>[-threads<n>])",
    )
    parser.add_argument("--output", type=Path, help="page to write (default: statement.md in that folder)")


def main(arguments: argparse.Namespace) -> None:
    """Retrain, compare and write the page.

    Raises:
        ConfigError: there is no such run, or no such seed of it; or no such number of threads.
        FileError: the reference lacks this training.
        RetrainingError: Snakemake failed.
        SystemExit: 1, if a number is outside its tolerance or a conclusion is another.
    """
    arguments.config = ROOT / "config.yaml"
    experiment = experiment_of(arguments)
    run = arguments.run
    if run not in experiment.runs:
        raise ConfigError(f"--run: {no_such('run', run, list(experiment.runs))}")
    seeds = experiment.seeds(run)
    seed = seeds[0] if arguments.seed is None else arguments.seed
    if seed not in seeds:
        raise ConfigError(f"--seed: found {seed}; run '{run}' has the seeds {', '.join(map(str, seeds))}")
    if arguments.threads < 1:
        raise ConfigError(f"--threads: found {arguments.threads}; give a number of 1 or more")
    folder = arguments.folder or _folder(experiment.scale, run, seed, arguments.threads)
    with opened(arguments.against or _reference(experiment.scale, run)) as reference:
        _require(reference, run, seed)
        tables = ["learning_curve", *(["alignment"] if experiment.is_compared(run) else [])]
        tables += ["attribution"] if reference.table(run, "attribution") is not None else []
        began = time.monotonic()
        made = retrain(folder, experiment.scale, arguments.overlay, run, seed, arguments.threads, tables)
        minutes = (time.monotonic() - began) / 60
        with opened(str(made)) as here:
            found = compared(experiment, reference, here, run, seed, arguments.threads, minutes)
    output = arguments.output or folder / "statement.md"
    write_text(output, statement(found))
    print(f"{summary(found)}\n{output}: written")
    if not found.agrees:
        raise SystemExit(1)


def _folder(scale: str, run: str, seed: int, threads: int) -> Path:
    return FOLDER / f"{scale}-{run}-seed{seed}{f'-threads{threads}' if threads != 1 else ''}"


def _reference(scale: str, run: str) -> str:
    """Return what the training is compared with: what is here, or the shipped bundle that has its run.

    Raises:
        FileError: there is neither.
    """
    if (Path("results") / scale / "tables").is_dir():
        return scale
    needed = f"results/{scale}/tables/{run}/learning_curve.parquet"
    for bundle in shipped_bundles(scale, ROOT):
        if needed in contents_of(bundle).sums:
            return str(bundle)
    raise FileError(
        f"results/{scale}: no results to compare with, and no shipped bundle has run '{run}'; make them with "
        f"snakemake --config scale={scale}, or name others with --against"
    )


def _require(reference: Side, run: str, seed: int) -> None:
    """Check that the reference has a training, before one is made.

    Raises:
        FileError: it has not.
    """
    curve = reference.table(run, "learning_curve")
    seeds = [] if curve is None else sorted(curve["seed"].unique().tolist())
    if seed not in seeds:
        raise FileError(
            f"{reference.name}: has no training of run '{run}', seed {seed} (its seeds there: "
            f"{', '.join(map(str, seeds)) or 'none'}); name other results with --against"
        )
