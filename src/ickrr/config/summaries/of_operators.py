"""Quantities of the attention of trained models: ``metarep/operators``, ``metarep/anchor``."""

from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.config.operators import IN_DISTRIBUTION
from ickrr.config.summaries.names import Names, Quantity

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
DIALS_AND_ALL: Final = Names(
    {"all": "all dials"},
    lambda experiment: [*DIALS.known(experiment), "all"],
    f"{DIALS.rule}, and `all`, their geometric mean",
)
ANCHOR: Final = Names(
    {"linear_regression": "one linear layer", "linear_regression_deep": "several linear layers"},
    lambda experiment: experiment.anchors,
    "the run of `operators.anchor` and the others with a linear kernel",
)
GRADIENT_STEPS: Final = Names({"matrix": r"matrix $\Gamma$", "scalar": r"scalar $\Gamma$"})


def _steps(experiment: Experiment) -> list[str]:
    layers = max((experiment.run(run).model.layers for run in experiment.anchors), default=0)
    return [str(step) for step in range(1, 2 * layers + 1)]


STEPS: Final = Names(
    settings=_steps, rule="numbers of steps, from 1 to twice as many as the deepest of these runs has layers"
)

OPERATOR_QUANTITIES: Final = {
    "gaussian_distance": Quantity(
        "distance from the Gaussian kernel",
        "distance of the attention from the Gaussian kernel of the inputs, mean over layers and heads",
        RUNS,
        LEVELS,
    ),
    "gaussian_best": Quantity(
        "distance of the best head from the Gaussian kernel",
        "the same of the best head, see `gaussian_left` and `representation_left`",
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
        "the same of the best head, see `gaussian_left` and `representation_left`",
        RUNS,
        LEVELS,
    ),
    "gaussian_left": Quantity(
        "left of the best head by the Gaussian kernel",
        "norm of (attention - kernel) over that of (attention - flat or diagonal attention, whichever is "
        "nearer), of the head for which it is smallest on the fit prompts",
        RUNS,
        LEVELS,
    ),
    "representation_left": Quantity(
        "left of the best head by the representation kernel",
        "the same with the kernel of the representation",
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
        "left of the best head, outermost over inside",
        "`representation_left` at the outermost level of the dial over that in distribution",
        RUNS,
        DIALS_AND_ALL,
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
        "1 where both growths of the error are clearly large and `degradation` clearly is not, by the rule "
        "in `ickrr.attention.tables`; otherwise 0",
        RUNS,
        DIALS,
    ),
}

ANCHOR_QUANTITIES: Final = {
    "agreement": Quantity(
        "model minus nearest gradient step",
        "RMS(model - gradient step) over RMS(gradient step), of the step that is nearest to the model on the "
        "fit prompts, over context lengths 1..N, mean over seeds",
        ANCHOR,
        GRADIENT_STEPS,
    ),
    "agreement_best": Quantity(
        "model minus best gradient step",
        "the same with the step that has the least error on the fit prompts",
        ANCHOR,
        GRADIENT_STEPS,
    ),
    "error_ratio": Quantity(
        "error over that of the best gradient step",
        "mean squared error of the model against f over that of the step with the least error",
        ANCHOR,
        GRADIENT_STEPS,
    ),
    "steps_agreement": Quantity(
        "model minus nearest gradient steps",
        "RMS(model - gradient steps) over RMS(gradient steps), of the steps, each with a size of its own, "
        "that are nearest to the model on the fit prompts",
        ANCHOR,
        STEPS,
    ),
    "steps_of_ridge": Quantity(
        "ridge regression minus nearest gradient steps",
        "the same of converged ridge regression, which takes no steps, in place of the model",
        ANCHOR,
        STEPS,
    ),
    "error_ratio_ridge": Quantity(
        "error over that of ridge regression",
        "mean squared error of the model against f over that of converged ridge regression",
        ANCHOR,
        Names({"ridge": "ridge regression"}),
    ),
}
