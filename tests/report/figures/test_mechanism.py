"""The figure of what is inside the layers, against the tables that it draws."""

import numpy as np
import pandas as pd
import pytest
from mechanism_tables import degree, heads, linearity, restored
from pictures import picture

from ickrr.report.figures.mechanism import LIMITS, RESTORED, describe_mechanism, mechanism_figure

RUNS = ["a", "b"]
SEEDS = [3, 4, 5, 6]


@pytest.fixture(scope="module")
def tables():
    generator = np.random.default_rng(0)
    return (
        pd.concat([heads(run, generator, SEEDS) for run in RUNS]),
        pd.concat([restored(run, generator, SEEDS, kernels=1) for run in RUNS]),
        pd.concat([linearity(run, generator, SEEDS) for run in RUNS]),
        pd.concat([degree(run, generator, SEEDS) for run in RUNS]),
    )


@pytest.fixture(scope="module")
def figure(tables):
    return mechanism_figure(*tables, RUNS, "smoke")


def lines(axes, run):
    return [line for line in axes.lines if line.get_gid() == run]


def test_shares_stand_at_their_names(tables, figure):
    """Fails if a share is drawn at another replacement, or of another run."""
    for run in RUNS:
        rows = tables[1][tables[1]["run"] == run].set_index(["scope", "replacement"])
        (drawn,) = lines(figure.axes[0], run)
        np.testing.assert_allclose(drawn.get_ydata(), np.clip(rows.loc[list(RESTORED), "value"], *LIMITS))
    shown = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert shown == list(RESTORED.values())


def test_a_run_without_kernel_heads_has_gaps(tables):
    """Fails if the share of other heads slides to the place of heads that a run has not."""
    rest = tables[1][(tables[1]["run"] == "a") & (tables[1]["scope"] == "rest")]
    drawn = mechanism_figure(tables[0], rest, *tables[2:], ["a"], "smoke").axes[0]
    (line,) = lines(drawn, "a")
    assert np.isnan(line.get_ydata()).tolist() == [scope != "rest" for scope, _ in RESTORED]


def test_rotations_are_means_beside_conjugate_gradients(tables, figure):
    """Fails if one seed, another quantity, or the wrong method is drawn."""
    means = tables[2][(tables[2]["seed"] == -1) & (tables[2]["quantity"] == "rotation")]
    for run in RUNS:
        for line, method in zip(lines(figure.axes[1], run), ("layer", "CG"), strict=True):
            rows = means[(means["run"] == run) & (means["method"] == method)]
            np.testing.assert_allclose(line.get_ydata(), rows["value"])
            np.testing.assert_allclose(line.get_xdata(), rows["layer"])


def test_degrees_are_means_over_seeds(tables, figure):
    """Fails if a degree that is not the needed one counts."""
    needed = tables[3][tables[3]["needed"]].groupby(["run", "layer"])["degree"].mean()
    for run in RUNS:
        (line,) = lines(figure.axes[2], run)
        np.testing.assert_allclose(line.get_ydata(), needed[run])


def test_the_legend_counts_heads_once(tables, figure):
    """Fails if a head counts once for each kind of token."""
    table = tables[0].drop_duplicates(["run", "seed", "layer", "head"])
    texts = [text.get_text() for text in figure.legends[0].get_texts()]
    for run, text in zip(RUNS, texts, strict=False):
        rows = table[table["run"] == run]
        assert text == f"{run}, {rows['like_kernel'].sum()} of {len(SEEDS) * 3 * 4} heads"


def test_a_run_that_is_not_there_is_named(tables):
    """Fails if an absent run leaves an empty line in the legend."""
    with pytest.raises(ValueError, match="heads has no rows of run 'c'"):
        mechanism_figure(*tables, ["c"], "smoke")


def test_the_description_is_of_the_last_layer(tables):
    """Fails if the own readout, or a layer that does not count, is told as a layer."""
    said = describe_mechanism(*tables[1:], "a")
    needed = tables[3][(tables[3]["run"] == "a") & tables[3]["needed"]]
    last = needed.loc[needed["layer"] == needed["layer"].max() - 1, "degree"].mean()
    means = tables[2][(tables[2]["run"] == "a") & (tables[2]["seed"] == -1) & tables[2]["counted"]]
    rows = means[(means["quantity"] == "rotation") & (means["method"] == "layer")]
    assert f"the last layer needs {last:.1f} products" in said
    assert f"of a layer that counts is {rows['value'].max():.3f};" in said
    alone = tables[1][tables[1]["scope"] == "rest"]
    assert "no head is like a kernel" in describe_mechanism(alone, *tables[2:], "a")


@picture("mechanism")
def test_picture(tables):
    """Fails if the figure looks otherwise than when a person last looked at it."""
    return mechanism_figure(*tables, RUNS, "smoke")
