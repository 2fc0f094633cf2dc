"""Nearest step of a solver at the same layers, over that in the reference run."""

from ickrr.report.intervals import Interval, over_seeds, ratio
from ickrr.report.statistics.question import Question

NAME = "nearest step of {solver} at the same layers, over that in {reference}"
READS = ("matches",)


def estimate(question: Question, solver: str, reference: str) -> Interval:
    """Return the ratio of the mean steps over the layers that both runs have, which count as independent.

    Raises:
        FileError: a table lacks the solver.
    """
    from ickrr.errors import FileError

    tables = {run: question.of_run(run).table("matches") for run in (question.run, reference)}
    shared = min(int(table["layer"].max()) for table in tables.values())
    means = {}
    for run, table in tables.items():
        rows = table[(table["solver"] == solver) & table["layer"].between(1, shared)]
        if rows.empty:
            path = question.of_run(run).file("matches")
            raise FileError(f"{path}: has no rows of solver '{solver}'; delete it and run snakemake again")
        steps = rows.groupby("seed")["nearest_step"].mean()
        means[run] = over_seeds(steps.tolist(), question.confidence)
    return ratio(means[question.run], means[reference])
