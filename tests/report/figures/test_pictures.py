"""Every kind of figure has a picture that a person has looked at."""

from pathlib import Path

from support import ROOT


def test_every_kind_of_figure_has_an_accepted_picture():
    """Fails if a kind of figure has no picture to be compared with, or a picture is of no kind."""
    kinds = {path.stem for path in (ROOT / "src/ickrr/report/figures").glob("[a-z]*.py")}
    assert {path.stem for path in (Path(__file__).parent / "baseline").glob("*")} == kinds
