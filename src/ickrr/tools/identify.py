"""Name the algorithm that the layers of your own model follow, with the rate at which such names are wrong.

The file holds the predictions of all layers, `layers` (L, B, N+1), of B prompts with inputs `x` (B, N+1, d)
and labels `y` (B, N+1). Entry n of the last axis predicts y_{n+1} from the first n pairs
(docs/identification.md).
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.config.command_line import at_least_one
from ickrr.config.identification import IdentificationSettings
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.errors import FileError
from ickrr.identification.attribution import attribute
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import largest_shared_steps
from ickrr.identification.tables import family_rows, pair_rows, trial_table
from ickrr.identification.trials import Bench, trials
from ickrr.io.checks import Array, load_checked
from ickrr.io.files import atomic_path
from ickrr.progress import track

FEWEST_PROMPTS = 200  # fewer have no power; half of them make up for the prompts that a probe is fitted to


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("predictions", type=Path, help="layers, x and y (safetensors)")
    parser.add_argument(
        "--lengthscale", type=float, required=True, help="h of the Gaussian kernel of the task"
    )
    parser.add_argument(
        "--ridge", type=float, required=True, help="its ridge, the variance of the label noise"
    )
    parser.add_argument("--layers", type=Path, required=True, help="table of the layers to write (.csv)")
    parser.add_argument("--pairs", type=Path, help="table of all coefficients to write (.csv)")
    parser.add_argument("--trials", type=Path, help="table of the known cases to write (.csv)")
    parser.add_argument(
        "--noise",
        type=float,
        default=[0.3],
        nargs="+",
        help="noise of the pseudo-layers that give the error rate, over the stream (default 0.3)",
    )
    parser.add_argument("--seed", type=int, default=0, help="seed of the known cases (default 0)")
    parser.add_argument("--threads", type=at_least_one, default=1, help="CPU threads (default 1)")


def main(arguments: argparse.Namespace) -> None:
    """Print and write what each layer is, and how often known algorithms are named wrongly on these prompts.

    Raises:
        FileError: the file cannot be read, lacks an array, or one has another shape, is not finite or is too
            small.
    """
    torch.set_num_threads(arguments.threads)
    read = _read(arguments.predictions)
    settings = IdentificationSettings(noises=arguments.noise, white_noises=[], seed=arguments.seed)
    confidence = StatisticsSettings().confidence
    problem = Problem(read["x"], read["y"], arguments.lengthscale, arguments.ridge)
    shared = largest_shared_steps(problem.kernel(), problem.ridge)
    candidates = Candidates(problem, shared, settings.first_context_length, settings.blocks)
    rows, pairs = [], []
    for layer in track(len(read["layers"]), "layers"):
        predictions = read["layers"][layer][:, candidates.lengths]
        found = attribute(candidates, predictions, settings.margin, confidence)
        rows += [{"layer": layer, **row} for row in family_rows(found)]
        pairs += [{"layer": layer, **row} for row in pair_rows(found.additions, confidence)]
        compatible = ", ".join(found.survivors) or "no family"
        print(f"layer {layer}: {found.name} (compatible with {compatible})", flush=True)
    tried = trial_table(trials(_bench(problem, settings, confidence), {}))
    print(_error_rate(tried))
    for path, table in (
        (arguments.layers, pd.DataFrame(rows)),
        (arguments.pairs, pd.DataFrame(pairs)),
        (arguments.trials, tried),
    ):
        if path is not None:
            with atomic_path(path) as temporary:
                table.round(4).to_csv(temporary, index=False)


def _read(path: Path) -> dict[str, Array]:
    read = load_checked(path, {"layers": (None, None, None), "x": (None, None, None), "y": (None, None)})
    prompts, points = read["y"].shape
    for name, shape in (("layers", read["layers"].shape[1:]), ("x", read["x"].shape[:2])):
        if shape != (prompts, points):
            raise FileError(
                f"{path}: array '{name}' is of {shape[0]} prompts with {shape[1]} points, 'y' of {prompts} "
                f"with {points}; give all of the same prompts"
            )
    settings = IdentificationSettings()
    fewest = settings.first_context_length + settings.blocks
    if prompts < FEWEST_PROMPTS or points <= fewest:
        raise FileError(
            f"{path}: found {prompts} prompts of {points} points; give at least {FEWEST_PROMPTS} prompts "
            f"of more than {fewest} points"
        )
    for name, array in read.items():
        if not np.isfinite(array).all():
            raise FileError(f"{path}: array '{name}' is not finite everywhere; leave such layers out")
    return {name: array.astype(np.float64) for name, array in read.items()}


def _bench(problem: Problem, settings: IdentificationSettings, confidence: float) -> Bench:
    """Return the bench of these prompts, of which every other one serves to fit probes."""
    prompts = np.arange(len(problem.y))
    task = TaskSettings(
        dimension=problem.x.shape[2],
        lengthscale=problem.lengthscale,
        noise_std=problem.ridge**0.5,
        context_length=problem.x.shape[1] - 1,
    )
    run = RunSettings(
        name="yours", task_name="yours", task=task, model=ModelSettings(), training=TrainingSettings()
    )
    fit, evaluation = problem.part(prompts[::2]), problem.part(prompts[1::2])
    return Bench.of(run, fit, evaluation, ProbeSettings(), settings, confidence)


def _error_rate(tried: pd.DataFrame) -> str:
    """Return what came of the pseudo-layers, in words."""
    layers = tried[tried["group"] == "pseudo-layer"]
    right = int((layers["named"] == layers["allowed"]).sum())
    other = tried[tried["group"].isin(["no iteration", "held out"])]
    return (
        f"known cases on half of these prompts: of {len(layers)} pseudo-layers {right} are named rightly, "
        f"{int(layers['wrong'].sum())} wrongly and {len(layers) - right - int(layers['wrong'].sum())} not at "
        f"all; of {len(other)} predictions by other algorithms {int(other['wrong'].sum())} are named"
    )
