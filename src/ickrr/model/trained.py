"""Options of the steps that predict with trained models of one run, and how they load these models."""

import argparse
from collections.abc import Sequence
from pathlib import Path

import torch

from ickrr.config.run import RunSettings
from ickrr.device import add_compute_options
from ickrr.io.files import paths_by_name
from ickrr.model.transformer import Transformer
from ickrr.model.weights import load_model


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Declare which models: a run, its seeds and their weights."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--weights", type=Path, nargs="+", required=True, help="weights for each seed, in order (safetensors)"
    )


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Declare the table to write and where it is computed."""
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")
    add_compute_options(parser)


def load_seeds(
    weights: Sequence[Path], run: RunSettings, seeds: Sequence[int], device: torch.device
) -> dict[int, Transformer]:
    """Load the model of each seed.

    Args:
        weights: the file of each seed, in the order of `seeds`.
        run: the run that they were trained for.
        seeds: of the trainings.
        device: where the models are put.

    Raises:
        FileError: there are not as many files as seeds; or weights are missing, damaged, or belong to another
            run or seed.
    """
    paths = paths_by_name("--weights", seeds, weights)
    return {seed: load_model(path, run, seed).to(device) for seed, path in paths.items()}
