"""Similarity and distance maps against loops over prompts, SciPy's cosine, and the algebra of cosines."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cosine

from ickrr.comparison.similarity import (
    first_maximum,
    first_minimum,
    is_censored,
    prompt_cosines,
    prompt_squared_distances,
    similarity_floor,
    weighted_maps,
)

PROMPTS, LENGTHS = 7, 6


def draw(seed, *leading):
    return np.random.default_rng(seed).normal(size=(*leading, PROMPTS, LENGTHS))


@pytest.fixture
def labels():
    return draw(0)


def uniform(rows=1, prompts=PROMPTS):
    return np.full((rows, prompts), 1 / prompts)


def test_cosines_equal_scipys_in_a_loop(labels):
    """Fails if context length 0 counts, if an axis is mixed up, or if the errors are not taken from y."""
    layers, trajectory = draw(1, 3), draw(2, 5)
    cosines = prompt_cosines(layers, trajectory, labels)
    for prompt in range(PROMPTS):
        for layer in range(3):
            for step in range(5):
                left = (layers[layer, prompt] - labels[prompt])[1:]
                right = (trajectory[step, prompt] - labels[prompt])[1:]
                assert cosines[prompt, layer, step] == pytest.approx(1 - cosine(left, right), abs=1e-13)


@pytest.mark.parametrize("chunk", [1, 3, 100])
def test_maps_equal_a_brute_force_loop(labels, chunk):
    """Fails if chunks drop prompts, weights are misplaced, or the scale is not the posterior mean's."""
    layers, trajectory, posterior_mean = draw(1, 3), draw(2, 5), draw(3)
    weights = np.random.default_rng(4).dirichlet(np.ones(PROMPTS), size=2)
    maps = weighted_maps(layers, trajectory, labels, posterior_mean, weights, chunk)
    for row in range(2):
        for layer in range(3):
            for step in range(5):
                similarity = numerator = scale = 0.0
                for prompt in range(PROMPTS):
                    left, right = layers[layer, prompt], trajectory[step, prompt]
                    y, weight = labels[prompt], weights[row, prompt]
                    similarity += weight * (1 - cosine((left - y)[1:], (right - y)[1:]))
                    numerator += weight * sum((left[n] - right[n]) ** 2 for n in range(1, LENGTHS))
                    scale += weight * sum(posterior_mean[prompt, n] ** 2 for n in range(1, LENGTHS))
                assert maps.similarity[row, layer, step] == pytest.approx(similarity, abs=1e-13)
                assert maps.distance[row, layer, step] == pytest.approx(np.sqrt(numerator / scale), rel=1e-13)


seeds = st.integers(0, 2**32 - 1)


@given(seed=seeds, scale=st.floats(1e-3, 1e3))
@settings(max_examples=40, deadline=None)
def test_similarity_is_a_mean_of_cosines(seed, scale):
    """Fails unless SimE(A,A) = 1 and SimE is symmetric, bounded, blind to n = 0 and to the errors' scale."""
    y, one, other = draw(seed), draw(seed + 1, 1), draw(seed + 2, 1)

    def sime(a, b):
        return weighted_maps(a, b, y, y, uniform()).similarity[0, 0, 0]

    assert sime(one, one) == pytest.approx(1, abs=1e-14)
    assert sime(one, other) == pytest.approx(sime(other, one), abs=1e-14)
    assert -1 <= sime(one, other) <= 1
    assert sime(y + scale * (one - y), other) == pytest.approx(sime(one, other), abs=1e-9)
    moved = one.copy()
    moved[..., 0] += scale
    assert sime(moved, other) == pytest.approx(sime(one, other), abs=1e-14)


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_similarity_does_not_see_rotations_or_the_order_of_prompts(seed):
    """Fails if prompts are not averaged evenly, or anything but the angle between error vectors matters."""
    generator = np.random.default_rng(seed)
    y, one, other = draw(seed), draw(seed + 1, 2), draw(seed + 2, 3)
    order = generator.permutation(PROMPTS)
    rotation = np.linalg.qr(generator.normal(size=(LENGTHS - 1, LENGTHS - 1)))[0]

    def rotated(predictions):
        errors = (predictions - y)[..., 1:] @ rotation
        return np.concatenate([predictions[..., :1], errors + y[:, 1:]], axis=-1)

    expected = weighted_maps(one, other, y, y, uniform())
    turned = weighted_maps(rotated(one), rotated(other), y, y, uniform())
    shuffled = weighted_maps(one[:, order], other[:, order], y[order], y[order], uniform())
    np.testing.assert_allclose(turned.similarity, expected.similarity, atol=1e-13)
    np.testing.assert_allclose(shuffled.similarity, expected.similarity, atol=1e-13)
    np.testing.assert_allclose(shuffled.distance, expected.distance, rtol=1e-13)


