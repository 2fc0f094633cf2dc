"""Options of every verb that reads the configuration: which files, and in which order."""

import argparse
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.config.load import SCALES, load_experiment


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
    parser.add_argument("--config", type=Path, default=Path("config.yaml"), help="the default experiment")
    add_layer_options(parser)


def experiment_of(arguments: argparse.Namespace) -> Experiment:
    """Read the configuration that the options name.

    Raises:
        ConfigError: a file, a key or a value is wrong.
    """
    return load_experiment(arguments.config, arguments.scale, arguments.overlay)
