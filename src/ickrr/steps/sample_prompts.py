"""Draw the stored sets of prompts of one task, with their exact posterior means."""

import argparse
from pathlib import Path

import torch

from ickrr.config.task import PromptSets
from ickrr.io.files import paths_by_name, read_settings
from ickrr.io.tensors import save_tensors
from ickrr.tasks import draw_set
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--prompts", type=Path, required=True, help="resolved prompt sets, a list (JSON)")
    parser.add_argument(
        "--sets", type=Path, nargs="+", required=True, help="file to write for each of them (safetensors)"
    )
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Draw the prompts.

    Raises:
        FileError: the prompt sets cannot be read, or are fewer or more than the files.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    sets = read_settings(arguments.prompts, PromptSets).root
    outputs = paths_by_name("--sets", [settings.name for settings in sets], arguments.sets)
    for settings in sets:
        save_tensors(
            outputs[settings.name],
            draw_set(settings).tensors(),
            {"prompts": settings.model_dump(mode="json")},
        )
