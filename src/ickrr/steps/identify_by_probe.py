"""Find what families add to each other in explaining the layers of a run, as four probes read them."""

import argparse

import torch

from ickrr.config.identification import IdentificationSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.probes import ProbesSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.identification.stored import add_study_options, stored_candidates
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.trained import load_seeds
from ickrr.probes.additions import addition_table
from ickrr.probes.fitting import ProbeFits


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_study_options(parser, ("probe", "identification", "statistics"), ("additions",))


def main(arguments: argparse.Namespace) -> None:
    """Write the encompassing coefficients of the layers by probe, on the evaluation prompts.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed, task or set of prompts.
        ConfigError: the kernel of the run's task is not the Gaussian.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    folds = read_settings(arguments.settings, ProbesSettings).folds
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    identification = read_settings(arguments.identification, IdentificationSettings)
    fit = load_prompts(arguments.fit, run, "fit")
    evaluation = load_prompts(arguments.evaluation, run, "evaluation")
    candidates = stored_candidates(arguments.fit, arguments.evaluation, run, identification)
    models = load_seeds(arguments.weights, run, arguments.seeds, torch.device("cpu"))
    read = {
        seed: ProbeFits(model, fit, probe, folds).predictions(evaluation) for seed, model in models.items()
    }
    write_table(arguments.additions, addition_table(run, candidates, read, statistics))
