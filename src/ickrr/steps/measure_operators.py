"""Compare the attention of one trained model with kernels, in distribution and along the dials."""

import argparse
from pathlib import Path

import torch

from ickrr.attention.dials import dial_draws
from ickrr.attention.measurement import measure, names_of, permutations, require_measurable
from ickrr.config.operators import OperatorSettings
from ickrr.config.run import RunSettings
from ickrr.io.files import read_settings
from ickrr.io.run_files import load_prompts, run_metadata
from ickrr.io.tensors import save_tensors
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, load_model
from ickrr.randomness import numpy_generator, torch_generator
from ickrr.threads import add_threads_option


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--run", type=Path, required=True, help="resolved run (JSON)")
    parser.add_argument("--seed", type=int, required=True, help="seed of the trained model")
    parser.add_argument("--weights", type=Path, required=True, help="its weights (safetensors)")
    parser.add_argument("--fit", type=Path, required=True, help="prompts that bandwidths are chosen on")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the operators (JSON)")
    parser.add_argument("--arrays", type=Path, required=True, help="arrays to write (safetensors)")
    add_threads_option(parser)


def main(arguments: argparse.Namespace) -> None:
    """Write the arrays of `ickrr.attention.measurement.measure`, computed on the CPU.

    Raises:
        FileError: an input is missing, damaged, or belongs to another run, seed or task.
        ConfigError: the run's attention is not softmax, or the fit prompts are too few.
        CovarianceError: a covariance is not numerically positive definite.
    """
    torch.set_num_threads(arguments.threads)
    run = read_settings(arguments.run, RunSettings)
    settings = read_settings(arguments.settings, OperatorSettings)
    stored = load_prompts(arguments.fit, run, "fit")
    require_measurable(run, settings, len(stored["y"]))
    count = settings.fit_prompts
    pairs = run.task.context_length
    untrained = build_model(run)
    initialise(untrained, torch_generator(settings.seed, "untrained", arguments.seed))
    generator = numpy_generator(settings.seed, "permuted supports", arguments.seed)
    arrays = measure(
        load_model(arguments.weights, run, arguments.seed),
        untrained.eval(),
        run.task,
        (torch.from_numpy(stored["x"][:count]), torch.from_numpy(stored["y"][:count])),
        dial_draws(run.task, settings.other_law, settings.prompts, settings.seed, run.task_name),
        (permutations(count, pairs, generator), permutations(settings.prompts, pairs, generator)),
        settings,
    )
    names = names_of(settings, run.model.layout)
    save_tensors(arguments.arrays, arrays, {**run_metadata(run, arguments.seed), "names": names})
