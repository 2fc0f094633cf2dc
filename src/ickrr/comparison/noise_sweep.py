"""Predictions of models and of the references on prompts whose noise is not that of training.

All test noises share inputs, functions and standard normal noise, and with them the kernel matrices: each
ridge is factorised once, for the labels of all of them.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from ickrr.comparison.effective_ridge import GRID, RidgePath
from ickrr.comparison.noise import BAYES, ENCODED_ORACLE, TRANSFORMER, NoisyPrompts, ratio_table
from ickrr.comparison.probe import read_output
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer
from ickrr.row_keys import NO_SEED
from ickrr.tasks import JITTER, Prompts, bayes_ridge, cholesky, draw_set, kernel_matrix, next_means


def noisy_prompts(test: PromptSettings, factors: Sequence[float]) -> list[NoisyPrompts]:
    """Return the evaluation prompts at each test noise, with what the references predict there.

    Args:
        test: the evaluation prompts, at the noise of training.
        factors: each test noise over that of training.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    drawn = [draw_at(test, factor) for factor in factors]
    of_training = bayes_ridge(test.task)
    ridges = np.maximum(GRID * of_training, JITTER)
    oracles = regressions(test.task, drawn, [of_training])[:, 0]  # (F, B, N+1)
    paths = regressions(test.task, drawn, ridges.tolist())  # (F, G, B, N+1)
    return [
        NoisyPrompts(
            factor=factor,
            noise_std=factor * test.task.noise_std,
            x=prompts.x.numpy(),
            f=prompts.f.numpy(),
            y=prompts.y.numpy(),
            bayes=prompts.posterior_mean.numpy(),
            encoded_oracle=oracle,
            path=RidgePath(ridges / of_training, path),
        )
        for factor, prompts, oracle, path in zip(factors, drawn, oracles, paths, strict=True)
    ]


def draw_at(test: PromptSettings, factor: float) -> Prompts:
    """Draw the stored evaluation prompts again with `factor` times their noise.

    All factors share inputs, functions and standard normal noise, so that only its size differs; factor 1
    gives the stored prompts themselves.
    """
    task = test.task.model_copy(update={"noise_std": factor * test.task.noise_std})
    return draw_set(test.model_copy(update={"task": task}))


def regressions(
    task: TaskSettings, drawn: Sequence[Prompts], ridges: Sequence[float]
) -> npt.NDArray[np.float64]:
    """Return kernel ridge regression at every context length, (F, G, B, N+1).

    Args:
        task: the kernel.
        drawn: F sets of prompts that differ in nothing but their labels.
        ridges: G ridges.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    kernel = kernel_matrix(task, drawn[0].x)  # (B, N+1, N+1)
    found = np.empty((len(drawn), len(ridges), *drawn[0].y.shape))
    for column, ridge in enumerate(ridges):
        factor = cholesky(kernel, ridge)  # (B, N+1, N+1)
        for row, prompts in enumerate(drawn):
            found[row, column] = next_means(factor, prompts.y).numpy()
    return found


def errors_at(
    prompts: NoisyPrompts,
    run: RunSettings,
    models: Mapping[int, Transformer],
    chunk_prompts: int,
    weights: np.ndarray,
    confidence: float,
) -> list[pd.DataFrame]:
    """Return the errors of the optimum, of the encoded oracle and of every model at one test noise.

    Args:
        prompts: at this noise.
        run: the run of the models.
        models: of each seed.
        chunk_prompts: prompts in a forward pass; bounds the memory.
        weights: point estimate (row 0) and bootstrap draws over prompts, (R, B).
        confidence: level of the intervals.
    """
    predictions = [(NO_SEED, BAYES, prompts.bayes), (NO_SEED, ENCODED_ORACLE, prompts.encoded_oracle)]
    for seed, model in models.items():
        placed = PlacedModel(model)
        x, y = placed.place({"x": prompts.x, "y": prompts.y})
        predictions.append((seed, TRANSFORMER, read_output(placed.output, x, y, chunk_prompts).cpu().numpy()))
    return [
        ratio_table(run.name, seed, method, predicted, prompts, weights, confidence)
        for seed, method, predicted in predictions
    ]
