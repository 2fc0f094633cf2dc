"""What stands in the summary tables: which quantities, what each belongs to, under which settings.

A summary table holds one number in each row, which a claim names by ``quantity``, ``subject`` and
``setting``. Claims are checked against this catalogue while the configuration is read, tables of the paper
take their words from it, and docs/catalogue.md says what each number is. The steps that make the tables do
not import it; a test compares it with what they write.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from ickrr.config.experiment import Experiment, SummaryTable

IN_DISTRIBUTION: Final = "in_distribution"


@dataclass(frozen=True)
class Names:
    """The names that a column holds.

    Attributes:
        words: what text writes for a name (LaTeX); one without words stands as it is, with spaces.
        settings: those that come from the settings; the keys of `words` where absent.
        rule: where these come from, for people (Markdown).
    """

    words: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[Experiment], Iterable[str]] | None = None
    rule: str = ""

    def known(self, experiment: Experiment) -> list[str]:
        """Return all names that an experiment has."""
        return list(self.settings(experiment) if self.settings else self.words)

    def __or__(self, other: "Names") -> "Names":
        """Join names that do not come from settings."""
        return Names({**self.words, **other.words})


@dataclass(frozen=True)
class Quantity:
    """One quantity; its rows are all pairs of its subjects and its settings.

    Attributes:
        words: what it is, as tables of the paper write it (LaTeX).
        meaning: its definition (Markdown).
        subjects: what the number may belong to.
        settings: under which settings it is given.
    """

    words: str
    meaning: str
    subjects: Names
    settings: Names


NONE: Final = Names({"": ""})

# Hand-built Richardson iteration.
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

# Hand-built conjugate gradients.
CG: Final = Names({"cg": "conjugate gradient"})
STACKS: Final = CG | Names({"pcg": "preconditioned CG"})
ITERATIONS: Final = STACKS | Names(
    {"richardson": "Richardson", "preconditioned_richardson": "precond. Richardson"}
)
FAMILIES: Final = Names({"well": "well-conditioned", "ill": "ill-conditioned"})
UNITS: Final = Names(
    settings=lambda experiment: map(str, experiment.conjugate_gradient.relu_units),
    rule="the units of `conjugate_gradient.relu_units`",
)

# Projections of representations.
FULL_KERNEL: Final = Names({"kernel": "full kernel"})
GAUSSIAN: Final = Names({"gaussian": "Gaussian projection"})
PROJECTIONS: Final = GAUSSIAN | Names({"eigenspace": "leading eigenspace"})
WIDTH_RIDGES: Final = Names(
    settings=lambda experiment: (f"{ridge:g}" for ridge in experiment.width.ridges),
    rule="the ridges of `width.ridges`",
)
MULTIPLES: Final = Names(
    settings=lambda experiment: (
        f"{ridge:g}@{multiple:g}"
        for ridge in experiment.width.ridges
        for multiple in experiment.width.multiples
    ),
    rule="`<ridge>@<multiple>`, of `width.ridges` and `width.multiples`",
)
STACK_RANKS: Final = Names(
    settings=lambda experiment: map(str, experiment.width.stack_ranks),
    rule="the ranks of `width.stack_ranks`",
)

# Attention of trained models.
RUNS: Final = Names(
    settings=lambda experiment: experiment.operators.runs, rule="the runs of `operators.runs`"
)
KERNELS: Final = Names({"gaussian": "Gaussian kernel", "representation": "representation kernel"})
REFITTED: Final = KERNELS | Names(
    {
        "gaussian_refitted": "Gaussian, refitted",
        "representation_refitted": "representation, refitted",
    }
)
DIALS: Final = Names(
    settings=lambda experiment: experiment.operators.dials.levels(), rule="the dials of `operators.dials`"
)


def _levels(experiment: Experiment) -> list[str]:
    dials = experiment.operators.dials.levels().items()
    return [IN_DISTRIBUTION, *(f"{dial}={level:g}" for dial, levels in dials for level in levels[1:])]


LEVELS: Final = Names(
    settings=_levels,
    rule=f"`{IN_DISTRIBUTION}`, and `<dial>=<level>` of the further levels of `operators.dials`",
)
ANCHOR: Final = Names(
    {"linear_regression": "linear attention"},
    lambda experiment: [experiment.operators.anchor] if experiment.operators.anchor else [],
    "the run of `operators.anchor`",
)
GRADIENT_STEPS: Final = Names({"matrix": r"matrix $\Gamma$", "scalar": r"scalar $\Gamma$"})

SUMMARIES: Final[dict[SummaryTable, dict[str, Quantity]]] = {
    "construction/summary": {
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
    },
    "metarep/cg": {
        "condition_number": Quantity(
            "condition number",
            "condition number of K + lambda I, median and 10 % and 90 % quantiles over prompts",
            Names({"kernel": "kernel"}),
            FAMILIES,
        ),
        "step_error": Quantity(
            "built minus float64, any step",
            "largest distance of the stack's predictions from the library's float64 CG over max |y|, up to "
            "the step where that CG reaches the tolerance",
            STACKS,
            FAMILIES,
        ),
        "twin_error": Quantity(
            "two float64 summations apart, any step",
            "the same distance of a second float64 CG that sums in another order",
            STACKS,
            FAMILIES,
        ),
        "local_error": Quantity(
            "one step minus one of float64",
            "largest relative distance of a step to one CG step from the stack's own state",
            STACKS,
            FAMILIES,
        ),
        "drift": Quantity(
            "change after convergence",
            "largest change of a prediction after its relative error has reached "
            "`conjugate_gradient.at_rest`, over max |y|",
            STACKS,
            FAMILIES,
        ),
        "at_rest": Quantity(
            "share of prompts that come to rest",
            "share of prompts whose relative error reaches `conjugate_gradient.at_rest`",
            STACKS,
            FAMILIES,
        ),
        "steps": Quantity(
            r"steps to $10^{-6}$",
            "steps to the tolerance, median and 10 % and 90 % quantiles over prompts; a prompt that does not "
            "reach it counts as the last step of the grid; `preconditioned_richardson` has the ridge in its "
            "row sums",
            ITERATIONS,
            FAMILIES,
        ),
        "steps_capped": Quantity(
            "share of prompts that need more steps than were made",
            "share of prompts that do not reach the tolerance on the grid of steps",
            ITERATIONS,
            FAMILIES,
        ),
        "rate_share": Quantity(
            "error over its bound",
            "largest error of the dual in the norm of the system over the bound by the condition number",
            CG,
            FAMILIES,
        ),
        "relu_error": Quantity(
            "error with ReLU interpolants, by units",
            "relative error of the predictions of the last layer, median and 10 % and 90 % quantiles over "
            "prompts; `relu_ill` is on ill-conditioned prompts",
            Names({"relu": "ReLU, well-conditioned", "relu_ill": "ReLU, ill-conditioned"}),
            UNITS,
        ),
        "blocks_per_step": Quantity(
            "blocks a step",
            "blocks of the stack that make one step",
            CG | Names({"relu": "ReLU version"}),
            NONE,
        ),
    },
    "metarep/width": {
        "effective_dimension": Quantity(
            r"effective dimension $d_\mathrm{eff}$, by ridge",
            "tr K (K + lambda I)^-1, mean over seeds",
            FULL_KERNEL,
            WIDTH_RIDGES,
        ),
        "error": Quantity(
            r"error, by ridge and multiple of $d_\mathrm{eff}$",
            "relative error of kernel ridge regression on that multiple of d_eff channels, mean over seeds",
            PROJECTIONS,
            MULTIPLES,
        ),
        "fall": Quantity(
            r"error at $2d_\mathrm{eff}$ over $d_\mathrm{eff}/2$, by ridge",
            "that error at 2 d_eff over the one at d_eff / 2",
            PROJECTIONS,
            WIDTH_RIDGES,
        ),
        "stack_gap": Quantity(
            "built minus algebra, by rank",
            "largest distance of the built stack from the algebra with the same projection, relative",
            GAUSSIAN,
            STACK_RANKS,
        ),
    },
    "metarep/operators": {
        "gaussian_distance": Quantity(
            "distance from the Gaussian kernel",
            "distance of the attention from the Gaussian kernel of the inputs, mean over layers and heads",
            RUNS,
            LEVELS,
        ),
        "gaussian_best": Quantity(
            "distance of the best head from the Gaussian kernel",
            "the same of the head that was best on the fit prompts",
            RUNS,
            LEVELS,
        ),
        "representation_distance": Quantity(
            "distance from the representation kernel",
            "distance of the attention from the kernel of the representation, mean over layers and heads",
            RUNS,
            LEVELS,
        ),
        "representation_best": Quantity(
            "distance of the best head from the representation kernel",
            "the same of the head that was best on the fit prompts",
            RUNS,
            LEVELS,
        ),
        "shuffled_gap": Quantity(
            "shuffled control, farther by",
            "distance of the attention on shuffled prompts minus that of the model; `_refitted` where the "
            "control chose its own bandwidths",
            RUNS,
            REFITTED,
        ),
        "random_gap": Quantity(
            "random control, farther by",
            "the same of random weights",
            RUNS,
            REFITTED,
        ),
        "flat_gap": Quantity(
            "flat control, farther by",
            "the same of plain averages over what is visible",
            RUNS,
            KERNELS,
        ),
        "krr_gap": Quantity(
            "regression with it minus model",
            "RMS(regression - model) over RMS(model), of regression with either kernel or that of the data",
            RUNS,
            KERNELS | Names({"data": "kernel of the data"}),
        ),
        "degradation": Quantity(
            "distance, outermost over inside",
            "`representation_best` at the outermost level of the dial over that in distribution",
            RUNS,
            DIALS,
        ),
        "error_growth": Quantity(
            "relative error, outermost over inside",
            "mean square of (model - the data's own regression) over that of the latter, outermost level "
            "over in distribution",
            RUNS,
            DIALS,
        ),
        "deviation_growth": Quantity(
            "deviation, outermost over inside",
            "mean square of (model - the data's own regression), outermost level over in distribution",
            RUNS,
            DIALS,
        ),
        "silent": Quantity(
            "error grows unseen (1: yes)",
            "1 where `error_growth` is clearly large and `degradation` clearly is not, by the rule in "
            "`ickrr.attention.tables`; otherwise 0",
            RUNS,
            DIALS,
        ),
    },
    "metarep/anchor": {
        "agreement": Quantity(
            "one layer minus one gradient step",
            "RMS(model - gradient step) over RMS(gradient step), over context lengths 1..N, mean over seeds",
            ANCHOR,
            GRADIENT_STEPS,
        ),
        "error_ratio": Quantity(
            "error over that of one gradient step",
            "mean squared error of the model against f over that of the gradient step",
            ANCHOR,
            GRADIENT_STEPS,
        ),
        "error_ratio_ridge": Quantity(
            "error over that of ridge regression",
            "mean squared error of the model against f over that of converged ridge regression",
            ANCHOR,
            Names({"ridge": "ridge regression"}),
        ),
    },
}
