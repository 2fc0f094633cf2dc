"""Steps that preconditioned Richardson takes on typical prompts, beside the worst case of the theory.

On spherical inputs with y ~ N(0, A), A = K + lambda I, the error of the prediction after T steps has the mean
square sum_i c_i^2 (1 - s_i)^(2T) / s_i, with s and U the eigenvalues and eigenvectors of S = G^-1/2 A G^-1/2,
G = diag(A 1), and c = U^T G^-1/2 k_*; the Bayes risk is 1 - sum_i c_i^2 / s_i. No label is drawn.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from ickrr.config.constructions import RidgeSettings, VerificationSettings
from ickrr.constructions.summary_rows import Row, supremum
from ickrr.randomness import numpy_generator

Array = npt.NDArray[np.float64]

SHARE: Final = 0.1
"""Of the Bayes risk, that the mean square error after enough steps may be."""


def typical_rows(settings: VerificationSettings) -> Iterator[Row]:
    """Yield ``typical_steps`` of each ridge (subject) and context length (setting)."""
    for name, ridge in settings.ridges.items():
        for length in settings.context_lengths:
            kernels = spherical_kernels(settings, length)
            yield supremum(
                "typical_steps", name, str(length), typical_steps(kernels, of_length(ridge, length))
            )


def of_length(ridge: RidgeSettings, context_length: int) -> float:
    """Return lambda at a context length."""
    return ridge.value * (context_length if ridge.scaling == "scaled" else 1)


def spherical_kernels(settings: VerificationSettings, context_length: int) -> Array:
    """Draw prompts and return the kernel of their N inputs and the query, (B, N+1, N+1)."""
    generator = numpy_generator(settings.seed, "typical prompts", context_length)
    x = generator.standard_normal((settings.most_prompts, context_length + 1, settings.dimension))
    x /= np.linalg.norm(x, axis=-1, keepdims=True)
    kernels: Array = np.exp((x @ x.transpose(0, 2, 1) - 1) / settings.lengthscale**2)
    return kernels


def typical_steps(kernels: Array, ridge: float) -> int:
    """Return the fewest steps after which the mean square error is `SHARE` of the Bayes risk, over prompts.

    Args:
        kernels: of N inputs and the query, which comes last, (B, N+1, N+1), with ones on the diagonal.
        ridge: lambda.
    """
    systems = kernels[:, :-1, :-1] + ridge * np.eye(kernels.shape[1] - 1)
    roots = 1 / np.sqrt(systems.sum(axis=-1))  # G^-1/2, (B, N)
    s, vectors = np.linalg.eigh(systems * roots[:, :, None] * roots[:, None, :])
    c = np.einsum("bij,bi->bj", vectors, roots * kernels[:, -1, :-1])
    weights = np.square(c) / s  # (B, N)
    allowed = SHARE * float((1 - weights.sum(axis=1)).mean())

    def enough(steps: int) -> bool:
        left = weights * np.maximum(1 - s, 0) ** (2 * steps)
        return float(left.sum(axis=1).mean()) <= allowed

    high = 1
    while not enough(high):
        high *= 2
    low = high // 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high
