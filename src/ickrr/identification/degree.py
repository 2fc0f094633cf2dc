"""Find how many kernel products a layer needs: fit one polynomial in P A for all prompts, across folds.

A predictor with m kernel products is k' q(P A) P y with q of degree m - 1, as the product with k is one of
them. Its coefficients are the same for all prompts and context lengths, as fixed weights would have them.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ickrr.identification.spectra import Spectrum, chebyshev

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class NeededDegree:
    """The result for one layer.

    Attributes:
        degree: smallest degree 1..D whose held-out distance is within the margin of that of degree D.
        distances: held-out relative distances of degrees 1..D, (D,).
    """

    degree: int
    distances: Array


def polynomial_columns(spectrum: Spectrum, degree: int) -> Array:
    """Return k' T_j(2 P A - 1) P y for the Chebyshev polynomials j = 0..degree-1, (B, C, degree)."""
    return np.stack([spectrum.predict(chebyshev(j)) for j in range(degree)], axis=-1)


def needed_degree(columns: Array, layer: Array, margin: float, folds: int = 2) -> NeededDegree:
    """Fit polynomials of all degrees on all folds of the prompts but one, and measure them on that one.

    Args:
        columns: of the largest degree D, (B, C, D); see `polynomial_columns`.
        layer: p, (B, C).
        margin: difference of relative distances that counts as none.
        folds: number of folds; prompt b belongs to fold b modulo `folds`.
    """
    fold = np.arange(len(layer)) % folds
    largest = columns.shape[2]
    squares = np.zeros(largest)
    for held_out in range(folds):
        inside, outside = fold != held_out, fold == held_out
        # Columns of lower degree come first, so that one QR serves all degrees.
        q, r = np.linalg.qr(columns[inside].reshape(-1, largest))
        projections = q.T @ layer[inside].ravel()  # (D,)
        tests, wanted = columns[outside].reshape(-1, largest), layer[outside].ravel()
        for degree in range(1, largest + 1):
            weights = np.linalg.solve(r[:degree, :degree], projections[:degree])
            squares[degree - 1] += ((tests[:, :degree] @ weights - wanted) ** 2).sum()
    distances = np.sqrt(squares / (layer**2).sum())
    return NeededDegree(int(np.argmax(distances <= distances[-1] + margin)) + 1, distances)
