"""Options that verbs which predict with trained models share, and how they load these models."""

import argparse
from pathlib import Path

import torch

from ickrr.config.run import RunSettings
from ickrr.device import DEVICES
from ickrr.model.transformer import Transformer
from ickrr.model.weights import load_model


def add_model_options(parser: argparse.ArgumentParser) -> None:
    """Declare which models: a run and its seeds."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--trained", type=Path, required=True, help="directory of seed*/ with weights.safetensors"
    )


def add_table_options(parser: argparse.ArgumentParser) -> None:
    """Declare the table to write and where it is computed."""
    parser.add_argument("--output", type=Path, required=True, help="table to write")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute")


def load_seeds(
    trained: Path, run: RunSettings, seeds: list[int], device: torch.device
) -> dict[int, Transformer]:
    """Load the model of each seed.

    Args:
        trained: directory with ``seed{seed}/weights.safetensors``.
        run: the run that they were trained for.
        seeds: which ones.
        device: where they are put.

    Raises:
        FileError: weights are missing, damaged, or belong to another run or seed.
    """
    return {
        seed: load_model(trained / f"seed{seed}" / "weights.safetensors", run, seed).to(device)
        for seed in seeds
    }
