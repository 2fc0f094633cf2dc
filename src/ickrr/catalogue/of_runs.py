"""Tables of a run: ``tables/{run}/<name>.parquet``."""

from typing import Final

from ickrr.catalogue.columns import (
    CONTEXT_LENGTH,
    HIGH,
    LAYER,
    LOW,
    RUN,
    SEED,
    SEED_OR_NONE,
    SOLVER,
    SQUARED,
    Column,
    Table,
)

FAMILY: Final = Column("family of algorithms")

OF_RUNS: Final[dict[str, Table]] = {
    "errors": Table(
        "One row for each method, step and context length; a mean that is not finite (a diverged solver) is "
        "NaN.",
        {
            "run": RUN,
            "seed": SEED_OR_NONE,
            "method": Column(
                "`transformer` (probes of its layers), `transformer_output` (the model's own readout, at "
                "the last "
                "layer), a solver, or `posterior_mean` (converged kernel ridge regression, step 0)"
            ),
            "step": Column("layer of a model, step of a solver"),
            "context_length": CONTEXT_LENGTH,
            "mse": Column("mean of (prediction - f)^2, f the clean function", SQUARED),
            "mse_se": Column("standard error of `mse` over prompts", SQUARED),
            "mse_label": Column("mean of (prediction - y)^2, y the noisy label", SQUARED),
            "excess_risk": Column("mean of (prediction - posterior mean)^2", SQUARED),
        },
    ),
    "similarity": Table(
        "One row for each solver, layer and step.",
        {
            "run": RUN,
            "seed": SEED,
            "solver": SOLVER,
            "layer": LAYER,
            "step": Column("step of the solver"),
            "similarity": Column("SimE of the layer and the step"),
            "distance": Column("distance of the layer and the step"),
        },
    ),
    "matches": Table(
        "One row for each solver and layer: the steps that are most like the layer. Intervals are over "
        "prompts.",
        {
            "run": RUN,
            "seed": SEED,
            "solver": SOLVER,
            "layer": LAYER,
            "best_step": Column("step t* of the largest SimE, the first one"),
            "best_step_low": LOW,
            "best_step_high": HIGH,
            "censored": Column("whether `best_step` is the last step of the grid"),
            "similarity": Column("SimE at `best_step`"),
            "similarity_low": LOW,
            "similarity_high": HIGH,
            "floor": Column("SimE of the layer and the zero predictor"),
            "nearest_step": Column("step of the smallest distance, the first one"),
            "nearest_censored": Column("whether `nearest_step` is the last step of the grid"),
            "distance": Column("distance at `nearest_step`"),
            "distance_low": LOW,
            "distance_high": HIGH,
        },
    ),
    "alignment": Table(
        "One row for each solver and statistic: means over seeds, NaN where fewer than three layers are "
        "uncensored.",
        {
            "run": RUN,
            "solver": SOLVER,
            "statistic": Column(
                "`similarity` (mean of the largest over the layers from statistics.first_layer on), `floor`, "
                "`distance` (mean of the smallest over the same), `slope`, `r_squared` and `kendall_tau` "
                "of t* over the uncensored layers 1..L, `censored_share`"
            ),
            "value": Column("mean over seeds"),
            "low": Column("lower end of its interval over prompts"),
            "high": Column("upper end of its interval over prompts"),
            "seed_sd": Column("standard deviation over seeds; NaN of a single one"),
            "seeds": Column("number of seeds"),
        },
    ),
    "pairs": Table(
        "One row for each statistic, layer and ordered pair of headline solvers, each at its own best step. "
        "Each "
        "draw of an interval resamples prompts and seeds.",
        {
            "run": RUN,
            "statistic": Column(
                "`similarity` and `distance` of layers 0 to L; `slope`, `r_squared`, `kendall_tau` and "
                "`censored_share` of layer 0 only"
            ),
            "layer": Column("layer 1..L; 0 stands for the mean over them, or for the whole model"),
            "first": SOLVER,
            "second": Column("another solver; `floor` for the similarity above the zero predictor's"),
            "difference": Column("statistic of `first` minus that of `second`, mean over seeds"),
            "low": Column("lower end of its interval; NaN where `draws_defined` is too few"),
            "high": Column("upper end of its interval; NaN where `draws_defined` is too few"),
            "draws_defined": Column("number of draws in which the difference exists"),
        },
    ),
    "shares": Table(
        "One row for each headline solver and statistic.",
        {
            "run": RUN,
            "solver": SOLVER,
            "statistic": Column("`similarity` or `distance`"),
            "layers": Column("number L of layers"),
            "best": Column(
                "layers in which the solver is strictly best: its paired interval against each other "
                "excludes zero"
            ),
            "share": Column("`best` over `layers`"),
            "lead_share": Column("share of layers in which its value is the best"),
            "low": Column("lower end of the interval of `lead_share`"),
            "high": Column("upper end of the interval of `lead_share`"),
        },
    ),
    "attribution": Table(
        "One row for each layer and family of algorithms (identification.md); the last layer is the "
        "model's own readout.",
        {
            "run": RUN,
            "seed": SEED,
            "layer": Column("layer 1..L; L + 1 is the model's own readout"),
            "counted": Column("whether claims count the layer: from the third on, without the own readout"),
            "named": Column(
                "what the layer is named: a family, `none` or `undecided`; the same for its rows"
            ),
            "family": FAMILY,
            "survives": Column("whether no other family adds to it, so that the layer is compatible with it"),
            "distance": Column("relative L2 distance of the layer from the nearest member of the family"),
            "shortest": Column("its parameter (step, ridge, bandwidth) at the shortest contexts"),
            "longest": Column("its parameter at the longest contexts"),
        },
    ),
    "encompassing": Table(
        "One row for each layer and ordered pair of families: what `other` adds to `family`.",
        {
            "run": RUN,
            "seed": Column("seed of the training; -1 for the mean over seeds"),
            "layer": Column(
                "layer 1..L; L + 1 is the model's own readout, 0 the mean over the layers that claims count"
            ),
            "family": FAMILY,
            "other": Column("family that is added"),
            "coefficient": Column(
                "encompassing coefficient: 0 where it adds nothing, 1 where the layer is `other`"
            ),
            "low": Column("lower end of its interval, over prompts or over seeds and prompts"),
            "high": Column("upper end of its interval"),
            "left": Column(
                "length of what is left of `other` once `family` and the nuisances are projected out"
            ),
        },
    ),
    "trials": Table(
        "One row for each known case that the attribution is tried on, with the prompts and the "
        "architecture of the run.",
        {
            "run": RUN,
            "group": Column("how its predictions were made"),
            "case": Column("what it is"),
            "noise": Column("noise over the stream (pseudo-layers) or over the predictions"),
            "allowed": Column("families that it may be named as, or `none`"),
            "named": Column("what it is named"),
            "survivors": Column("families that it is compatible with"),
            "wrong": Column("whether a family is named that it was not made from"),
        },
    ),
    "noise": Table(
        "One row for each factor, context length and method. All factors share inputs, functions and "
        "standard normal "
        "noise; factor 1 is the stored evaluation set.",
        {
            "run": RUN,
            "seed": SEED_OR_NONE,
            "factor": Column("test noise over training noise"),
            "noise_std": Column("standard deviation of the test noise", "labels"),
            "context_length": CONTEXT_LENGTH,
            "method": Column(
                "`transformer`, `encoded_oracle` (kernel ridge regression with the ridge of training) or "
                "`bayes` "
                "(with the ridge of the test noise)"
            ),
            "mse": Column("mean of (prediction - f)^2", SQUARED),
            "mse_label": Column("mean of (prediction - y)^2", SQUARED),
            "ratio": Column("`mse` over that of `bayes`"),
            "ratio_low": Column("lower end of its interval over prompts, both resampled together"),
            "ratio_high": Column("upper end of its interval over prompts, both resampled together"),
            "ratio_label": Column("`mse_label` over that of `bayes`"),
        },
    ),
    "functions": Table(
        "One row for each step and query point of each curve of a prompt.",
        {
            "run": RUN,
            "seed": SEED_OR_NONE,
            "prompt": Column("number of the prompt, from 0"),
            "context_length": CONTEXT_LENGTH,
            "kind": Column(
                "`context` (the labelled points), `layer` (probes of layers 0..L), `solver` (steps 0..T) or "
                "`posterior` (of f)"
            ),
            "method": Column("name of the predictor"),
            "step": Column("layer of a model, step of a solver"),
            "x": Column("query point", "input units"),
            "value": Column("prediction, or label; NaN where it is not finite", "labels"),
            "sd": Column("standard deviation of f; NaN for all but `posterior`", "labels"),
        },
    ),
    "learning_curve": Table(
        "One row for each validation, on the validation prompts.",
        {
            "run": RUN,
            "seed": SEED,
            "step": Column("training step"),
            "loss": Column(
                "mean loss of the training batches since the last row; NaN where it diverged", SQUARED
            ),
            "excess_risk": Column("mean of (prediction - posterior mean)^2 over n = 0..N", SQUARED),
            "bayes_risk": Column("mean posterior variance of f over n = 0..N", SQUARED),
            "learning_rate": Column("learning rate of the matrices of the blocks"),
            "diverged": Column("whether the training has diverged"),
        },
    ),
}
