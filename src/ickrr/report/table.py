"""What every table of the paper is: a tidy frame and its LaTeX."""

from typing import NamedTuple

import pandas as pd


class PaperTable(NamedTuple):
    """One table.

    Attributes:
        frame: tidy rows, for Parquet and CSV.
        latex: a complete `tabular` or `longtable` (booktabs, siunitx), without float or caption.
    """

    frame: pd.DataFrame
    latex: str
