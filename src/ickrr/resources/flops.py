"""Rates of arithmetic, and the flops of training and predicting.

A training step costs 6 flops per weight of a linear map and token (2 forwards, 4 backwards: Kaplan et al.
2020) and 12 T S head-channels flops per block for attention among T tokens and S keys.
"""

from dataclasses import dataclass
from math import ceil

from ickrr.config.run import RunSettings
from ickrr.model.size import block_weights, inner_width

CORE = 1.5e10  # flops per second of one core, training a small model in float32 [measured: 1.5e10 to 4e10]
# Flops per second of one GPU, by the precision of training: a tenth to a fifth of what a data-centre card
# reaches in matrix products.
GPU = {"float32": 1e13, "tf32": 3e13, "bfloat16": 5e13}
# [s] that a training step, or a forward pass, takes on a GPU beside its arithmetic: some hundred kernels for
# each block.
GPU_STEP = 0.03
SMALL = 10.0  # batches of matrices as small as a prompt's reach a tenth of the rate of large products


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


def seconds_of(flops: float, gpu: bool, precision: str = "float32") -> float:
    """Return the seconds that arithmetic takes on one core, or on a GPU."""
    return flops / (GPU[precision] if gpu else CORE)


def predicting_seconds(run: RunSettings, prompts: int, chunk_prompts: int, gpu: bool) -> float:
    """Return the seconds of predicting prompts at all context lengths, a chunk at a time."""
    seconds = seconds_of(prompts * forward_flops(run, prediction_tokens(run)), gpu)
    passes = 1 if run.model.layout == "interleaved" else run.task.context_length + 1
    return seconds + (ceil(prompts / chunk_prompts) * passes * GPU_STEP if gpu else 0.0)
