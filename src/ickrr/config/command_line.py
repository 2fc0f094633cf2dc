"""Options that several tools share: which configuration, which results, how many of something."""

import argparse
import os
from pathlib import Path

from ickrr.code import ROOT
from ickrr.config.experiment import Experiment
from ickrr.config.load import DEFAULT_SCALE, SCALES, load_experiment


def add_layer_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name what is laid on config.yaml."""
    parser.add_argument(
        "--scale", choices=SCALES, help="scale of the paper (default: the one in config.yaml)"
    )
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        help="a file of changes, laid on the configuration; may be given again, later ones on top",
    )


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that name the configuration, and what is laid on it."""
    # The file that the workflow reads, whatever folder this is called from.
    ours = Path(os.path.relpath(ROOT / "config.yaml"))
    parser.add_argument("--config", type=Path, default=ours, help="file of the default experiment")
    add_layer_options(parser)


def add_results_option(parser: argparse.ArgumentParser) -> None:
    """Add the option that says which results are meant."""
    told = f"scale of the results (default {DEFAULT_SCALE})"
    parser.add_argument("--scale", choices=SCALES, default=DEFAULT_SCALE, help=told)


def at_least_one(text: str) -> int:
    """Return a count that must be 1 or more, from the text of an option."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"found {number}; give 1 or more")
    return number


def experiment_of(arguments: argparse.Namespace) -> Experiment:
    """Return the experiment that the options name.

    Raises:
        ConfigError: a file, a key or a value is wrong.
    """
    return load_experiment(arguments.config, arguments.scale, arguments.overlay)
