"""Stationary solvers in their eigenbasis, in which steps may be real numbers.

For a diagonal W > 0, W^1/2 A W^1/2 = U diag(s) U'. Any predictor k' phi(W A) W y is then sum_i g_i phi(s_i)
with amplitudes g_i = (k' W^1/2 u_i)(u_i' W^1/2 y), and phi is the filter of the method:

    a <- a + W (y - A a), tau steps from zero    (1 - (1 - s)^tau) / s
    the same in continuous time, to t            (1 - exp(-t s)) / s
    (A + c W^-1) a = y                            1 / (s + c)
    t = infinity                                  1 / s

W is scaled so that 0 < s <= 1; a relaxation omega is then a factor on tau up to second order.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

Filter = Callable[[Array], Array]
"""Maps eigenvalues (B, N+1, N) to weights of the same shape."""

CHUNK: Final = 128
"""Prompts that are predicted at once: what is computed on the way then fits the processor's cache."""


@dataclass(frozen=True)
class Spectrum:
    """Eigenvalues and amplitudes of the systems of B prompts and all their prefixes.

    Attributes:
        values: s, (B, N+1, N); 1 if prefix n has fewer than N eigenvalues.
        amplitudes: g, of the same shape; 0 for these.
    """

    values: Array
    amplitudes: Array

    def predict(self, weight: Filter) -> Array:
        """Return sum_i g_i phi(s_i), (B, N+1); 0 at n = 0."""
        prediction = np.empty(self.values.shape[:2])
        for start in range(0, len(prediction), CHUNK):
            some = slice(start, start + CHUNK)
            prediction[some] = np.einsum("bni,bni->bn", self.amplitudes[some], weight(self.values[some]))
        return prediction

    def restricted(self, lengths: slice) -> "Spectrum":
        """Return the spectrum at some context lengths."""
        return Spectrum(self.values[:, lengths], self.amplitudes[:, lengths])

    def moved(self, ridge: float, weights: Array) -> "Spectrum":
        """Return the spectrum of w (A + ridge I) for that of A, each system having one weight w, (B, N+1)."""
        return Spectrum((self.values + ridge) * weights[..., None], self.amplitudes * weights[..., None])


Weights = Callable[[Array], Array]
"""Maps matrices A_n (B, n, n) to the positive diagonals of W, (B, n)."""


def row_sum_weights(matrix: Array) -> Array:
    """Return W = diag(A 1)^-1, the theorem's preconditioner; the eigenvalues of W A are in (0, 1]."""
    weights: Array = 1 / matrix.sum(axis=2)
    return weights


def norm_weights(matrix: Array) -> Array:
    """Return W = I / ||A||_inf: Richardson with the step of each system."""
    sums = np.abs(matrix).sum(axis=2)
    return np.broadcast_to(1 / sums.max(axis=1, keepdims=True), sums.shape)


def constant_weights(steps: Array) -> Weights:
    """Return W = steps[n] I, shared by all prompts: Richardson as fixed weights would do it."""
    return lambda matrix: np.full(matrix.shape[:2], steps[matrix.shape[1]])


def largest_shared_steps(kernel: Array, ridge: float) -> Array:
    """Return for each n the largest step that overshoots nowhere: 1 over the largest eigenvalue of any A_n.

    Args:
        kernel: K of all points of the prompts that the step is chosen on, (B, N+1, N+1).
        ridge: lambda.
    """
    largest = [ridge]
    for n in range(1, kernel.shape[1]):
        largest.append(ridge + float(np.linalg.eigvalsh(kernel[:, :n, :n])[:, -1].max()))
    return 1 / np.array(largest)


def spectrum(kernel: Array, labels: Array, ridge: float, weights: Weights) -> Spectrum:
    """Return eigenvalues and amplitudes of the systems of all prefixes.

    Args:
        kernel: K over all points, (B, N+1, N+1).
        labels: y, (B, N+1); the last is not used.
        ridge: lambda > 0.
        weights: the diagonal W of the method.
    """
    prompts, points = labels.shape
    values = np.ones((prompts, points, points - 1))
    amplitudes = np.zeros_like(values)
    for n in range(1, points):
        matrix = kernel[:, :n, :n] + ridge * np.eye(n)  # (B, n, n)
        root = np.sqrt(weights(matrix))  # (B, n)
        eigenvalues, vectors = np.linalg.eigh(root[:, :, None] * matrix * root[:, None, :])
        seen = np.einsum("bij,bi->bj", vectors, root * kernel[:, n, :n])  # (B, n)
        told = np.einsum("bij,bi->bj", vectors, root * labels[:, :n])
        values[:, n, :n], amplitudes[:, n, :n] = eigenvalues, seen * told
    return Spectrum(values, amplitudes)


def first_weights(kernel: Array, ridge: float, weights: Weights) -> Array:
    """Return the weight of the first point of each prefix, (B, N+1): that of all where these weigh alike.

    Args:
        kernel: K over all points, (B, N+1, N+1).
        ridge: lambda > 0.
        weights: the diagonal W of the method.
    """
    found = np.ones(kernel.shape[:2])
    for n in range(1, kernel.shape[1]):
        found[:, n] = weights(kernel[:, :n, :n] + ridge * np.eye(n))[:, 0]
    return found


def iterated(steps: float | Array) -> Filter:
    """Return the filter of a real number tau of steps: one number, or one for each n as (N+1, 1).

    An eigenvalue beyond 1 (rounding, or a shared step on prompts that it was not chosen on) counts as 1,
    since a negative factor has no real powers.
    """

    def weight(values: Array) -> Array:
        factor = np.maximum(1 - values, 0.0)
        return (1 - factor**steps) / values

    return weight


def flowed(time: float | Array) -> Filter:
    """Return the filter of gradient flow up to a time."""
    return lambda values: -np.expm1(-time * values) / values


def penalised(penalty: float | Array) -> Filter:
    """Return the filter of (A + penalty W^-1)^-1 y; penalty 0 is the limit of the iterations."""
    return lambda values: 1 / (values + penalty)


def squared(power: float | Array) -> Filter:
    """Return the filter of Newton from M_0 = A / ||A||_inf^2: k steps leave (1 - s^2)^t with t = 2^k."""
    return lambda values: (1 - np.maximum(1 - values**2, 0.0) ** power) / values


def chebyshev(degree: int) -> Filter:
    """Return the filter T_j(2 s - 1), a polynomial of degree j that is at most 1 on [0, 1]."""
    return lambda values: np.cos(degree * np.arccos(np.clip(2 * values - 1, -1, 1)))


def truncated(threshold: float | Array) -> Filter:
    """Return the filter that inverts eigenvalues from a threshold on (principal components)."""
    return lambda values: np.where(values >= threshold, 1 / values, 0.0)
