"""The memory in MB and the time in seconds of what the steps compute."""

from collections.abc import Sequence
from math import ceil

from ickrr.config.degree import DegreeSettings
from ickrr.config.experiment import PromptCounts
from ickrr.config.functions import FunctionSettings
from ickrr.config.interventions import InterventionSettings
from ickrr.config.linearity import LinearitySettings
from ickrr.config.model import FUSED_FROM
from ickrr.config.noise_mismatch import NoiseMismatchSettings
from ickrr.config.operators import OperatorSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import TaskSettings
from ickrr.entries import NULLS, SOLVERS
from ickrr.model.size import hidden_width, parameters
from ickrr.resources.flops import (
    GPU_STEP,
    SMALL,
    forward_flops,
    predicting_seconds,
    prediction_tokens,
    seconds_of,
    step_flops,
    training_tokens,
)

FLOAT = 4  # bytes of a float32
DOUBLE = 8
PROCESS_MB = 450.0  # Python, torch, pandas and their libraries [measured: 440]
COMPILING_MB = 400.0  # a C++ compiler and torch's own [measured: 360 on a CPU]
DRAW_PROMPTS = 2048  # training prompts drawn at once, float64
CHECKING_SECONDS = 60.0  # of all controls: a pass over a trajectory for each
GRID_RIDGES = 49  # of ickrr.comparison.effective_ridge, which needs NumPy
ROW = 160  # bytes of a row of a table of ten columns, and of the copy that is written


def training_memory_mb(run: RunSettings) -> float:
    """Return the memory that training needs in MB: process, weights and their states, activations, prompts.

    Activations kept for the backward pass are 8 + 2 ratio numbers per channel, token and block; attention
    that is not fused also keeps three T x S matrices for each head.
    """
    model, task = run.model, run.task
    weights = parameters(model, task) * FLOAT * 6  # weights, gradients, two moments, a copy, a checkpoint
    counts = training_tokens(run)
    largest = (
        counts.tokens
        if model.layout == "interleaved"
        else task.context_length + run.training.queries_per_prompt
    )
    kept = 8 + 2 * hidden_width(model) / model.width
    activations = run.training.batch_size * model.layers * largest * model.width * kept * FLOAT
    if model.attention != "softmax" or largest < FUSED_FROM:
        activations += run.training.batch_size * model.layers * model.heads * largest**2 * 3 * FLOAT
    drawn = _matrices(task, max(DRAW_PROMPTS, run.training.batch_size))
    process = PROCESS_MB + (COMPILING_MB if run.training.compile else 0.0)
    return process + (weights + 1.25 * activations + drawn) / 1e6


def training_seconds(run: RunSettings, prompts: PromptCounts, gpu: bool) -> float:
    """Return the seconds that one training takes: its steps and the validations between them."""
    training = run.training
    validations = ceil(training.steps / training.validate_every)
    validating = validations * prompts.validation * forward_flops(run, prediction_tokens(run))
    stepping = seconds_of(training.steps * step_flops(run), gpu, training.precision)
    return stepping + seconds_of(validating, gpu) + (training.steps * GPU_STEP if gpu else 0.0)


def probing_memory_mb(run: RunSettings, chunk_prompts: int) -> float:
    """Return the memory that probing needs in MB: the residual streams of a chunk, in float32 and float64."""
    points = run.task.context_length + 1
    streams = (run.model.layers + 1) * chunk_prompts * points * run.model.width * (FLOAT + DOUBLE)
    return PROCESS_MB + (_weights(run) + 1.5 * streams + _forward(run, chunk_prompts)) / 1e6


def probing_seconds(run: RunSettings, prompts: PromptCounts, probe: ProbeSettings, gpu: bool) -> float:
    """Return the seconds that probing one model takes: layers of all prompts, and its own predictions."""
    layers = _reading_seconds(run, prompts.fit + prompts.evaluation, probe.chunk_prompts, gpu)
    return layers + predicting_seconds(run, prompts.evaluation, probe.chunk_prompts, gpu)


def _reading_seconds(run: RunSettings, prompts: int, chunk_prompts: int, gpu: bool) -> float:
    """Return the seconds of all layers of a model on prompts, with normal equations (width^2)."""
    equations = 2 * (run.task.context_length + 1) * (run.model.layers + 1) * run.model.width**2
    return predicting_seconds(run, prompts, chunk_prompts, gpu) + seconds_of(prompts * equations, gpu)


