import itertools
import re

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.figure import Figure

from ickrr.config.solvers import HEADLINE_SOLVERS as HEADLINE
from ickrr.entries import SOLVERS
from ickrr.report.methods import name, prose_name, short_name
from ickrr.report.style import (
    MODELS,
    RUN_LOOKS,
    level_colours,
    lightness,
    look_of,
    math_number,
    new_figure,
    note,
    run_looks,
    save,
    style,
)

# Machado, Oliveira, Fernandes 2009, severity 1, on linear RGB.
BLINDNESS = {
    "none": np.eye(3),
    "protan": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deutan": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritan": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
MAIN = ("transformer", *HEADLINE)


def lab(colour, kind):
    """CIE Lab of a colour as someone with a colour-vision deficiency sees it."""
    rgb = np.array(mpl.colors.to_rgb(colour))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(BLINDNESS[kind]) @ linear, 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    xyz = np.array(to_xyz) @ linear / [0.9505, 1.0, 1.089]
    f = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def test_main_methods_stay_apart_in_grey():
    """Fails if two of the main methods have nearly the same lightness, so that a grey print confuses them."""
    values = sorted(lightness(look_of(method).colour) for method in MAIN)
    assert np.diff(values).min() >= 9
    assert values[-1] <= 80  # white paper must not swallow the lightest


@pytest.mark.parametrize("kind", BLINDNESS)
def test_main_methods_stay_apart_for_colour_blind_readers(kind):
    """Fails if two main methods come closer than about ten just-noticeable differences."""
    points = [lab(look_of(method).colour, kind) for method in MAIN]
    closest = min(np.linalg.norm(a - b) for a, b in itertools.combinations(points, 2))
    assert closest >= 20


def test_no_two_methods_look_alike():
    """Fails if two methods share colour, marker and line, or the main ones a marker or a line."""
    methods = [*MODELS, *SOLVERS]
    assert len({look_of(method) for method in methods}) == len(methods)
    headline = [look_of(method) for method in HEADLINE]
    assert len({look.marker for look in headline}) == len({look.line for look in headline}) == 4


def test_any_number_of_runs_can_be_told_apart():
    """Fails if a seventh run in a panel has no look, the first ones change theirs, or two look alike."""
    assert run_looks(6) == list(RUN_LOOKS)
    assert len({(look.colour, look.marker) for look in run_looks(36)}) == 36


def test_lightness_of_known_colours():
    """Fails if L* is not CIE's (18.4 % grey is the middle, black 0, white 100)."""
    assert lightness("black") == 0
    assert lightness("white") == pytest.approx(100, abs=0.01)
    assert lightness("#777777") == pytest.approx(50.03, abs=0.05)
    assert lightness("#BB3344") == pytest.approx(lab("#BB3344", "none")[0], abs=0.05)


def test_numbers_of_a_figure():
    """Fails if a small number is written as a program would, 1e-05, or a factor of one is spelt out."""
    assert math_number(0.01) == "0.01"
    assert math_number(1e-5) == "$10^{-5}$"
    assert math_number(6e-13) == r"$6\times 10^{-13}$"


def test_levels_get_lighter_steadily():
    """Fails if the order of context lengths cannot be read in grey."""
    values = [lightness(colour) for colour in level_colours(8)]
    assert np.diff(values).min() >= 5
    assert values[-1] <= 85


def test_every_solver_has_names_and_a_look():
    """Fails if a solver can be configured that figures and tables cannot show."""
    for solver in SOLVERS:
        assert name(solver) and short_name(solver) and prose_name(solver)
        assert len(short_name(solver)) <= len(name(solver))
        assert look_of(solver).colour.startswith("#")
    assert prose_name("conjugate_gradient") == "conjugate gradient"
    assert prose_name("newton_schulz") == "Newton–Schulz"


def drawn():
    with style():
        figure = Figure(figsize=(2, 2))
        axes = figure.subplots()
        axes.plot([0, 1], [1, 2], label="a")
        axes.set_title("Title $n$")
        axes.legend()
    return figure


def test_equal_figures_give_equal_bytes(tmp_path):
    """Fails if a date, a random name or an object's address gets into a file."""
    save(drawn(), tmp_path / "a")
    save(drawn(), tmp_path / "b")
    for extension in ("pdf", "png"):
        assert (tmp_path / f"a.{extension}").read_bytes() == (tmp_path / f"b.{extension}").read_bytes()
    assert not list(tmp_path.glob(".*"))


def test_files_carry_no_dates_or_versions_and_embed_truetype(tmp_path):
    """Fails if a PDF tells when or with what it was made, or holds Type 3 fonts."""
    save(drawn(), tmp_path / "a")
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert b"CreationDate" not in pdf
    assert b"Matplotlib" not in pdf
    assert b"/Type3" not in pdf
    assert re.search(rb"/FontFile2 ", pdf)
    assert b"Software" not in (tmp_path / "a.png").read_bytes()


def test_the_users_own_settings_do_not_matter(tmp_path):
    """Fails if a matplotlibrc changes the figures, or drawing one changes the user's settings."""
    save(drawn(), tmp_path / "a")
    with mpl.rc_context({"font.size": 20, "lines.linewidth": 9, "pdf.fonttype": 3}):
        save(drawn(), tmp_path / "b")
        assert mpl.rcParams["font.size"] == 20
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_the_line_of_origin_is_on_pngs_alone(tmp_path, monkeypatch):
    """Fails if pictures of the paper carry a stamp, or a PNG that stands alone does not say its scale."""
    figure = new_figure(height=1.0)
    note(figure, "smoke scale, 2 seeds")
    visible, write = {}, figure.savefig

    def savefig(path, format, metadata):
        visible[format] = figure.texts[0].get_visible()
        write(path, format=format, metadata=metadata)

    monkeypatch.setattr(figure, "savefig", savefig)
    save(figure, tmp_path / "one")
    assert visible == {"pdf": False, "png": True}
