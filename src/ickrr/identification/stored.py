"""The families of predictors on stored prompts."""

from pathlib import Path

from ickrr.config.identification import IdentificationSettings
from ickrr.config.run import RunSettings
from ickrr.identification.families import Candidates
from ickrr.identification.prompts import stored_problem
from ickrr.identification.spectra import largest_shared_steps


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
    chosen_on = stored_problem(fit, run, "fit")
    shared = largest_shared_steps(chosen_on.kernel(), chosen_on.ridge)
    problem = stored_problem(evaluation, run, "evaluation").part(slice(prompts))
    return Candidates(problem, shared, settings.first_context_length, settings.blocks)
