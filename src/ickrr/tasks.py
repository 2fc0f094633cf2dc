"""Prompts of a Gaussian-process task, and the posterior means of all context lengths from one Cholesky.

With A = K + lambda I = L L^T over the N+1 points of a prompt and y = L e, the posterior mean of
y_{n+1} given the first n pairs is row n+1 of tril(L, -1) e, and the variance of y_{n+1} is
L_{n+1,n+1}^2. The arithmetic is float64 throughout; `dtype` is that of what is returned.
"""

from dataclasses import dataclass, fields

import torch
from torch import Tensor

from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.errors import IckrrError
from ickrr.kernels import covariance
from ickrr.laws import draw_inputs
from ickrr.laws.normal import normal
from ickrr.randomness import torch_generator

JITTER = 1e-10
"""Smallest ridge: far below any noise variance that matters, far above a Cholesky's rounding."""


class CovarianceError(IckrrError):
    """A covariance matrix is not numerically positive definite."""


@dataclass(frozen=True)
class Prompts:
    """A set of B prompts of N+1 points; entry n of the last axis is the query of context length n.

    Attributes:
        x: inputs, (B, N+1, d).
        y: noisy labels, (B, N+1).
        f: the clean function at the inputs, (B, N+1).
        posterior_mean: E[y_{n+1} | first n pairs, x_{n+1}], (B, N+1).
        posterior_variance: Var[f_{n+1} | the same], (B, N+1); its mean is the clean Bayes risk.
    """

    x: Tensor
    y: Tensor
    f: Tensor
    posterior_mean: Tensor
    posterior_variance: Tensor

    def tensors(self) -> dict[str, Tensor]:
        """Return the arrays by name, as they are stored."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


@dataclass(frozen=True)
class QueryBatch:
    """B prompts with a shared context of n pairs and Q queries each (paired layout).

    Attributes:
        x: context inputs, (B, n, d).
        y: noisy context labels, (B, n).
        x_query: query inputs, (B, Q, d).
        y_query: noisy labels of the queries, from the same function, (B, Q).
        posterior_mean: E[y_query | context, x_query], (B, Q); queries do not see each other.
    """

    x: Tensor
    y: Tensor
    x_query: Tensor
    y_query: Tensor
    posterior_mean: Tensor


def bayes_ridge(task: TaskSettings) -> float:
    """Return the Bayes-optimal ridge lambda = sigma^2, or `JITTER` where the noise is below it."""
    return max(task.noise_std**2, JITTER)


def kernel_matrix(task: TaskSettings, x: Tensor) -> Tensor:
    """Evaluate the task's kernel between all points of each prompt.

    Args:
        task: kernel and lengthscale.
        x: inputs, (..., n, d).

    Returns:
        K without ridge, (..., n, n), float64.
    """
    points = x.to(torch.float64)
    return covariance(task.kernel, points, points, task.lengthscale)


def cholesky(kernel: Tensor, ridge: float) -> Tensor:
    """Factorise K + ridge I = L L^T.

    Args:
        kernel: K, (..., n, n), float64; not changed.
        ridge: lambda, which is added to the diagonal.

    Returns:
        Lower triangular L, (..., n, n).

    Raises:
        CovarianceError: the matrix is not numerically positive definite.
    """
    matrix = kernel.clone()  # (..., n, n)
    matrix.diagonal(dim1=-2, dim2=-1).add_(ridge)
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if bool(failed.any()):
        raise CovarianceError(
            f"{int((failed > 0).sum())} of {failed.numel()} covariance matrices of "
            f"{matrix.shape[-1]} points are not positive definite with ridge {ridge:g}; "
            "raise task.noise_std, or lower task.context_length or task.lengthscale"
        )
    return factor


def posterior(kernel: Tensor, labels: Tensor, ridge: float) -> tuple[Tensor, Tensor]:
    """Compute the posterior of every next point given all points before it, from one Cholesky.

    The mean is kernel ridge regression at convergence: entry n is k_n^T (K_n + ridge I)^-1 y.

    Args:
        kernel: K of all N+1 points, (B, N+1, N+1), float64.
        labels: y, (B, N+1), float64.
        ridge: noise variance lambda > 0.

    Returns:
        Mean of y_{n+1} and variance of the clean f_{n+1}, both (B, N+1); at n = 0 the mean is 0.

    Raises:
        CovarianceError: K + ridge I is not numerically positive definite.
    """
    factor = cholesky(kernel, ridge)
    return next_means(factor, labels), _clean_variance(factor, ridge)


def next_means(factor: Tensor, labels: Tensor) -> Tensor:
    """Return the posterior mean of every next point given all points before it, (B, N+1).

    Args:
        factor: Cholesky factor of K + ridge I over all N+1 points, (B, N+1, N+1).
        labels: y, (B, N+1), float64.
    """
    innovations = torch.linalg.solve_triangular(factor, labels[..., None], upper=False)  # (B, N+1, 1)
    mean: Tensor = (factor.tril(-1) @ innovations)[..., 0]  # (B, N+1)
    return mean


def sample_prompts(
    task: TaskSettings,
    count: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str | None = None,
) -> Prompts:
    """Draw prompts with everything known about them: labels, clean function, exact posterior.

    Draws are made in the order x, f, noise: tasks that differ in noise alone share x and f.
    f has covariance K + JITTER I; noise_std = 0 gives y = f exactly.

    Args:
        task: law, kernel, noise, context length N.
        count: number B of prompts.
        generator: source of all randomness.
        dtype: type of the tensors that are returned.
        device: where they are computed and returned; the generator's device by default.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    size = task.context_length + 1
    x = draw_inputs(task.law, (count, size, task.dimension), generator)  # (B, N+1, d)
    normals = normal((2, count, size, 1), generator)  # (2, B, N+1, 1)
    x, normals = x.to(device or x.device), normals.to(device or normals.device)
    kernel = kernel_matrix(task, x)  # (B, N+1, d) -> (B, N+1, N+1)
    f = (cholesky(kernel, JITTER) @ normals[0])[..., 0]  # (B, N+1)
    y = f + task.noise_std * normals[1, ..., 0]  # (B, N+1)
    mean, variance = posterior(kernel, y, bayes_ridge(task))
    return Prompts(*(tensor.to(dtype) for tensor in (x, y, f, mean, variance)))


