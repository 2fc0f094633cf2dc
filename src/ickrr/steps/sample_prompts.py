"""Draw the stored sets of prompts of one task, with their exact posterior means."""

import argparse
from pathlib import Path

import torch

from ickrr.config.task import PromptSets
from ickrr.errors import FileError
from ickrr.io.files import read_settings
from ickrr.io.tensors import save_tensors
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--prompts", type=Path, required=True, help="resolved prompt sets, a list (JSON)")
    parser.add_argument(
        "--outputs",
        type=Path,
        nargs="+",
        required=True,
        help="files to write, one for each set (safetensors)",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")


def main(arguments: argparse.Namespace) -> None:
    """Draw the prompts; the stream of a set is that of the experiment's seed, the task and the split.

    Raises:
        FileError: the prompt sets cannot be read, or are not as many as the files.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    sets = read_settings(arguments.prompts, PromptSets).root
    if len(sets) != len(arguments.outputs):
        raise FileError(f"--outputs names {len(arguments.outputs)} files for {len(sets)} prompt sets")
    for settings, output in zip(sets, arguments.outputs, strict=True):
        generator = torch_generator(settings.seed, "prompts", settings.task_name, settings.split)
        prompts = sample_prompts(settings.task, settings.count, generator)
        save_tensors(output, prompts.tensors(), {"prompts": settings.model_dump(mode="json")})
