"""Compute memory, minutes and cost of every job from settings alone; free of torch, so that rules can ask.

A training step costs 6 flops per weight of a linear map and token (2 forwards, 4 backwards: Kaplan et al.
2020) and 12 T S head-channels flops per block for attention among T tokens and S keys. A time limit is
three times the arithmetic over a rate, plus the time that a job's start takes. A limit that is too short
costs a retry with twice as much (training resumes from its checkpoint); one that is too long costs a place
further back in the queue.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from ickrr.config.experiment import Experiment, PromptCounts
from ickrr.config.model import FUSED_FROM
from ickrr.config.operators import OperatorSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import TaskSettings
from ickrr.entries import SOLVERS
from ickrr.model.size import block_weights, hidden_width, inner_width, parameters

FLOAT = 4  # bytes of a float32
PROCESS_MB = 450.0  # Python, torch, pandas and their libraries [measured: 440]
COMPILING_MB = 400.0  # a C++ compiler and torch's own [measured: 360 on a CPU]
DRAW_PROMPTS = 2048  # training prompts drawn at once, float64
CORE = 1.5e10  # flops per second of one core, training a small model in float32 [measured: 1.5e10 to 4e10]
# Flops per second of one GPU, by the precision of training: a tenth to a fifth of what a data-centre card
# reaches in matrix products.
GPU = {"float32": 1e13, "tf32": 3e13, "bfloat16": 5e13}
GPU_STEP = 0.03  # [s] that a training step takes on a GPU beside its arithmetic: some hundred kernels a block
START = 4  # [minutes] for Snakemake's two starts on the node, Python's imports, slow file systems
MARGIN = 3.0
SNAKEMAKE_MB = 300  # Snakemake itself runs inside the job, twice
CUDA_MB = 3000  # host memory of a process that uses a GPU
FLOOR_MB = 1000

# [MB], [minutes] of jobs that take about as much whatever the configuration says.
FIXED = {
    "sample_prompts": (1500, 10),
    "tabulate_training": (1000, 10),
    "sweep_noise": (2000, 60),
    "trace_functions": (2000, 30),
    "verify_construction": (2000, 60),
    "tabulate_construction": (1000, 10),
    "measure_contraction": (2000, 30),
    "build_control": (1500, 10),
    "check_controls": (1500, 10),
    "run_conjugate_gradient": (1500, 20),
    "measure_width": (1500, 20),
    "tabulate_operators": (1500, 10),
    "compare_linear_regression": (1500, 10),
    "judge_claims": (1000, 10),
    "write_table": (1000, 10),
    "write_numbers": (1000, 10),
    "draw_figure": (1000, 10),
    "build_paper": (1000, 10),
}
ON_GPU = frozenset({"train_model", "probe_model", "solve_prompts"})


@dataclass(frozen=True)
class TokenCounts:
    """Average tokens and keys of one prompt's forward pass in training.

    Args:
        tokens: T.
        keys: S, tokens that are keys.
        pairs: attention logits that are computed.
    """

    tokens: float
    keys: float
    pairs: float


def training_tokens(run: RunSettings) -> TokenCounts:
    """Return the tokens of one training prompt, averaged over context lengths if they vary."""
    n = run.task.context_length
    if run.model.layout == "interleaved":
        return _interleaved(run)
    queries = run.training.queries_per_prompt
    lengths = range(n + 1)
    pairs = sum((length + queries) * length for length in lengths) / len(lengths)
    return TokenCounts(n / 2 + queries, n / 2, pairs)


def prediction_tokens(run: RunSettings) -> TokenCounts:
    """Return the tokens of predicting one prompt at all context lengths (paired: a forward pass each)."""
    if run.model.layout == "interleaved":
        return _interleaved(run)
    lengths = range(run.task.context_length + 1)
    return TokenCounts(sum(n + 1 for n in lengths), sum(lengths), sum((n + 1) * n for n in lengths))


def _interleaved(run: RunSettings) -> TokenCounts:
    tokens = 2 * run.task.context_length + 1
    # The fused kernel skips the keys that causality hides; the others compute these logits and clear them.
    pairs = tokens * (tokens + 1) / 2 if run.model.attention == "softmax" else tokens**2
    return TokenCounts(tokens, tokens, pairs)


def forward_flops(run: RunSettings, counts: TokenCounts) -> float:
    """Return the flops of one prompt's forward pass, without norms, nonlinearities and the readout."""
    model = run.model
    embedding = (run.task.dimension + (model.layout == "paired")) * model.width
    for_keys = 2 * model.width * inner_width(model)  # the maps to keys and values
    for_all = block_weights(model) - for_keys
    maps = embedding * counts.tokens + model.layers * (for_all * counts.tokens + for_keys * counts.keys)
    return 2 * maps + model.layers * 4 * inner_width(model) * counts.pairs


