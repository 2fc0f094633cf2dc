"""Which tables the numbers of the text are read from."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ickrr.config.experiment import Experiment

SHOWN = (
    "errors",
    "noise",
    "attribution",
    "encompassing",
    "uneven",
    "snapshot_attribution",
    "snapshot_encompassing",
    "trials",
    "heads",
    "restored",
    "linearity",
    "degree",
    "probes",
    "probe_effects",
)
"""Tables that are read of the runs of a figure or table that shows them."""

OF_CONSTRUCTIONS = (
    "construction/cells",
    "construction/rates",
    "construction/summary",
    "construction/contraction",
    "construction/controls",
    "metarep/cg",
    "metarep/width",
)


def tables_read(experiment: "Experiment") -> list[str]:
    """Return the tables that `all_numbers` (`..collection`) reads, by their path below ``tables``.

    The rule declares these, and reading another one is refused (`ickrr.report.load`).
    """
    of_runs = {
        "learning_curve": experiment.runs,
        **dict.fromkeys(("alignment", "pairs", "shares"), experiment.compared),
        **{table: experiment.runs_showing(table) for table in SHOWN},
        "coefficients": experiment.runs_showing("restored"),
        "probe_attributions": experiment.runs_showing("probes"),
    }
    named = [f"{run}/{table}" for table, runs in of_runs.items() for run in runs]
    return [*named, *OF_CONSTRUCTIONS, *experiment.operators.summaries]
