"""The resolved specs: small JSON files through which the configuration reaches the jobs."""

from ickrr.config.experiment import Experiment
from ickrr.config.fields import Settings
from ickrr.files import to_json


def resolved_specs(experiment: Experiment) -> dict[str, str]:
    """Return the text of every spec.

    Args:
        experiment: the resolved configuration.

    Returns:
        JSON text by path below ``results/<scale>/specs``: one file a run, one a stored set of prompts, and
        one for each block that jobs read.
    """
    settings: dict[str, Settings] = {
        "experiment": experiment,
        "solvers": experiment.solvers,
        "probe": experiment.probe,
        "statistics": experiment.statistics,
        "noise_mismatch": experiment.noise_mismatch,
        "functions": experiment.functions,
        "operators": experiment.operators,
        "verification": experiment.constructions.verification,
        "contraction": experiment.constructions.contraction,
        "conjugate_gradient": experiment.conjugate_gradient,
        "width": experiment.width,
    }
    named = (*experiment.runs, *experiment.constructions.controls)
    settings |= {f"runs/{name}": experiment.run(name) for name in named}
    settings |= {f"prompts/{name}": experiment.prompt_set(name) for name in experiment.prompt_sets()}
    return {f"{name}.json": to_json(block.model_dump(mode="json")) for name, block in settings.items()}
