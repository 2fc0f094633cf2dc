"""Size, arithmetic and memory of a run from its settings alone; free of torch, so that rules can ask.

A training step costs 6 flops per weight of a linear map and token (2 forwards, 4 backwards: Kaplan et al.
2020) and 12 T S head-channels flops per block for attention among T tokens and S keys.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ickrr.config.model import FUSED_FROM, ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings

FLOAT = 4  # bytes of a float32
PROCESS_MB = 450.0  # Python, torch, pandas and their libraries [measured: 440]
COMPILING_MB = 400.0  # a C++ compiler and torch's own [measured: 360 on a CPU]
DRAW_PROMPTS = 2048  # training prompts drawn at once, float64


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


def parameters(model: ModelSettings, task: TaskSettings) -> int:
    """Count the parameters of the model of a run."""
    width = model.width
    paired = model.layout == "paired"
    embedding = (task.dimension + paired + 1) * width
    positions = 0 if paired else (2 * task.context_length + 1) * width
    norm = 2 * width if model.norm == "layernorm" else 0
    norms = norm * (1 if model.mlp == "none" else 2)
    biases = 3 * _inner(model) + width + _mlp_biases(model)
    return embedding + positions + model.layers * (block_weights(model) + biases + norms) + norm + width + 1


def block_weights(model: ModelSettings) -> int:
    """Count the matrix entries of one block: attention 4 width times the heads' channels, and the MLP's."""
    maps = 0 if model.mlp == "none" else 1 + _maps_up(model)
    return 4 * model.width * _inner(model) + maps * model.width * _hidden(model)


def training_tokens(run: RunSettings) -> TokenCounts:
    """Count the tokens of one training prompt, averaged over context lengths where they vary."""
    n = run.task.context_length
    if run.model.layout == "interleaved":
        return _interleaved(run)
    queries = run.training.queries_per_prompt
    lengths = range(n + 1)
    pairs = sum((length + queries) * length for length in lengths) / len(lengths)
    return TokenCounts(n / 2 + queries, n / 2, pairs)


def prediction_tokens(run: RunSettings) -> TokenCounts:
    """Count the tokens of one prompt's predictions at all context lengths (paired: one forward each)."""
    if run.model.layout == "interleaved":
        return _interleaved(run)
    lengths = range(run.task.context_length + 1)
    return TokenCounts(sum(n + 1 for n in lengths), sum(lengths), sum((n + 1) * n for n in lengths))


def _interleaved(run: RunSettings) -> TokenCounts:
    tokens = 2 * run.task.context_length + 1
    # The fused kernel skips the keys that causality hides, the others compute and clear them.
    pairs = tokens * (tokens + 1) / 2 if run.model.attention == "softmax" else tokens**2
    return TokenCounts(tokens, tokens, pairs)


def forward_flops(run: RunSettings, counts: TokenCounts) -> float:
    """Return the flops of one prompt's forward pass, without norms, nonlinearities and the readout."""
    model = run.model
    embedding = (run.task.dimension + (model.layout == "paired")) * model.width
    for_keys = 2 * model.width * _inner(model)  # the maps to keys and values
    for_all = block_weights(model) - for_keys
    maps = embedding * counts.tokens + model.layers * (for_all * counts.tokens + for_keys * counts.keys)
    return 2 * maps + model.layers * 4 * _inner(model) * counts.pairs


def step_flops(run: RunSettings) -> float:
    """Return the flops of one training step: three forwards' worth for every prompt of the batch."""
    return 3 * run.training.batch_size * forward_flops(run, training_tokens(run))


def training_memory_mb(run: RunSettings) -> float:
    """Return the memory that training needs, MB: process, weights and their states, activations, prompts.

    Activations kept for the backward pass are 8 + 2 ratio numbers per channel, token and block; attention
    that is not fused keeps three T x S matrices a head besides.
    """
    model, task = run.model, run.task
    weights = parameters(model, task) * FLOAT * 6  # weights, gradients, two moments, a copy, a checkpoint
    counts = training_tokens(run)
    largest = (
        counts.tokens
        if model.layout == "interleaved"
        else task.context_length + run.training.queries_per_prompt
    )
    kept = 8 + 2 * _hidden(model) / model.width
    activations = run.training.batch_size * model.layers * largest * model.width * kept * FLOAT
    if model.attention != "softmax" or largest < FUSED_FROM:
        activations += run.training.batch_size * model.layers * model.heads * largest**2 * 3 * FLOAT
    drawn = max(DRAW_PROMPTS, run.training.batch_size) * (task.context_length + 1) ** 2 * 8 * 4
    process = PROCESS_MB + (COMPILING_MB if run.training.compile else 0.0)
    return process + (weights + 1.25 * activations + drawn) / 1e6


def probing_memory_mb(run: RunSettings, chunk_prompts: int) -> float:
    """Return the memory that probing needs, MB: the residual streams of a chunk, as float32 and float64."""
    model, points = run.model, run.task.context_length + 1
    streams = (model.layers + 1) * chunk_prompts * points * model.width * (FLOAT + 8)
    tokens = 2 * points if model.layout == "interleaved" else points
    working = chunk_prompts * tokens * (_hidden(model) + 8 * model.width) * FLOAT
    return PROCESS_MB + (parameters(model, run.task) * FLOAT + 1.5 * streams + working) / 1e6


def solving_memory_mb(task: TaskSettings, prompts: int, chunk_prompts: int, steps: int) -> float:
    """Return the memory that one solver needs, MB: the systems of a chunk, all prefixes, and a trajectory."""
    points = task.context_length + 1
    systems = min(prompts, chunk_prompts) * points * task.context_length**2 * 8 * 4
    trajectory = (steps + 1) * prompts * points * 8
    return PROCESS_MB + (systems + trajectory) / 1e6


def wall_time(seconds: Sequence[float], cores: int) -> float:
    """Return the time that independent one-core jobs take on some cores, the longest started first."""
    busy = [0.0] * cores
    for job in sorted(seconds, reverse=True):
        earliest = busy.index(min(busy))
        busy[earliest] += job
    return max(busy)


def _hidden(model: ModelSettings) -> int:
    return 0 if model.mlp == "none" else round(model.mlp_ratio * model.width)


def _mlp_biases(model: ModelSettings) -> int:
    if model.mlp == "none":
        return 0
    return model.width + _hidden(model) * _maps_up(model)


def _maps_up(model: ModelSettings) -> int:
    return {"bilinear": 2, "rational": 3}.get(model.mlp, 1)


def _inner(model: ModelSettings) -> int:
    return model.heads * (model.head_width or model.width // model.heads)
