"""Find how many products with the kernel each layer of a run needs, and how well that is found."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.config.degree import DegreeSettings
from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.identification.degree_trials import KnownSide, degree_rows, degree_trials
from ickrr.identification.prompts import Problem, stored_problem
from ickrr.identification.spectra import row_sum_weights, spectrum
from ickrr.identification.trials import streams_of
from ickrr.io.files import paths_by_name, read_settings, write_table
from ickrr.io.predictions import load_predictions
from ickrr.threads import add_threads_option

TABLES = ("degree", "trials")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="seeds of the trained models")
    parser.add_argument("--predictions", type=Path, nargs="+", required=True, help="their layers, by seed")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that pseudo-layers are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are predicted")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the degree (JSON)")
    parser.add_argument(
        "--identification", type=Path, required=True, help="which context lengths count (JSON)"
    )
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    add_threads_option(parser)
    for name in TABLES:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def main(arguments: argparse.Namespace) -> None:
    """Write the needed degree of all layers, and that of pseudo-layers of known degree.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the kernel of the run's task is not the Gaussian.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, DegreeSettings)
    first = read_settings(arguments.identification, IdentificationSettings).first_context_length
    probe = read_settings(arguments.probe, ProbeSettings)
    lengths = slice(first, run.task.context_length + 1)

    def side(problem: Problem) -> KnownSide:
        found = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights)
        return KnownSide(found, streams_of(run, problem, settings.seed, probe.chunk_prompts))

    fit = side(stored_problem(arguments.fit, run, "fit"))
    problem = stored_problem(arguments.evaluation, run, "evaluation")
    evaluation = side(problem)
    found = []
    for seed, path in paths_by_name("--predictions", arguments.seeds, arguments.predictions).items():
        layers, output = load_predictions(path, run, seed, problem.y.shape)
        read = np.concatenate((layers[1:], output[None]))[:, :, lengths]  # (L+1, B, C)
        rows = degree_rows(evaluation.spectrum.restricted(lengths), read, settings, start=1)
        found += [{"run": run.name, "seed": seed, **row} for row in rows]
    write_table(arguments.degree, pd.DataFrame(found))
    known = degree_trials(fit, evaluation, lengths, probe, settings)
    write_table(arguments.trials, pd.DataFrame([{"run": run.name, **row} for row in known]))
