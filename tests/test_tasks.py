"""Tests of ickrr.tasks."""

import gpytorch
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, Matern
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge

from ickrr.config.task import TaskSettings
from ickrr.entries import LAWS
from ickrr.laws import draw_inputs
from ickrr.tasks import (
    JITTER,
    CovarianceError,
    bayes_ridge,
    cholesky,
    kernel_matrix,
    posterior,
    sample_labels,
    sample_prompts,
    sample_queries,
)

MATCHED_LENGTHSCALES = {"spherical": 1.0, "uniform": 1.3, "gaussian": 2.35}
"""Of the laws whose tasks were chosen to have the same Bayes risk."""


def sphere(d, radius=1):
    """One coordinate of a point on a sphere."""
    return stats.beta((d - 1) / 2, (d - 1) / 2, loc=-radius, scale=2 * radius)


class Clustered:
    """Half of the points are N(c, .2^2) with c on the unit sphere, the others lie on a larger sphere."""

    def __init__(self, d):
        self.centre, self.other = sphere(d), sphere(d, 1.5)
        self.nodes = self.centre.ppf((np.arange(200) + 0.5) / 200)

    def cdf(self, x):
        near = stats.norm.cdf((np.asarray(x)[..., None] - self.nodes) / 0.2).mean(axis=-1)
        return (near + self.other.cdf(x)) / 2

    def var(self):
        return (self.centre.var() + 0.2**2 + self.other.var()) / 2


MARGINALS = {
    "spherical": sphere,
    "uniform": lambda d: stats.uniform(-1, 2),
    "gaussian": lambda d: stats.norm(),
    "clustered": Clustered,
}
"""Of one coordinate of a point in d dimensions, for every law: `cdf` and `var`."""
SKLEARN = {
    "gaussian": RBF,
    "laplace": lambda h: Matern(h, nu=0.5),
    "matern32": lambda h: Matern(h, nu=1.5),
    "matern52": lambda h: Matern(h, nu=2.5),
}
tasks = st.builds(
    TaskSettings,
    law=st.sampled_from(sorted(LAWS)),
    dimension=st.integers(1, 6),
    kernel=st.sampled_from(sorted(SKLEARN)),
    lengthscale=st.floats(0.3, 3.0),
    noise_std=st.floats(0.05, 3.0),
    context_length=st.integers(1, 10),
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def regressor(task):
    kernel = SKLEARN[task.kernel](task.lengthscale)
    return GaussianProcessRegressor(kernel, alpha=task.noise_std**2, optimizer=None)


@settings(max_examples=25, deadline=None)
@given(task=tasks, seed=st.integers(0, 10**6))
def test_posterior_of_every_prefix_is_scikit_learns(task, seed):
    """Fails if one Cholesky does not give the mean and the clean variance of each prefix's own regression."""
    prompts = sample_prompts(task, 2, generator(seed))
    for x, y, mean, variance in zip(
        prompts.x.numpy(), prompts.y.numpy(), prompts.posterior_mean, prompts.posterior_variance, strict=True
    ):
        assert mean[0] == 0
        assert variance[0] == pytest.approx(1, abs=1e-14)
        for n in range(1, task.context_length + 1):
            theirs = regressor(task).fit(x[:n], y[:n])
            expected, deviation = theirs.predict(x[n : n + 1], return_std=True)
            assert mean[n].item() == pytest.approx(expected[0], abs=1e-10)
            assert variance[n].item() == pytest.approx(deviation[0] ** 2, abs=1e-10)


@pytest.mark.parametrize("law", LAWS)
def test_posterior_mean_is_kernel_ridge_regression(law):
    """Fails if the ridge of kernel ridge regression is not the noise variance."""
    task = TaskSettings(law=law, context_length=40)
    prompts = sample_prompts(task, 3, generator())
    gamma = 0.5 / task.lengthscale**2
    for x, y, mean in zip(prompts.x.numpy(), prompts.y.numpy(), prompts.posterior_mean, strict=True):
        for n in range(1, 41):
            theirs = KernelRidge(alpha=0.09, kernel="rbf", gamma=gamma).fit(x[:n], y[:n])
            assert mean[n].item() == pytest.approx(theirs.predict(x[n : n + 1])[0], abs=1e-10)


def test_posterior_is_gpytorchs():
    """Fails if mean or variance differ from GPyTorch's exact Gaussian process, batched over prompts."""

    class Process(gpytorch.models.ExactGP):
        def __init__(self, x, y, likelihood):
            super().__init__(x, y, likelihood)
            self.mean_module = gpytorch.means.ZeroMean()
            self.covar_module = gpytorch.kernels.RBFKernel()

        def forward(self, x):
            return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))

    task = TaskSettings(context_length=20)
    prompts = sample_prompts(task, 4, generator())
    for n in (1, 7, 20):
        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        model = Process(prompts.x[:, :n], prompts.y[:, :n], likelihood).double().eval()
        # GPyTorch rounds Python floats to float32.
        likelihood.noise = torch.tensor(0.09, dtype=torch.float64)
        model.covar_module.lengthscale = torch.tensor(1.0, dtype=torch.float64)
        with torch.no_grad():
            theirs = model(prompts.x[:, n : n + 1])
        torch.testing.assert_close(theirs.mean[:, 0], prompts.posterior_mean[:, n], rtol=0, atol=1e-10)
        torch.testing.assert_close(
            theirs.variance[:, 0], prompts.posterior_variance[:, n], rtol=0, atol=1e-10
        )


