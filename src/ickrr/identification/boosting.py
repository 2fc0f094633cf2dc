"""L2 boosting with a kernel smoother (Bühlmann and Yu, 2003): Richardson that normalises at the query.

With S = diag(K 1)^-1 K of the context and s_q the query's own normalised row, the residual r <- r - S r
starts at y and the prediction sums s_q' r. Preconditioned Richardson weights the residuals by their own row
sums instead.
"""

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def boosted(kernel: Array, labels: Array, steps: int) -> Array:
    """Return the predictions of steps 0..T for all prefixes, (T+1, B, N+1).

    Args:
        kernel: positive K over all points, (B, N+1, N+1).
        labels: y, (B, N+1).
        steps: T.
    """
    prompts, points = labels.shape
    predictions = np.zeros((steps + 1, prompts, points))
    for n in range(1, points):
        rows = kernel[:, : n + 1, :n]
        smooth = rows / rows.sum(axis=2, keepdims=True)  # (B, n+1, n); the last row is the query's
        residual = labels[:, :n].copy()
        for step in range(1, steps + 1):
            change = np.einsum("bij,bj->bi", smooth, residual)  # (B, n+1)
            predictions[step, :, n] = predictions[step - 1, :, n] + change[:, n]
            residual -= change[:, :n]
    return predictions
