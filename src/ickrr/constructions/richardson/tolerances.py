"""What a proven bound of predictions implies for the comparison's statistics.

Let every prediction be within delta of its solver step. For error vectors u = p - y over the context lengths
of a prompt, a perturbation of norm at most r |u| turns u by an angle of sine at most r, so that SimE >= 1 -
r^2, r = sqrt(N) delta/|u|; and the distance is at most delta over the root mean square of the posterior mean.
"""

import math

import numpy as np


def similarity_tolerance(layer_bound: float, trajectory: np.ndarray, y: np.ndarray) -> float:
    """Bound 1 - SimE between layers and their steps.

    Args:
        layer_bound: delta.
        trajectory: predictions of the solver, (T+1, B, N+1).
        y: labels, (B, N+1).

    Returns:
        The mean over prompts of min(2, r^2), r for the smallest |u| over the steps.
    """
    errors = trajectory[..., 1:] - y[..., 1:]  # (T+1, B, N)
    norms = np.linalg.norm(errors, axis=-1).min(axis=0)  # (B)
    ratio = math.sqrt(errors.shape[-1]) * layer_bound / norms
    # Beyond a right angle the sine says nothing; a cosine differs from 1 by 2 at most.
    return float(np.where(ratio < 1, ratio**2, 2.0).mean())


def distance_tolerance(layer_bound: float, posterior_mean: np.ndarray) -> float:
    """Bound the distance of layers to their steps: delta over the rms of the posterior mean, n = 1..N."""
    return layer_bound / float(np.sqrt((posterior_mean[:, 1:] ** 2).mean()))
