"""Fitted kernels on heads of known bandwidth, and against the definition of what they minimise."""

import numpy as np
import pytest
import torch

from ickrr.interventions.kernel_heads import LayerKernels, fit_kernels
from ickrr.interventions.sequence import CLASSES, ROWS, Sequence

BANDWIDTH = 0.7
THETA = {"interleaved": [0.0, 1.3, -0.6, 0.8], "paired": [0.0, -1.2]}


def made(layout, bandwidth=BANDWIDTH, noise=0.0, prompts=30):
    """Return attention (B, 1, T, S) of a kernel with classes, by loops; its sequence and distances."""
    generator = np.random.default_rng(0)
    x = generator.standard_normal((prompts, 6, 3))
    sequence = Sequence.of(layout, 11 if layout == "interleaved" else 6)
    distances = sequence.distances(torch.from_numpy(x))
    rows, keys = sequence.key.shape
    weights = np.zeros((prompts, 1, rows, keys))
    for b in range(prompts):
        for i in range(rows):
            for j in range(keys):
                if sequence.visible[i, j]:
                    score = THETA[layout][int(sequence.key[i, j])]
                    if np.isfinite(bandwidth):
                        gap = x[b, sequence.point[i]] - x[b, sequence.point[j]]
                        score -= gap @ gap / (2 * bandwidth**2)
                    weights[b, 0, i, j] = np.exp(score + noise * generator.standard_normal())
    weights /= weights.sum(axis=3, keepdims=True)
    return torch.from_numpy(weights), sequence, distances


def kernels(weights, sequence, distances, layout):
    """Return what a layer is nearest to."""
    return LayerKernels(
        fit_kernels(weights, sequence, distances, layout),
        fit_kernels(weights, sequence, torch.zeros_like(distances), layout),
        {},
    )


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_a_kernel_is_found(layout):
    """Fails if bandwidth or class weights of a kernel are not found, or its operator differs."""
    weights, sequence, distances = made(layout)
    found = kernels(weights, sequence, distances, layout)
    np.testing.assert_allclose((2 * found.kernel.beta[0]).numpy() ** -0.5, BANDWIDTH, rtol=1e-3)
    operators = found.kernel.operators(0, sequence, distances)
    np.testing.assert_allclose(operators.numpy(), weights[:, 0].numpy(), atol=1e-4)
    assert found.left().item() < 1e-3
    assert found.like_kernels(0.5).item()


def test_heads_that_flat_attention_explains_are_not_like_kernels():
    """Fails if averages, diagonals or their mixtures count as kernels, or noise on them does."""
    for noise in (0.0, 0.5):
        found = kernels(*made("interleaved", bandwidth=np.inf, noise=noise), "interleaved")
        assert not found.like_kernels(0.5).item(), noise
        assert found.left().item() > 0.9


def test_fits_minimise_the_divergence():
    """Fails if the divergence is not that of its definition, or another kernel has a smaller one."""
    weights, sequence, distances = made("interleaved", noise=1.0)
    found = fit_kernels(weights, sequence, distances, "interleaved")

    def divergence(theta, beta, kind):
        total, rows = 0.0, 0
        for b in range(len(weights)):
            for i in range(len(sequence.row)):
                if sequence.row[i] != kind:
                    continue
                seen = sequence.visible[i].numpy()
                scores = theta[sequence.key[i].numpy()] - beta * distances[b, i].numpy()
                scores = scores[seen] - np.logaddexp.reduce(scores[seen])
                wanted = weights[b, 0, i].numpy()[seen]
                total += (wanted * (np.log(wanted) - scores)).sum()
                rows += 1
        return total / rows

    for kind in range(len(ROWS["interleaved"])):
        theta, beta = found.theta[0, kind].numpy(), float(found.beta[0, kind])
        least = divergence(theta, beta, kind)
        assert float(found.divergence[0, kind]) == pytest.approx(least, rel=1e-4)
        for moved in np.eye(CLASSES["interleaved"])[1:] * 0.05:
            assert divergence(theta + moved, beta, kind) >= least - 1e-5
            assert divergence(theta - moved, beta, kind) >= least - 1e-5
        assert min(divergence(theta, beta * factor, kind) for factor in (0.95, 1.05)) > least
