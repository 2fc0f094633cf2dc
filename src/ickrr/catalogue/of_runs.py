"""Tables of a run: ``tables/{run}/<name>.parquet``."""

from typing import Final

from ickrr.catalogue.columns import (
    CONTEXT_LENGTH,
    ESTIMATE,
    HIGH,
    LAYER,
    LOW,
    RUN,
    SEED,
    SEED_OR_NONE,
    SOLVER,
    SOLVER_OR_NULL,
    SQUARED,
    VALUE,
    Column,
    Table,
)

FAMILY: Final = Column("family of algorithms")

STREAM: Final = Column("what it reads: `raw`, the residual stream, or `normed`, after the final norm")
TARGET: Final = Column("what it is fitted to: `label` or `posterior_mean`")
SCOPE: Final = Column("which heads: `head`, `layer`, `random`, `model` or `rest` (mechanism.md)")
REPLACED: Final = {
    "scope": SCOPE,
    "layer": Column("layer of the heads, or that a random set stands beside; 0 for others"),
    "head": Column("head, from 0; -1 where several are replaced"),
    "replacement": Column("by what: `kernel`, `permuted`, `flat`, `mean`; `none` for the model as it is"),
    "read": Column("layer whose predictions are looked at; L + 1 is the model's own readout"),
}

ATTRIBUTION: Final = {
    "run": RUN,
    "seed": SEED,
    "layer": Column("layer 1..L; L + 1 is the model's own readout"),
    "counted": Column("whether claims count the layer: from the third on, without the own readout"),
    "named": Column("what the layer is named: a family, `none` or `undecided`; the same for its rows"),
    "family": FAMILY,
    "survives": Column("whether no other family adds to it, so that the layer is compatible with it"),
    "distance": Column("relative L2 distance of the layer from the nearest member of the family"),
    "shortest": Column("its parameter (step, ridge, bandwidth) at the shortest contexts"),
    "longest": Column("its parameter at the longest contexts"),
}

ENCOMPASSING: Final = {
    "run": RUN,
    "seed": Column("seed of the training; -1 for the mean over seeds"),
    "layer": Column(
        "layer 1..L; L + 1 is the model's own readout, 0 the mean over the layers that claims count"
    ),
    "family": FAMILY,
    "other": Column("family that is added"),
    "coefficient": Column("encompassing coefficient: 0 where it adds nothing, 1 where the layer is `other`"),
    "low": Column("lower end of its interval, over prompts or over seeds and prompts"),
    "high": Column("upper end of its interval"),
    "left": Column(
        "length of what is left of `other` once `family`, its tangents and the nuisances are projected out, "
        "over that of `other`"
    ),
}

