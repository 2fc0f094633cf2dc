"""Run built conjugate gradients on well- and ill-conditioned prompts, and compare them with the solvers."""

import argparse
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from ickrr.config.conjugate_gradient import ConjugateGradientSettings
from ickrr.constructions.conjugate.family import Family, block_counts
from ickrr.constructions.conjugate.feature_prompts import FeaturePrompts
from ickrr.constructions.summary_rows import Row
from ickrr.io.files import read_settings, write_table
from ickrr.progress import track
from ickrr.solvers.queries import query_predictions
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--settings", type=Path, required=True, help="prompts and stacks (JSON)")
    parser.add_argument("--curves", type=Path, required=True, help="table of errors by layer to write")
    parser.add_argument("--summary", type=Path, required=True, help="table of the summary to write")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the errors of every layer and step, and their summary.

    Raises:
        FileError: the settings cannot be read.
    """
    torch.set_num_threads(arguments.threads)
    settings = read_settings(arguments.settings, ConjugateGradientSettings)
    families = list(settings.families)
    curves: list[Row] = []
    summary: list[Row] = []
    for index in track(len(families), "running conjugate gradients"):
        found = Family(settings, families[index], solve)
        curves += found.curves()
        summary += found.summary()
    write_table(arguments.curves, pd.DataFrame(curves))
    write_table(arguments.summary, pd.DataFrame([*summary, *block_counts()]))


def solve(prompts: FeaturePrompts, solver: str, steps: int) -> Tensor:
    """Run one of the library's solvers on the prompts of a family, (T+1, B, Q)."""
    return query_predictions(prompts.x, prompts.y, prompts.queries, prompts.ridge, solver, steps)
