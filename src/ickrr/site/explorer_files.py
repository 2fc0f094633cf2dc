"""Which files the Explorer is made of and consists of; its rule asks for these."""

from typing import Final

from ickrr.config.experiment import Experiment

PLOT_LIBRARY: Final = ("bokeh.min.js", "bokeh-api.min.js")
EXPLORER_ASSETS: Final = (
    "explorer_drawing.js",
    "explorer_families.js",
    "explorer_plots.js",
    "explorer.js",
)
"""Files of this room that the page brings along."""
EXPLORER_TABLES: Final = ("errors", "similarity", "matches")
"""Tables of every run that it shows."""
IDENTIFICATION: Final = ("attribution", "encompassing")
"""Tables of the runs whose layers are identified."""
FILTERS: Final = "filters"
"""Table of the runs whose layers are taken apart by the spectrum of the kernel."""


def explored_runs(experiment: Experiment) -> list[str]:
    """Return the runs and controls that have layers to compare with steps."""
    return [*experiment.compared, *experiment.constructions.controls]


def explorer_tables(experiment: Experiment) -> list[str]:
    """Return the tables that the Explorer shows, by their paths below ``tables``.

    What only some runs have is shown of those of which the paper shows it.
    """
    runs = explored_runs(experiment)
    shown = [f"{run}/{table}" for run in runs for table in EXPLORER_TABLES]
    identified = experiment.runs_showing("encompassing")
    shown += [f"{run}/{table}" for run in runs if run in identified for table in IDENTIFICATION]
    measured = experiment.runs_showing("linearity")  # by the same rule as the filters
    return shown + [f"{run}/{FILTERS}" for run in runs if run in measured]
