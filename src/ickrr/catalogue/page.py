"""The page docs/catalogue.md: what can be chosen by name, and what stands in every table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from textwrap import fill
from typing import Final

from ickrr.catalogue.columns import Table
from ickrr.catalogue.of_no_run import OF_NO_RUN
from ickrr.catalogue.of_paper import OF_PAPER
from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.config.ledger import allowed_values, arguments_of, tables_read
from ickrr.config.summaries import SUMMARIES
from ickrr.config.summaries.names import Names
from ickrr.entries import KERNELS, LAWS, NULLS, SOLVERS, STATISTICS, Entries

HEADER: Final = """# Catalogue

Made by `ickrr catalogue --output docs/catalogue.md` from the modules of kernels, laws, solvers, nulls and
statistics (`src/ickrr/entries.py` says how these are found), from `src/ickrr/config/summaries/` and from
`src/ickrr/catalogue/`. A test fails when it drifts, and others compare it with the tables of the smoke paper.
Conventions (layers, steps, context lengths, SimE, distance) are in [architecture.md](architecture.md),
settings in [configuration.md](configuration.md).
"""
LINE: Final = 110  # characters
BY_NAME: Final = {
    "Kernels": (KERNELS, "a task chooses one by its `kernel`."),
    "Laws of the inputs": (LAWS, "a task chooses one by its `law`."),
    "Solvers": (SOLVERS, "`solvers.headline` and `solvers.others` choose them."),
    "Nulls": (NULLS, "predictors that do not iterate; `solvers.nulls` chooses them."),
}


def page() -> str:
    """Render the page as Markdown."""
    return "\n".join([HEADER, *_entries(), *_statistics(), *_tables(), *_summaries()])


def _entries() -> Iterator[str]:
    for title, (entries, where) in BY_NAME.items():
        rows = [(f"`{name}`", entries.load(name).NAME, first_line(entries, name)) for name in entries]
        yield f"## {title}\n\nIn `src/ickrr/{entries.package.replace('.', '/')}/`, one module each; {where}\n"
        yield _table(("name", "in text", "what it is"), rows)


def _statistics() -> Iterator[str]:
    rows = [
        (
            f"`{name}`",
            ", ".join(_argument(name, argument) for argument in arguments_of(name)) or "none",
            _joined(tables_read(name)) or "the one that it names",
            first_line(STATISTICS, name),
        )
        for name in STATISTICS
    ]
    yield "## Statistics of claims\n"
    yield "In `src/ickrr/report/statistics/`, one module each; named by the conditions of `claims.yaml`.\n"
    yield _table(("name", "arguments", "tables read", "what it is"), rows)


def _argument(statistic: str, argument: str) -> str:
    allowed = allowed_values(statistic).get(argument)
    return f"`{argument}` ({', '.join(allowed)})" if allowed else f"`{argument}`"


def _tables() -> Iterator[str]:
    listed: dict[int, str] = {}
    yield "## Tables of a run\n\n`results/<scale>/tables/<run>/<name>.parquet`, in long form.\n"
    yield from _columns(OF_RUNS, listed)
    yield "## Tables of no run\n"
    yield "`results/<scale>/tables/<name>.parquet`; figures and tables name them under `others`.\n"
    yield from _columns(OF_NO_RUN, listed)
    yield "## Tables of the paper\n"
    yield "`results/<scale>/tables/<name>.parquet`, and as `.csv`.\n"
    yield from _columns(OF_PAPER, listed)


def _columns(tables: Mapping[str, Table], listed: dict[int, str]) -> Iterator[str]:
    """Yield the columns of some tables; `listed` names the table that has shown a set of columns already."""
    for name, table in tables.items():
        shown = listed.setdefault(id(table.columns), name)
        text = table.rows if shown == name else f"{table.rows} Columns as in `{shown}`."
        yield f"### `{name}`\n\n{fill(text, LINE)}\n"
        if shown != name:
            continue
        rows = [(f"`{column}`", one.unit, one.meaning) for column, one in table.columns.items()]
        yield _table(("column", "unit", "what it holds"), rows)


def _summaries() -> Iterator[str]:
    yield "## Rows of the summary tables\n"
    yield "Each quantity is given for all its subjects under all its settings.\n"
    for table, quantities in SUMMARIES.items():
        yield f"### Rows of `{table}`\n"
        rows = [
            (f"`{name}`", _names(one.subjects), _names(one.settings), one.meaning)
            for name, one in quantities.items()
        ]
        yield _table(("quantity", "subject", "setting", "what it is"), rows)


def first_line(entries: Entries, name: str) -> str:
    """Return the first line of an entry's docstring."""
    return (entries.load(name).__doc__ or "").partition("\n")[0]


def _names(names: Names) -> str:
    return names.rule or _joined(name for name in names.words if name) or "none"


def _joined(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *([cell.replace("|", r"\|") for cell in row] for row in rows)]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