def _weights(run: RunSettings) -> int:
    """Return the bytes of a model."""
    return parameters(run.model, run.task) * FLOAT


def _forward(run: RunSettings, prompts: int) -> float:
    """Return the bytes of one block at work on prompts; attention that is not fused keeps three matrices."""
    model, points = run.model, run.task.context_length + 1
    tokens = 2 * points if model.layout == "interleaved" else points
    channels = tokens * (hidden_width(model) + 8 * model.width)
    attention = 3 * model.heads * tokens**2
    fused = model.attention == "softmax" and tokens >= FUSED_FROM
    return prompts * (channels + (0 if fused else attention)) * FLOAT


def solving_memory_mb(task: TaskSettings, prompts: int, chunk_prompts: int, steps: int) -> float:
    """Return the memory that one solver or null needs in MB: its systems, and a trajectory.

    A solver has those of all prefixes of a chunk of prompts; a null has one of each prompt, of all at once.
    """
    points = task.context_length + 1
    systems = min(prompts, chunk_prompts) * points * task.context_length**2 * 8 * 4
    trajectory = (steps + 1) * prompts * points * 8
    return PROCESS_MB + (max(systems, _matrices(task, prompts)) + 2 * trajectory) / 1e6


def solving_seconds(task: TaskSettings, prompts: int, steps: int, solvers: Sequence[str], gpu: bool) -> float:
    """Return the seconds that running solvers on the prompts of a task takes.

    For every prefix a step costs what the solver's own module says.
    """
    n = task.context_length
    products = sum(SOLVERS.load(name).flops_per_step(n) for name in solvers)
    return seconds_of(SMALL * steps * prompts * (n + 1) * products, gpu)


def null_seconds(task: TaskSettings, prompts: int, steps: int, nulls: Sequence[str]) -> float:
    """Return the seconds of nulls on the prompts of a task, all prefixes of a prompt at once, on the CPU."""
    flops = sum(NULLS.load(name).flops(task.context_length + 1) for name in nulls)
    return seconds_of(SMALL * (steps + 1) * prompts * flops, False)


def drawing_memory_mb(task: TaskSettings, prompts: int) -> float:
    """Return the memory of drawing prompts in MB: the kernel, its factor and two copies, of all at once."""
    return PROCESS_MB + _matrices(task, prompts) / 1e6


def drawing_seconds(task: TaskSettings, prompts: int) -> float:
    """Return the seconds of drawing prompts: kernels and two factorisations, on the CPU."""
    points = task.context_length + 1
    return seconds_of(SMALL * prompts * (points**3 + 10 * task.dimension * points**2), False)


def _matrices(task: TaskSettings, prompts: int) -> int:
    """Return the bytes of four matrices over the points of every prompt, float64."""
    return 4 * prompts * (task.context_length + 1) ** 2 * DOUBLE


def sweeping_memory_mb(
    run: RunSettings, prompts: int, settings: NoiseMismatchSettings, seeds: int, draws: int
) -> float:
    """Return the memory of sweeping test noises in MB.

    These are models, matrices of all prompts, a chunk and resamples; and regressions with every ridge on the
    labels of every noise, with two copies of those of one noise.
    """
    drawn, resamples = _matrices(run.task, prompts), 2 * (draws + 1) * prompts * DOUBLE
    points = prompts * (run.task.context_length + 1)
    paths = (len(settings.factors) + 2) * GRID_RIDGES * points * DOUBLE
    numbers = drawn + _forward(run, settings.chunk_prompts) + resamples + paths
    return PROCESS_MB + (seeds * _weights(run) + numbers) / 1e6


def sweeping_seconds(
    run: RunSettings, prompts: int, settings: NoiseMismatchSettings, seeds: int, draws: int, gpu: bool
) -> float:
    """Return the seconds of all test noises.

    Each noise draws the prompts, and predicts them with every model, on the GPU if there is one. Each ridge
    is factorised once, and solved for the labels of every noise. Models and references are resampled in their
    errors, two products, and in their distances to the regression with each ridge.
    """
    points, noises = run.task.context_length + 1, len(settings.factors)
    drawn = drawing_seconds(run.task, prompts)
    predicted = seeds * predicting_seconds(run, prompts, settings.chunk_prompts, gpu)
    products = (seeds + 2) * (2 + GRID_RIDGES) * (draws + 1) * prompts * points
    regressions = GRID_RIDGES * prompts * (points**3 / 3 + noises * 3 * points**2)
    at_noises = noises * (drawn + predicted + seconds_of(2 * products, False))
    return at_noises + seconds_of(SMALL * regressions, False)


