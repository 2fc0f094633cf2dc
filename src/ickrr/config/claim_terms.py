"""What claims can be about: statistics of the alignment, families of algorithms, replaced heads, other noise.

The statistics are those that `ickrr.comparison.alignment` computes, the families those of
`ickrr.identification.families`, heads and what replaces them those of `ickrr.interventions.plan`. They stand
here a second time because reading the configuration must not import numpy, and types are literals. A test
(`tests/report/statistics/test_statistics.py`) fails where two lists differ, in a name or in which end is
better. The methods stand here alone.
"""

from typing import Final, Literal, get_args

MoreIsBetter = Literal["similarity", "r_squared", "kendall_tau"]
LessIsBetter = Literal["distance", "censored_share"]
Ranked = Literal[MoreIsBetter, LessIsBetter]
"""Statistics of the alignment of which one solver's may be better than another's."""
OfSolver = Literal[Ranked, "slope"]
"""Statistics of the alignment that are a solver's own; the floor is that of the layers."""
AlignmentName = Literal[OfSolver, "floor"]

ALIGNMENT_WORDS: Final[dict[AlignmentName, str]] = {
    "similarity": "SimE",
    "floor": "SimE of the zero predictor",
    "distance": "distance",
    "slope": "slope",
    "r_squared": "$R^2$",
    "kendall_tau": r"$\tau_b$",
    "censored_share": "censored share",
}
"""What text writes for each (LaTeX)."""

DIRECTION: Final[dict[str, int]] = {
    **dict.fromkeys(get_args(MoreIsBetter), 1),
    **dict.fromkeys(get_args(LessIsBetter), -1),
}
"""+1: a larger one is a better match between model and solver; -1: a smaller one is."""

FamilyName = Literal["PR", "PR closed", "R", "R shared", "Newton", "ridge", "CG", "PCG", "smoother"]
FAMILY_WORDS: Final[dict[str, str]] = {
    "PR": "preconditioned Richardson",
    "PR closed": "its closed form",
    "R": "Richardson",
    "R shared": "Richardson with one step",
    "Newton": "Newton",
    "ridge": "ridge regression",
    "CG": "conjugate gradients",
    "PCG": "preconditioned CG",
    "smoother": "kernel smoothing",
}
"""What text writes for each family of algorithms that a layer is compared with."""

PSEUDO_LAYERS: Final = ("pseudo-layer", "mixed pseudo-layer")
"""Groups of known cases that are made as layers are made: written into a stream and read by a probe."""

BUILT: Final = "built model"
"""Group of the known cases that a probe reads from the layers of a model that is built by hand."""

NoiseMethod = Literal["transformer", "encoded_oracle"]
NOISE_METHOD_WORDS: Final[dict[NoiseMethod, str]] = {
    "transformer": "transformer",
    "encoded_oracle": "training ridge",
}
"""What text writes for whose error it is under other noise (LaTeX)."""

ScopeName = Literal["head", "layer", "random", "model", "rest"]
SCOPE_WORDS: Final[dict[str, str]] = {
    "head": "single heads",
    "layer": "the heads like a kernel, layer by layer",
    "random": "as many other heads",
    "model": "all heads like a kernel",
    "rest": "all other heads",
}
"""What text writes for which heads are replaced."""

ReplacementName = Literal["kernel", "permuted", "flat", "mean"]
REPLACEMENT_WORDS: Final[dict[str, str]] = {
    "kernel": "the kernel",
    "permuted": "the kernel of permuted points",
    "flat": "flat attention",
    "mean": "mean attention",
}
"""What text writes for what their attention is replaced by."""
