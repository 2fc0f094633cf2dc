"""Table of what known algorithms are named by the identification: rightly, wrongly, or not at all.

It counts the cases of `fig_trials` and a few more: pseudo-layers by the family that they were made from and
by their noise, mixtures of iterates, the layers of a model that is built by hand, variants of preconditioned
Richardson, and predictors of no family.
"""

from collections.abc import Sequence
from typing import Final

import pandas as pd

from ickrr.config.claim_terms import BUILT, FAMILY_WORDS, PSEUDO_LAYERS
from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, fixed
from ickrr.report.load import Tables, load_table
from ickrr.report.studies import OF_NO_FAMILY, UNNAMED
from ickrr.report.table import PaperTable

NAME: Final = "tab_trials"
READS_OF_RUNS: Final = ("trials",)
SAID: Final[dict[str, str]] = {"right": "Right", "none": "None", "undecided": "Open", "wrong": "Wrong"}
"""Header of each thing that can be said of a case."""
PSEUDO, MIXED = PSEUDO_LAYERS
OTHERS: Final[dict[str, str]] = {
    BUILT: "Layers of a built model",
    "nearly PR": "Variants of PR",
    "white noise": "Under white noise",
    "held out": "Held-out algorithms",
    "no iteration": "Without iteration",
}
"""Words for the groups of cases that are no pseudo-layers, in the order of the table."""


def build(experiment: Experiment, tables: Tables) -> PaperTable:
    """Build the table of known cases.

    Args:
        experiment: the resolved experiment, which says the runs of this table.
        tables: the tables ``{run}/trials.parquet``.

    Returns:
        Rows `run, group, family, noise, cases, right, none, undecided, wrong`: the cases of a group that were
        made from the same family, or from the same mixture of families, under the same noise, and how many of
        them were named rightly, after no family, left open, and named wrongly; LaTeX as a `tabular`, which
        adds noises up, and pseudo-layers of all families for each noise.

    Raises:
        FileError: a table is missing or damaged.
    """
    runs = experiment.tables[NAME].runs
    trials = load_table(tables, runs, *READS_OF_RUNS)
    wrong = trials["wrong"].astype(bool)
    unnamed = {said: trials["named"] == said for said in UNNAMED}
    right = ~wrong & ~trials["named"].isin(UNNAMED)
    said = {"right": right, **unnamed, "wrong": wrong}
    counted = trials.rename(columns={"allowed": "family"}).assign(cases=1, **said)
    each = counted.groupby(["run", "group", "family", "noise"], sort=False)
    frame = each[["cases", *SAID]].sum().astype(int).reset_index()
    return PaperTable(frame, _latex(frame, runs))


def _latex(frame: pd.DataFrame, runs: Sequence[str]) -> str:
    pseudo, mixed = (frame[frame["group"] == group] for group in PSEUDO_LAYERS)
    both = frame[frame["group"].isin(PSEUDO_LAYERS)]
    blocks = [
        [
            *((_capital(words), pseudo[pseudo["family"] == name]) for name, words in FAMILY_WORDS.items()),
            ("Mixtures", mixed),
        ],
        [
            (f"All of these, noise {fixed(noise, 2)}", both[both["noise"] == noise])
            for noise in sorted(both["noise"].unique())
        ],
        [(words, frame[frame["group"] == group]) for group, words in OTHERS.items()],
    ]
    lines: list[list[str]] = []
    for block in blocks:
        rows = [[words, *_cells(cases, runs)] for words, cases in block if not cases.empty]
        if lines and rows:
            rows[0][0] = r"\midrule " + rows[0][0]
        lines += rows
    headers = pd.MultiIndex.from_tuples(
        [("", "Made from")]
        + [(escape(run.replace("_", " ")), header) for run in runs for header in SAID.values()]
    )
    shown = pd.DataFrame(lines, columns=headers)
    columns = r"@{\hspace{9pt}}".join(["l", *["r" * len(SAID)] * len(runs)])
    latex = shown.style.hide(axis="index").to_latex(
        hrules=True, multicol_align="c", column_format=f"@{{}}{columns}@{{}}"
    )
    return f"{{\\scriptsize\\setlength{{\\tabcolsep}}{{2.5pt}}\n{latex}}}\n"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _cells(cases: pd.DataFrame, runs: Sequence[str]) -> list[str]:
    """Return the counts of some cases; nothing for a run without them, no right names of no family."""
    cells: list[str] = []
    for run in runs:
        own = cases[cases["run"] == run]
        nameless = own["group"].isin(OF_NO_FAMILY).all()
        cells += [
            "" if own.empty or (said == "right" and nameless) else str(own[said].sum()) for said in SAID
        ]
    return cells
