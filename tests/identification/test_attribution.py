"""The rule that names a layer, on intervals made by hand and on known algorithms."""

import numpy as np
import pytest

from ickrr.identification.attribution import NONE, UNDECIDED, attribute, judge
from ickrr.identification.families import Candidates
from ickrr.identification.spectra import largest_shared_steps

MARGIN = 0.5
NOTHING, ALL, WIDE, UNKNOWN = (-0.1, 0.1), (0.9, 1.1), (-0.4, 1.2), (np.nan, np.nan)


@pytest.mark.parametrize(
    ("beside", "expected"),
    [
        # (what B adds to A, what A adds to B)
        ((NOTHING, ALL), ("A", ("A",))),
        ((ALL, NOTHING), ("B", ("B",))),
        ((NOTHING, NOTHING), (UNDECIDED, ("A", "B"))),  # neither: the layer is made of what both are not
        ((ALL, ALL), (NONE, ())),  # both: a mixture
        ((WIDE, WIDE), (UNDECIDED, ("A", "B"))),  # no power
        ((WIDE, ALL), ("A", ("A",))),
        (((-1.3, -1.1), ALL), (NONE, ())),  # a negative coefficient rejects too
        ((NOTHING, (-1.3, -1.1)), (UNDECIDED, ("A",))),  # and names nothing
        ((UNKNOWN, ALL), ("A", ("A",))),
        ((NOTHING, UNKNOWN), (UNDECIDED, ("A", "B"))),
        (((0.45, 0.7), ALL), ("A", ("A",))),  # an interval that reaches the margin does not reject
        (((0.51, 0.7), (0.3, 0.45)), ("B", ("B",))),
    ],
)
def test_the_rule(beside, expected):
    """Fails if the intervals of two families give another name or other survivors."""
    assert judge({("A", "B"): beside[0], ("B", "A"): beside[1]}, MARGIN) == expected


def test_one_rival_is_enough_to_reject():
    """Fails if a family survives although one of several adds to it."""
    intervals = {(x, y): NOTHING for x in "ABC" for y in "ABC" if x != y}
    intervals["A", "C"] = ALL
    assert judge(intervals, MARGIN) == (UNDECIDED, ("B", "C"))


@pytest.fixture(scope="module")
def candidates(make_problem):
    problem = make_problem(prompts=300, context_length=20)
    shared = largest_shared_steps(
        make_problem(prompts=200, context_length=20, seed=1).kernel(), problem.ridge
    )
    return Candidates(problem, shared, 4, 4)


def noisy(exact, share=0.05, seed=0):
    return exact + share * exact.std() * np.random.default_rng(seed).standard_normal(exact.shape)


@pytest.mark.parametrize(
    ("family", "parameter"),
    [
        ("PR", 3),
        ("PR", 7.5),
        ("R", 3),
        ("R", 7.5),
        ("R shared", 10),
        ("Newton", 8),
        ("CG", 2),
        ("PCG", 2),
        ("ridge", 0.8),
        ("smoother", 0.6),
    ],
)
def test_known_algorithms_are_named(candidates, family, parameter):
    """Fails if a family with 5 % noise is not named, at real-valued parameters too."""
    found = attribute(candidates, noisy(candidates.at(family, parameter)), MARGIN, 0.95)
    assert (found.name, found.survivors) == (family, (family,))


def test_what_cannot_be_told_apart_is_left_open(candidates):
    """Fails if a closed form with row sums is named anything, or leaves more than PR beside it."""
    found = attribute(candidates, noisy(candidates.at("PR closed", 20)), MARGIN, 0.95)
    assert "PR closed" in found.survivors
    assert found.name in ("PR closed", UNDECIDED)
    assert set(found.survivors) <= {"PR", "PR closed"}


def test_a_kernel_that_is_a_little_off_is_forgiven(candidates):
    """Fails if PR with nine tenths of the lengthscale is not PR."""
    layer = noisy(candidates.member("PR", 6.0, lengthscale=0.9))
    assert attribute(candidates, layer, MARGIN, 0.95).name == "PR"


def test_a_mixture_of_two_solvers_is_not_named(candidates):
    """Fails if half PR and half conjugate gradients is one of them."""
    layer = noisy((candidates.at("PR", 6.0) + candidates.at("CG", 2)) / 2, 0.02)
    assert attribute(candidates, layer, 0.4, 0.95).name in (NONE, UNDECIDED)
