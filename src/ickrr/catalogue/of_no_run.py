"""Tables of no run: of the constructions, of MetaRepICL and of the claims, ``tables/<name>.parquet``."""

from typing import Final

from ickrr.catalogue.columns import (
    CONTEXT_LENGTH,
    ESTIMATE,
    LAYER,
    RUN,
    SEED,
    SUMMARY,
    Column,
    Table,
)

CELL: Final = {
    "name": Column("name of the ridge, a key of `constructions.verification.ridges`"),
    "scaling": Column("`fixed` or `scaled`"),
    "ridge": Column("the ridge, over the context length where it is scaled"),
    "context_length": CONTEXT_LENGTH,
    "accuracy": Column("accuracy that was asked for", "labels"),
}
ERROR: Final = Column("largest |prediction - Cholesky|", "labels")
ITERATE_ERROR: Final = Column("largest |prediction - Richardson step|", "labels")
A_SUMMARY: Final = Table("One number in each row, in the form that claims read.", SUMMARY)

CONSTRUCTION: Final[dict[str, Table]] = {
    "construction/cells": Table(
        "One row for each cell of the verification grid. What was not measured is NaN, or -1 in counts.",
        {
            **CELL,
            "status": Column(
                "`verified`, `theory only` (too deep to run) or `beyond float64` (below rounding)"
            ),
            "steps": Column("Richardson steps of the theory"),
            "depth": Column("blocks"),
            "width": Column("hidden units of the widest MLP"),
            "iterate_bound": Column("bound on the iterates, the interval of their interpolants"),
            "contraction": Column("bound on the contraction factor of a step"),
            "bound": Column("bound on the error of the prediction", "labels"),
            "bias_bound": Column("its part from the interpolated squared norms", "labels"),
            "truncation_bound": Column("its part from stopping after `steps`", "labels"),
            "layer_bound": Column("bound on the distance of a layer from its Richardson step", "labels"),
            "rounding_bound": Column("allowance for the rounding of float64", "labels"),
            "units_norm": Column("units that square each coordinate of x; 0 on a sphere"),
            "units_share": Column(
                "units of the odds of the sink's share; 0 but for the plain preconditioner"
            ),
            "units_update": Column("units of the product in every update"),
            "units_reciprocal": Column("units of the reciprocal of the share"),
            "units_readout": Column("units of the product that makes the prediction"),
            "prompts": Column("prompts that the model was run on"),
            "error": ERROR,
            "iterate_error": Column("largest |prediction - Richardson step| over all layers", "labels"),
            "smallest_steps": Column("fewest steps after which the error stays within the accuracy"),
            "smallest_width": Column("least width that keeps the accuracy; searched for short contexts only"),
            "passed": Column("whether every promise of the theory was kept"),
        },
    ),
    "construction/layers": Table(
        "One row for each layer of each verified cell.",
        {
            **CELL,
            "layer": LAYER,
            "step": Column("Richardson step that it holds"),
            "error": ERROR,
            "iterate_error": ITERATE_ERROR,
            "bound": Column("bound on `error`; NaN before the first step", "labels"),
        },
    ),
    "construction/widths": Table(
        "One row for each width that was tried in the search for the least one.",
        {**CELL, "width": Column("hidden units of the widest MLP"), "error": ERROR},
    ),
    "construction/families": Table(
        "One row for each kind of prompts of each verified cell.",
        {**CELL, "family": Column("law of the inputs, or kind of adversarial prompt"), "error": ERROR},
    ),
    "construction/rates": Table(
        "One row for each fitted exponent of each ridge.",
        {
            "name": CELL["name"],
            "quantity": Column("`steps`, `width` (of the theory), `smallest_steps` or `smallest_width`"),
            "against": Column(
                "`log(1/eps)`, `1/eps` or `N`, slopes of logarithms; `e-folds`: steps times |log "
                "contraction| "
                "against log(1/eps)"
            ),
            "value": Column("the slope; NaN where there are too few cells"),
            "low": ESTIMATE["low"],
            "high": ESTIMATE["high"],
            "cells": Column("number of cells"),
        },
    ),
    "construction/contraction": Table(
        "One row for each prompt, ridge and preconditioner.",
        {
            "family": Column("law of the inputs, or name of an adversarial set"),
            "kind": Column("`law` or `adversarial`"),
            "lengthscale": Column("lengthscale of the kernel", "input units"),
            "scaling": CELL["scaling"],
            "ridge": CELL["ridge"],
            "preconditioner": Column("row sums of K + lambda I (`ridge`) or of K (`kernel`)"),
            "context_length": CONTEXT_LENGTH,
            "prompt": Column("number of the prompt, from 0"),
            "factor": Column("measured contraction factor of a step"),
            "bound": Column("bound of the theorem for all prompts"),
            "gap_rate": Column("rate that the spectral gap of this prompt's kernel gives"),
        },
    ),
    "construction/controls": Table(
        "One row for each control of the comparison.",
        {
            "control": Column("its name, a key of `constructions.controls`"),
            "kind": Column("its weights: `built`, `exact` or `random`"),
            "readout": Column("`own` or `fitted`"),
            "solver": Column("solver that it is compared with"),
            "setup": Column("layers before the first step"),
            "layers": Column("layers after them, which are judged"),
            "step_error": Column("largest |best step - step that the layer holds|"),
            "nearest_error": Column("the same of the nearest step"),
            "dissimilarity": Column("largest 1 - SimE"),
            "dissimilarity_mean": Column("mean 1 - SimE"),
            "dissimilarity_tolerance": Column("largest 1 - SimE that is allowed"),
            "distance": Column("largest distance"),
            "distance_tolerance": Column("largest distance that is allowed"),
            "slope": Column("slope of the best step over the layers"),
            "censored": Column("layers whose best step is the last of the grid"),
            "follows": Column("whether every layer is the step that it should be, within the tolerances"),
        },
    ),
    "construction/summary": A_SUMMARY,
}

