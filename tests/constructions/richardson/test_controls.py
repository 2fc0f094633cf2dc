"""The verdict on controls: what follows, what does not, and that the tolerances are implied by the bound."""

import numpy as np
import pandas as pd
import pytest

from ickrr.constructions.richardson.judgement import judge
from ickrr.constructions.richardson.tolerances import distance_tolerance, similarity_tolerance


def matches(steps, similarity=1.0, distance=0.0):
    layers = np.arange(len(steps))
    columns = {"best_step": steps, "nearest_step": steps, "similarity": similarity, "distance": distance}
    return pd.DataFrame({"layer": layers, "censored": False, **columns})


def test_following_and_not():
    """Fails if the rule forgets a condition: each of these differs from a follower in one of them."""
    steps = [0, 0, 0, 1, 2, 3]
    assert judge(matches(steps), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches([0, 0, 0, 1, 3, 3]), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches(steps, similarity=0.9999), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches(steps, distance=0.01), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches(steps).assign(censored=True), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches(steps).assign(nearest_step=0), 2, 1e-6, 1e-3)["follows"]
    assert not judge(matches(steps), None, np.nan, np.nan)["follows"]


@pytest.mark.parametrize("delta", [1e-4, 1e-2, 0.3])
def test_tolerances_bound_what_a_perturbation_does(delta):
    """Fails if predictions within delta of the steps can be less similar, or further, than allowed."""
    rng = np.random.default_rng(0)
    y = rng.normal(size=(50, 9))
    mean = 0.8 * y + 0.1 * rng.normal(size=(50, 9))
    steps = np.stack([mean * (1 - 0.5**t) for t in range(5)])
    layers = steps + delta * np.sign(rng.normal(size=steps.shape))
    u, v = (p[..., 1:] - y[..., 1:] for p in (steps, layers))
    cosine = (u * v).sum(-1) / np.linalg.norm(u, axis=-1) / np.linalg.norm(v, axis=-1)
    assert (1 - cosine.mean(1)).max() <= similarity_tolerance(delta, steps, y)
    square = ((layers - steps)[..., 1:] ** 2).sum((1, 2)) / (mean[:, 1:] ** 2).sum()
    assert np.sqrt(square).max() <= distance_tolerance(delta, mean) * (1 + 1e-12)