def tracing_memory_mb(
    run: RunSettings, settings: FunctionSettings, probe: ProbeSettings, solvers: SolverSettings, seeds: int
) -> float:
    """Return the memory of tracing curves in MB: models, a chunk or a grid of queries, the table."""
    prompts = max(probe.chunk_prompts, settings.grid)
    task = _traced(run.task, settings)
    most = max(
        probing_memory_mb(run, prompts),
        solving_memory_mb(task, settings.grid, solvers.chunk_prompts, solvers.steps),
    )
    curves = seeds * (run.model.layers + 1) + solvers.steps + 2
    rows = settings.prompts * len(settings.context_lengths) * settings.grid * curves
    return most + (seeds * _weights(run) + rows * ROW) / 1e6


def tracing_seconds(
    run: RunSettings,
    fit: int,
    settings: FunctionSettings,
    probe: ProbeSettings,
    solvers: SolverSettings,
    seeds: int,
    gpu: bool,
) -> float:
    """Return the seconds of tracing curves: the readouts of each model, then its layers and the solver."""
    queries = settings.prompts * len(settings.context_lengths) * settings.grid
    fitted = _reading_seconds(run, fit, probe.chunk_prompts, gpu)
    read = _reading_seconds(run, queries, settings.grid, gpu)
    task = _traced(run.task, settings)
    return seeds * (fitted + read) + solving_seconds(task, queries, solvers.steps, [settings.solver], gpu)


def _traced(task: TaskSettings, settings: FunctionSettings) -> TaskSettings:
    """Return the task with the longest context that is traced."""
    return task.model_copy(update={"context_length": max(settings.context_lengths)})


def checking_memory_mb(task: TaskSettings, prompts: int, solvers: SolverSettings) -> float:
    """Return the memory of checking a control in MB: a trajectory, its errors and their squares."""
    return PROCESS_MB + 3 * (solvers.steps + 1) * prompts * (task.context_length + 1) * DOUBLE / 1e6


def comparing_seconds(run: RunSettings, prompts: int, solvers: SolverSettings, draws: int) -> float:
    """Return the seconds that comparing one model with every solver and null takes.

    Each layer is compared with each step of each of them at every prompt and context length, and each draw of
    the bootstrap weights the prompts of each such pair once.
    """
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * len(solvers.compared)
    return seconds_of(pairs * prompts * (20.0 * (run.task.context_length + 1) + 8.0 * draws), False)


def comparing_memory_mb(run: RunSettings, prompts: int, solvers: SolverSettings, seeds: int) -> float:
    """Return the memory of comparing a run's models with every solver in MB: trajectories, layers, copies."""
    points = run.task.context_length + 1
    trajectory = (solvers.steps + 1) * prompts * points * 8
    layers = seeds * (run.model.layers + 1) * prompts * points * 8
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * prompts * 8 * 4
    return PROCESS_MB + (3 * trajectory + layers + pairs) / 1e6


def identifying_seconds(run: RunSettings, prompts: int, layers: int) -> float:
    """Return the seconds that attributing layers takes on a set of prompts.

    The eigenvalues of 22 systems of each prefix (10 n^3 flops each) and 240 members of stationary families
    are computed once. Each layer takes 36 members more (50 flops an eigenvalue) and a QR of 100 columns.
    """
    points = prompts * run.task.context_length
    member = 50.0 * points * run.task.context_length
    once = 22 * 10 * points * run.task.context_length**3 / 4 + 240 * member
    return seconds_of(once + layers * (36 * member + 2 * 100**2 * points), False)


def identifying_run_seconds(
    run: RunSettings, fit: int, prompts: int, probe: ProbeSettings, seeds: int
) -> float:
    """Return the seconds of identifying the layers of a run's models: readouts, predictions, attributions.

    A quarter of the prompts is compared once more, with three of nine families.
    """
    read = _reading_seconds(run, fit + prompts, probe.chunk_prompts, False)
    read += predicting_seconds(run, prompts, probe.chunk_prompts, False)
    return seeds * read + 1.1 * identifying_seconds(run, prompts, seeds * (run.model.layers + 1))


