"""Quantities of the hand-built conjugate gradients and of projections: ``metarep/cg``, ``metarep/width``."""

from typing import Final

from ickrr.config.conjugate_gradient import PROJECTIONS
from ickrr.config.summaries.names import NONE, Names, Quantity

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

FULL_KERNEL: Final = Names({"kernel": "full kernel"})
PROJECTED: Final = Names(dict(zip(PROJECTIONS, ("Gaussian projection", "leading eigenspace"), strict=True)))
GAUSSIAN: Final = Names({"gaussian": PROJECTED.words["gaussian"]})
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

CG_QUANTITIES: Final = {
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
}

WIDTH_QUANTITIES: Final = {
    "effective_dimension": Quantity(
        r"effective dimension $d_\mathrm{eff}$, by ridge",
        "tr K (K + lambda I)^-1, mean over seeds",
        FULL_KERNEL,
        WIDTH_RIDGES,
    ),
    "error": Quantity(
        r"error, by ridge and multiple of $d_\mathrm{eff}$",
        "relative error of kernel ridge regression on that multiple of d_eff channels, mean over seeds",
        PROJECTED,
        MULTIPLES,
    ),
    "fall": Quantity(
        r"error at $2d_\mathrm{eff}$ over $d_\mathrm{eff}/2$, by ridge",
        "that error at 2 d_eff over the one at d_eff / 2",
        PROJECTED,
        WIDTH_RIDGES,
    ),
    "stack_gap": Quantity(
        "built minus algebra, by rank",
        "largest distance of the built stack from the algebra with the same projection, relative",
        GAUSSIAN,
        STACK_RANKS,
    ),
}
