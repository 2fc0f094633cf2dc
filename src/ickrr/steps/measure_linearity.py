"""Measure how linear the layers of a run are in the labels, and which eigencomponents they pass."""

import argparse

import torch

from ickrr.config.identification import IdentificationSettings
from ickrr.config.linearity import LinearitySettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.stored import add_study_options, stored_candidates
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.linearity.tables import TABLES, linearity_tables
from ickrr.model.trained import load_seeds

SETTINGS = ("identification", "probe", "statistics")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study_options(parser, SETTINGS, TABLES)


def main(arguments: argparse.Namespace) -> None:
    """Write the errors of superposition of the layers, and their filters.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the kernel of the run's task is not the Gaussian.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, LinearitySettings)
    identification = read_settings(arguments.identification, IdentificationSettings)
    tables = linearity_tables(
        run,
        load_seeds(arguments.weights, run, arguments.seeds, torch.device("cpu")),
        load_prompts(arguments.fit, run, "fit"),
        stored_candidates(arguments.fit, arguments.evaluation, run, identification, settings.prompts),
        settings,
        read_settings(arguments.probe, ProbeSettings),
        read_settings(arguments.statistics, StatisticsSettings),
    )
    for name, table in tables.items():
        write_table(getattr(arguments, name), table)
