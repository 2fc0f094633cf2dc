"""Share of what mean attention costs that another replacement saves (docs/mechanism.md)."""

from ickrr.config.claim_terms import ReplacementName, ScopeName
from ickrr.report.intervals import NO_INTERVAL, Interval, of_trainings
from ickrr.report.statistics.question import Question

NAME = "share restored by {replacement} in {scope}"
READS = ("restored",)


def estimate(question: Question, scope: ScopeName, replacement: ReplacementName) -> Interval:
    """Return the share, its interval over prompts and seeds; undefined where the scope holds no head.

    With fewer than `FEWEST_TRAININGS` seeds it has no interval.
    """
    from ickrr.report.load import only_row

    table = question.table("restored")
    if scope not in set(table["scope"]):
        return NO_INTERVAL
    found = only_row(table, str(question.file("restored")), scope=scope, replacement=replacement)
    value, low, high = (float(found[end]) for end in ("value", "low", "high"))
    return of_trainings(Interval(value, low, high), int(found["seeds"]))