STEP: Final = {"step": Column("step of the training after which the model is looked at")}

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
                "layer), a solver, a null, or `posterior_mean` (converged kernel ridge regression, step 0)"
            ),
            "step": Column("layer of a model, step of a solver, position of a null"),
            "context_length": CONTEXT_LENGTH,
            "mse": Column("mean of (prediction - f)^2, f the clean function", SQUARED),
            "mse_se": Column("standard error of `mse` over prompts", SQUARED),
            "mse_label": Column("mean of (prediction - y)^2, y the noisy label", SQUARED),
            "excess_risk": Column("mean of (prediction - posterior mean)^2", SQUARED),
        },
    ),
    "similarity": Table(
        "One row for each solver or null, layer and step.",
        {
            "run": RUN,
            "seed": SEED,
            "solver": SOLVER_OR_NULL,
            "layer": LAYER,
            "step": Column("step of the solver, position of the null"),
            "similarity": Column("SimE of the layer and the step"),
            "distance": Column("distance of the layer and the step"),
        },
    ),
    "matches": Table(
        "One row for each solver or null, and layer: the steps that are most like the layer. Intervals "
        "are over prompts.",
        {
            "run": RUN,
            "seed": SEED,
            "solver": SOLVER_OR_NULL,
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
        "One row for each solver or null, and statistic: means over seeds, NaN where fewer than three layers "
        "are uncensored.",
        {
            "run": RUN,
            "solver": SOLVER_OR_NULL,
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
        ATTRIBUTION,
    ),
    "encompassing": Table(
        "One row for each layer and ordered pair of families: what `other` adds to `family`.", ENCOMPASSING
    ),
    "uneven": Table(
        "The same for a few families, on the share of these prompts whose row sums are the most uneven.",
        ENCOMPASSING,
    ),
    "raw_weights": Table(
        "One row for each layer, and for each ordered pair of preconditioned Richardson and another family: "
        "weight of `other` beside `family` with nothing partialled out, on the same prompts. Made when asked "
        "for; the paper does not read it.",
        {
            **ENCOMPASSING,
            "coefficient": Column("raw weight: 0 where the layer is `family`, 1 where it is `other`"),
            "left": Column("length of the difference of both predictions over that of `other`"),
        },
    ),
    "snapshot_attribution": Table(
        "The rows of `attribution` for models on the way through their training (`training.snapshots`).",
        {"run": RUN, **STEP, **ATTRIBUTION},
    ),
    "snapshot_encompassing": Table(
        "The rows of `encompassing` for models on the way through their training.",
        {"run": RUN, **STEP, **ENCOMPASSING},
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
            "added_to_r": Column("what PR adds to R, as in `encompassing`"),
            "added_by_r": Column("what R adds to PR"),
            "wrong": Column("whether a family is named that it was not made from"),
        },
    ),
    "heads": Table(
        "One row for each head and kind of row (mechanism.md): the kernel that is nearest to its attention.",
        {
            "run": RUN,
            "seed": SEED,
            "layer": Column("layer 1..L"),
            "head": Column("head, from 0"),
            "rows": Column("tokens that attend: `x` and `y` interleaved, `pair` and `query` paired"),
            "bandwidth": Column(
                "of the kernel; infinite where attention does not fall with the distance", "input units"
            ),
            "kernel_divergence": Column("mean over rows of sum w log(w / s), s the kernel", "nats"),
            "flat_divergence": Column(
                "the same, s the nearest attention that is blind to the inputs", "nats"
            ),
            "left": Column(
                "sum of `kernel_divergence` over the kinds of rows, over that of `flat_divergence`"
            ),
            "like_kernel": Column("whether the head is like a kernel"),
        },
    ),
    "replacements": Table(
        "One row for each replacement of heads and each layer from the first changed one on.",
        {
            "run": RUN,
            "seed": SEED,
            **REPLACED,
            "heads": Column("number of heads that are replaced"),
            "excess_risk": Column("mean over n of (prediction - posterior mean)^2, after it", SQUARED),
            "increase": Column("of the excess risk", SQUARED),
            "low": Column("lower end of its interval over prompts", SQUARED),
            "high": Column("upper end of its interval over prompts", SQUARED),
        },
    ),
    "coefficients": Table(
        "One row for each replacement of heads together, each layer from the first changed one on, and some "
        "pairs of families; also for the model as it is.",
        {
            "run": RUN,
            "seed": SEED,
            **REPLACED,
            "family": FAMILY,
            "other": Column("family that is added"),
            "coefficient": Column("encompassing coefficient, as in `encompassing`"),
            "low": Column("lower end of its interval over prompts"),
            "high": Column("upper end of its interval over prompts"),
        },
    ),
    "restored": Table(
        "One row for each scope and replacement.",
        {
            "run": RUN,
            "scope": SCOPE,
            "replacement": Column("by what: `kernel`, `permuted`, `flat`"),
            "value": Column(
                "1 - increase of the excess risk over that with mean attention, at the model's own readout"
            ),
            "low": Column("lower end of its interval over prompts and seeds"),
            "high": Column("upper end of its interval over prompts and seeds"),
            "seeds": Column("number of seeds"),
        },
    ),
    "linearity": Table(
        "One row for each layer, quantity and method.",
        {
            "run": RUN,
            "seed": Column("seed of the training; -1 for the mean over seeds"),
            "layer": Column("layer 1..L; L + 1 is the model's own readout"),
            "counted": Column("whether it is among the layers that means and claims take"),
            "method": Column("`layer`, or `CG`: conjugate gradients at the steps that are nearest to it"),
            "quantity": Column("`superposition`, `rotation` or `jacobian_change` (mechanism.md)"),
            **ESTIMATE,
        },
    ),
    "filters": Table(
        "One row for each layer, method and eigenvalue of P A.",
        {
            "run": RUN,
            "seed": SEED,
            "layer": Column("layer 1..L; L + 1 is the model's own readout"),
            "method": Column("`layer`, or a family at the member that is nearest to it"),
            "eigenvalue": Column("mu, a knot of the filter"),
            "value": Column(
                "share of the converged component that is passed; NaN at a knot that none is near"
            ),
            "low": Column("lower end of its interval over prompts"),
            "high": Column("upper end of its interval over prompts"),
            "left": Column("relative distance of the predictions from the filtered ones"),
            "apart": Column("distance of the filter from the layer's in predictions, over the layer"),
        },
    ),
    "probes": Table(
        "One row for each probe and layer; `own` is the model's own readout at its last layer.",
        {
            "run": RUN,
            "seed": SEED,
            "stream": STREAM,
            "target": TARGET,
            "layer": LAYER,
            "crossed_risk": Column("excess risk on folds of the fit prompts that a fit did not see", SQUARED),
            "excess_risk": Column("excess risk on the evaluation prompts, mean over n", SQUARED),
            "chosen": Column("whether the rule chooses this probe for the run"),
        },
    ),
    "probe_effects": Table(
        "One row for each probe, solver and statistic of `alignment`, and for the best step of each layer.",
        {
            "run": RUN,
            "stream": STREAM,
            "target": TARGET,
            "solver": SOLVER,
            "statistic": Column("as in `alignment`; or `best_step`, the mean over seeds of t*(l)"),
            "layer": Column("layer l of a best step; 0 for what belongs to the model"),
            "value": VALUE,
            "low": Column("lower end of its interval, NaN for best steps"),
            "high": Column("upper end of its interval, NaN for best steps"),
        },
    ),
    "probe_attributions": Table(
        "One row for each probe and layer.",
        {
            "run": RUN,
            "seed": SEED,
            "stream": STREAM,
            "target": TARGET,
            "layer": Column("layer 1..L"),
            "named": Column("what the layer is named"),
            "survivors": Column("families that it is compatible with"),
        },
    ),
    "probe_additions": Table(
        "The rows of `encompassing` for layers 1..L and a few families, through each probe, on the "
        "evaluation prompts. Made when asked for; the paper does not read it.",
        {"run": RUN, "stream": STREAM, "target": TARGET, **ENCOMPASSING},
    ),
    "degree": Table(
        "One row for each layer and degree.",
        {
            "run": RUN,
            "seed": SEED,
            "layer": Column("layer 1..L; L + 1 is the model's own readout"),
            "degree": Column("number of products with the kernel"),
            "distance": Column("held-out relative distance of the nearest shared polynomial"),
            "needed": Column("whether this is the needed degree"),
        },
    ),
    "degree_trials": Table(
        "One row for each pseudo-layer of known degree.",
        {
            "run": RUN,
            "group": Column("`PR`, `nearest to the posterior mean` or `Chebyshev`"),
            "degree": Column("number of products with the kernel that it was made with"),
            "exact": Column("needed degree of its signal itself"),
            "noise": Column("noise over the stream"),
            "found": Column("needed degree that is read from it"),
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
            "ridge": Column(
                "ridge of the kernel ridge regression nearest to the predictions, over that of training"
            ),
            "ridge_low": Column("lower end of its interval over prompts"),
            "ridge_high": Column("upper end of its interval over prompts"),
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
