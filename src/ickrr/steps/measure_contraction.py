"""Measure the contraction factor of preconditioned Richardson on random and adversarial prompts."""

import argparse
from pathlib import Path

import pandas as pd
import torch

from ickrr.config.constructions import ContractionSettings
from ickrr.constructions.richardson.contraction import measure
from ickrr.io.files import read_settings, write_table
from ickrr.progress import track
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--settings", type=Path, required=True, help="which prompts are measured (JSON)")
    parser.add_argument("--table", type=Path, required=True, help="table to write (Parquet)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write a row for each prompt, ridge and preconditioner.

    Raises:
        FileError: the settings cannot be read.
    """
    torch.set_num_threads(arguments.threads)
    settings = read_settings(arguments.settings, ContractionSettings)
    rows: list[dict[str, object]] = []
    for index in track(len(settings.context_lengths), "measuring contraction"):
        rows += measure(settings, settings.context_lengths[index])
    write_table(arguments.table, pd.DataFrame(rows))
