"""Trajectories of solvers: the predictions of every step, and the step from which they have diverged."""

from dataclasses import dataclass

import torch
from torch import Tensor

DIVERGED = 1e6
"""An iterate that is this many times the prompt's largest label has diverged.

A convergent iteration from zero stays within a small multiple of the labels. Without a limit, an iterate that
grows ninefold in each step would still count as finite after 300 steps.
"""


@dataclass(frozen=True)
class Trajectory:
    """Predictions of one solver.

    Attributes:
        predictions: step t = 0..T, prompt, context length n = 0..N, (T+1, B, N+1); NaN from divergence on.
        diverged_at: first step whose prediction is not finite or beyond `DIVERGED` times the prompt's largest
            label, -1 = never; (B, N+1), int64.
    """

    predictions: Tensor
    diverged_at: Tensor


def mark_divergence(predictions: Tensor, labels: Tensor) -> Trajectory:
    """Find the step from which predictions have diverged, and set them to NaN from there on, in place.

    Args:
        predictions: (T+1, B, N+1).
        labels: of the same prompts, (B, N+1).
    """
    limit = DIVERGED * labels.abs().amax(dim=1, keepdim=True)  # (B, 1)
    lost = ~(predictions.abs() <= limit)  # (T+1, B, N+1); NaN compares false, so it counts as lost
    diverged = lost.any(dim=0)  # (B, N+1)
    first = lost.to(torch.int8).argmax(dim=0)  # (B, N+1), the first of several maxima
    steps = torch.arange(len(predictions), device=predictions.device)[:, None, None]  # (T+1, 1, 1)
    predictions.masked_fill_(diverged & (steps >= first), torch.nan)
    return Trajectory(predictions, torch.where(diverged, first, -1))
