"""Options that several tools share: which configuration or results, and how many of something."""

import argparse
import os
from pathlib import Path

from ickrr.code import ROOT
from ickrr.config.experiment import Experiment
from ickrr.config.load import DEFAULT_SCALE, SCALES, load_experiment


def add_layer_options(parser: argparse.ArgumentParser) -> None:
    """Declare what is laid on config.yaml."""
    parser.add_argument("--scale", choices=SCALES, help="scale of the paper (default: what config.yaml says)")
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        help="a further file of configuration, laid on top; several in this order",
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Declare where the configuration is, and what is laid on it."""
    # The one that the workflow reads, in whatever folder this is called.
    ours = Path(os.path.relpath(ROOT / "config.yaml"))
    parser.add_argument("--config", type=Path, default=ours, help="the default experiment")
    add_layer_options(parser)


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """Declare whose results are meant."""
    told = f"scale of the results (default {DEFAULT_SCALE})"
    parser.add_argument("--scale", choices=SCALES, default=DEFAULT_SCALE, help=told)


def at_least_one(text: str) -> int:
    """Read a number of things, of which there must be some."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"found {number}; give 1 or more")
    return number


def experiment_of(arguments: argparse.Namespace) -> Experiment:
    """Read the configuration that the options name.

    Raises:
        ConfigError: a file, a key or a value is wrong.
    """
    return load_experiment(arguments.config, arguments.scale, arguments.overlay)
