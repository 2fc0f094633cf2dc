"""Names of the methods as text and tables write them."""

from typing import Final

HEADLINE: Final = (
    "preconditioned_richardson",
    "richardson",
    "conjugate_gradient",
    "newton_schulz",
)

NAMES: Final[dict[str, str]] = {
    "transformer": "Transformer",
    "transformer_output": "Transformer, own readout",
    "posterior_mean": "Posterior mean",
    "preconditioned_richardson": "Preconditioned Richardson",
    "preconditioned_richardson_ridge": "Preconditioned Richardson, ridge in row sums",
    "richardson": "Richardson",
    "conjugate_gradient": "Conjugate gradient",
    "newton_schulz": "Newton–Schulz",
    "preconditioned_cg": "Preconditioned CG",
    "chebyshev": "Chebyshev",
    "damped_jacobi": "Damped Jacobi",
}

SHORT: Final[dict[str, str]] = {
    **NAMES,
    "preconditioned_richardson": "Precond. Richardson",
    "preconditioned_richardson_ridge": "Precond. Rich. (ridge)",
    "conjugate_gradient": "Conj. gradient",
}


def prose_name(method: str) -> str:
    """Return the name as it stands inside a sentence (proper names keep their capital)."""
    name = NAMES[method]
    keeps_capital = method in ("richardson", "newton_schulz", "chebyshev")
    return name if keeps_capital else name[0].lower() + name[1:]


def law_name(law: str) -> str:
    """Return the name of an input law."""
    return {"spherical": "Sphere", "uniform": "Cube", "gaussian": "Gaussian"}[law]


RANDOM: Final = "random"
CONTROLS: Final = {"built": "ReLU interpolants", "exact": "exact products", RANDOM: "random weights"}
"""Weights of the controls."""
