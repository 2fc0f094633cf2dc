"""Keys of the rows of tidy tables that belong to no single layer, training or solver."""

from typing import Final

NO_SEED: Final = -1
"""Seed of rows that no single training makes: solvers, the posterior mean, and means over seeds."""

WHOLE_MODEL: Final = 0
"""Layer of what belongs to the whole model: the mean over the layers that count, or a trend."""

FLOOR: Final = "floor"
"""Stands in place of the second solver where a similarity is compared with its floor."""