@given(seed=seeds)
@settings(max_examples=40, deadline=None)
def test_distance_is_a_metric_on_predictions(seed):
    """Fails if d(A,A) is not exactly 0, d is not symmetric, or the triangle inequality breaks."""
    y, predictions = draw(seed), draw(seed + 1, 3)
    distance = weighted_maps(predictions, predictions, y, y, uniform()).distance[0]
    assert (np.diag(distance) == 0).all()
    np.testing.assert_array_equal(distance, distance.T)
    assert distance[0, 2] <= distance[0, 1] + distance[1, 2] + 1e-12


def test_a_perfect_predictor_is_like_itself_only(labels):
    """Fails on 0/0 where an error vector is zero: perfect against perfect is 1, against anything else 0."""
    cosines = prompt_cosines(np.stack([labels, draw(1)]), np.stack([labels, draw(2)]), labels)
    np.testing.assert_array_equal(cosines[:, 0, 0], 1.0)
    np.testing.assert_array_equal(cosines[:, 0, 1], 0.0)
    np.testing.assert_array_equal(cosines[:, 1, 0], 0.0)


def test_huge_and_tiny_errors_keep_their_direction(labels):
    """Fails if squaring overflows or underflows: error vectors of 1e200 and 1e-200 still have an angle."""
    direction = draw(1, 1)
    zero = np.zeros_like(labels)
    usual = prompt_cosines(direction, draw(2, 1), zero)
    for scale in (1e200, 1e-200):
        np.testing.assert_allclose(prompt_cosines(scale * direction, draw(2, 1), zero), usual, atol=1e-14)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_step_that_diverged_on_one_prompt_is_nan_and_never_best(labels, bad):
    """Fails if a diverged step is averaged away, spreads to other steps, or wins the argmax."""
    layers, trajectory = draw(1, 2), draw(2, 4)
    trajectory[3] = layers[0]  # would be the best match of layer 0, with similarity 1
    trajectory[3, 5, 2] = bad
    weights = np.vstack([uniform(), np.eye(PROMPTS)[:1]])  # the second row does not even look at that prompt
    maps = weighted_maps(layers, trajectory, labels, labels, weights)
    for values in (maps.similarity, maps.distance):
        assert np.isnan(values[:, :, 3]).all()
        assert np.isfinite(values[:, :, :3]).all()
    assert (first_maximum(maps.similarity) < 3).all()
    assert (first_minimum(maps.distance) < 3).all()


def test_floor_is_the_similarity_to_the_zero_predictor(labels):
    """Fails if the floor is not the mean cosine between the layer's error and -y."""
    layers = draw(1, 3)
    floor = similarity_floor(layers, labels, uniform())
    for layer in range(3):
        cosines = [1 - cosine((layers[layer, b] - labels[b])[1:], -labels[b, 1:]) for b in range(PROMPTS)]
        assert floor[0, layer] == pytest.approx(np.mean(cosines), abs=1e-13)


def test_squared_distances_do_not_cancel(labels):
    """Fails if (A-B)^2 is expanded: predictions 1e-9 apart near 1 would come out at distance 0 or 1e-8."""
    layers = 1 + labels[None]
    near = layers + 1e-9
    squared = prompt_squared_distances(layers, near)
    np.testing.assert_allclose(squared, (LENGTHS - 1) * 1e-18, rtol=1e-5)


def test_first_maximum_takes_the_first_of_a_plateau():
    """Fails if rounding on the plateau of a converged solver decides, or if NaN wins or hides the rest."""
    plateau = 0.9 + np.array([-0.1, 0.0, 1e-15, 2e-15, 5e-16])
    values = np.array(
        [plateau, [np.nan, 0.2, 0.8, np.nan, 0.5], [np.nan] * 5, [-0.5, -0.7, -0.6, -0.9, -0.8]]
    )
    np.testing.assert_array_equal(first_maximum(values), [1, 2, np.nan, 0])
    np.testing.assert_array_equal(first_minimum(values), [0, 1, np.nan, 3])


def test_only_the_last_step_is_censored():
    """Fails if censoring is off by one, or if a layer without any best step counts as censored."""
    np.testing.assert_array_equal(
        is_censored(np.array([0.0, 3.0, 4.0, np.nan]), 4), [False, False, True, False]
    )
