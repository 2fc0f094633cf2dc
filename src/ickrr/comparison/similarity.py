"""Likeness of two families of predictors: the cosine of their errors, and a distance that knows scale.

SimE(A, B) = mean over prompts of cos(A - y, B - y), the cosine taken over the context lengths n = 1..N
(Fu et al., arXiv 2310.17086, section 3.3, which starts at one labelled pair). Its floor, SimE to the
zero predictor, is far from 0 because both errors contain -y. The distance keeps the scale that a cosine
forgets: sqrt(sum (A - B)^2 / sum m^2), sums over prompts and n = 1..N, m the posterior mean.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

CHUNK_PROMPTS = 64
"""Prompts compared at once; bounds the memory to that many (layer, step) maps."""

TIE = 1e-10
"""Values this close to the extreme count as equal to it: a converged solver repeats itself up to rounding,
and its best step is the first of these steps, not whichever rounding favours."""


@dataclass(frozen=True)
class Maps:
    """Similarity and distance of every layer to every step, for each of R weightings of the prompts.

    Attributes:
        similarity: SimE, (R, L+1, T+1); NaN where the mean has a diverged member.
        distance: relative L2 distance, (R, L+1, T+1); NaN where it is not finite.
    """

    similarity: Array
    distance: Array


def error_directions(predictions: Array, y: Array) -> Array:
    """Unit vectors of the errors over the context lengths n = 1..N.

    An error vector of zeros has no direction. It gets one of its own (the added last coordinate), so that
    two perfect predictors are alike (cosine 1) and a perfect one is unlike every other (cosine 0). Errors
    are scaled by their largest entry before they are squared, so a step on its way to divergence neither
    overflows nor loses its direction.

    Args:
        predictions: (..., B, N+1).
        y: labels, (B, N+1).

    Returns:
        (..., B, N+1): N coordinates and the added one; NaN where a prediction is not finite.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        errors = predictions[..., 1:] - y[:, 1:]  # (..., B, N)
        largest = np.abs(errors).max(axis=-1, keepdims=True)  # (..., B, 1)
        largest[~np.isfinite(largest)] = np.nan
        zero = largest == 0
        scaled = errors / np.where(zero, 1.0, largest)
        norm = np.sqrt(np.einsum("...n,...n->...", scaled, scaled))[..., None]  # (..., B, 1)
        directions = scaled / np.where(zero, 1.0, norm)
    return np.concatenate([directions, zero.astype(np.float64)], axis=-1)  # (..., B, N+1)


def prompt_cosines(layers: Array, trajectory: Array, y: Array) -> Array:
    """Cosine of the errors of every layer and every step, prompt by prompt.

    Args:
        layers: predictions of one family, (L+1, B, N+1).
        trajectory: predictions of the other, (T+1, B, N+1).
        y: labels, (B, N+1).

    Returns:
        (B, L+1, T+1), within [-1, 1]; NaN where either prediction is not finite.
    """
    left = error_directions(layers, y).transpose(1, 0, 2)  # (B, L+1, N+1)
    right = error_directions(trajectory, y).transpose(1, 2, 0)  # (B, N+1, T+1)
    with np.errstate(invalid="ignore"):
        cosines: Array = np.clip(left @ right, -1.0, 1.0)  # (B, L+1, T+1)
    return cosines


def prompt_squared_distances(layers: Array, trajectory: Array) -> Array:
    """Squared distance of every layer to every step over n = 1..N, prompt by prompt.

    Differences are squared as they are (not expanded into products), so that equal predictions are at
    distance 0.

    Args:
        layers: (L+1, B, N+1).
        trajectory: (T+1, B, N+1).

    Returns:
        (B, L+1, T+1); not finite where a prediction is not or where the square overflows.
    """
    squared = np.empty((layers.shape[1], len(layers), len(trajectory)))
    with np.errstate(invalid="ignore", over="ignore"):
        for index, layer in enumerate(layers):
            difference = trajectory[..., 1:] - layer[:, 1:]  # (T+1, B, N)
            squared[:, index] = np.einsum("tbn,tbn->bt", difference, difference)
    return squared


def weighted_maps(
    layers: Array,
    trajectory: Array,
    y: Array,
    posterior_mean: Array,
    weights: Array,
    chunk_prompts: int = CHUNK_PROMPTS,
) -> Maps:
    """Similarity and distance maps under many weightings of the prompts at once.

    Args:
        layers: (L+1, B, N+1).
        trajectory: (T+1, B, N+1).
        y: labels, (B, N+1).
        posterior_mean: (B, N+1), the scale of the distance.
        weights: (R, B), each row summing to one; uniform rows give the plain means.
        chunk_prompts: prompts at once.

    Returns:
        The maps; a step that diverged on any prompt is NaN in all R of them.
    """
    shape = (len(weights), len(layers), len(trajectory))
    similarity, numerator = np.zeros(shape), np.zeros(shape)
    with np.errstate(invalid="ignore", over="ignore"):
        for start in range(0, len(y), chunk_prompts):
            part = slice(start, start + chunk_prompts)
            few_layers, few_steps = layers[:, part], trajectory[:, part]
            similarity += _average(weights[:, part], prompt_cosines(few_layers, few_steps, y[part]))
            numerator += _average(weights[:, part], prompt_squared_distances(few_layers, few_steps))
        scale = weights @ np.square(posterior_mean[:, 1:]).sum(axis=1)  # (R,)
        distance = np.sqrt(numerator / scale[:, None, None])
    distance[~np.isfinite(distance)] = np.nan
    return Maps(similarity, distance)


def similarity_floor(layers: Array, y: Array, weights: Array) -> Array:
    """SimE of every layer to the zero predictor, what a predictor unrelated to the data would score.

    Args:
        layers: (L+1, B, N+1).
        y: labels, (B, N+1).
        weights: (R, B).

    Returns:
        (R, L+1).
    """
    zero = np.zeros((1, *y.shape))
    return _average(weights, prompt_cosines(layers, zero, y))[..., 0]


def first_maximum(values: Array) -> Array:
    """Index of the first maximum along the last axis, NaN entries left out.

    Values within `TIE` of the maximum count as the maximum.

    Args:
        values: (..., T+1).

    Returns:
        (...) float64, NaN where every entry is NaN.
    """
    found = np.isfinite(values)
    filled = np.where(found, values, -np.inf)
    top = filled.max(axis=-1, keepdims=True)
    first = np.argmax(filled >= top - TIE, axis=-1)
    return np.where(found.any(axis=-1), first, np.nan)


def first_minimum(values: Array) -> Array:
    """Index of the first minimum along the last axis, with the rules of `first_maximum`."""
    return first_maximum(-values)


def is_censored(best_step: Array, last_step: int) -> npt.NDArray[np.bool_]:
    """Say where the best step is the last of the grid, so that the true one may lie beyond it.

    An undefined best step (NaN) is not censored: there is none.
    """
    censored: npt.NDArray[np.bool_] = best_step == last_step
    return censored


def _average(weights: Array, values: Array) -> Array:
    """Weighted sums over the prompts of a chunk: (R, b) and (b, L+1, S) give (R, L+1, S)."""
    flat = weights @ values.reshape(len(values), -1)  # (R, (L+1) S)
    return flat.reshape(len(weights), *values.shape[1:])