def draw_set(settings: PromptSettings) -> Prompts:
    """Draw a set of prompts; its stream is that of the experiment's seed, the task and the split.

    Args:
        settings: the set.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    generator = torch_generator(settings.seed, "prompts", settings.task_name, settings.split)
    return sample_prompts(settings.task, settings.count, generator)


def sample_labels(
    task: TaskSettings,
    count: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw training prompts with one Cholesky each: y = L e, posterior mean = tril(L, -1) e.

    Args:
        task: law, kernel, noise, context length N.
        count: number B of prompts.
        generator: source of all randomness.
        dtype: type of the tensors that are returned.
        device: where they are computed and returned; the generator's device by default.

    Returns:
        x (B, N+1, d), y (B, N+1), posterior_mean (B, N+1).

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    x, factor, innovations = _joint_sample(task, count, task.context_length + 1, generator, device)
    mean = (factor.tril(-1) @ innovations)[..., 0]  # (B, N+1)
    y = mean + factor.diagonal(dim1=-2, dim2=-1) * innovations[..., 0]  # (B, N+1)
    return x.to(dtype), y.to(dtype), mean.to(dtype)


def sample_queries(
    task: TaskSettings,
    count: int,
    context_length: int,
    queries: int,
    generator: torch.Generator,
    dtype: torch.dtype = torch.float32,
    device: torch.device | str | None = None,
) -> QueryBatch:
    """Draw contexts of n pairs with Q queries each, labels jointly from one function.

    With L over all n+Q points, the queries' means given the context alone are L[n:, :n] e[:n].

    Args:
        task: law, kernel, noise; its own context length is not used.
        count: number B of prompts.
        context_length: number n >= 0 of pairs.
        queries: number Q of queries.
        generator: source of all randomness.
        dtype: type of the tensors that are returned.
        device: where they are computed and returned; the generator's device by default.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    n = context_length
    x, factor, innovations = _joint_sample(task, count, n + queries, generator, device)
    y = (factor @ innovations)[..., 0].to(dtype)  # (B, n+Q)
    mean = (factor[:, n:, :n] @ innovations[:, :n])[..., 0].to(dtype)  # (B, Q)
    x = x.to(dtype)
    return QueryBatch(x[:, :n], y[:, :n], x[:, n:], y[:, n:], mean)


def _joint_sample(
    task: TaskSettings,
    count: int,
    points: int,
    generator: torch.Generator,
    device: torch.device | str | None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Draw x, (B, n, d), the Cholesky factor L of the labels, (B, n, n), and e, (B, n, 1): y = L e."""
    x = draw_inputs(task.law, (count, points, task.dimension), generator)  # (B, n, d)
    innovations = normal((count, points, 1), generator)  # (B, n, 1)
    x, innovations = x.to(device or x.device), innovations.to(device or innovations.device)
    return x, cholesky(kernel_matrix(task, x), bayes_ridge(task)), innovations


def _clean_variance(factor: Tensor, ridge: float) -> Tensor:
    """Return L_nn^2 - ridge, (B, N+1), for L (B, N+1, N+1); 0 where rounding makes it negative."""
    return (factor.diagonal(dim1=-2, dim2=-1).square() - ridge).clamp_min(0)
