"""Tests of ickrr.kernels."""

import gpytorch
import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from sklearn.gaussian_process.kernels import RBF, DotProduct, Matern

from ickrr.entries import KERNELS
from ickrr.kernels import covariance
from ickrr.kernels.distances import squared_distances

SKLEARN = {
    "gaussian": lambda h: RBF(h),
    "laplace": lambda h: Matern(h, nu=0.5),
    "matern32": lambda h: Matern(h, nu=1.5),
    "matern52": lambda h: Matern(h, nu=2.5),
}
GPYTORCH = {
    "gaussian": lambda: gpytorch.kernels.RBFKernel(),
    "laplace": lambda: gpytorch.kernels.MaternKernel(nu=0.5),
    "matern32": lambda: gpytorch.kernels.MaternKernel(nu=1.5),
    "matern52": lambda: gpytorch.kernels.MaternKernel(nu=2.5),
}
STATIONARY = {name: KERNELS.load(name).profile for name in KERNELS if hasattr(KERNELS.load(name), "profile")}
kernel_names = st.sampled_from(sorted(STATIONARY))
lengthscales = st.floats(0.05, 20)


def points(seed, n, d):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=(n, d)))


def test_every_kernel_is_tested_here():
    """Fails if a kernel is added that is compared with nothing, or calls itself positive and is not."""
    assert set(STATIONARY) == set(SKLEARN) == set(GPYTORCH)
    assert {name for name in KERNELS if KERNELS.load(name).POSITIVE} == set(STATIONARY)
    assert set(KERNELS) == {*STATIONARY, "linear"}


@given(seed=st.integers(0, 99), n=st.integers(1, 9), m=st.integers(1, 9), d=st.integers(1, 7))
def test_squared_distances_are_scipys(seed, n, m, d):
    """Fails if a coordinate is left out or the two sets of points are exchanged."""
    x, z = points(seed, n, d), points(seed + 1, m, d)
    np.testing.assert_allclose(squared_distances(x, z), cdist(x, z, "sqeuclidean"), rtol=1e-13, atol=1e-14)


def test_equal_points_have_distance_exactly_zero():
    """Fails if distances come from |x|^2 + |z|^2 - 2 x.z, whose rounding breaks duplicated points."""
    x = 1e3 + points(0, 20, 5)[None].repeat(2, 1, 1)
    x[0, 3] = x[0, 7]
    distances = squared_distances(x, x)
    assert distances.diagonal(dim1=1, dim2=2).eq(0).all()
    assert distances[0, 3, 7] == 0
    assert torch.equal(distances, distances.mT)


@given(name=kernel_names, h=lengthscales, seed=st.integers(0, 99))
def test_kernels_are_scikit_learns(name, h, seed):
    """Fails if a formula or the place of the lengthscale is wrong."""
    x, z = points(seed, 6, 3), points(seed + 1, 4, 3)
    ours = STATIONARY[name](squared_distances(x, z), h)
    np.testing.assert_allclose(ours, SKLEARN[name](h)(x.numpy(), z.numpy()), rtol=1e-11, atol=1e-300)


@pytest.mark.parametrize("name", sorted(STATIONARY))
def test_kernels_are_gpytorchs(name):
    """Fails if a formula differs from the second independent implementation."""
    x, z = points(0, 6, 3), points(1, 4, 3)
    theirs = GPYTORCH[name]().double()
    theirs.lengthscale = 0.7
    expected = theirs(x, z).to_dense().detach()
    torch.testing.assert_close(STATIONARY[name](squared_distances(x, z), 0.7), expected)


@given(name=kernel_names, h=lengthscales, seed=st.integers(0, 99), n=st.integers(1, 12))
def test_kernels_are_covariances_with_unit_variance(name, h, seed, n):
    """Fails if a kernel is not symmetric, positive (semi-definite and entrywise), or 1 on the diagonal."""
    x = points(seed, n, 2)
    matrix = STATIONARY[name](squared_distances(x, x), h)
    assert torch.equal(matrix, matrix.T)
    assert matrix.diagonal().eq(1).all()
    assert matrix.ge(0).all()
    assert torch.linalg.eigvalsh(matrix)[0] > -1e-12


@given(h=lengthscales, seed=st.integers(0, 99))
def test_linear_kernel_is_scikit_learns(h, seed):
    """Fails if the inner product or its scale is wrong."""
    x, z = points(seed, 6, 3), points(seed + 1, 4, 3)
    expected = DotProduct(sigma_0=0)(x.numpy(), z.numpy()) / h**2
    np.testing.assert_allclose(covariance("linear", x, z, h), expected, rtol=1e-11, atol=1e-12 / h**2)
