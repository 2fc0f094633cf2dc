"""Predict prompts whose noise is not that of training, and hold the errors against the best possible ones."""

import argparse
from pathlib import Path

import pandas as pd
import torch

from ickrr.comparison.bootstrap import resample_weights
from ickrr.comparison.errors import NO_SEED
from ickrr.comparison.noise import BAYES, ENCODED_ORACLE, TRANSFORMER, NoisyPrompts, ratio_table
from ickrr.comparison.probe import read_output
from ickrr.config.analysis import StatisticsSettings
from ickrr.config.run import RunSettings
from ickrr.config.sweeps import NoiseMismatchSettings
from ickrr.config.task import PromptSettings
from ickrr.device import resolve_device
from ickrr.errors import FileError
from ickrr.io.files import read_settings, write_table
from ickrr.model.trained import add_model_options, add_table_options, load_seeds
from ickrr.model.transformer import Transformer
from ickrr.progress import track
from ickrr.randomness import torch_generator
from ickrr.tasks import Prompts, bayes_ridge, kernel_matrix, posterior, sample_prompts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--prompts", type=Path, required=True, help="resolved evaluation prompts (JSON)")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the sweep (JSON)")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    add_table_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the errors of every seed, of the encoded oracle and of optimal regression at every test noise.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the device is not there.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, NoiseMismatchSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    test = read_settings(arguments.prompts, PromptSettings)
    if test.task != run.task:
        raise FileError(
            f"{arguments.prompts}: its task '{test.task_name}' is not the task '{run.task_name}' of run "
            f"'{run.name}'; give the prompts of that task"
        )
    device = resolve_device(arguments.device)
    models = load_seeds(arguments.trained, run, arguments.seeds, device)
    weights = resample_weights(test.count, statistics.bootstrap_draws, statistics.seed)
    tables = []
    for index in track(len(settings.factors), f"test noises of {run.name}"):
        factor = settings.factors[index]
        prompts = noisy_prompts(test, factor)
        arrays = (part.numpy() for part in (prompts.f, prompts.y, prompts.posterior_mean))
        truth = NoisyPrompts(factor, factor * run.task.noise_std, *arrays)
        predictions = [
            (NO_SEED, BAYES, prompts.posterior_mean),
            (NO_SEED, ENCODED_ORACLE, encoded_oracle(run, prompts)),
        ]
        for seed, model in models.items():
            predictions.append((seed, TRANSFORMER, model_output(model, prompts, settings.chunk_prompts)))
        tables += [
            ratio_table(run.name, seed, method, predicted.numpy(), truth, weights, statistics.confidence)
            for seed, method, predicted in predictions
        ]
    write_table(arguments.output, pd.concat(tables, ignore_index=True))


def noisy_prompts(test: PromptSettings, factor: float) -> Prompts:
    """Draw the stored evaluation prompts again with `factor` times their noise.

    All factors share inputs, functions and standard normal noise, so that only its size differs; factor 1
    gives the stored prompts themselves.
    """
    generator = torch_generator(test.seed, "prompts", test.task_name, test.split)
    task = test.task.model_copy(update={"noise_std": factor * test.task.noise_std})
    return sample_prompts(task, test.count, generator)


def encoded_oracle(run: RunSettings, prompts: Prompts) -> torch.Tensor:
    """Kernel ridge regression with the ridge of training at every context length, (B, N+1)."""
    kernel = kernel_matrix(run.task, prompts.x)  # (B, N+1, N+1)
    return posterior(kernel, prompts.y, bayes_ridge(run.task))[0]


def model_output(model: Transformer, prompts: Prompts, chunk_prompts: int) -> torch.Tensor:
    """The model's own predictions, (B, N+1) float64 on the CPU, computed in the precision of its weights."""
    weight = model.readout.weight
    x, y = (part.to(weight.device, weight.dtype) for part in (prompts.x, prompts.y))
    return read_output(model, x, y, chunk_prompts).cpu()
