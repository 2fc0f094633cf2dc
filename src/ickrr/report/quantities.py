"""Words for the tables that hold one number a row, by `quantity`, `subject` and `setting`."""

from typing import Final

from ickrr.report.formatting import escape

# LaTeX. A name that is not here stands as it is, with spaces.
QUANTITIES: Final = {
    "error_share": "largest error over the accuracy asked for",
    "layer_error": "largest distance of a layer from its Richardson iterate, over its bound",
    "failures": "cells of the grid that break a bound",
    "depth_slope": r"exponent of the steps in $\log(1/\varepsilon)$",
    "depth_folds": r"$e$-folds of contraction for one of $1/\varepsilon$",
    "depth_growth": "exponent of the steps in $N$",
    "width_slope": r"exponent of the width in $1/\varepsilon$",
    "width_growth": "exponent of the width in $N$",
    "contraction_share": "share of prompts that contract at the uniform rate",
    "divergence_share": "share of prompts on which the iteration diverges",
    "step_error": "built minus float64, any step",
    "local_error": "one step minus one of float64",
    "drift": "change after convergence",
    "rate_share": "error over its bound",
    "blocks_per_step": "blocks a step",
    "steps": r"steps to $10^{-6}$",
    "relu_error": "error with ReLU interpolants, by units",
    "fall": r"error at $2d_\mathrm{eff}$ over $d_\mathrm{eff}/2$, by ridge",
    "effective_dimension": r"effective dimension $d_\mathrm{eff}$, by ridge",
    "shuffled_gap": "shuffled control, farther by",
    "random_gap": "random control, farther by",
    "krr_gap": "regression with it minus model",
    "degradation": "distance, outermost over inside",
    "silent": "error grows unseen (1: yes)",
    "agreement": "one layer minus one gradient step",
}
SUBJECTS: Final = {
    "built": "built models",
    "smallest_steps": "fewest steps that suffice",
    "steps": "steps of the theory",
    "smallest_width": "least width that suffices",
    "width": "width of the theory",
    "cg": "conjugate gradient",
    "pcg": "preconditioned CG",
    "preconditioned_richardson": "precond. Richardson",
    "richardson": "Richardson",
    "relu": "ReLU version",
    "gaussian": "Gaussian projection",
    "eigenspace": "leading eigenspace",
    "linear_regression": "linear attention",
    "kernel": "row sums of $K$",
    "ridge": r"row sums of $K+\lambda I$",
}
SETTINGS: Final = {
    "fixed": "fixed ridge",
    "scaled": "scaled ridge",
    "fixed_noise": "ridge of the headline task",
    "well": "well-conditioned",
    "ill": "ill-conditioned",
    "gaussian": "Gaussian kernel",
    "representation": "representation kernel",
    "data": "kernel of the data",
    "gaussian_refitted": "Gaussian, refitted",
    "representation_refitted": "representation, refitted",
    "matrix": r"matrix $\Gamma$",
    "scalar": r"scalar $\Gamma$",
}


def plain(name: str) -> str:
    """Return an identifier as text (LaTeX)."""
    return escape(name.replace("_", " "))


def quantity_words(quantity: str) -> str:
    """Say what a number is (LaTeX)."""
    return QUANTITIES.get(quantity, plain(quantity))


def subject_words(subject: str, setting: str) -> str:
    """Say what a number belongs to, and under which setting, if it has one (LaTeX)."""
    words = SUBJECTS.get(subject, plain(subject))
    return f"{words}, {setting_words(setting)}" if setting else words


def setting_words(setting: str) -> str:
    """Name a setting (LaTeX)."""
    return SETTINGS.get(setting, plain(setting))
