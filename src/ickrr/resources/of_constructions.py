"""The time in seconds and the memory in MB of verifying the construction and measuring contraction factors.

The grid spends its time in passes of tokens through blocks, and in blocks of the many narrow models of the
search for the smallest width, which are built anew; contraction factors in eigenvalues of symmetric
matrices. The rates are measured on one core of a small x86-64 machine, with 64-bit numbers throughout: the
estimate of a whole grid is within a third of what it takes.
"""

from typing import Final, NamedTuple

from ickrr.config.constructions import ContractionSettings, VerificationSettings
from ickrr.constructions.richardson.adversaries import GEOMETRIES, LABELLINGS
from ickrr.constructions.richardson.contraction import ADVERSARIES, PRECONDITIONERS
from ickrr.constructions.richardson.design import design
from ickrr.constructions.richardson.drawn_laws import RANDOM_LAWS
from ickrr.constructions.richardson.grid import FEW, problem_of
from ickrr.constructions.richardson.verification import BISECTIONS
from ickrr.errors import ConstructionError

TOKEN_SECONDS: Final = 5e-7  # of one token in one block [measured]
TRIAL_SECONDS: Final = 8e-4  # of one block of a model that the search for the width tries [measured]
ENTRY_SECONDS: Final = 6.6e-11  # of the eigenvalues of one matrix, over N^3 [measured]
MATRIX_SECONDS: Final = 8.5e-5  # of the rest of one matrix [measured]
START_SECONDS: Final = 0.9  # Python, torch, pandas [measured]
HALVINGS: Final = 5  # of the width before it fails, about


class Cost(NamedTuple):
    """What a job does and takes.

    Attributes:
        steps: what it counts: models, or matrices.
        seconds: on one core.
        memory_mb: of its arrays, without the process.
    """

    steps: int
    seconds: float
    memory_mb: float


def grid_cost(settings: VerificationSettings, name: str) -> Cost:
    """Estimate the verification of one ridge: every model that can be run, on all prompts, and narrower ones.

    Args:
        settings: the grid.
        name: name of the ridge.
    """
    models, seconds = 0, START_SECONDS
    families = len(RANDOM_LAWS) + len(GEOMETRIES)
    for context_length in settings.context_lengths:
        prompts = len(RANDOM_LAWS) * settings.prompts_at(context_length) + len(LABELLINGS) * len(GEOMETRIES)
        problem = problem_of(settings, settings.ridges[name], context_length)
        for accuracy in settings.accuracies:
            try:
                depth = design(problem, accuracy).depth
            except ConstructionError:  # beyond what float64 can hold: computed from the theory only
                continue
            if depth > settings.largest_depth:
                continue
            models += 1
            seconds += TOKEN_SECONDS * depth * context_length * prompts
            if context_length <= settings.bisection_context_length:
                trials = HALVINGS + BISECTIONS
                models += trials
                tried = FEW * families * context_length
                seconds += trials * depth * (TOKEN_SECONDS * tried + TRIAL_SECONDS)
    matrices = 8 * settings.chunk_points * max(settings.context_lengths) / 1e6
    return Cost(models, seconds, 24 * matrices)


def contraction_cost(settings: ContractionSettings) -> Cost:
    """Estimate the measurement of the contraction factors."""
    matrices, seconds, largest = 0, START_SECONDS, 0.0
    ridges = len(settings.noise_stds) + len(settings.scaled_ridges)
    for context_length in settings.context_lengths:
        drawn = settings.prompts_at(context_length)
        prompts = len(settings.lengthscales) * (len(settings.laws) * drawn + len(ADVERSARIES))
        count = prompts * ridges * len(PRECONDITIONERS)
        matrices += count
        seconds += count * (MATRIX_SECONDS + ENTRY_SECONDS * context_length**3)
        largest = max(largest, 8 * drawn * context_length**2 / 1e6)
    return Cost(matrices, seconds, 3 * largest)
