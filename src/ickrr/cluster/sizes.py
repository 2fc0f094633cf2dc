"""What a job asks a cluster for, from its settings: megabytes and minutes of one attempt.

Time is arithmetic over a rate, three times over, and never less than a job's start takes; a time limit
that is too short costs a retry with twice as much (training goes on from its checkpoint), one that is
too long a place further back in the queue. Free of torch: it is asked while the Snakefile is read.
"""

from math import ceil

from ickrr.config.analysis import ProbeSettings, SolverSettings
from ickrr.config.experiment import PromptCounts
from ickrr.config.operators import OperatorSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.estimates import (
    forward_flops,
    prediction_tokens,
    probing_memory_mb,
    solving_memory_mb,
    step_flops,
    training_memory_mb,
)

CORE = 1.5e10  # flops a second of one core, training a small model in float32 [measured: 1.5e10 to 4e10]
# Of one GPU, by the precision of training: a tenth to a fifth of what a data-centre card reaches in products.
GPU = {"float32": 1e13, "tf32": 3e13, "bfloat16": 5e13}
GPU_STEP = 0.03  # [s] that a training step takes on a GPU however small it is: some hundred kernels a block
START = 4  # [minutes] Snakemake's two starts on the node, Python's imports, slow file systems
MARGIN = 3.0
SNAKEMAKE_MB = 300  # Snakemake itself runs inside the job, twice
CUDA_MB = 3000  # host memory of a process that uses a GPU
FLOOR_MB = 1000


def training_mb(run: RunSettings, gpu: bool) -> int:
    """Return the memory of one training job, MB."""
    return _megabytes(training_memory_mb(run), gpu)


def training_seconds(run: RunSettings, prompts: PromptCounts, gpu: bool) -> float:
    """Return how long one training takes, seconds: its steps and the validations between them."""
    training = run.training
    validations = ceil(training.steps / training.validate_every)
    validating = validations * prompts.validation * forward_flops(run, prediction_tokens(run))
    seconds = _seconds(training.steps * step_flops(run), gpu, training.precision) + _seconds(validating, gpu)
    return seconds + (training.steps * GPU_STEP if gpu else 0.0)


def probing_mb(run: RunSettings, probe: ProbeSettings, gpu: bool) -> int:
    """Return the memory of one probing job, MB."""
    return _megabytes(probing_memory_mb(run, probe.chunk_prompts), gpu)


def probing_seconds(run: RunSettings, prompts: PromptCounts, gpu: bool) -> float:
    """Return how long one probing takes, seconds: forward passes, and width^2 normal equations."""
    points = run.task.context_length + 1
    equations = 2 * points * (run.model.layers + 1) * run.model.width**2
    one = forward_flops(run, prediction_tokens(run)) + equations
    return _seconds((prompts.fit + prompts.evaluation) * one, gpu)


def solving_mb(task: TaskSettings, prompts: int, solvers: SolverSettings, gpu: bool) -> int:
    """Return the memory of the job that runs every solver on one set of prompts, MB."""
    return _megabytes(solving_memory_mb(task, prompts, solvers.chunk_prompts, solvers.steps), gpu)


def solving_seconds(task: TaskSettings, prompts: int, solvers: SolverSettings, gpu: bool) -> float:
    """Return how long that job takes, seconds.

    A step of a solver multiplies every prefix's matrix with a vector, 2 N^2; Newton-Schulz two
    matrices, 4 N^3. Batches of such small matrices reach a tenth of the rate of large products.
    """
    n = task.context_length
    products = sum(4 * n**3 if name == "newton_schulz" else 2 * n**2 for name in solvers.names)
    return _seconds(10.0 * solvers.steps * prompts * (n + 1) * products, gpu)


def comparing_seconds(run: RunSettings, prompts: int, solvers: SolverSettings, draws: int) -> float:
    """Return how long comparing one model with every solver takes, seconds.

    Each layer meets each step of each solver at every prompt and context length, and the bootstrap
    weighs the prompts of each such pair once a draw.
    """
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * len(solvers.names)
    return _seconds(pairs * prompts * (20.0 * (run.task.context_length + 1) + 8.0 * draws), False)


def comparing_mb(run: RunSettings, prompts: int, solvers: SolverSettings) -> int:
    """Return the memory of comparing one model with every solver, MB: the trajectories, and copies."""
    points = run.task.context_length + 1
    trajectories = (solvers.steps + 1) * prompts * points * 8 * len(solvers.names)
    layers = (run.model.layers + 1) * prompts * points * 8
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * prompts * 8 * 4
    return _megabytes(450.0 + (trajectories + layers + pairs) / 1e6, False)


def operators_seconds(run: RunSettings, settings: OperatorSettings) -> float:
    """Return how long measuring one model's attention takes, seconds.

    Two spectral norms of N x N matrices for each distance, 15 N^3 each: of every head, row and kernel at
    every level of the dials, and at every bandwidth for the trained model and two controls.
    """
    levels = 6 + sum(len(levels) - 1 for levels in settings.dials.levels().values())
    fitted = 3 * settings.fit_prompts * max(len(settings.lengthscales), len(settings.bandwidths))
    heads = 2 * _kinds_of_rows(run) * run.model.layers * run.model.heads
    return _seconds(2 * 15 * heads * (levels * settings.prompts + fitted) * run.task.context_length**3, False)


def operators_mb(run: RunSettings, settings: OperatorSettings) -> int:
    """Return the memory of that job, MB: the attention of five sets of prompts, and one layer's kernels."""
    pairs, rows = run.task.context_length, _kinds_of_rows(run)
    kept = rows * run.model.heads * pairs**2 + (rows * pairs) ** 2
    temporary = 4 * run.model.heads * (rows * pairs) ** 2
    prompts = max(settings.prompts, settings.fit_prompts)
    return _megabytes(400.0 + (5 * run.model.layers * kept + temporary) * prompts * 8 / 1e6, False)


def _kinds_of_rows(run: RunSettings) -> int:
    """Interleaved, a pair is two tokens."""
    return 2 if run.model.layout == "interleaved" else 1


def _seconds(flops: float, gpu: bool, precision: str = "float32") -> float:
    return flops / (GPU[precision] if gpu else CORE)


def minutes(seconds: float) -> int:
    """Return the time limit of a job that should take some seconds, minutes."""
    return START + ceil(MARGIN * seconds / 60)


def _megabytes(needed: float, gpu: bool) -> int:
    """Round up to hundreds, with what runs around the computation."""
    whole = 1.25 * needed + SNAKEMAKE_MB + (CUDA_MB if gpu else 0)
    return max(FLOOR_MB, ceil(whole / 100) * 100)
