"""Converged kernel ridge regression for all prefixes of a batch, against scikit-learn and GPyTorch.

Ours makes every prefix's prediction from one Cholesky of the full kernel. scikit-learn fits one KernelRidge
per prompt and prefix; GPyTorch solves all prompts of one prefix as a batch. All get the same arrays, use
float64 on one thread, and agree to 1e-10. Run by hand: python -m benchmarks kernel_ridge
"""

import warnings

import numpy as np
import torch

from benchmarks.timing import compared, one_thread, seconds
from ickrr.config.task import TaskSettings
from ickrr.tasks import bayes_ridge, kernel_matrix, posterior, sample_prompts

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import gpytorch
from sklearn.kernel_ridge import KernelRidge

PROMPTS = 128
REPEATS = 5
TOLERANCE = 1e-10


def ours(task: TaskSettings, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """All prefixes of all prompts from one Cholesky each, (B, N+1)."""
    return posterior(kernel_matrix(task, x), y, bayes_ridge(task))[0].numpy()


def scikit_learn(task: TaskSettings, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """One fit for each prompt and prefix, (B, N+1)."""
    points, labels = x.numpy(), y.numpy()
    found = np.zeros(labels.shape)
    gamma = 0.5 / task.lengthscale**2
    for prompt in range(len(labels)):
        for n in range(1, labels.shape[1]):
            model = KernelRidge(alpha=bayes_ridge(task), kernel="rbf", gamma=gamma)
            model.fit(points[prompt, :n], labels[prompt, :n])
            found[prompt, n] = model.predict(points[prompt, n : n + 1])[0]
    return found


class Process(gpytorch.models.ExactGP):
    """GPyTorch's exact Gaussian process with mean zero and a Gaussian kernel, batched over prompts."""

    def __init__(self, x: torch.Tensor, y: torch.Tensor, task: TaskSettings) -> None:
        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        super().__init__(x, y, likelihood)
        self.mean_module = gpytorch.means.ZeroMean()
        self.covar_module = gpytorch.kernels.RBFKernel().double()
        # GPyTorch rounds Python floats to float32.
        likelihood.noise = torch.tensor(bayes_ridge(task), dtype=torch.float64)
        self.covar_module.lengthscale = torch.tensor(task.lengthscale, dtype=torch.float64)

    def forward(self, x: torch.Tensor) -> gpytorch.distributions.MultivariateNormal:
        return gpytorch.distributions.MultivariateNormal(self.mean_module(x), self.covar_module(x))


def gpytorch_batched(task: TaskSettings, x: torch.Tensor, y: torch.Tensor) -> np.ndarray:
    """One batched exact Gaussian process for each prefix, variances skipped, (B, N+1)."""
    found = torch.zeros_like(y)
    with torch.no_grad(), gpytorch.settings.skip_posterior_variances():
        for n in range(1, y.shape[1]):
            model = Process(x[:, :n], y[:, :n], task).eval()
            found[:, n] = model(x[:, n : n + 1]).mean[:, 0]
    return found.numpy()


def measure() -> list[dict[str, object]]:
    """Measure; a row a peer: benchmark, peer, ours_s, peer_s, ratio of medians, ratio_low, ratio_high, note.

    Raises:
        AssertionError: a peer's predictions differ from ours by more than the tolerance.
    """
    with one_thread():
        return _measure()


def _measure() -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for length in (20, 40):
        task = TaskSettings(context_length=length)
        prompts = sample_prompts(task, PROMPTS, torch.Generator().manual_seed(0))
        x, y = prompts.x, prompts.y
        own = ours(task, x, y)
        own_times = seconds(lambda: ours(task, x, y), 10 * REPEATS)  # noqa: B023 - called at once
        for peer, name, repeats in (
            (scikit_learn, "scikit-learn KernelRidge, one fit a prefix", 3),
            (gpytorch_batched, "GPyTorch ExactGP, batched over prompts", REPEATS),
        ):
            difference = np.abs(peer(task, x, y) - own).max()
            if not difference <= TOLERANCE:
                raise AssertionError(f"{name} differs from ours by {difference:.1e} > {TOLERANCE:g}")
            times = seconds(lambda: peer(task, x, y), repeats)  # noqa: B023 - called at once
            rows.append(
                compared(
                    f"converged KRR, {PROMPTS} prompts, all prefixes of N = {length}",
                    name,
                    own_times,
                    times,
                    f"one thread, float64, largest difference {difference:.0e}",
                )
            )
    return rows


if __name__ == "__main__":
    for row in measure():
        print(row)
