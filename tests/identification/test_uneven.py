"""The prompts with the most uneven row sums, against loops over points."""

import numpy as np
import pytest

from ickrr.identification.families import Candidates
from ickrr.identification.spectra import largest_shared_steps
from ickrr.identification.uneven import COMPARED, compared, most_uneven, unevenness


def test_unevenness_is_that_of_the_full_context(make_problem):
    """Fails if the query is among the points, the ridge is left out, or the variance is not over the mean."""
    problem = make_problem(prompts=5, context_length=6)
    for x, found in zip(problem.x, unevenness(problem), strict=True):
        sums = []
        for i in range(6):
            row = [np.exp(-((x[i] - x[j]) ** 2).sum() / (2 * problem.lengthscale**2)) for j in range(6)]
            sums.append(sum(row) + problem.ridge)
        mean = sum(sums) / 6
        variance = sum((one - mean) ** 2 for one in sums) / 6
        assert found == pytest.approx(variance**0.5 / mean)


def test_the_most_uneven_quarter(make_problem):
    """Fails if even prompts are taken, a share is rounded down, or prompts lose their order."""
    problem = make_problem(prompts=10)
    few = most_uneven(problem, 0.25)
    assert len(few) == 3
    assert list(few) == sorted(few)
    values = unevenness(problem)
    assert values[few].min() >= np.delete(values, few).max()


def test_what_is_added_does_not_depend_on_the_other_families(make_problem):
    """Fails if a coefficient of a few families differs from that of the same pair among all of them."""
    from ickrr.identification.attribution import attribute

    problem = make_problem(prompts=150, context_length=12)
    candidates = Candidates(problem, largest_shared_steps(problem.kernel(), problem.ridge), 4, 2)
    noise = 0.1 * np.random.default_rng(0).standard_normal(candidates.at("PR", 6).shape)
    layer = candidates.at("PR", 6) + noise
    whole, few = attribute(candidates, layer, 0.3, 0.95).additions, compared(candidates, layer)
    assert {name for pair in few for name in pair} == set(COMPARED)
    for pair, one in few.items():
        assert one.value == pytest.approx(whole[pair].value, abs=1e-6)
        np.testing.assert_allclose(one.influence, whole[pair].influence, atol=1e-6)
