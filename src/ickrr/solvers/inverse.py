"""Newton's iteration for the inverse, M <- M (2 I - A M), from a start of the caller's (Schulz, 1933).

The residual I - A M is squared at every step. Prediction t >= 1 is k_n^T M_{t-1} y; step 0 is the zero
predictor. The prefixes differ in the size of their inverse, so each has a recursion of its own over all
prompts.
"""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from ickrr.solvers.system import KernelSystem

Start = Callable[["Tensor", "Tensor"], "Tensor"]
"""Return M_0 (B, n, n) of the matrices A (B, n, n) and their norms ||A||_inf (B, 1, 1)."""


def inverse_iteration(system: "KernelSystem", start: Start) -> "Iterator[Tensor]":
    """Yield the predictions (B, N+1) of step 0, 1, 2, ... without end; step 0 is the zero predictor."""
    import torch

    predictions = torch.zeros_like(system.labels)  # (B, prefixes)
    yield predictions
    recursions = [_prefix(system, n, start) for n in range(1, system.points)]
    while True:
        columns = [next(recursion) for recursion in recursions]  # N of (B,)
        yield torch.stack([predictions[:, 0], *columns], dim=1)  # (B, prefixes)


def _prefix(system: "KernelSystem", n: int, start: Start) -> "Iterator[Tensor]":
    """Yield k_n^T M y of one context length n >= 1, (B,), for M = M_0, M_1, ...

    An inverse whose residual was at most sqrt(eps) before its last step is final: the residual has since been
    squared to the rounding unit, and further steps would only add rounding errors.
    """
    import torch

    identity = torch.eye(n, dtype=system.kernel.dtype, device=system.kernel.device)
    matrix = system.kernel[:, :n, :n] + system.ridge * identity  # (B, n, n)
    query = system.kernel[:, n : n + 1, :n]  # (B, 1, n)
    labels = system.labels[:, :n, None]  # (B, n, 1)
    inverse = start(matrix, system.norms[:, n, None, None])  # (B, n, n)
    tolerance = torch.finfo(torch.float64).eps ** 0.5
    final = torch.zeros(len(matrix), dtype=torch.bool, device=matrix.device)  # (B,)
    while not bool(final.all()):
        prediction = (query @ (inverse @ labels))[:, 0, 0]  # (B,)
        yield prediction
        residual = identity - matrix @ inverse  # (B, n, n)
        correction = (inverse @ residual).masked_fill_(final[:, None, None], 0.0)  # (B, n, n)
        inverse = inverse + correction
        final = final | (torch.linalg.matrix_norm(residual) <= tolerance)
    prediction = (query @ (inverse @ labels))[:, 0, 0]  # (B,)
    while True:
        yield prediction