def step_flops(run: RunSettings) -> float:
    """Return the flops of one training step: those of three forward passes for every prompt of the batch."""
    return 3 * run.training.batch_size * forward_flops(run, training_tokens(run))


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
    drawn = max(DRAW_PROMPTS, run.training.batch_size) * (task.context_length + 1) ** 2 * 8 * 4
    process = PROCESS_MB + (COMPILING_MB if run.training.compile else 0.0)
    return process + (weights + 1.25 * activations + drawn) / 1e6


def probing_memory_mb(run: RunSettings, chunk_prompts: int) -> float:
    """Return the memory that probing needs in MB: the residual streams of a chunk, in float32 and float64."""
    model, points = run.model, run.task.context_length + 1
    streams = (model.layers + 1) * chunk_prompts * points * model.width * (FLOAT + 8)
    tokens = 2 * points if model.layout == "interleaved" else points
    working = chunk_prompts * tokens * (hidden_width(model) + 8 * model.width) * FLOAT
    return PROCESS_MB + (parameters(model, run.task) * FLOAT + 1.5 * streams + working) / 1e6


def solving_memory_mb(task: TaskSettings, prompts: int, chunk_prompts: int, steps: int) -> float:
    """Return the memory that one solver needs in MB: the systems of a chunk, and a trajectory."""
    points = task.context_length + 1
    systems = min(prompts, chunk_prompts) * points * task.context_length**2 * 8 * 4
    trajectory = (steps + 1) * prompts * points * 8
    return PROCESS_MB + (systems + trajectory) / 1e6


def wall_time(seconds: Sequence[float], cores: int) -> float:
    """Return the time that independent one-core jobs take on some cores, started with the longest."""
    busy = [0.0] * cores
    for job in sorted(seconds, reverse=True):
        earliest = busy.index(min(busy))
        busy[earliest] += job
    return max(busy)


def training_seconds(run: RunSettings, prompts: PromptCounts, gpu: bool) -> float:
    """Return the seconds that one training takes: its steps and the validations between them."""
    training = run.training
    validations = ceil(training.steps / training.validate_every)
    validating = validations * prompts.validation * forward_flops(run, prediction_tokens(run))
    seconds = _seconds(training.steps * step_flops(run), gpu, training.precision) + _seconds(validating, gpu)
    return seconds + (training.steps * GPU_STEP if gpu else 0.0)


def probing_seconds(run: RunSettings, prompts: PromptCounts, gpu: bool) -> float:
    """Return the seconds that probing one model takes: forward passes and normal equations (width^2)."""
    points = run.task.context_length + 1
    equations = 2 * points * (run.model.layers + 1) * run.model.width**2
    one = forward_flops(run, prediction_tokens(run)) + equations
    return _seconds((prompts.fit + prompts.evaluation) * one, gpu)


def solving_seconds(task: TaskSettings, prompts: int, solvers: SolverSettings, gpu: bool) -> float:
    """Return the seconds that running all solvers on the prompts of a task takes.

    For every prefix a step costs what the solver's own module says. Batches of such small matrices reach a
    tenth of the rate of large products.
    """
    n = task.context_length
    products = sum(SOLVERS.load(name).flops_per_step(n) for name in solvers.names)
    return _seconds(10.0 * solvers.steps * prompts * (n + 1) * products, gpu)


def comparing_seconds(run: RunSettings, prompts: int, solvers: SolverSettings, draws: int) -> float:
    """Return the seconds that comparing one model with every solver takes.

    Each layer is compared with each step of each solver at every prompt and context length, and each draw of
    the bootstrap weights the prompts of each such pair once.
    """
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * len(solvers.names)
    return _seconds(pairs * prompts * (20.0 * (run.task.context_length + 1) + 8.0 * draws), False)


def comparing_memory_mb(run: RunSettings, prompts: int, solvers: SolverSettings, seeds: int) -> float:
    """Return the memory of comparing a run's models with every solver in MB: trajectories, layers, copies."""
    points = run.task.context_length + 1
    trajectory = (solvers.steps + 1) * prompts * points * 8
    layers = seeds * (run.model.layers + 1) * prompts * points * 8
    pairs = (run.model.layers + 1) * (solvers.steps + 1) * prompts * 8 * 4
    return PROCESS_MB + (3 * trajectory + layers + pairs) / 1e6


