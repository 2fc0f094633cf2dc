"""Table of MetaRepICL: conjugate gradients as weights, the width of representations, attention as a kernel.

Rows are the numbers that the claims rest on and those that say what they cost, in one block for each group of
subjects; subjects stand side by side.
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from ickrr.config.experiment import Experiment
from ickrr.errors import FileError
from ickrr.report.formatting import summary_value
from ickrr.report.load import Tables, load_summary
from ickrr.report.quantities import quantity_words, setting_words, subject_words
from ickrr.report.table import PaperTable

READS: Final = ("metarep/cg", "metarep/width", "metarep/operators", "metarep/anchor")
CG, WIDTH, OPERATORS, ANCHOR = READS
# Table, and quantities of one block: their subjects share the columns.
BLOCKS: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    (CG, ("step_error", "local_error", "drift", "rate_share", "blocks_per_step")),
    (CG, ("steps",)),
    (CG, ("relu_error",)),
    (WIDTH, ("fall",)),
    (WIDTH, ("effective_dimension",)),
    (OPERATORS, ("shuffled_gap", "random_gap", "krr_gap", "degradation", "silent")),
    (ANCHOR, ("agreement", "steps_agreement")),
)
ELSEWHERE: Final = frozenset(
    {"blocks_per_step", "relu_error", "fall", "effective_dimension", "degradation", "silent"}
)
"""Quantities that the text or figures of the paper say, so that the frame alone has them."""
CAPPED: Final = "steps_capped"
"""Share of prompts that need more steps than were made; of a median above one half, only a bound is known."""
FORMAT: Final = r"@{}>{\raggedright\arraybackslash}p{1.15in}l"


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table.

    Args:
        experiment: not read; every table has the same signature.
        tables: the tables ``metarep/{cg,width,operators,anchor}.parquet``.

    Returns:
        Tidy rows `table, quantity, subject, setting, value, low, high`; LaTeX as a `tabular`.

    Raises:
        FileError: a table is missing, or lacks one of the quantities.
    """
    del experiment
    blocks = [(table, _chosen(tables, table, quantities)) for table, quantities in BLOCKS]
    printed = [(table, block[~block["quantity"].isin(ELSEWHERE)]) for table, block in blocks]
    printed = [(table, block) for table, block in printed if not block.empty]
    columns = max(block["subject"].nunique() for _, block in printed)
    bounds = _bounds(tables)
    rows: list[list[str]] = []
    for index, (table, block) in enumerate(printed):
        rows += _block(table, block, columns, bounds, r"\midrule " if index else "")
    shown = pd.DataFrame(rows)
    style = shown.style.hide(axis="index").hide(axis="columns")
    latex = style.to_latex(hrules=True, column_format=f"{FORMAT}{'l' * columns}@{{}}")
    latex = latex.replace("\\toprule\n\\midrule\n", "\\toprule\n")  # no columns have names
    frame = pd.concat([block.assign(table=table) for table, block in blocks], ignore_index=True)
    frame = frame[["table", "quantity", "subject", "setting", "value", "low", "high"]]
    return PaperTable(frame, f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{3pt}}\n{latex}}}\n")


def _chosen(tables: Tables, table: str, quantities: Sequence[str]) -> pd.DataFrame:
    """Rows of some quantities, in their order."""
    rows = load_summary(tables, table)
    parts = []
    for quantity in quantities:
        part = rows[rows["quantity"] == quantity]
        if part.empty:
            raise FileError(
                f"{tables}/{table}.parquet: has no rows of quantity '{quantity}', only of "
                f"{sorted(rows['quantity'].unique())}; delete it and run snakemake again"
            )
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _bounds(tables: Tables) -> set[tuple[str, str]]:
    """Subjects and settings of which the median number of steps is only bounded from below."""
    rows = load_summary(tables, CG)
    capped = rows[(rows["quantity"] == CAPPED) & (rows["value"] > 0.5)]
    return set(zip(capped["subject"], capped["setting"], strict=True))


def _block(
    table: str, block: pd.DataFrame, columns: int, bounds: set[tuple[str, str]], rule: str
) -> list[list[str]]:
    """A head that names the subjects, then one row for each quantity and setting."""
    first = block.drop_duplicates("subject")
    subjects = list(first["subject"])
    heads = [
        rf"\textit{{{subject_words(table, *named)}}}"
        for named in first[["quantity", "subject"]].itertuples(index=False)
    ]
    rows = [[rule, "", *_filled(heads, columns)]]
    for quantity, settings in block.groupby("quantity", sort=False):
        for position, (setting, cells) in enumerate(settings.groupby("setting", sort=False)):
            by_subject = cells.set_index("subject")[["value", "low", "high"]]
            values = []
            for subject in subjects:
                if subject not in by_subject.index:
                    values.append("--")
                    continue
                ends = by_subject.loc[subject].to_numpy(float).tolist()
                bounded = quantity == "steps" and (subject, setting) in bounds
                values.append(f"$>{ends[0]:.0f}$" if bounded else summary_value(*ends))
            what = quantity_words(table, str(quantity)) if position == 0 else ""
            rows.append([what, setting_words(table, str(quantity), str(setting)), *_filled(values, columns)])
    return rows


def _filled(cells: Sequence[str], columns: int) -> list[str]:
    return [*cells, *[""] * (columns - len(cells))]
