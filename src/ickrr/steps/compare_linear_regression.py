"""Hold trained one-layer linear attention against one step of preconditioned gradient descent."""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ickrr.attention.gradient_step import FITS, predict
from ickrr.comparison.resamples import Resamples
from ickrr.config.analysis import StatisticsSettings
from ickrr.config.run import RunSettings
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.weights import load_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seeds", type=int, nargs="+", required=True, help="its seeds")
    parser.add_argument(
        "--trained", type=Path, required=True, help="directory of seed*/ with weights.safetensors"
    )
    parser.add_argument("--fit", type=Path, required=True, help="prompts that Gamma is fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are compared on")
    parser.add_argument("--statistics", type=Path, required=True, help="settings of intervals (JSON)")
    parser.add_argument("--output", type=Path, required=True, help="table to write")
    parser.add_argument("--threads", type=int, default=1, help="threads of torch")


def main(arguments: argparse.Namespace) -> None:
    """Write ``quantity, subject, setting, value, low, high``, the run as subject.

    Over n = 1..N, mean over seeds, intervals over prompts and seeds: ``agreement``, RMS(model - step) over
    RMS(step), and ``error_ratio``, the model's mean squared error against f over that of the step, settings
    ``matrix`` (preconditioned) and ``scalar`` (plain gradient descent); ``error_ratio_ridge``, the same over
    converged ridge regression, setting ``ridge``.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    statistics = read_settings(arguments.statistics, StatisticsSettings)
    fit = load_prompts(arguments.fit, run, "fit")
    test = load_prompts(arguments.evaluation, run, "evaluation")
    x, y = torch.from_numpy(test["x"]), torch.from_numpy(test["y"])
    outputs = []
    for seed in arguments.seeds:
        model = load_model(arguments.trained / f"seed{seed}" / "weights.safetensors", run, seed)
        precision = model.readout.weight.dtype
        with torch.no_grad():
            output = model(x.to(precision), y.to(precision))[:, 1:]  # (B, N)
        outputs.append(output.double().numpy())
    models = np.stack(outputs)  # (K, B, N)
    resamples = Resamples(
        len(y), len(models), statistics.bootstrap_draws, statistics.seed, statistics.confidence
    )
    f = np.broadcast_to(test["f"][:, 1:], models.shape)
    ridge = np.broadcast_to(test["posterior_mean"][:, 1:], models.shape)
    # MSE over the mean of f^2, whose denominator cancels in the ratios below.
    error = np.square(resamples.relative(models, f))  # (1 + draws, K)
    statistic = {("error_ratio_ridge", "ridge"): error / np.square(resamples.relative(ridge, f))}
    for name, fitted in FITS.items():
        gamma = fitted(fit["x"], fit["y"], fit["posterior_mean"])
        step = np.broadcast_to(predict(gamma, test["x"], test["y"]), models.shape)
        statistic["agreement", name] = resamples.relative(models, step)
        statistic["error_ratio", name] = error / np.square(resamples.relative(step, f))
    rows = [
        {
            "quantity": quantity,
            "subject": run.name,
            "setting": setting,
            **resamples.estimate(resamples.over_seeds(draws)),
        }
        for (quantity, setting), draws in statistic.items()
    ]
    write_table(arguments.output, pd.DataFrame(rows))
