"""Predictions of models and of the references on prompts whose noise is not that of training."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from torch import Tensor

from ickrr.comparison.effective_ridge import GRID, RidgePath
from ickrr.comparison.noise import BAYES, ENCODED_ORACLE, TRANSFORMER, NoisyPrompts, ratio_table
from ickrr.comparison.probe import read_output
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings
from ickrr.model.placed import PlacedModel
from ickrr.model.transformer import Transformer
from ickrr.randomness import torch_generator
from ickrr.row_keys import NO_SEED
from ickrr.tasks import JITTER, Prompts, bayes_ridge, kernel_matrix, posterior, sample_prompts


def errors_at(
    factor: float,
    run: RunSettings,
    test: PromptSettings,
    models: Mapping[int, Transformer],
    chunk_prompts: int,
    weights: np.ndarray,
    confidence: float,
) -> list[pd.DataFrame]:
    """Return the errors of the optimum, of the encoded oracle and of every model at one test noise.

    Args:
        factor: the test noise over that of training.
        run: the run of the models.
        test: the evaluation prompts, at the noise of training.
        models: of each seed.
        chunk_prompts: prompts in a forward pass; bounds the memory.
        weights: point estimate (row 0) and bootstrap draws over prompts, (R, B).
        confidence: level of the intervals.

    Raises:
        CovarianceError: a covariance is not numerically positive definite.
    """
    prompts = noisy_prompts(test, factor)
    truth = NoisyPrompts(
        factor=factor,
        noise_std=factor * run.task.noise_std,
        f=prompts.f.numpy(),
        y=prompts.y.numpy(),
        bayes=prompts.posterior_mean.numpy(),
        path=ridge_path(run, prompts),
    )
    predictions = [
        (NO_SEED, BAYES, prompts.posterior_mean),
        (NO_SEED, ENCODED_ORACLE, encoded_oracle(run, prompts)),
    ]
    for seed, model in models.items():
        placed = PlacedModel(model)
        x, y = prompts.x.to(placed.device), prompts.y.to(placed.device)
        predictions.append((seed, TRANSFORMER, read_output(placed.output, x, y, chunk_prompts).cpu()))
    return [
        ratio_table(run.name, seed, method, predicted.numpy(), truth, weights, confidence)
        for seed, method, predicted in predictions
    ]


def noisy_prompts(test: PromptSettings, factor: float) -> Prompts:
    """Draw the stored evaluation prompts again with `factor` times their noise.

    All factors share inputs, functions and standard normal noise, so that only its size differs; factor 1
    gives the stored prompts themselves.
    """
    generator = torch_generator(test.seed, "prompts", test.task_name, test.split)
    task = test.task.model_copy(update={"noise_std": factor * test.task.noise_std})
    return sample_prompts(task, test.count, generator)


def encoded_oracle(run: RunSettings, prompts: Prompts) -> Tensor:
    """Return kernel ridge regression with the ridge of training at every context length, (B, N+1)."""
    kernel = kernel_matrix(run.task, prompts.x)  # (B, N+1, N+1)
    return posterior(kernel, prompts.y, bayes_ridge(run.task))[0]


def ridge_path(run: RunSettings, prompts: Prompts) -> RidgePath:
    """Return kernel ridge regression with ridges from far below to far above that of training."""
    kernel = kernel_matrix(run.task, prompts.x)  # (B, N+1, N+1)
    ridges = np.maximum(GRID * bayes_ridge(run.task), JITTER)
    predictions = [posterior(kernel, prompts.y, float(ridge))[0].numpy() for ridge in ridges]
    return RidgePath(ridges / bayes_ridge(run.task), np.stack(predictions))
