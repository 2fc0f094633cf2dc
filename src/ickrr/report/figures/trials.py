"""What known algorithms are named by the identification: a matrix of counts, known against named."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from ickrr.config.claim_terms import BUILT, FAMILY_WORDS, PSEUDO_LAYERS
from ickrr.report.panels.axes import letters
from ickrr.report.studies import OF_NO_FAMILY, UNNAMED
from ickrr.report.style import new_figure, note, style

WHITE_FROM: Final = 0.75
"""Share of a row from which its grey is so dark that white is easier to read on it than black."""


def trials_figure(trials: pd.DataFrame, runs: Sequence[str], scale: str) -> Figure:
    """Draw one matrix for each run: rows are what cases were made from, columns what they were named.

    Args:
        trials: table `trials` of the runs.
        runs: runs, whose prompts the cases were tried on.
        scale: name of the scale.

    Raises:
        ValueError: a run is absent from the table.
    """
    with style():
        figure = new_figure(height=0.6 + 1.6 * -(-len(runs) // 2))
        grid = figure.subplots(-(-len(runs) // 2), 2, squeeze=False, sharex=True, sharey=True)
        panels = list(grid.flat[: len(runs)])
        for unused in grid.flat[len(runs) :]:
            unused.set_visible(False)
        matrices = {run: confusion(trials[trials["run"] == run]) for run in runs}
        built = any(counts.loc[BUILT].any() for counts in matrices.values())
        for axes, (run, matrix) in zip(panels, matrices.items(), strict=True):
            if not matrix.to_numpy().any():
                raise ValueError(f"table trials has no rows of run '{run}'")
            counts = matrix if built else matrix.drop(index=BUILT)  # panels share their rows
            shares = counts.to_numpy() / np.maximum(counts.sum(axis=1).to_numpy()[:, None], 1)
            axes.imshow(shares, cmap="Greys", vmin=0, vmax=1.25, aspect="auto")
            for (row, column), count in np.ndenumerate(counts.to_numpy()):
                if count:
                    colour = "white" if shares[row, column] > WHITE_FROM else "black"
                    axes.text(column, row, str(count), ha="center", va="center", color=colour, fontsize=6.5)
            named = ["open" if name == "undecided" else name for name in counts.columns]
            axes.set_xticks(range(len(named)), labels=named, rotation=60, ha="right")
            axes.set_yticks(range(len(counts.index)), labels=counts.index)
            axes.set_title(run.replace("_", " "))
            axes.grid(visible=False)
        for axes in grid[:, 0]:
            axes.set_ylabel("made from")
        for axes in grid[-1]:
            axes.set_xlabel("named")
        letters(panels)
        note(figure, f"{scale} scale")
    return figure


def confusion(trials: pd.DataFrame) -> pd.DataFrame:
    """Return how many cases of each kind (rows) were named what (columns).

    Rows are the families that pseudo-layers were made from, mixtures of iterates, the layers of a model that
    is built to be preconditioned Richardson, of which some runs have none, and cases of no family.
    """
    columns = [*FAMILY_WORDS, *UNNAMED]
    pseudo, mixed = PSEUDO_LAYERS
    rows = {
        family: trials[(trials["group"] == pseudo) & (trials["allowed"] == family)] for family in FAMILY_WORDS
    }
    rows["mixture"] = trials[trials["group"] == mixed]
    rows |= {group: trials[trials["group"] == group] for group in (BUILT, *OF_NO_FAMILY)}
    counted = {
        name: [int((some["named"] == column).sum()) for column in columns] for name, some in rows.items()
    }
    return pd.DataFrame.from_dict(counted, orient="index", columns=columns)


def describe_trials(trials: pd.DataFrame, run: str) -> str:
    """Say for one run how many pseudo-layers were named rightly and wrongly."""
    rows = trials[(trials["run"] == run) & trials["group"].isin(PSEUDO_LAYERS)]
    right = int(((rows["named"] == rows["allowed"]) & ~rows["wrong"].astype(bool)).sum())
    wrong = int(rows["wrong"].sum())
    return f"Run `{run}`: of {len(rows)} pseudo-layers {right} are named rightly and {wrong} wrongly."
