"""Excess risk of the model with heads replaced, over the Bayes risk (docs/mechanism.md)."""

from ickrr.config.claim_terms import ReplacementName, ScopeName
from ickrr.report.intervals import NO_INTERVAL, Interval, over_trainings
from ickrr.report.statistics.question import Question

NAME = "excess risk over Bayes risk with {replacement} in {scope}"
READS = ("replacements", "learning_curve")


def estimate(question: Question, scope: ScopeName, replacement: ReplacementName) -> Interval:
    """Return the share at the model's own readout, its interval over trainings.

    It is undefined if a training has no heads of the scope.
    """
    table = question.table("replacements")
    bayes = question.ends_of_training().set_index("seed")["bayes_risk"]
    own = table[table["read"] == table["read"].max()]
    rows = own[(own["scope"] == scope) & (own["replacement"] == replacement)].set_index("seed")
    if set(rows.index) != set(bayes.index):
        return NO_INTERVAL
    return over_trainings((rows["excess_risk"] / bayes).tolist(), question.confidence)
