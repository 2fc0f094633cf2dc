"""The needed degree on layers of known degree, and its held-out errors against separate fits."""

import numpy as np
import pytest

from ickrr.identification.degree import needed_degree, polynomial_columns
from ickrr.identification.spectra import iterated, row_sum_weights, spectrum


@pytest.fixture(scope="module")
def system(make_problem):
    problem = make_problem(prompts=120, context_length=10)
    return spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights).restricted(slice(3, 11))


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_steps_of_richardson_need_their_number_of_products(system, steps):
    """Fails if step t, which has t kernel products, is not read as degree t."""
    layer = system.predict(iterated(steps))
    found = needed_degree(polynomial_columns(system, 8), layer, margin=1e-6)
    assert found.degree == steps
    assert found.distances[steps - 1] < 1e-8


def test_errors_are_those_of_separate_fits(system):
    """Fails if prompts that a fit saw are among those it is judged on, or a fit uses other columns."""
    columns = polynomial_columns(system, 5)
    layer = np.random.default_rng(0).standard_normal(columns.shape[:2])
    found = needed_degree(columns, layer, margin=0.0)
    even = np.arange(len(layer)) % 2 == 0
    for degree in range(1, 6):
        squares = 0.0
        for inside in (even, ~even):
            design = columns[inside][..., :degree].reshape(-1, degree)
            weights = np.linalg.lstsq(design, layer[inside].ravel(), rcond=None)[0]
            squares += ((columns[~inside][..., :degree] @ weights - layer[~inside]) ** 2).sum()
        assert found.distances[degree - 1] == pytest.approx(np.sqrt(squares / (layer**2).sum()))
