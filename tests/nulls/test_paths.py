"""The paths of nulls against separate fits of scikit-learn, and a loop for each prefix."""

import numpy as np
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge

from ickrr.config.task import TaskSettings
from ickrr.entries import NULLS
from ickrr.nulls.predictors import smoother
from ickrr.tasks import sample_prompts

N, STEPS, LENGTHSCALE, NOISE = 6, 5, 1.3, 0.4
TASKS = {
    "gaussian": TaskSettings(dimension=3, context_length=N, lengthscale=LENGTHSCALE, noise_std=NOISE),
    "laplace": TaskSettings(
        kernel="laplace", dimension=3, context_length=N, lengthscale=LENGTHSCALE, noise_std=NOISE
    ),
}
POSITIONS = np.arange(STEPS + 1) / STEPS


def drawn(task, count=3):
    prompts = sample_prompts(task, count, torch.Generator().manual_seed(0))
    return prompts.x.numpy(), prompts.y.numpy()


def kernel(task, z, x, lengthscale):
    """Values between two sets of points, written out: `gaussian` or `laplace`."""
    distance = np.sqrt(((z[:, None] - x[None]) ** 2).sum(axis=2))
    if task.kernel == "laplace":
        return np.exp(-distance / lengthscale)
    return np.exp(-(distance**2) / (2 * lengthscale**2))


def regression(task, x, y, query, lengthscale, ridge):
    """One prediction of scikit-learn's kernel ridge regression."""
    peer = KernelRidge(alpha=ridge, kernel="precomputed").fit(kernel(task, x, x, lengthscale), y)
    return peer.predict(kernel(task, query[None], x, lengthscale))[0]


def smoothed(task, x, y, query, bandwidth):
    return np.average(y, weights=kernel(task, query[None], x, bandwidth)[0])


def expected(name, position, task, x, y, query):
    """The prediction of a null at a position from 0 to 1 along its path, from one context."""
    ridge = NOISE**2
    if name == "ridge_path":
        first, last = 100 * (N + 1), ridge / 10
        return regression(task, x, y, query, LENGTHSCALE, first * (last / first) ** position)
    if name == "lengthscale_path":
        return regression(task, x, y, query, 10 * LENGTHSCALE * (1 / 20) ** position, ridge)
    if name == "shrinkage_path":
        return position * regression(task, x, y, query, LENGTHSCALE, ridge)
    return smoothed(task, x, y, query, 10 * LENGTHSCALE * (1 / 50) ** position)


NAMES = ["lengthscale_path", "ridge_path", "shrinkage_path", "smoother_path"]


def test_every_null_is_tried():
    """Fails if a null is added that nothing here is compared with."""
    assert sorted(NULLS) == NAMES


@pytest.mark.parametrize("kernel_name", TASKS)
@pytest.mark.parametrize("name", NAMES)
def test_a_path_is_a_fit_for_each_prefix_and_position(name, kernel_name):
    """Fails if a position has another parameter, a prefix sees a later point, or the kernel is another."""
    task = TASKS[kernel_name]
    x, y = drawn(task)
    path = NULLS.load(name).path(task, x, y, STEPS)
    assert path.shape == (STEPS + 1, *y.shape)
    assert path.dtype == np.float64
    assert not path[:, :, 0].any()
    for step, position in enumerate(POSITIONS):
        for prompt in range(len(y)):
            for n in range(1, N + 1):
                wanted = expected(name, position, task, x[prompt, :n], y[prompt, :n], x[prompt, n])
                assert path[step, prompt, n] == pytest.approx(wanted, abs=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_a_path_without_noise_is_finite(name):
    """Fails if a matrix is singular, or a weight underflows, where the task's ridge is all but zero."""
    task = TaskSettings(dimension=5, law="gaussian", context_length=40, lengthscale=0.2, noise_std=0)
    path = NULLS.load(name).path(task, *drawn(task, count=8), 12)
    assert np.isfinite(path).all()
    wide = TaskSettings(dimension=2, law="uniform", context_length=40, lengthscale=2.0, noise_std=0)
    assert np.isfinite(NULLS.load(name).path(wide, *drawn(wide, count=8), 12)).all()


def test_a_smoother_without_weights_predicts_zero():
    """Fails if a query that is far from all points is divided by zero."""
    far = np.eye(4)[None]
    with np.errstate(all="raise"):
        np.testing.assert_array_equal(smoother(far, np.ones((1, 4))), np.zeros((1, 4)))
