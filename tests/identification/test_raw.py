"""Raw weights against least squares by NumPy, leaving prompts out, and known predictors."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.errors import FileError
from ickrr.identification.attribution import attribute
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.raw import raw_table, raw_weight, weighed
from ickrr.identification.spectra import largest_shared_steps

PROMPTS, LENGTHS = 30, 5


def drawn(seed):
    generator = np.random.default_rng(seed)
    return [generator.standard_normal((PROMPTS, LENGTHS)) for _ in range(3)]


def test_weight_is_that_of_least_squares():
    """Fails if the fit has other columns, or the length is not that of the difference over the second."""
    layer, first, second = drawn(0)
    one = raw_weight(layer, first, second)
    column = (second - first).reshape(-1, 1)
    expected = np.linalg.lstsq(column, (layer - first).ravel(), rcond=None)[0]
    assert one.value == pytest.approx(expected[0], abs=1e-12)
    assert one.left == pytest.approx(np.linalg.norm(column) / np.linalg.norm(second))


@settings(deadline=None, max_examples=20)
@given(st.floats(-3, 3), st.integers(0, 100))
def test_mixtures_are_read_exactly_in_both_directions(share, seed):
    """Fails if a mixture is not read as its share, or the two directions do not sum to one for any layer."""
    layer, first, second = drawn(seed)
    assert raw_weight(first + share * (second - first), first, second).value == pytest.approx(share, abs=1e-9)
    both = raw_weight(layer, first, second).value + raw_weight(layer, second, first).value
    assert both == pytest.approx(1)


def test_influence_is_that_of_leaving_a_prompt_out():
    """Fails if a prompt's influence is not close to how far the weight moves without it."""
    layer, first, second = drawn(1)
    one = raw_weight(layer, first, second)
    moved = []
    for prompt in range(PROMPTS):
        kept = np.arange(PROMPTS) != prompt
        moved.append(one.value - raw_weight(layer[kept], first[kept], second[kept]).value)
    assert np.corrcoef(moved, one.influence)[0, 1] > 0.98
    assert np.linalg.norm(one.influence) == pytest.approx(np.linalg.norm(moved), rel=0.1)


def test_the_same_predictor_has_no_weight():
    """Fails if two members that are the same get a weight instead of NaN."""
    layer, first, _ = drawn(2)
    one = raw_weight(layer, first, first.copy())
    assert np.isnan(one.value)
    assert (one.left, one.influence.shape) == (0.0, (PROMPTS,))


@pytest.fixture(scope="module")
def candidates(make_problem):
    problem = make_problem(prompts=200, context_length=12)
    return Candidates(problem, largest_shared_steps(problem.kernel(), problem.ridge), 4, 2)


def test_known_predictors(candidates):
    """Fails if PR or R is not weighed as such beside the other, or pairs without PR are weighed.

    A smoother that is in no list is neither: its raw weight is far above 1 all the same, and its partial
    coefficient is not. This is why the raw weight decides nothing.
    """
    noise = 0.02 * np.random.default_rng(0).standard_normal(candidates.at("PR", 6).shape)
    for name, expected in (("PR", 1), ("R", 0)):
        found = weighed(candidates, candidates.at(name, 6) + noise)
        assert found["R", "PR"].value == pytest.approx(expected, abs=0.1)
        assert len(found) == 2 * (len(FAMILIES) - 1)
        assert all("PR" in pair for pair in found)
    smoother = candidates.smoothed(0.42)
    partial = attribute(candidates, smoother, 0.3, 0.95).additions["R", "PR"].value
    assert weighed(candidates, smoother)["R", "PR"].value > 1.3
    assert abs(partial) < 0.5


RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TaskSettings(context_length=12),
    model=ModelSettings(layers=2, width=16, heads=2),
    training=TrainingSettings(),
)


def test_table_of_a_run(candidates):
    """Fails if a column is missing, a model that diverged takes part, or all of them may have diverged."""
    exact = np.zeros((3, *candidates.problem.y.shape))
    exact[:, :, candidates.lengths] = [candidates.at("PR", 6), candidates.at("R", 6), candidates.at("PR", 9)]
    noise = np.random.default_rng(0).standard_normal((2, *exact.shape))
    models = {seed: exact + 0.02 * one for seed, one in enumerate(noise)}
    models[7] = np.full_like(exact, np.nan)
    statistics = StatisticsSettings(bootstrap_draws=50)
    table = raw_table(RUN, candidates, models, statistics)
    assert list(table.columns) == list(OF_RUNS["raw_weights"].columns)
    assert set(table["seed"]) == {0, 1, -1}
    rows = table.set_index(["seed", "layer", "family", "other"])["coefficient"]
    layer = models[1][1][:, candidates.lengths]
    assert rows[1, 2, "R", "PR"] == pytest.approx(weighed(candidates, layer)["R", "PR"].value)
    mean = pd.Series([rows[seed, 2, "R", "PR"] for seed in (0, 1)]).mean()
    assert rows[-1, 2, "R", "PR"] == pytest.approx(mean)
    with pytest.raises(FileError, match="all of its models diverged"):
        raw_table(RUN, candidates, {7: models[7]}, statistics)
