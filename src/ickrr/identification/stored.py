"""The families of predictors on some prompts, and the options of studies that compare models with them."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from ickrr.config.identification import IdentificationSettings
from ickrr.config.run import RunSettings
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import Problem, stored_problem
from ickrr.identification.spectra import largest_shared_steps
from ickrr.model.trained import add_model_options
from ickrr.threads import add_threads_option


def add_study_options(
    parser: argparse.ArgumentParser, settings: Sequence[str], tables: Sequence[str]
) -> None:
    """Declare the models, the prompts, the settings of the study and further ones by name, and the tables."""
    add_model_options(parser)
    parser.add_argument("--fit", type=Path, required=True, help="prompts that readouts are fitted to")
    parser.add_argument("--evaluation", type=Path, required=True, help="prompts that are predicted")
    parser.add_argument("--settings", type=Path, required=True, help="settings of the study (JSON)")
    for name in settings:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"settings of '{name}' (JSON)")
    add_threads_option(parser)
    for name in tables:
        parser.add_argument(f"--{name}", type=Path, required=True, help=f"table '{name}' to write (Parquet)")


def stored_candidates(
    fit: Path,
    evaluation: Path,
    run: RunSettings,
    settings: IdentificationSettings,
    prompts: int | None = None,
) -> Candidates:
    """Return the families on the evaluation prompts of a run's task.

    Args:
        fit: prompts that the step of "R shared" is chosen on.
        evaluation: prompts that are predicted.
        run: whose task they are of.
        settings: context lengths and their blocks.
        prompts: only so many evaluation prompts, the first; all of them when absent.

    Raises:
        ConfigError: the kernel of the task is not the Gaussian, or there are too few context lengths.
        FileError: a file is missing, damaged, or of another task or split.
    """
    problem = stored_problem(evaluation, run, "evaluation").part(slice(prompts))
    return candidates_on(problem, stored_problem(fit, run, "fit"), settings)


def candidates_on(problem: Problem, fit: Problem, settings: IdentificationSettings) -> Candidates:
    """Return the families on some prompts.

    Args:
        problem: prompts that are predicted.
        fit: prompts that the step of "R shared" is chosen on.
        settings: context lengths and their blocks.

    Raises:
        ConfigError: there are too few context lengths.
    """
    shared = largest_shared_steps(fit.kernel(), fit.ridge)
    return Candidates(problem, shared, settings.first_context_length, settings.blocks)
