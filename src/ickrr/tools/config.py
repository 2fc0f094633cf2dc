"""Print the configuration with every value filled in, or write the reference or schema of all keys."""

import argparse
from pathlib import Path

from ickrr.config.command_line import add_config_options, experiment_of
from ickrr.config.editor_schema import editor_schema
from ickrr.config.reference import reference
from ickrr.errors import ConfigError
from ickrr.io.files import to_json, write_json, write_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_config_options(parser)
    parser.add_argument("--run", help="print only this run, with every value filled in, and its seeds")
    parser.add_argument("--reference", type=Path, help="write the reference of all keys to this file instead")
    parser.add_argument("--schema", type=Path, help="write the JSON schema for editors to this file instead")


def main(arguments: argparse.Namespace) -> None:
    """Check and print the configuration, or write the reference or the schema.

    Raises:
        ConfigError: the configuration is wrong, or has no such run.
    """
    if arguments.reference:
        write_text(arguments.reference, reference())
    if arguments.schema:
        write_json(arguments.schema, editor_schema())
    if arguments.reference or arguments.schema:
        return
    experiment = experiment_of(arguments)
    if arguments.run and arguments.run not in experiment.runs:
        known = ", ".join(experiment.runs)
        raise ConfigError(f"{arguments.config}: runs: no run '{arguments.run}'; there are {known}")
    if arguments.run:
        shown = {
            **experiment.run(arguments.run).model_dump(mode="json"),
            "seeds": experiment.seeds(arguments.run),
        }
    else:
        shown = experiment.model_dump(mode="json")
    print(to_json(shown), end="")