@settings(max_examples=25, deadline=None)
@given(task=tasks, seed=st.integers(0, 10**6))
def test_training_labels_come_with_their_own_posterior_mean(task, seed):
    """Fails if the free posterior mean of y = L e is not the posterior mean given those labels."""
    x, y, mean = sample_labels(task, 3, generator(seed), dtype=torch.float64)
    expected, _ = posterior(kernel_matrix(task, x), y, bayes_ridge(task))
    torch.testing.assert_close(mean, expected, rtol=0, atol=1e-9)


@settings(max_examples=25, deadline=None)
@given(task=tasks, seed=st.integers(0, 10**6), n=st.integers(0, 8), queries=st.integers(1, 5))
def test_queries_see_the_context_only(task, seed, n, queries):
    """Fails if a query's posterior mean uses another query's label, or misses a pair of the context."""
    batch = sample_queries(task, 2, n, queries, generator(seed), dtype=torch.float64)
    assert batch.x.shape == (2, n, task.dimension)
    assert batch.y_query.shape == batch.posterior_mean.shape == (2, queries)
    if n == 0:
        assert batch.posterior_mean.eq(0).all()
        return
    for prompt in range(2):
        theirs = regressor(task).fit(batch.x[prompt].numpy(), batch.y[prompt].numpy())
        expected = theirs.predict(batch.x_query[prompt].numpy())
        np.testing.assert_allclose(batch.posterior_mean[prompt], expected, rtol=0, atol=1e-9)


def test_every_law_is_tested_here():
    """Fails if a law is added that is compared with nothing."""
    assert set(LAWS) == set(MARGINALS)


@pytest.mark.parametrize("law", MARGINALS)
def test_inputs_have_their_law(law):
    """Fails if the inputs' distribution is not the named one (Kolmogorov-Smirnov on each coordinate).

    One point of each prompt, because points of one prompt may depend on each other.
    """
    d = 5
    x = draw_inputs(law, (20_000, 1, d), generator())[:, 0].numpy()
    marginal = MARGINALS[law](d)
    assert min(stats.kstest(x[:, i], marginal.cdf).pvalue for i in range(d)) > 1e-3
    np.testing.assert_allclose(np.cov(x.T), marginal.var() * np.eye(d), atol=0.03)
    if law == "spherical":
        np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, rtol=1e-14)


def test_row_sums_of_clusters_are_uneven():
    """Fails if the row sums of A vary by less than half of their mean, for which `clustered` was chosen."""
    variation = {}
    for law, lengthscale in (("clustered", 0.7), ("spherical", 1.0)):
        task = TaskSettings(law=law, lengthscale=lengthscale, context_length=20)
        x = draw_inputs(law, (2_000, 20, task.dimension), generator())
        sums = kernel_matrix(task, x).sum(dim=-1) + bayes_ridge(task)
        variation[law] = float((sums.std(dim=1, correction=0) / sums.mean(dim=1)).mean())
    assert variation["clustered"] > 0.5
    assert variation["spherical"] < 0.1


def test_labels_have_the_law_of_the_gaussian_process():
    """Fails if y | x is not N(0, K + sigma^2 I): standardised one-step errors must be white and normal."""
    task = TaskSettings(context_length=10)
    prompts = sample_prompts(task, 4000, generator())
    x, y, mean = sample_labels(task, 4000, generator(1), dtype=torch.float64)
    _, variance = posterior(kernel_matrix(task, x), y, 0.09)
    batch = sample_queries(task, 4000, 10, 1, generator(2), dtype=torch.float64)
    joined = torch.cat([batch.x, batch.x_query], dim=1), torch.cat([batch.y, batch.y_query], dim=1)
    joint_mean, joint_variance = posterior(kernel_matrix(task, joined[0]), joined[1], 0.09)
    for labels, means, variances in (
        (prompts.y, prompts.posterior_mean, prompts.posterior_variance),
        (y, mean, variance),
        (joined[1], joint_mean, joint_variance),
    ):
        innovations = ((labels - means) / (variances + 0.09).sqrt()).numpy()
        assert stats.kstest(innovations.ravel(), "norm").pvalue > 1e-3
        np.testing.assert_allclose(np.cov(innovations.T), np.eye(11), atol=0.08)


