"""A table and its columns, and the columns that many tables have."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple


class Column(NamedTuple):
    """One column of a table.

    Attributes:
        meaning: what it holds (Markdown).
        unit: of its numbers, empty for names, counts and pure numbers.
    """

    meaning: str
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """One table of tidy rows.

    Attributes:
        rows: what there is one row for, and what holds for all of them (Markdown).
        columns: in their order in the file.
    """

    rows: str
    columns: Mapping[str, Column]


SQUARED: Final = "labels^2"

RUN: Final = Column("name of the run, or of the control")
SEED: Final = Column("seed of the training")
SEED_OR_NONE: Final = Column("seed of the training; -1 for what is not trained")
SOLVER: Final = Column("name of the solver")
SOLVER_OR_NULL: Final = Column("name of the solver, or of the null")
LAYER: Final = Column("layer; 0 is the embedding, L the last block")
STATISTIC: Final = Column("which statistic the row holds")
CONTEXT_LENGTH: Final = Column("number n of labelled pairs", "pairs")
VALUE: Final = Column("the estimate")
LOW: Final = Column("lower end of its interval")
HIGH: Final = Column("upper end of its interval")
ESTIMATE: Final = {"value": VALUE, "low": LOW, "high": HIGH}

SUMMARY: Final = {
    "quantity": Column("what the number is; see the rows below"),
    "subject": Column("what it belongs to"),
    "setting": Column("under which setting; empty where there is none"),
    "value": Column("the number; NaN where it is undefined"),
    "low": Column("lower end of its interval; equal to `value` for a largest value or a count"),
    "high": Column("upper end of its interval; equal to `value` for a largest value or a count"),
}
