"""Compare the layers of a run's models with the steps of every solver: tidy tables, with intervals."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ickrr.comparison.alignment import alignment_table
from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.draws import Draws
from ickrr.comparison.errors import NO_SEED, Truth, error_table
from ickrr.comparison.matches import matches_table, similarity_table, solver_statistics
from ickrr.comparison.pairs import paired_statistics, pairs_table, shares_table
from ickrr.comparison.resamples import seed_picks
from ickrr.comparison.similarity import similarity_floor, weighted_maps
from ickrr.config.analysis import SolverSettings, StatisticsSettings
from ickrr.config.run import RunSettings
from ickrr.errors import FileError
from ickrr.io.checks import Array, load_checked, require_equal
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts, run_metadata
from ickrr.io.tensors import read_metadata


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="seeds of the trained models")
    parser.add_argument(
        "--predictions",
        type=Path,
        nargs="+",
        required=True,
        help="output of the step probe_model for each seed",
    )
    parser.add_argument("--evaluation", type=Path, required=True, help="evaluation prompts")
    parser.add_argument("--trajectories", type=Path, required=True, help="directory, one file a solver")
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output-directory", type=Path, required=True, help="where the tables are written")


def main(arguments: argparse.Namespace) -> None:
    """Write errors, similarity, matches, alignment, pairs and shares.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed, task or set of prompts.
    """
    run = read_settings(arguments.run, RunSettings)
    solvers = read_settings(arguments.solvers, SolverSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    seeds, level = arguments.seeds, statistics.confidence
    prompts = load_prompts(arguments.evaluation, run, "evaluation")
    truth = Truth(prompts["y"], prompts["f"], prompts["posterior_mean"])
    models = load_models(arguments.predictions, run, seeds, truth)
    weights = resample_weights(len(truth.y), statistics.bootstrap_draws, statistics.seed)
    floors = {seed: similarity_floor(layers, truth.y, weights) for seed, (layers, _) in models.items()}

    errors = [
        table
        for seed, (layers, output) in models.items()
        for table in (
            error_table(run.name, seed, "transformer", layers, truth),
            error_table(
                run.name, seed, "transformer_output", output[None], truth, first_step=run.model.layers
            ),
        )
    ]
    errors.append(error_table(run.name, NO_SEED, "posterior_mean", truth.posterior_mean[None], truth))
    similarities: dict[int, list[pd.DataFrame]] = {seed: [] for seed in seeds}
    matches: dict[int, list[pd.DataFrame]] = {seed: [] for seed in seeds}
    drawn: dict[int, list[dict[str, Array]]] = {seed: [] for seed in seeds}
    for solver in solvers.names:  # one trajectory in memory at a time
        trajectory = load_trajectory(arguments.trajectories, solver, run, solvers.steps, truth)
        errors.append(error_table(run.name, NO_SEED, solver, trajectory, truth))
        for seed, (layers, _) in models.items():
            maps = weighted_maps(layers, trajectory, truth.y, truth.posterior_mean, weights)
            similarities[seed].append(similarity_table(run.name, seed, solver, maps))
            matches[seed].append(matches_table(run.name, seed, solver, maps, floors[seed], level))
            drawn[seed].append(solver_statistics(maps))

    draws = [
        Draws(
            floor=floors[seed][:, 1:],
            **{key: np.stack([statistic[key] for statistic in drawn[seed]]) for key in drawn[seed][0]},
        )
        for seed in seeds
    ]
    headline: list[str] = list(solvers.headline)
    compared = [one.of_solvers([solvers.names.index(name) for name in solvers.headline]) for one in draws]
    picks = seed_picks(len(seeds), statistics.bootstrap_draws, statistics.seed)
    paired = paired_statistics(compared, picks)
    tables = {
        "errors": pd.concat(errors, ignore_index=True),
        "similarity": pd.concat([one for seed in seeds for one in similarities[seed]], ignore_index=True),
        "matches": pd.concat([one for seed in seeds for one in matches[seed]], ignore_index=True),
        "alignment": alignment_table(run.name, solvers.names, draws, level),
        "pairs": pairs_table(run.name, headline, paired, level),
        "shares": shares_table(run.name, headline, paired, level),
    }
    for name, table in tables.items():
        write_table(arguments.output_directory / f"{name}.parquet", table)


def load_models(
    paths: list[Path], run: RunSettings, seeds: list[int], truth: Truth
) -> dict[int, tuple[Array, Array]]:
    """Read the predictions of every seed: layers (L+1, B, N+1) and output (B, N+1).

    Raises:
        FileError: as many files as seeds are needed; or one is missing, damaged, or of another run or seed.
    """
    if len(paths) != len(seeds):
        raise FileError(f"--predictions names {len(paths)} files for the {len(seeds)} seeds {seeds}")
    size = truth.y.shape
    models = {}
    for seed, path in zip(seeds, paths, strict=True):
        metadata = read_metadata(path)
        for key, wanted in run_metadata(run, seed).items():
            require_equal(path, key, metadata.get(key), wanted, f"run '{run.name}' as it is now")
        model = load_checked(path, {"layers": (run.model.layers + 1, *size), "output": size})
        models[seed] = (model["layers"], model["output"])
    return models


def load_trajectory(folder: Path, solver: str, run: RunSettings, steps: int, truth: Truth) -> Array:
    """Read a solver's predictions on the evaluation prompts, (T+1, B, N+1).

    Raises:
        FileError: the file is missing, damaged, or of another solver, task or number of steps.
    """
    path = folder / f"{solver}.safetensors"
    wanted = {"prompts": f"{run.task_name}-evaluation", "solver": solver, "steps": steps}
    require_equal(path, "metadata", read_metadata(path), wanted, f"run '{run.name}'")
    return load_checked(path, {"predictions": (steps + 1, *truth.y.shape)})["predictions"]