def test_noise_is_independent_of_the_function():
    """Fails if y - f is not white noise of the given standard deviation, independent of f."""
    task = TaskSettings(noise_std=0.5, context_length=10)
    prompts = sample_prompts(task, 4000, generator())
    noise = (prompts.y - prompts.f).numpy()
    assert stats.kstest(noise.ravel() / 0.5, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(noise.ravel(), prompts.f.numpy().ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("law", MATCHED_LENGTHSCALES)
def test_bayes_risk_of_the_paper_settings(law):
    """Fails if these laws no longer share the clean Bayes risk at n = 20 they were matched to.

    The label risk must be the clean one plus the noise variance, here by Monte Carlo.
    """
    task = TaskSettings(law=law, lengthscale=MATCHED_LENGTHSCALES[law])
    prompts = sample_prompts(task, 4000, generator())
    risk = prompts.posterior_variance[:, 20].mean().item()
    assert risk == pytest.approx(0.215, abs=0.01)
    against_f = (prompts.posterior_mean - prompts.f)[:, 20].square()
    against_y = (prompts.posterior_mean - prompts.y)[:, 20].square()
    for errors, expected in ((against_f, risk), (against_y, risk + 0.09)):
        standard_error = errors.std().item() / len(errors) ** 0.5
        assert errors.mean().item() == pytest.approx(expected, abs=4 * standard_error)


@pytest.mark.parametrize("kernel", sorted(SKLEARN))
def test_noise_free_tasks_work(kernel):
    """Fails if noise_std = 0 breaks the factorisation of a numerically singular kernel, or perturbs y."""
    task = TaskSettings(kernel=kernel, noise_std=0.0, dimension=1, lengthscale=5.0, context_length=60)
    assert bayes_ridge(task) == JITTER
    prompts = sample_prompts(task, 16, generator())
    assert torch.equal(prompts.y, prompts.f)
    assert prompts.posterior_variance.ge(0).all()
    error = (prompts.posterior_mean - prompts.f)[:, 60].square().mean()
    assert error < 0.05 * prompts.f[:, 60].square().mean()


def test_duplicated_points_work():
    """Fails if repeated inputs, whose kernel is singular, break the posterior."""
    task = TaskSettings(context_length=3)
    x = torch.ones(1, 4, 5, dtype=torch.float64) / 5**0.5
    y = torch.tensor([[1.0, 2.0, 3.0, 4.0]], dtype=torch.float64)
    mean, _ = posterior(kernel_matrix(task, x), y, 0.09)
    expected = [[y[0, :n].sum().item() / (n + 0.09) for n in range(4)]]
    np.testing.assert_allclose(mean, expected, rtol=1e-12)


def test_noise_levels_share_inputs_and_functions():
    """Fails if a sweep over noise would also change what is regressed on."""
    low, high = (
        sample_prompts(TaskSettings(noise_std=s, context_length=5), 4, generator()) for s in (0.1, 1.0)
    )
    assert torch.equal(low.x, high.x)
    assert torch.equal(low.f, high.f)
    torch.testing.assert_close((high.y - high.f) / 10, low.y - low.f)


def test_sampling_depends_on_the_generator_alone():
    """Fails if a global seed or the returned type changes what is drawn."""
    task = TaskSettings(context_length=5)
    torch.manual_seed(1)
    first = sample_labels(task, 3, generator(), dtype=torch.float64)
    torch.manual_seed(2)
    second = sample_labels(task, 3, generator(), dtype=torch.float32)
    for wide, narrow in zip(first, second, strict=True):
        assert torch.equal(wide.float(), narrow)


def test_linear_task_is_ridge_regression():
    """Fails if the prior of the weights, N(0, I/h^2), is another one, or the labels are not linear in x."""
    task = TaskSettings(kernel="linear", dimension=3, lengthscale=2.0, noise_std=0.5, context_length=9)
    prompts = sample_prompts(task, 400, generator())
    weights = torch.linalg.lstsq(prompts.x, prompts.f[..., None]).solution[..., 0]  # (B, 3)
    torch.testing.assert_close((prompts.x @ weights[..., None])[..., 0], prompts.f, rtol=0, atol=1e-3)
    assert abs(float(weights.square().mean()) - 1 / 4) < 0.05
    for b in range(3):
        ridge = Ridge(alpha=0.5**2 * 2.0**2, fit_intercept=False).fit(prompts.x[b, :9], prompts.y[b, :9])
        expected = ridge.predict(prompts.x[b, 9:])[0]
        assert abs(float(prompts.posterior_mean[b, 9]) - expected) < 1e-8


def test_indefinite_covariance_is_named():
    """Fails if a matrix that cannot be factorised gives a traceback of LAPACK or silent NaN."""
    kernel = torch.ones(2, 3, 3, dtype=torch.float64)
    kernel[1] = torch.eye(3)
    with pytest.raises(CovarianceError, match=r"1 of 2 covariance matrices of 3 points.*noise_std"):
        cholesky(kernel, -0.5)
