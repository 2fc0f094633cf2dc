"""Compare the layers of one trained model with the steps of every solver on the evaluation prompts."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from ickrr.analysis.bootstrap import resample_weights
from ickrr.analysis.draws import Draws, save_draws
from ickrr.analysis.errors import NO_SEED, Truth, error_table
from ickrr.analysis.inputs import load_checked, load_prompts, require_equal, run_metadata
from ickrr.analysis.matches import matches_table, similarity_table, solver_statistics
from ickrr.analysis.similarity import similarity_floor, weighted_maps
from ickrr.config.analysis import SolverSettings, StatisticsSettings
from ickrr.config.run import RunSettings
from ickrr.files import read_settings, write_table
from ickrr.tensors import read_metadata


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="seed of the trained model")
    parser.add_argument("--predictions", type=Path, required=True, help="output of the verb probe")
    parser.add_argument("--evaluation", type=Path, required=True, help="evaluation prompts")
    parser.add_argument("--trajectories", type=Path, required=True, help="directory, one file a solver")
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--errors", type=Path, required=True, help="table to write")
    parser.add_argument("--similarity", type=Path, required=True, help="table to write")
    parser.add_argument("--matches", type=Path, required=True, help="table to write")
    parser.add_argument("--draws", type=Path, required=True, help="draws to write (safetensors)")


def main(arguments: argparse.Namespace) -> None:
    """Write the three tables of the comparison and its bootstrap draws.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed, task or set of prompts.
    """
    run = read_settings(arguments.run, RunSettings)
    solvers = read_settings(arguments.solvers, SolverSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    for key, wanted in run_metadata(run, arguments.seed).items():
        found = read_metadata(arguments.predictions).get(key)
        require_equal(arguments.predictions, key, found, wanted, f"run '{run.name}' as it is now")

    prompts = load_prompts(arguments.evaluation, run, "evaluation")
    truth = Truth(prompts["y"], prompts["f"], prompts["posterior_mean"])
    size = truth.y.shape
    model = load_checked(arguments.predictions, {"layers": (run.model.layers + 1, *size), "output": size})
    layers, output = model["layers"], model["output"]
    weights = resample_weights(size[0], statistics.bootstrap_draws, statistics.seed)
    floor = similarity_floor(layers, truth.y, weights)

    name, seed, depth = run.name, arguments.seed, run.model.layers
    errors = [
        error_table(name, seed, "transformer", layers, truth),
        error_table(name, seed, "transformer_output", output[None], truth, first_step=depth),
        error_table(name, NO_SEED, "posterior_mean", truth.posterior_mean[None], truth),
    ]
    similarities, matches, drawn = [], [], []
    for solver in solvers.names:  # one trajectory in memory at a time
        path = arguments.trajectories / f"{solver}.safetensors"
        wanted = {"prompts": f"{run.task_name}-evaluation", "solver": solver, "steps": solvers.steps}
        require_equal(path, "metadata", read_metadata(path), wanted, f"run '{run.name}'")
        trajectory = load_checked(path, {"predictions": (solvers.steps + 1, *size)})["predictions"]
        maps = weighted_maps(layers, trajectory, truth.y, truth.posterior_mean, weights)
        errors.append(error_table(name, NO_SEED, solver, trajectory, truth))
        similarities.append(similarity_table(name, seed, solver, maps))
        matches.append(matches_table(name, seed, solver, maps, floor, statistics.confidence))
        drawn.append(solver_statistics(maps))

    write_table(arguments.errors, pd.concat(errors, ignore_index=True))
    write_table(arguments.similarity, pd.concat(similarities, ignore_index=True))
    write_table(arguments.matches, pd.concat(matches, ignore_index=True))
    stacked = {key: np.stack([statistic[key] for statistic in drawn]) for key in drawn[0]}  # (S, R, ..)
    draws = Draws(floor=floor[:, 1:], **stacked)
    save_draws(arguments.draws, draws, list(solvers.names), name, seed)
