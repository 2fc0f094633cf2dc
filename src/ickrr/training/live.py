"""The learning curve of a training that is still running, as text that grows: ``tail -f`` shows it.

The file lies beside the checkpoint and goes with it when the training has ended; the table of the learning
curve then says the same.
"""

from collections.abc import Sequence
from pathlib import Path

from ickrr.io.files import write_text
from ickrr.training.curve import CURVE_COLUMNS


class LiveCurve:
    """Rows of `CURVE_COLUMNS` as CSV.

    Args:
        state: the checkpoint that it lies beside, with the same name.
    """

    def __init__(self, state: Path) -> None:
        self.path = state.with_suffix(".csv")

    def begin(self, rows: Sequence[Sequence[float]]) -> None:
        """Write the rows that are known when the process starts; later ones that an old file has are gone."""
        write_text(self.path, _line(CURVE_COLUMNS) + "".join(map(_line, rows)))

    def append(self, row: Sequence[float]) -> None:
        """Add a row, at once and as a whole."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(_line(row))

    def remove(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)


def _line(row: Sequence[float] | Sequence[str]) -> str:
    return ",".join(cell if isinstance(cell, str) else f"{cell:.6g}" for cell in row) + "\n"
