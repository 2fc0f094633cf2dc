"""Pictures of figures, compared with those in `report/figures/baseline` that a person has looked at."""

import pytest

from ickrr.report.style import STYLE_FILE

DOTS_PER_INCH = 50
TOLERANCE = 0.3
"""Root mean square of differences in pixels (0..255): what another processor's rounding may change."""

ACCEPT = """Look at Expected, Actual and Difference, whose files are named above. If the change is meant:
    .venv/bin/pytest tests/report/figures -k picture --mpl-generate-path=tests/report/figures/baseline
and commit what `git status` shows there."""


def picture(name: str) -> pytest.MarkDecorator:
    """Return the mark of a test that returns a figure, to be compared with the accepted `name`.png."""
    return pytest.mark.mpl_image_compare(
        filename=f"{name}.png",
        style=str(STYLE_FILE),
        tolerance=TOLERANCE,
        savefig_kwargs={"dpi": DOTS_PER_INCH},
    )
