"""How every figure looks: sizes, colours, markers; and files whose bytes depend on the data alone.

The five main methods have lightnesses that differ, so that they stay apart in grey, and a marker and a line
style each.
"""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Final, Literal, NamedTuple

import matplotlib as mpl
import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ickrr.entries import SOLVERS
from ickrr.io.files import atomic_path, write_json

TEXT_WIDTH: Final = 6.3  # inches
MUTED: Final = "0.45"  # grey of secondary text
SEQUENTIAL: Final = "cividis"  # lightness grows steadily; made for colour-blind readers
ABOVE_STAMP: Final = 1.8  # font sizes that a legend below the panels leaves to the stamp
STYLE_FILE: Final = Path(__file__).with_name("ickrr.mplstyle")
STAMP: Final = "stamp"
"""Group id of the line that says where a picture comes from."""
BARE: Final[dict[str, dict[str, str | None]]] = {
    "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    "png": {"Software": None},
}


# A name, or (offset, (on, off, ..)) in points.
LineStyle = Literal["-", "--", "-.", ":"] | tuple[float, Sequence[float]]


class Look(NamedTuple):
    """How one method is drawn."""

    colour: str
    marker: str
    line: LineStyle


MODELS: Final[dict[str, Look]] = {
    "transformer": Look("#000000", "o", "-"),
    "transformer_output": Look("#000000", "x", ":"),
    "posterior_mean": Look("#777777", "None", (0, (1, 1))),
}


def look_of(method: str) -> Look:
    """Return how a method is drawn: a model here, a solver as its own module says."""
    return MODELS.get(method) or Look(*SOLVERS.load(method).LOOK)


# Runs that stand in one panel, in order; the first is the one that the others are compared with.
RUN_LOOKS: Final = (
    Look("#000000", "o", "-"),
    Look("#BB3344", "s", "--"),
    Look("#004488", "^", "-."),
    Look("#2A9D8F", "D", ":"),
    Look("#E9B949", "v", (0, (4, 1, 1, 1, 1, 1))),
    Look("#777777", "P", (0, (5, 1))),
)


def run_looks(count: int) -> list[Look]:
    """Return looks of runs in one panel: those above, then their colours with other markers and lines."""
    kinds = len(RUN_LOOKS)
    return [
        Look(
            RUN_LOOKS[i % kinds].colour,
            RUN_LOOKS[(i + i // kinds) % kinds].marker,
            RUN_LOOKS[(i + 2 * (i // kinds)) % kinds].line,
        )
        for i in range(count)
    ]


@contextmanager
def style() -> Iterator[None]:
    """Apply the style file, and nothing that the user's own matplotlibrc says."""
    with mpl.rc_context():
        mpl.rcdefaults()
        matplotlib.style.use(STYLE_FILE)
        yield


def new_figure(height: float, width: float = TEXT_WIDTH) -> Figure:
    """Make an empty figure whose bottom strip is kept free for the line that `stamp` writes.

    Args:
        height: inches.
        width: inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    strip = 0.13 / height
    engine = figure.get_layout_engine()
    assert engine is not None  # layout="constrained" sets one
    engine.set(rect=(0, strip, 1, 1 - strip))  # type: ignore[call-arg]
    return figure


def stamp(figure: Figure, scale: str, table: pd.DataFrame) -> None:
    """Say in the lower right corner at which scale, and from how many seeds a run, a figure was made.

    Args:
        figure: what to write on.
        scale: name of the scale.
        table: rows with `run` and `seed`; rows without a seed of their own have -1 and are not counted.
    """
    counts = table[table["seed"] >= 0].groupby("run")["seed"].nunique()
    fewest, most = int(counts.min()), int(counts.max())
    number = f"{most}" if fewest == most else f"{fewest}–{most}"
    note(figure, f"{scale} scale, {number} {'seed' if most == 1 else 'seeds'}")


def note(figure: Figure, text: str) -> None:
    """Write a line in the strip below a figure that `new_figure` keeps free."""
    figure.text(
        0.998,
        0.03 / figure.get_figheight(),
        text,
        ha="right",
        va="bottom",
        fontsize=5.5,
        color=MUTED,
        gid=STAMP,
    )


def level_colours(count: int) -> list[tuple[float, float, float]]:
    """Return colours for ordered levels, dark to light, without the lightest, which white paper swallows."""
    colours = mpl.colormaps[SEQUENTIAL](np.linspace(0.0, 0.88, count))
    return [(float(red), float(green), float(blue)) for red, green, blue, _ in colours]


def math_number(value: float) -> str:
    """Return a number as text of a figure: six significant digits, with a power of ten for an exponent."""
    mantissa, _, exponent = f"{value:g}".partition("e")
    factor = "" if mantissa == "1" else rf"{mantissa}\times "
    return f"${factor}10^{{{int(exponent)}}}$" if exponent else mantissa


def lightness(colour: str | tuple[float, float, float]) -> float:
    """Return CIE L* (0..100) of a colour, which is what a grey printer keeps of it.

    Source: IEC 61966-2-1 (sRGB) and CIE 15.
    """
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ np.array([0.2126, 0.7152, 0.0722]))
    if luminance <= (6 / 29) ** 3:
        return luminance * (29 / 3) ** 3
    return float(116 * luminance ** (1 / 3) - 16)


def letter(axes: Axes, text: str) -> None:
    """Put a panel's letter before its title."""
    axes.set_title(f"({text}) {axes.get_title()}")


# Set by the job that draws a figure, and by nobody else: where it goes, without extension; and the file that
# says which of our modules drew it. Were these parameters, an executed notebook of logs/ would write too.
FIGURE: Final = "ICKRR_FIGURE"
LOADED: Final = "ICKRR_LOADED"


def shown(figure: Figure) -> bytes:
    """Return a figure as PNG, for a notebook to show; write it where a job has asked for it.

    A notebook that is opened by hand writes nothing.
    """
    if FIGURE not in os.environ:
        picture = BytesIO()
        with style():
            figure.savefig(picture, format="png", metadata=BARE["png"])
        return picture.getvalue()
    stem = os.environ[FIGURE]
    save(figure, stem)
    ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "ickrr"}
    files = {name: os.path.realpath(module.__file__) for name, module in ours.items() if module.__file__}
    write_json(os.environ[LOADED], files)
    return Path(f"{stem}.png").read_bytes()


def save(figure: Figure, stem: str | Path) -> None:
    """Write ``stem.pdf`` and ``stem.png``, each atomically, without dates, versions or machine names.

    The PDF stands in the paper, whose first page says where it comes from; a PNG may stand alone, so that
    it alone has the line of `stamp`. Panels are arranged once, for the PDF, and lie at the same places in the
    PNG.

    Args:
        figure: what to draw.
        stem: path without the extension.
    """
    with style():
        for extension, metadata in BARE.items():
            for line in figure.texts:
                line.set_visible(line.get_gid() != STAMP or extension != "pdf")
            with atomic_path(f"{stem}.{extension}") as temporary:
                figure.savefig(temporary, format=extension, metadata=metadata)
            figure.set_layout_engine(None)
