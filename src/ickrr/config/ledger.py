"""The schema of the claims ledger: what a claim says, and the conditions that decide it."""

import inspect
from collections.abc import Iterator
from string import Formatter
from typing import Annotated, Any, Final, Literal, Self, get_args, get_origin

from pydantic import model_validator

from ickrr.config.claim_terms import AlignmentName, FamilyName, NoiseMethod, ReplacementName, ScopeName
from ickrr.config.experiment import RunTable, SummaryTable
from ickrr.config.fields import Identifier, Settings, setting
from ickrr.config.solvers import SolverName
from ickrr.entries import STATISTICS

StatisticName = Annotated[str, STATISTICS]


def arguments_of(statistic: str) -> tuple[str, ...]:
    """Return the arguments that a statistic takes: what its ``estimate`` is told beside the question."""
    return tuple(inspect.signature(STATISTICS.load(statistic).estimate).parameters)[1:]


def allowed_values(statistic: str) -> dict[str, tuple[str, ...]]:
    """Return which arguments of a statistic may have certain values only, and these values."""
    parameters = inspect.signature(STATISTICS.load(statistic).estimate).parameters.items()
    return {
        name: get_args(one.annotation) for name, one in parameters if get_origin(one.annotation) is Literal
    }


def tables_read(statistic: str) -> tuple[str, ...]:
    """Return the tables of its runs (and of its reference) that a statistic reads."""
    read: tuple[str, ...] = STATISTICS.load(statistic).READS
    return read


def of_built(statistic: str) -> bool:
    """Say whether a statistic is about the model that is built by hand for its run."""
    return bool(getattr(STATISTICS.load(statistic), "OF_BUILT", False))


class Condition(Settings):
    """A statistic of some runs, and the bound that its interval must lie beyond."""

    statistic: StatisticName = setting(..., "What is computed, a module of `ickrr.report.statistics`")
    of: AlignmentName | None = setting(None, "Statistic of the alignment that it is about")
    solver: SolverName | None = setting(None, "Solver that it is about")
    rival: SolverName | None = setting(None, "Solver that this one is compared with")
    family: FamilyName | None = setting(None, "Family of algorithms that it is about")
    beside: FamilyName | None = setting(None, "Family that this one is added to")
    scope: ScopeName | None = setting(None, "Heads whose attention is replaced")
    replacement: ReplacementName | None = setting(None, "What it is replaced by")
    reference: str | None = setting(None, "Run that the runs are compared with")
    method: NoiseMethod | None = setting(None, "Whose error under other noise")
    factor: float | None = setting(None, "Test noise over training noise", gt=0)
    table: SummaryTable | None = setting(None, "Table of no run, one number a row, that it looks into")
    quantity: str | None = setting(None, "What the number is: the row's `quantity`")
    subject: str | None = setting(None, "What it belongs to: the row's `subject`")
    runs: list[str] = setting([], "Runs; the condition must hold for each. None for `summary`")
    above: float | None = setting(None, "The interval must lie above this")
    below: float | None = setting(None, "The interval must lie below this")
    margin: float | None = setting(None, "An interval wholly this close to the bound is a tie", gt=0)
    # The last one: from here on the name is no longer the function.
    setting: str | None = setting(None, "Under which setting: the row's `setting`")

    @model_validator(mode="after")
    def arguments_fit_the_statistic(self) -> Self:
        """Refuse a broken statistic, a missing or an idle argument, no bound, and an empty range."""
        if fault := _fault(self.statistic):
            module = STATISTICS.dotted(self.statistic)
            raise ValueError(f"found statistic '{self.statistic}', whose module {module} {fault}")
        wanted = arguments_of(self.statistic)
        takes = ", ".join(wanted) or "nothing but runs"
        for name in ARGUMENTS:
            if (getattr(self, name) is None) == (name in wanted):
                raise ValueError(
                    f"'{name}' is {'missing' if name in wanted else 'given'}; {self.statistic} takes {takes}"
                )
        for name, allowed in allowed_values(self.statistic).items():
            if (found := getattr(self, name)) not in allowed:
                raise ValueError(f"{name} = '{found}'; {self.statistic} takes {', '.join(allowed)}")
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
        if self.margin is not None and self.above is not None and self.below is not None:
            raise ValueError("'margin' is given beside both bounds; it is the distance from a single one")
        return self

    @property
    def each_run(self) -> list[str]:
        """Its runs, or one empty name where the statistic belongs to no run."""
        return self.runs or [""]

    @property
    def arguments(self) -> dict[str, Any]:
        """What its statistic is told, by name."""
        return {name: getattr(self, name) for name in arguments_of(self.statistic)}


ARGUMENTS: Final = tuple(
    name for name in Condition.model_fields if name not in ("statistic", "runs", "above", "below", "margin")
)
"""The arguments that a statistic may take."""


def _fault(statistic: str) -> str | None:
    """Say what is wrong with the module of a statistic; None where nothing is."""
    if fault := STATISTICS.fault(statistic):
        return fault
    if not callable(STATISTICS.load(statistic).estimate):
        return "has an estimate that is not a function"
    if strange := [table for table in tables_read(statistic) if table not in get_args(RunTable)]:
        return f"reads {', '.join(strange)}, which no run has; allowed: {', '.join(get_args(RunTable))}"
    taken = arguments_of(statistic)
    if strange := [name for name in taken if name not in ARGUMENTS]:
        return f"takes {', '.join(strange)}, which no condition has; allowed: {', '.join(ARGUMENTS)}"
    said = [field for _, field, _, _ in Formatter().parse(STATISTICS.load(statistic).NAME) if field]
    if strange := [name for name in said if name not in taken]:
        return f"has {', '.join(strange)} in its NAME, but takes {', '.join(taken) or 'no argument'}"
    return None


class Claim(Settings):
    """One claim and its rule."""

    source: Literal["abstract", "review", "summary", "metarepicl", "ours"] = setting(..., "Who claims it")
    statement: str = setting(..., "What is claimed, in our words; LaTeX", min_length=1)
    evidence: list[str] = setting(..., "Figures and tables that show it", min_length=1)
    gate: list[Condition] = setting([], "What must hold before the rule is looked at")
    need: Literal["all", "any"] = setting("all", "How many of the conditions must hold")
    conditions: list[Condition] = setting(..., "What decides it", min_length=1)

    @property
    def asked(self) -> list[Condition]:
        """All conditions: first those of the gate, then those that decide it."""
        return [*self.gate, *self.conditions]


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

    def statistics(self) -> list[str]:
        """Return the names of the statistics that the conditions ask for, each once."""
        asked = (condition.statistic for _, claim in self.items() for condition in claim.asked)
        return list(dict.fromkeys(asked))

    def tables(self) -> list[str]:
        """Return all tables that the conditions read, `run/table` or the path of one of no run, each once."""
        conditions = [condition for _, claim in self.items() for condition in claim.asked]
        of_runs = [
            f"{run}/{table}"
            for condition in conditions
            for run in [*condition.runs, *([condition.reference] if condition.reference else [])]
            for table in tables_read(condition.statistic)
        ]
        named = [condition.table for condition in conditions if condition.table]
        return list(dict.fromkeys([*of_runs, *named]))
