"""What every statistic is asked: which tables of which run, which solvers, at which level."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

from ickrr.config.claim_terms import BUILT, PSEUDO_LAYERS
from ickrr.config.statistics import StatisticsSettings

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from ickrr.report.load import Tables


@dataclass(frozen=True)
class Question:
    """What a statistic is asked, apart from the arguments of its condition.

    Attributes:
        tables: the tidy tables, see `ickrr.report.load.Tables`.
        run: the run; empty where the statistic belongs to none.
        solvers: solvers that are compared, in the order of the paper.
        statistics: level of the intervals, and which layers count.
    """

    tables: "Tables"
    run: str
    solvers: Sequence[str]
    statistics: StatisticsSettings

    @property
    def confidence(self) -> float:
        """Level of the intervals."""
        return self.statistics.confidence

    def of_run(self, run: str) -> Self:
        """Return the same question about another run."""
        return replace(self, run=run)

    def table(self, name: str) -> "pd.DataFrame":
        """Read one table of the run.

        Raises:
            FileError: it is missing, damaged, or not the table of the run.
        """
        from ickrr.report.load import load_table

        return load_table(self.tables, [self.run], name)

    def file(self, name: str) -> "Path":
        """Return the path of a table of the run, or of one of no run, for messages."""
        from ickrr.report.load import file_of

        return file_of(self.tables, f"{self.run}/{name}.parquet" if self.run else f"{name}.parquet")

    def counted_layers(self) -> "pd.DataFrame":
        """Return the rows of the table `attribution` of the layers that claims count."""
        table = self.table("attribution")
        return table[table["counted"].astype(bool)]

    def matches(self, solver: str) -> "pd.DataFrame":
        """Return the rows of the table `matches` of one solver and layers 1..L.

        Raises:
            FileError: the table lacks the solver.
        """
        from ickrr.errors import FileError

        table = self.table("matches")
        rows = table[(table["solver"] == solver) & (table["layer"] > 0)]
        if rows.empty:
            raise FileError(
                f"{self.file('matches')}: has no rows of solver '{solver}'; delete it and run snakemake again"
            )
        return rows

    def counted_matches(self, solver: str) -> "pd.DataFrame":
        """Return those of `matches` of the layers that means take.

        Raises:
            FileError: the table lacks the solver.
        """
        rows = self.matches(solver)
        counted = self.statistics.counted(int(rows["layer"].max()))
        return rows[rows["layer"].between(counted.start + 1, counted.stop)]

    def pseudo_layers(self) -> "pd.DataFrame":
        """Return the rows of the table `trials` that a probe read from a stream."""
        table = self.table("trials")
        return table[table["group"].isin(PSEUDO_LAYERS)]

    def built_layers(self) -> "pd.DataFrame":
        """Return the rows of the table `trials` that a probe read from a model that is built by hand.

        Raises:
            FileError: the table has none.
        """
        from ickrr.errors import FileError

        table = self.table("trials")
        rows = table[table["group"] == BUILT]
        if rows.empty:
            raise FileError(
                f"{self.file('trials')}: has no layers of a built model; constructions.controls has none for "
                f"the task of '{self.run}' that is exact and has a fitted readout"
            )
        return rows

    def rotations(self, method: str) -> "pd.DataFrame":
        """Return the rotation of the layers that count, mean over seeds: columns value, low, high, by layer.

        Args:
            method: ``layer``, or ``CG`` for the conjugate gradients that are nearest to it.
        """
        from ickrr.report.studies import rotations

        found = rotations(self.table("linearity"), self.run, method)
        return found[found["counted"].astype(bool)]

    def trainings(self, name: str) -> int:
        """Return the number of trainings in a table that also has rows of means over seeds."""
        from ickrr.row_keys import NO_SEED

        return len(set(self.table(name)["seed"]) - {NO_SEED})

    def needed_degrees(self) -> "pd.DataFrame":
        """Return the rows of the table `degree` of the needed degree of each layer 1..L and seed."""
        table = self.table("degree")
        own_readout = table["layer"] == table["layer"].max()
        needed: pd.DataFrame = table[table["needed"].astype(bool) & ~own_readout]
        return needed

    def ends_of_training(self) -> "pd.DataFrame":
        """Return the last point of the learning curve of each seed."""
        return self.table("learning_curve").sort_values("step").groupby("seed").tail(1)