METAREP: Final[dict[str, Table]] = {
    "metarep/cg_curves": Table(
        "One row for each layer of a stack, or step of a solver or of the bound; quantiles are over prompts.",
        {
            "family": Column("`well` or `ill`: how the prompts are conditioned"),
            "measure": Column(
                "`prediction`: |f - f*| / |f*| over the queries, cut at 1e6; `energy`: the relative error "
                "of the "
                "dual in the norm of the system"
            ),
            "method": Column("`built_cg`, `built_pcg`, `relu`, a solver or `bound`"),
            "units": Column("units of each interpolant of `relu`, otherwise 0"),
            "layer": Column("layer of the stack; -1 for solvers and bounds"),
            "position": Column("steps of conjugate gradients so far; a layer within a step is a fraction"),
            "value": Column("median"),
            "low": Column("10 % quantile"),
            "high": Column("90 % quantile"),
        },
    ),
    "metarep/cg": A_SUMMARY,
    "metarep/width_curves": Table(
        "One row for each seed, ridge, projection and rank.",
        {
            "seed": Column("number of the prompt and the projection, from 0"),
            "projection": Column("`gaussian` or `eigenspace`"),
            "ridge": Column("the ridge lambda"),
            "rank": Column("channels r of the projection", "channels"),
            "multiple": Column(
                "the rank is that multiple of the effective dimension; NaN on the grid of ranks"
            ),
            "effective_dimension": Column("tr K (K + lambda I)^-1 of the seed's prompt"),
            "source": Column("`algebra`, or `stack`: the built conjugate gradients with heads of that width"),
            "error": Column("relative error of the predictions against those of all channels"),
            "gap": Column(
                "largest distance of the stack from the algebra, relative; NaN of the algebra itself"
            ),
        },
    ),
    "metarep/width": A_SUMMARY,
    "metarep/operators": A_SUMMARY,
    "metarep/operators_detail": Table(
        "One row for each head, kind of rows and kernel: means over prompts, at every level of every dial, "
        "and of the "
        "controls in distribution.",
        {
            "run": RUN,
            "seed": SEED,
            "dial": Column("dial that leads out of distribution, or `in_distribution`"),
            "level": Column("its level"),
            "layer": Column("layer 1..L"),
            "head": Column("head, from 0"),
            "rows": Column("tokens whose attention it is: `x`, `y`, or `pair` where a token is a pair"),
            "target": Column("kernel: `gaussian` (of the inputs) or `representation`"),
            "control": Column("`trained` for the model itself, or a control"),
            "bandwidth": Column("bandwidth of the kernel that fits the model best"),
            "best": Column("whether this is the model's best head on the fit prompts"),
            "distance": Column("distance of the attention from the normalised kernel"),
        },
    ),
    "metarep/operators_dials": Table(
        "One row for each level of each dial and quantity.",
        {
            "run": RUN,
            "dial": Column("dial that leads out of distribution"),
            "level": Column("its level; the first is in distribution"),
            "quantity": Column(
                "`gaussian_distance`, `gaussian_best`, `gaussian_left`, `representation_distance`, "
                "`representation_best`, `representation_left` (as in `metarep/operators`), `error`, "
                "`deviation`, `krr_gaussian`, `krr_representation` or `krr_data`"
            ),
            **ESTIMATE,
            "seeds": Column("number of seeds"),
        },
    ),
    "metarep/anchor": A_SUMMARY,
}

CLAIMS: Final = Table(
    "One row for each condition of a claim and each of its runs, in the order of the ledger. Arguments that "
    "a statistic does not take are empty, or NaN.",
    {
        "claim": Column("id of the claim, a key of `claims.yaml`"),
        "source": Column("who claims it"),
        "statement": Column("what is claimed (LaTeX)"),
        "evidence": Column("figures and tables that show it, joined by commas"),
        "verdict": Column(
            "of the whole claim: `supported`, `not supported`, `tied`, `undecided` or `not tested`"
        ),
        "condition": Column("number of the row within the claim, from 0"),
        "run": Column("name of the run; empty where the condition belongs to none"),
        "statistic": Column("statistic that is computed; see above"),
        "part": Column("`rule`, or `gate` for what must hold before the rule is looked at"),
        "of": Column("statistic of the alignment that it is about"),
        "solver": Column("solver that it is about"),
        "rival": Column("solver that this one is compared with"),
        "family": Column("family of algorithms that it is about"),
        "beside": Column("family that this one is added to"),
        "scope": Column("heads whose attention is replaced"),
        "replacement": Column("what it is replaced by"),
        "reference": Column("run that the run is compared with"),
        "method": Column("whose error under other noise"),
        "factor": Column("test noise over training noise"),
        "table": Column("summary table that it looks into"),
        "quantity": Column("quantity of the row there"),
        "subject": Column("subject of the row there"),
        "setting": Column("setting of the row there"),
        "above": Column("bound that the interval must lie above"),
        "below": Column("bound that the interval must lie below"),
        "margin": Column("interval wholly this close to the bound counts as a tie"),
        **ESTIMATE,
        "outcome": Column("of the condition: `supported`, `not supported`, `tied` or `undecided`"),
    },
)

OF_NO_RUN: Final = {**CONSTRUCTION, **METAREP, "claims": CLAIMS}
