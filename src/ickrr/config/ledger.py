"""The schema of the claims ledger: what a claim says, and the conditions that decide it."""

from collections.abc import Iterator
from typing import Final, Literal, Self, get_args

from pydantic import model_validator

from ickrr.config.analysis import SolverName
from ickrr.config.experiment import SummaryTable
from ickrr.config.fields import Identifier, Settings, setting

StatisticName = Literal[
    "lead",
    "reference_lead",
    "lead_share",
    "largest_difference",
    "alignment",
    "run_difference",
    "run_ratio",
    "excess_share",
    "excess_ratio",
    "noise_ratio",
    "noise_gap",
    "summary",
]
AlignmentName = Literal[
    "similarity", "floor", "distance", "slope", "r_squared", "kendall_tau", "censored_share"
]
Argument = Literal["of", "solver", "reference", "method", "factor", "table", "quantity", "subject", "setting"]

ARGUMENTS: Final[dict[StatisticName, tuple[Argument, ...]]] = {
    "lead": ("of", "solver"),
    "reference_lead": ("of", "reference"),
    "lead_share": ("of", "solver"),
    "largest_difference": ("of",),
    "alignment": ("of", "solver"),
    "run_difference": ("of", "solver", "reference"),
    "run_ratio": ("of", "solver", "reference"),
    "excess_share": (),
    "excess_ratio": ("reference",),
    "noise_ratio": ("method", "factor"),
    "noise_gap": ("factor",),
    "summary": ("table", "quantity", "subject", "setting"),
}
"""Which arguments each statistic takes; it takes all of them and no other."""

READS: Final[dict[StatisticName, tuple[str, ...]]] = {
    "lead": ("pairs",),
    "reference_lead": ("pairs", "alignment"),
    "lead_share": ("shares",),
    "largest_difference": ("pairs",),
    "alignment": ("alignment",),
    "run_difference": ("alignment",),
    "run_ratio": ("alignment",),
    "excess_share": ("learning_curve",),
    "excess_ratio": ("learning_curve",),
    "noise_ratio": ("noise",),
    "noise_gap": ("noise",),
    "summary": (),
}
"""Which tables of its runs (and of its reference) each statistic reads; `summary` reads the one it names."""


class Condition(Settings):
    """A statistic of some runs, and the bound that its interval must lie beyond."""

    statistic: StatisticName = setting(..., "What is computed, a function of `ickrr.report.statistics`")
    of: AlignmentName | None = setting(None, "Statistic of the alignment that it is about")
    solver: SolverName | None = setting(None, "Solver that it is about")
    reference: str | None = setting(None, "Run that the runs are compared with")
    method: Literal["transformer", "encoded_oracle"] | None = setting(None, "Whose error under other noise")
    factor: float | None = setting(None, "Test noise over training noise", gt=0)
    table: SummaryTable | None = setting(None, "Table of no run, one number a row, that it looks into")
    quantity: str | None = setting(None, "What the number is: the row's `quantity`")
    subject: str | None = setting(None, "What it belongs to: the row's `subject`")
    runs: list[str] = setting([], "Runs; the condition must hold for each. None for `summary`")
    above: float | None = setting(None, "The interval must lie above this")
    below: float | None = setting(None, "The interval must lie below this")
    # The last one: from here on the name is no longer the function.
    setting: str | None = setting(None, "Under which setting: the row's `setting`")

    @model_validator(mode="after")
    def arguments_fit_the_statistic(self) -> Self:
        """Refuse a missing or an idle argument, a condition without a bound, and an empty range."""
        wanted = ARGUMENTS[self.statistic]
        takes = ", ".join(wanted) or "nothing but runs"
        for name in get_args(Argument):
            if (getattr(self, name) is None) == (name in wanted):
                raise ValueError(
                    f"'{name}' is {'missing' if name in wanted else 'given'}; {self.statistic} takes {takes}"
                )
        if bool(self.runs) == (self.table is not None):
            raise ValueError(
                f"'runs' is given; {self.statistic} takes {takes} and no runs"
                if self.runs
                else f"'runs' is missing; {self.statistic} is taken of at least one run"
            )
        if self.above is None and self.below is None:
            raise ValueError("neither 'above' nor 'below' is given; give at least one bound")
        if self.above is not None and self.below is not None and self.above >= self.below:
            raise ValueError(f"above = {self.above} is not less than below = {self.below}")
        return self

    @property
    def each_run(self) -> list[str]:
        """Its runs, or one empty name where the statistic belongs to no run."""
        return self.runs or [""]


class Claim(Settings):
    """One claim and its rule."""

    source: Literal["abstract", "review", "summary", "metarepicl", "ours"] = setting(..., "Who claims it")
    statement: str = setting(..., "What is claimed, in our words; LaTeX", min_length=1)
    evidence: list[str] = setting(..., "Figures and tables that show it", min_length=1)
    need: Literal["all", "any"] = setting("all", "How many of the conditions must hold")
    conditions: list[Condition] = setting(..., "What decides it", min_length=1)


class Ledger(Settings):
    """All claims."""

    claims: dict[Identifier, Claim] = setting(..., "Claims by id", min_length=1)
    # JSON is written with sorted keys, so the order of the file is kept apart.
    order: list[Identifier] = setting(..., "Ids in the order of the table")

    @model_validator(mode="after")
    def order_names_every_claim_once(self) -> Self:
        """Refuse an order of other claims."""
        if sorted(self.order) != sorted(self.claims):
            raise ValueError(f"order {self.order} does not name every claim once: {sorted(self.claims)}")
        return self

    def items(self) -> Iterator[tuple[str, Claim]]:
        """Yield ids and claims, in order."""
        yield from ((name, self.claims[name]) for name in self.order)

    def tables(self) -> list[str]:
        """Return all tables that the conditions read, `run/table` or the path of one of no run, each once."""
        conditions = [condition for _, claim in self.items() for condition in claim.conditions]
        of_runs = [
            f"{run}/{table}"
            for condition in conditions
            for run in [*condition.runs, *([condition.reference] if condition.reference else [])]
            for table in READS[condition.statistic]
        ]
        named = [condition.table for condition in conditions if condition.table]
        return list(dict.fromkeys([*of_runs, *named]))