def operators_seconds(run: RunSettings, settings: OperatorSettings) -> float:
    """Return the seconds that measuring one model's attention takes.

    Each distance takes two spectral norms of N x N matrices, 15 N^3 flops each. There is one for every head,
    row and kernel at every level of the dials, and at every bandwidth for the trained model and two controls.
    """
    levels = 6 + sum(len(levels) - 1 for levels in settings.dials.levels().values())
    fitted = 3 * settings.fit_prompts * max(len(settings.lengthscales), len(settings.bandwidths))
    heads = 2 * _kinds_of_rows(run) * run.model.layers * run.model.heads
    return _seconds(2 * 15 * heads * (levels * settings.prompts + fitted) * run.task.context_length**3, False)


def operators_memory_mb(run: RunSettings, settings: OperatorSettings) -> float:
    """Return the memory of measuring one model's attention in MB.

    It holds the attention on five sets of prompts, and one layer's kernels.
    """
    pairs, rows = run.task.context_length, _kinds_of_rows(run)
    kept = rows * run.model.heads * pairs**2 + (rows * pairs) ** 2
    temporary = 4 * run.model.heads * (rows * pairs) ** 2
    prompts = max(settings.prompts, settings.fit_prompts)
    return PROCESS_MB + (5 * run.model.layers * kept + temporary) * prompts * 8 / 1e6


def _kinds_of_rows(run: RunSettings) -> int:
    """Return how many tokens a pair has: two in the interleaved layout, otherwise one."""
    return 2 if run.model.layout == "interleaved" else 1


def _seconds(flops: float, gpu: bool, precision: str = "float32") -> float:
    return flops / (GPU[precision] if gpu else CORE)


def minutes(seconds: float) -> int:
    """Return the time limit, in minutes, of a job that should take some seconds."""
    return START + ceil(MARGIN * seconds / 60)


def _megabytes(needed: float, gpu: bool) -> int:
    """Return the memory to ask for, rounded up to hundreds of MB, with what runs around the computation."""
    whole = 1.25 * needed + SNAKEMAKE_MB + (CUDA_MB if gpu else 0)
    return max(FLOOR_MB, ceil(whole / 100) * 100)


@dataclass(frozen=True)
class JobResources:
    """The memory and time that each job of an experiment asks for in its first attempt.

    Args:
        experiment: the resolved experiment.
    """

    experiment: Experiment

    def of(self, rule: str, run: str | None = None, task: str | None = None) -> tuple[int, int]:
        """Return the megabytes and minutes of a job.

        Args:
            rule: name of its rule.
            run: its run, if its rule has one.
            task: its task, if its rule has one.
        """
        if rule in FIXED:
            return FIXED[rule]
        megabytes, seconds = self._needs(rule, run, task)
        return _megabytes(megabytes, self._gpu and rule in ON_GPU), minutes(seconds)

    @property
    def _gpu(self) -> bool:
        return self.experiment.compute.gpus_per_job > 0

    def _needs(self, rule: str, run: str | None, task: str | None) -> tuple[float, float]:
        """Return the megabytes and seconds that the arithmetic gives."""
        experiment, gpu = self.experiment, self._gpu
        prompts, solvers = experiment.prompts, experiment.solvers
        if rule == "solve_prompts":
            assert task is not None, rule
            solved, count = experiment.task(task), prompts.evaluation
            memory = solving_memory_mb(solved, count, solvers.chunk_prompts, solvers.steps)
            return memory, solving_seconds(solved, count, solvers, gpu)
        assert run is not None, rule
        settings, seeds = experiment.run(run), len(experiment.seeds(run))
        match rule:
            case "train_model":
                return training_memory_mb(settings), training_seconds(settings, prompts, gpu)
            case "probe_model":
                memory = probing_memory_mb(settings, experiment.probe.chunk_prompts)
                return memory, probing_seconds(settings, prompts, gpu)
            case "compare_run":
                draws, count = experiment.statistics.bootstrap_draws, prompts.evaluation
                memory = comparing_memory_mb(settings, count, solvers, seeds)
                return memory, seeds * comparing_seconds(settings, count, solvers, draws)
            case "measure_operators":
                operators = experiment.operators
                return operators_memory_mb(settings, operators), operators_seconds(settings, operators)
        raise KeyError(f"resources.py knows no rule '{rule}'")
