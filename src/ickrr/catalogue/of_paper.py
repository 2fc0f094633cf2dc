"""The tables of the paper as Parquet and CSV: ``tables/<name>.parquet``."""

from typing import Final

from ickrr.catalogue.columns import (
    ESTIMATE,
    RUN,
    SOLVER,
    SQUARED,
    STATISTIC,
    SUMMARY,
    Column,
    Table,
)
from ickrr.catalogue.of_no_run import CLAIMS, OF_NO_RUN
from ickrr.catalogue.of_runs import OF_RUNS

LEDGER: Final = Table(
    "One row for each claim of the sources, or of ours.",
    {
        **{name: CLAIMS.columns[name] for name in ("claim", "source", "statement", "evidence")},
        "conditions": Column("number of conditions, counted for each run"),
        "holding": Column("number of those that are supported"),
        "run": Column("run of the condition that is shown, the first with the verdict of the claim"),
        "decided_by": Column("that condition in words (LaTeX)"),
        **ESTIMATE,
        "verdict": CLAIMS.columns["verdict"],
    },
)

OF_PAPER: Final[dict[str, Table]] = {
    "tab_ablations": Table(
        "One row for each run; what a diverged seed leaves undefined is NaN, or empty.",
        {
            "run": RUN,
            "parameters": Column("weights of the model"),
            "seeds": Column("number of seeds"),
            "diverged_seeds": Column("number of seeds that diverged"),
            "excess_risk": Column("at the end of training, mean over seeds", SQUARED),
            "excess_risk_sd": Column("its standard deviation over seeds", SQUARED),
            "bayes_risk": Column("mean posterior variance of f", SQUARED),
            "excess_share": Column("`excess_risk` over `bayes_risk`"),
            "floor": Column("SimE of the layers and the zero predictor"),
            "closest": Column("headline solver of the smallest distance"),
            "distance": Column("its distance, mean over layers 1..L"),
            "runner_up": Column("headline solver of the next distance"),
            "ahead": Column("distance of `runner_up` minus that of `closest`"),
            "ahead_low": ESTIMATE["low"],
            "ahead_high": ESTIMATE["high"],
        },
    ),
    "tab_identification": Table(
        "One row for each run and family of algorithms.",
        {
            "run": RUN,
            "family": Column("family of algorithms; see identification.md"),
            "distance": Column("distance of its nearest member, mean over layers that count and seeds"),
            "survives": Column("share of these layers that it explains alone"),
            "named": Column("share of these layers that are named after it"),
            "layers": Column("number of layers that count"),
            "seeds": Column("number of seeds"),
        },
    ),
    "tab_trials": Table(
        "One row for each run, group of known cases, right answer and noise.",
        {
            "run": RUN,
            "group": OF_RUNS["trials"].columns["group"],
            "family": OF_RUNS["trials"].columns["allowed"],
            "noise": OF_RUNS["trials"].columns["noise"],
            "cases": Column("number of cases"),
            "right": Column("number of those that are named rightly, that is after what they were made from"),
            "none": Column("number of those that no family explains, which is right for cases of no family"),
            "undecided": Column("number of those that some families explain, and that have no name"),
            "wrong": Column("number of those that are named after another family"),
        },
    ),
    "tab_described": Table(
        "One row for each run.",
        {
            "run": RUN,
            "seeds": Column("number of seeds"),
            "layers": Column("layers that count, of all seeds"),
            "named": Column("share of them that are named after a family"),
            "none": Column("share of them that no family explains"),
            "pr": Column("share of them that preconditioned Richardson explains alone"),
            "r": Column("share of them that Richardson explains alone"),
            "closed_form": Column("share of them that a predictor without iteration explains alone"),
            "pr_to_r": Column("what preconditioned Richardson adds to Richardson, mean over them"),
            "pr_to_r_low": Column("lower end of its interval, over seeds and prompts"),
            "pr_to_r_high": Column("upper end of its interval"),
            "r_to_pr": Column("what Richardson adds to preconditioned Richardson"),
            "r_to_pr_low": Column("lower end of its interval, over seeds and prompts"),
            "r_to_pr_high": Column("upper end of its interval"),
            "uneven_pr_to_r": Column("`pr_to_r` on the prompts with the most uneven row sums alone"),
            "uneven_pr_to_r_low": Column("lower end of its interval, over seeds and prompts"),
            "uneven_pr_to_r_high": Column("upper end of its interval"),
            "uneven_r_to_pr": Column("`r_to_pr` on the same"),
            "uneven_r_to_pr_low": Column("lower end of its interval, over seeds and prompts"),
            "uneven_r_to_pr_high": Column("upper end of its interval"),
        },
    ),
    "tab_degree": Table(
        "One row for each run and layer; layer L + 1 is the model's own readout.",
        {
            "run": RUN,
            "layer": Column("layer"),
            "degree": Column("number of products with the kernel that it needs, mean over seeds"),
            "fewest": Column("the smallest number over seeds"),
            "most": Column("the largest number over seeds"),
            "seeds": Column("number of seeds"),
            "cases": Column(
                "number of pseudo-layers of known degree at each noise, on the prompts of the run"
            ),
            "found": Column("of how many the degree is found within one, at the noise where it is fewest"),
        },
    ),
    "tab_probes": Table(
        "One row for each run, headline solver and statistic of `alignment` with an interval.",
        {
            "run": RUN,
            "solver": SOLVER,
            "statistic": STATISTIC,
            "value": Column("through the default probe"),
            "low": Column("lower end of its interval"),
            "high": Column("upper end of its interval"),
            "stream": Column("what the chosen probe reads: `raw` or `normed`"),
            "target": Column("what it is fitted to: `label` or `posterior_mean`"),
            "chosen_value": Column("through the chosen probe"),
            "leaves": Column("whether this is outside the interval"),
        },
    ),
    "tab_alignment": Table(
        "The rows of `alignment` of the runs and controls that the table of the paper shows. Then means of "
        "`encompassing` over the layers that count and over seeds, of the runs that are identified: "
        "`addition`, a coefficient, and `left`, without an interval.",
        {
            "law": Column("law of the inputs"),
            "run": RUN,
            "solver": Column("name of the solver or of the null; of a coefficient, `other` beside `family`"),
            "statistic": STATISTIC,
            **ESTIMATE,
            "seed_sd": Column("standard deviation over seeds"),
            "seeds": Column("number of seeds"),
        },
    ),
    "tab_claims": Table("The rows of `claims`.", CLAIMS.columns),
    "tab_ledger_abstract": LEDGER,
    "tab_ledger_reviews": LEDGER,
    "tab_ledger_metarep": LEDGER,
    "tab_ledger_ours": LEDGER,
    "tab_construction": Table("The rows of `construction/cells`.", OF_NO_RUN["construction/cells"].columns),
    "tab_controls": Table("The rows of `construction/controls`.", OF_NO_RUN["construction/controls"].columns),
    "tab_cost": Table(
        "One row for each stage, and a total. Sums are over the jobs whose time is known, by a benchmark, by "
        "the record of a job that ran elsewhere, or by training's own clock. Varies from run to run.",
        {
            "stage": Column("name of the rule"),
            "jobs": Column("number of its jobs"),
            "measured": Column("number of those whose time is known"),
            "wall_s": Column("their time; of training, by its own clock", "s"),
            "longest_s": Column("time of the longest", "s"),
            "cpu_s": Column("processor time of those that have a benchmark", "s"),
            "peak_memory_mb": Column("largest memory of one", "MB"),
        },
    ),
    "tab_metarep": Table(
        "The rows of the summary tables that the table of the paper shows.",
        {"table": Column("summary table that the row is from"), **SUMMARY},
    ),
    "tab_rates": Table("The rows of `construction/rates`.", OF_NO_RUN["construction/rates"].columns),
    "tab_runs": Table(
        "One row for each run, in the order of the configuration.",
        {
            "run": RUN,
            "law": Column("law of the inputs"),
            "dimension": Column("of the inputs"),
            "lengthscale": Column("of the kernel", "input units"),
            "noise_std": Column("standard deviation of the label noise", "labels"),
            "layers": Column("number of transformer blocks"),
            "width": Column("of the residual stream", "channels"),
            "heads": Column("attention heads of each block"),
            "seeds": Column("number of seeds"),
            "purpose": Column("what the run is for"),
        },
    ),
    "tab_setup": Table(
        "One row for each setting of the resolved experiment.",
        {
            "key": Column("dotted key"),
            "value": Column("its value (JSON)"),
            "unit": Column("unit of the value"),
            "source": Column("`sources`, `our choice` or `technical`"),
            "description": Column("what it is"),
        },
    ),
}
