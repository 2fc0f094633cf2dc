"""Draw a stored set of prompts with their exact posterior means."""

import argparse
from pathlib import Path

import torch

from ickrr.config.task import PromptSettings
from ickrr.files import read_settings
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts
from ickrr.tensors import save_tensors


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--prompts", type=Path, required=True, help="resolved prompt set (JSON)")
    parser.add_argument("--output", type=Path, required=True, help="prompts to write (safetensors)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads (default 1)")


def main(arguments: argparse.Namespace) -> None:
    """Draw the prompts; the stream is that of the experiment's seed, the task's name and the split.

    Raises:
        FileError: the prompt set cannot be read.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    settings = read_settings(arguments.prompts, PromptSettings)
    generator = torch_generator(settings.seed, "prompts", settings.task_name, settings.split)
    prompts = sample_prompts(settings.task, settings.count, generator)
    metadata = {"prompts": settings.model_dump(mode="json")}
    save_tensors(arguments.output, prompts.tensors(), metadata)
