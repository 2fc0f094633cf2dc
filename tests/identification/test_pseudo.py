"""What pseudo-layers are made of, and the cases that the attribution is tried on."""

import numpy as np
import pytest

from ickrr.config.probe import ProbeSettings
from ickrr.identification.cases import MEMBERS, nearly_preconditioned, not_iterated, other_algorithms
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.pseudo import Side, pseudo_layer
from ickrr.identification.spectra import largest_shared_steps


@pytest.fixture(scope="module")
def problem(make_problem):
    return make_problem(prompts=240, context_length=20)


def test_a_probe_reads_the_only_signal(problem):
    """Fails if a probe misses labels in a stream without noise, or sees those of the evaluation."""
    generator = np.random.default_rng(0)
    half = np.arange(240) < 120
    sides = [Side(np.zeros((120, 21, 8)), problem.y[part]) for part in (half, ~half)]
    sides[0].stream[..., 0] = 1e-3 * generator.standard_normal((120, 21))
    exact = ProbeSettings(ridge=0.0)
    signals = [(problem.y[half], problem.y[~half])]
    found = pseudo_layer(sides[0], Side(sides[1].stream, np.zeros((120, 21))), signals, 0.0, exact, generator)
    np.testing.assert_allclose(found, problem.y[~half], atol=1e-6)


def test_every_family_has_pseudo_layers():
    """Fails if a family is never tried."""
    assert list(MEMBERS) == list(FAMILIES)


def test_all_cases_are_finite_and_of_the_prompts_shape(problem):
    """Fails if a case has NaN or another shape."""
    candidates = Candidates(problem, largest_shared_steps(problem.kernel(), problem.ridge), 0, 1)
    generator = np.random.default_rng(0)
    chebyshev = np.zeros((13, *problem.y.shape))
    groups = (
        not_iterated(problem),
        other_algorithms(candidates, chebyshev, generator),
        nearly_preconditioned(candidates),
    )
    for cases in groups:
        for name, predictions in cases.items():
            assert predictions.shape == problem.y.shape, name
            assert np.isfinite(predictions).all(), name