def identifying_memory_mb(run: RunSettings, prompts: int) -> float:
    """Return the memory of attributing layers in MB: 22 spectra, 360 members on grids, 400 columns."""
    points = prompts * run.task.context_length
    return PROCESS_MB + 8 * points * (22 * 2 * run.task.context_length + 360 + 400) / 1e6


def weighing_seconds(run: RunSettings, fit: int, prompts: int, probe: ProbeSettings, seeds: int) -> float:
    """Return the seconds of weighing the layers of a run's models without partialling anything out.

    The eigenvalues of 2 systems and 240 members are computed once; each layer is compared with 290 members, a
    point at a time.
    """
    points = prompts * run.task.context_length
    once = 2 * 10 * points * run.task.context_length**3 / 4 + 240 * 50.0 * points * run.task.context_length
    each = 20.0 * 290 * points
    read = _reading_seconds(run, fit + prompts, probe.chunk_prompts, False)
    read += predicting_seconds(run, prompts, probe.chunk_prompts, False)
    return seeds * read + seconds_of(once + seeds * (run.model.layers + 1) * each, False)


def weighing_memory_mb(run: RunSettings, prompts: int) -> float:
    """Return the memory of weighing layers in MB: 6 spectra, 360 members on grids."""
    points = prompts * run.task.context_length
    return PROCESS_MB + 8 * points * (6 * 2 * run.task.context_length + 360) / 1e6


def snapshots_memory_mb(run: RunSettings, prompts: int, models: int) -> float:
    """Return the memory in MB of what models on the way through trainings predict from all layers."""
    return models * (run.model.layers + 1) * prompts * (run.task.context_length + 1) * 8 / 1e6


