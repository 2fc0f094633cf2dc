"""Quantities of the hand-built Richardson iteration: ``construction/summary``."""

from typing import Final

from ickrr.config.summaries.names import Names, Quantity

BUILT: Final = Names({"built": "built models"})
STEPS: Final = Names({"steps": "steps of the theory", "smallest_steps": "fewest steps that suffice"})
WIDTHS: Final = Names({"width": "width of the theory", "smallest_width": "least width that suffices"})
ROW_SUMS: Final = Names({"ridge": r"row sums of $K+\lambda I$", "kernel": "row sums of $K$"})
SCALINGS: Final = Names({"fixed": "fixed ridge", "scaled": "scaled ridge"})
RIDGES: Final = Names(
    {**SCALINGS.words, "fixed_noise": "ridge of the headline task"},
    lambda experiment: experiment.constructions.verification.ridges,
    "the ridges of `constructions.verification.ridges`",
)
LENGTHS: Final = Names(
    settings=lambda experiment: map(str, experiment.constructions.verification.context_lengths),
    rule="the context lengths of `constructions.verification.context_lengths`",
)

CONSTRUCTION_QUANTITIES: Final = {
    "error_share": Quantity(
        "largest error over the accuracy asked for",
        "largest error of a verified cell over its accuracy; NaN where no cell could be run",
        BUILT,
        RIDGES,
    ),
    "layer_error": Quantity(
        "largest distance of a layer from its Richardson iterate, over its bound",
        "largest distance of a layer from its Richardson iterate over the bound on it",
        BUILT,
        RIDGES,
    ),
    "failures": Quantity(
        "cells of the grid that break a bound",
        "number of verified cells that break a promise of the theory",
        BUILT,
        RIDGES,
    ),
    "depth_slope": Quantity(
        r"exponent of the steps in $\log(1/\varepsilon)$",
        "fitted exponent of the number of steps in log(1/accuracy)",
        STEPS,
        RIDGES,
    ),
    "depth_folds": Quantity(
        r"$e$-folds of contraction for one of $1/\varepsilon$",
        "fitted slope of steps times |log contraction| over log(1/accuracy)",
        STEPS,
        RIDGES,
    ),
    "depth_growth": Quantity(
        "exponent of the steps in $N$",
        "fitted exponent of the number of steps in the context length",
        STEPS,
        RIDGES,
    ),
    "width_slope": Quantity(
        r"exponent of the width in $1/\varepsilon$",
        "fitted exponent of the width in 1/accuracy",
        WIDTHS,
        RIDGES,
    ),
    "width_growth": Quantity(
        "exponent of the width in $N$",
        "fitted exponent of the width in the context length",
        WIDTHS,
        RIDGES,
    ),
    "contraction_share": Quantity(
        "share of prompts that contract at the uniform rate",
        "share of the measured prompts whose contraction factor is at most the rate of the spectral gap",
        ROW_SUMS,
        SCALINGS,
    ),
    "divergence_share": Quantity(
        "share of prompts on which the iteration diverges",
        "share of the measured prompts whose contraction factor is 1 or more",
        ROW_SUMS,
        SCALINGS,
    ),
    "typical_steps": Quantity(
        "steps to a tenth of the Bayes risk on random prompts",
        "fewest Richardson steps after which the mean square error of the prediction, over random spherical "
        "prompts, is a tenth of the Bayes risk",
        RIDGES,
        LENGTHS,
    ),
}
