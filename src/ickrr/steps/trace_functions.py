"""Trace prediction curves on one-dimensional inputs: after each layer, at each solver step, the posterior."""

import argparse
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from ickrr.comparison.errors import NO_SEED
from ickrr.comparison.functions import Curves, curve_table
from ickrr.comparison.probe import Readouts, fit_readouts
from ickrr.config.analysis import ProbeSettings, SolverSettings
from ickrr.config.run import RunSettings
from ickrr.config.sweeps import FunctionSettings
from ickrr.device import resolve_device
from ickrr.entries import LAWS
from ickrr.errors import ConfigError
from ickrr.io.checks import Array
from ickrr.io.files import read_settings, write_table
from ickrr.io.run_files import load_prompts
from ickrr.model.trained import add_model_options, add_table_options, load_seeds
from ickrr.model.transformer import Transformer
from ickrr.solvers.registry import solve
from ickrr.solvers.system import KernelSystem
from ickrr.tasks import bayes_ridge, posterior


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add_model_options(parser)
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that give the contexts")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the curves (JSON)")
    parser.add_argument("--probe", type=Path, required=True, help="settings of the probe (JSON)")
    parser.add_argument("--solvers", type=Path, required=True, help="settings of the solvers (JSON)")
    add_table_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the curves of the first evaluation prompts at a few context lengths.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the run's inputs are not on a line, a context length or the number of prompts is
            more than there is, or the device is not there.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, FunctionSettings)
    probe = read_settings(arguments.probe, ProbeSettings)
    solvers = read_settings(arguments.solvers, SolverSettings)
    device = resolve_device(arguments.device)
    evaluation = load_prompts(arguments.evaluation, run, "evaluation")
    require_line(run, settings, len(evaluation["y"]))
    fit = load_prompts(arguments.fit, run, "fit")
    models = {
        seed: ProbedModel(model, fit, probe)
        for seed, model in load_seeds(arguments.trained, run, arguments.seeds, device).items()
    }

    end = LAWS.load(run.task.law).LINE
    grid = torch.linspace(-end, end, settings.grid, dtype=torch.float64)  # (G)
    tables = []
    for prompt in range(settings.prompts):
        for n in settings.context_lengths:
            x = torch.from_numpy(evaluation["x"][prompt, :n, 0])  # (n)
            y = torch.from_numpy(evaluation["y"][prompt, :n])  # (n)
            curves = [Curves(NO_SEED, "context", "context", x.numpy(), y.numpy()[None])]
            queries, labels = at_queries(x, y, grid)  # (G, n+1, 1), (G, n+1)
            curves += reference_curves(run, settings, solvers, queries.to(device), labels.to(device))
            curves += [
                Curves(seed, "layer", "transformer", grid.numpy(), model.layers(queries, labels))
                for seed, model in models.items()
            ]
            tables += [curve_table(run.name, prompt, n, each) for each in curves]
    write_table(arguments.output, pd.concat(tables, ignore_index=True))


class ProbedModel:
    """A trained model with a linear readout at every layer, as in the comparison with solvers.

    Args:
        model: the model.
        fit: prompts that the readouts are fitted to.
        settings: of the readouts.
    """

    def __init__(self, model: Transformer, fit: dict[str, Array], settings: ProbeSettings) -> None:
        self.model = model
        self.weight = model.readout.weight
        x, y = (torch.from_numpy(fit[name]).to(self.weight.device) for name in ("x", "y"))
        self.readouts: Readouts = fit_readouts(self.streams, x, y, settings.ridge, settings.chunk_prompts)

    def streams(self, x: Tensor, y: Tensor) -> Tensor:
        """Residual streams, computed in the precision of the weights; (L+1, B, N+1, width)."""
        return self.model.residual_streams(x.to(self.weight.dtype), y.to(self.weight.dtype))

    def layers(self, x: Tensor, y: Tensor) -> Array:
        """Predictions of every layer at the last of the points (B, n+1, d) with labels (B, n+1); (L+1, B)."""
        with torch.no_grad():
            features = self.streams(x.to(self.weight.device), y.to(self.weight.device))
        predictions: Array = self.readouts.predict(features)[..., -1].cpu().numpy()  # (L+1, B)
        return predictions


def require_line(run: RunSettings, settings: FunctionSettings, prompts: int) -> None:
    """Refuse what cannot be traced.

    Raises:
        ConfigError: inputs are not on a line, or there are fewer prompts or pairs than asked for.
    """
    task = run.task
    if task.dimension != 1 or LAWS.load(task.law).LINE is None:
        raise ConfigError(
            f"run '{run.name}': its task '{run.task_name}' has dimension {task.dimension} and law "
            f"'{task.law}'; curves need dimension 1 and a law that fills an interval: take the run "
            "out of the figures that read the table 'functions', or give it such a task"
        )
    above = [n for n in settings.context_lengths if n > task.context_length]
    if above:
        raise ConfigError(
            f"functions.context_lengths: found {above}, but the task '{run.task_name}' has context_length "
            f"{task.context_length}; allowed: 1 to {task.context_length}"
        )
    if settings.prompts > prompts:
        raise ConfigError(
            f"functions.prompts: found {settings.prompts}, but there are {prompts} evaluation prompts; "
            "lower it, or raise prompts.evaluation"
        )


def at_queries(x: Tensor, y: Tensor, grid: Tensor) -> tuple[Tensor, Tensor]:
    """Make one prompt a query point: the context, then the query with a label that nobody sees.

    Args:
        x: inputs of the context, (n).
        y: its labels, (n).
        grid: query points, (G).

    Returns:
        Inputs (G, n+1, 1) and labels (G, n+1), whose last is 0.
    """
    context = x.expand(len(grid), -1)  # (G, n)
    labels = torch.nn.functional.pad(y.expand(len(grid), -1), (0, 1))  # (G, n+1)
    return torch.cat([context, grid[:, None]], dim=1)[..., None], labels


def reference_curves(
    run: RunSettings, settings: FunctionSettings, solvers: SolverSettings, x: Tensor, y: Tensor
) -> list[Curves]:
    """The posterior of f and the solver's iterates at the last of the points (G, n+1, 1), labels (G, n+1)."""
    grid = x[:, -1, 0].cpu().numpy()  # (G)
    system = KernelSystem.of_prompts(run.task, x, y)
    mean, variance = (part[:, -1].cpu() for part in posterior(system.kernel, y, bayes_ridge(run.task)))
    trajectory = solve(settings.solver, system, solvers.steps, solvers).predictions[..., -1]  # (T+1, G)
    return [
        Curves(
            NO_SEED, "posterior", "posterior_mean", grid, mean.numpy()[None], variance.sqrt().numpy()[None]
        ),
        Curves(NO_SEED, "solver", settings.solver, grid, trajectory.cpu().numpy()),
    ]