def replacing_seconds(
    run: RunSettings, fit: int, settings: InterventionSettings, probe: ProbeSettings
) -> float:
    """Return the seconds that replacing the heads of one model takes.

    A pass for each head and two replacements, and for each set of heads and four, at most two sets a layer
    and two more; it costs twice a plain one, as the attention is computed again. Sets are identified at half
    of the layers, with five of nine families. A kernel of a head takes 60 passes over its weights.
    """
    layers, heads = run.model.layers, run.model.heads
    sets = 4 * (2 * layers + 2)
    passes = 2 * layers * heads + sets
    predicted = 2 * passes * predicting_seconds(run, settings.prompts, probe.chunk_prompts, False)
    identified = 0.6 * identifying_seconds(run, settings.prompts, sets * (layers + 1) // 2)
    weights = settings.fit_prompts * layers * heads * (2 * run.task.context_length + 1) ** 2
    kernels = seconds_of(2 * 60 * 20.0 * weights, False)
    return predicted + identified + kernels + _reading_seconds(run, fit, probe.chunk_prompts, False)


def replacing_memory_mb(run: RunSettings, settings: InterventionSettings, probe: ProbeSettings) -> float:
    """Return the memory of replacing heads in MB: probing, identifying, the attention on fit prompts."""
    tokens = 2 * run.task.context_length + 1
    # In the paired layout there is attention of each context length, together less than that of 2 N tokens.
    weights = run.model.layers * run.model.heads * settings.fit_prompts * tokens**2 * (FLOAT + DOUBLE)
    probing = probing_memory_mb(run, min(probe.chunk_prompts, settings.prompts))
    return probing + identifying_memory_mb(run, settings.prompts) - PROCESS_MB + weights / 1e6


def linearity_seconds(run: RunSettings, fit: int, settings: LinearitySettings, probe: ProbeSettings) -> float:
    """Return the seconds of the linearity of one model.

    A derivative by each of N labels takes three passes, for two sets of labels; and all layers and families
    are fitted as if identified.
    """
    passes = 2 * 3 * run.task.context_length + 4
    predicted = passes * predicting_seconds(run, settings.prompts, settings.chunk_prompts, False)
    identified = identifying_seconds(run, settings.prompts, 2 * (run.model.layers + 1))
    return predicted + identified + _reading_seconds(run, fit, probe.chunk_prompts, False)


def linearity_memory_mb(run: RunSettings, settings: LinearitySettings, probe: ProbeSettings) -> float:
    """Return the memory of the linearity in MB: Jacobians of layers and of ten steps, and identifying."""
    n = run.task.context_length
    jacobians = 4 * (run.model.layers + 11) * settings.prompts * (n + 1) * n * DOUBLE / 1e6
    probing = probing_memory_mb(run, max(probe.chunk_prompts, 2 * settings.chunk_prompts))
    return probing + identifying_memory_mb(run, settings.prompts) - PROCESS_MB + jacobians


def comparing_probes_seconds(
    run: RunSettings,
    prompts: PromptCounts,
    folds: int,
    solvers: SolverSettings,
    probe: ProbeSettings,
    draws: int,
) -> float:
    """Return the seconds that four probes of one model take: fits, comparisons, attributions."""
    fits = (folds + 1) * _reading_seconds(run, 4 * prompts.fit, probe.chunk_prompts, False)
    read = _reading_seconds(run, prompts.evaluation, probe.chunk_prompts, False)
    compared = 4 * comparing_seconds(run, prompts.evaluation, solvers.alone, draws)
    return fits + read + compared + identifying_seconds(run, prompts.evaluation, 4 * run.model.layers)


def comparing_probes_memory_mb(
    run: RunSettings, prompts: int, solvers: SolverSettings, probe: ProbeSettings, seeds: int
) -> float:
    """Return the memory of comparing probes in MB: probing, comparing, identifying, four sets of layers."""
    layers = 4 * seeds * (run.model.layers + 1) * prompts * (run.task.context_length + 1) * DOUBLE / 1e6
    parts = (
        2 * probing_memory_mb(run, probe.chunk_prompts),
        comparing_memory_mb(run, prompts, solvers, seeds),
        identifying_memory_mb(run, prompts),
    )
    return sum(parts) - 3 * PROCESS_MB + layers


def degree_seconds(run: RunSettings, prompts: PromptCounts, settings: DegreeSettings, layers: int) -> float:
    """Return the seconds of the needed degrees: spectra, and a fit of each layer and pseudo-layer."""
    n, width = run.task.context_length, run.model.width
    points = (prompts.fit + prompts.evaluation) * n
    cases = 3 * len(settings.known) * len(settings.noises)
    spectra = 10 * points * n**3 / 4 + 3 * settings.largest * 50.0 * points * n
    fits = layers * 4 * settings.largest**2 * points + cases * points * (2 * width**2 + 60 * width)
    return seconds_of(spectra + fits, False)


def degree_memory_mb(run: RunSettings, prompts: int, settings: DegreeSettings) -> float:
    """Return the memory of the needed degrees in MB: spectra, columns and streams of both sets of prompts."""
    n, width = run.task.context_length, run.model.width
    each = 6 * n + 3 * settings.largest + 4 * width + (run.model.layers + 1) * width
    return PROCESS_MB + 2 * prompts * (n + 1) * each * DOUBLE / 1e6


def operators_seconds(run: RunSettings, settings: OperatorSettings) -> float:
    """Return the seconds that measuring one model's attention takes.

    Each distance takes two spectral norms of N x N matrices, 15 N^3 flops each. There is one for every head,
    row and kernel at every level of the dials, and at every bandwidth for the trained model and two controls.
    """
    levels = 6 + sum(len(levels) - 1 for levels in settings.dials.levels().values())
    fitted = 3 * settings.fit_prompts * max(len(settings.lengthscales), len(settings.bandwidths))
    heads = 2 * _kinds_of_rows(run) * run.model.layers * run.model.heads
    distances = heads * (levels * settings.prompts + fitted)
    return seconds_of(2 * 15 * distances * run.task.context_length**3, False)


def operators_memory_mb(run: RunSettings, settings: OperatorSettings) -> float:
    """Return the memory of measuring one model's attention in MB.

    It holds the attention on five sets of prompts, and one layer's kernels.
    """
    pairs, rows = run.task.context_length, _kinds_of_rows(run)
    kept = rows * run.model.heads * pairs**2 + (rows * pairs) ** 2
    temporary = 4 * run.model.heads * (rows * pairs) ** 2
    prompts = max(settings.prompts, settings.fit_prompts)
    return PROCESS_MB + (5 * run.model.layers * kept + temporary) * prompts * DOUBLE / 1e6


def _kinds_of_rows(run: RunSettings) -> int:
    """Return how many tokens a pair has: two in the interleaved layout, otherwise one."""
    return 2 if run.model.layout == "interleaved" else 1
