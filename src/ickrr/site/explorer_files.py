"""Which files the Explorer is made of and consists of; its rule asks for these."""

from typing import Final

from ickrr.config.experiment import Experiment

PLOT_LIBRARY: Final = ("bokeh.min.js", "bokeh-api.min.js")
EXPLORER_ASSETS: Final = ("explorer_plots.js", "explorer.js")
"""Files of this room that the page brings along."""
EXPLORER_TABLES: Final = ("errors", "similarity", "matches")
"""Tables of a run that it shows."""


def explored_runs(experiment: Experiment) -> list[str]:
    """Return the runs and controls that have layers to compare with steps."""
    return [*experiment.compared, *experiment.constructions.controls]
