"""Attention operators against loops over tokens, numpy's operator norm and scikit-learn's kernel ridge."""

import itertools
import math

import numpy as np
import pytest
import torch
from operator_tables import TWO_LEVELS
from sklearn.kernel_ridge import KernelRidge

from ickrr.attention.dials import dial_draws
from ickrr.attention.measurement import (
    CONTROLS,
    Fit,
    best_head_left,
    fit_bandwidths,
    head_distances,
    levels_of,
    measure,
    permutations,
    regressions,
    support_of,
)
from ickrr.attention.operators import (
    ROWS,
    distance,
    flat_operators,
    kernel_operators,
    operator_norm,
    permuted,
    read_attention,
    ridge_predictions,
    token_distances,
)
from ickrr.config.model import ModelSettings
from ickrr.config.operators import OperatorSettings
from ickrr.config.task import TaskSettings
from ickrr.kernels.distances import squared_distances
from ickrr.model.transformer import Transformer
from ickrr.tasks import sample_prompts

N, D, B, HEADS = 4, 2, 3, 2
TASK = TaskSettings(dimension=D, lengthscale=0.8, context_length=N)
SETTINGS = OperatorSettings(
    lengthscales=[0.3, 1.0, 3.0], bandwidths=[0.3, 1.0, 3.0], ridges=[0.01, 0.1], dials=TWO_LEVELS
)


def build(layout, seed=0):
    torch.manual_seed(seed)
    settings = ModelSettings(layers=2, width=8, heads=HEADS, layout=layout)
    model = Transformer(settings, D, N).double().eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.7)
    return model


@pytest.fixture(scope="module")
def prompts():
    return sample_prompts(TASK, B, torch.Generator().manual_seed(3))


def normed_streams(model, tokens, visibility_of):
    """Residual streams after the norm of each block's attention, and the weights of its heads, by loops."""
    found = []
    hidden = tokens
    for block in model.blocks:
        normed = block.attention_norm(hidden)
        attention = block.attention
        query, key, value = (getattr(attention, name)(normed) for name in ("query", "key", "value"))
        count, size = len(tokens), query.shape[-1] // HEADS
        weights = np.zeros((HEADS, count, count))
        update = torch.zeros_like(hidden)
        for i in range(count):
            mixed = []
            for head in range(HEADS):
                part = slice(head * size, (head + 1) * size)
                scores = {j: float(query[i, part] @ key[j, part]) / math.sqrt(size) for j in visibility_of(i)}
                total = sum(math.exp(score) for score in scores.values())
                for j, score in scores.items():
                    weights[head, i, j] = math.exp(score) / total
                mixed.append(sum(weights[head, i, j] * value[j, part] for j in scores))
            update[i] = attention.output(torch.cat(mixed))
        found.append((normed.numpy(), weights))
        hidden = hidden + update
        hidden = hidden + block.mlp(block.mlp_norm(hidden))
    return found, float(model.read(hidden[-1]))


def by_hand(model, x, y):
    """Streams and weights of one prompt, tokens laid out by hand."""
    with torch.no_grad():
        if model.settings.layout == "interleaved":
            rows = []
            for i in range(N + 1):
                rows.append(x[i])
                if i < N:
                    rows.append(torch.cat((y[i : i + 1], torch.zeros(D - 1, dtype=torch.float64))))
            tokens = model.embedding(torch.stack(rows)) + model.positions
            return normed_streams(model, tokens, lambda i: range(i + 1))
        labels = torch.cat((y[:N], torch.zeros(1, dtype=torch.float64)))
        tokens = model.embedding(torch.cat((x, labels[:, None]), dim=1))
        return normed_streams(model, tokens, lambda i: range(N))


def pairs_of(layout):
    """Tokens of each pair, and the token that stands for a row, by kind of row."""
    if layout == "interleaved":
        return [(2 * j, 2 * j + 1) for j in range(N)], {
            "x": [2 * i for i in range(N)],
            "y": [2 * i + 1 for i in range(N)],
        }
    return [(j,) for j in range(N)], {"pair": list(range(N))}


def visible(layout, row, column):
    return layout == "paired" or column <= row


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_operators_are_the_weights_of_pairs(layout, prompts):
    """Fails if tokens of a pair are not added up, rows are other tokens', or the query is a pair."""
    model = build(layout)
    views, predictions = read_attention(model, prompts.x, prompts.y)
    pairs, kinds = pairs_of(layout)
    assert tuple(kinds) == ROWS[layout]
    for b in range(B):
        found, prediction = by_hand(model, prompts.x[b], prompts.y[b])
        assert float(predictions[b]) == pytest.approx(prediction, rel=1e-10)
        for view, (normed, weights) in zip(views, found, strict=True):
            for kind, tokens in enumerate(kinds.values()):
                for i, token in enumerate(tokens):
                    for j, members in enumerate(pairs):
                        expected = weights[:, token, list(members)].sum(axis=-1)
                        np.testing.assert_allclose(view.operators[kind, b, :, i, j], expected, atol=1e-12)
            support = normed[[members[0] for members in pairs]]
            np.testing.assert_allclose(view.support[b], support, atol=1e-10)
            np.testing.assert_allclose(view.query[b, 0], normed[-1], atol=1e-10)
            apart = ((normed[0] - normed[1]) ** 2).sum()
            assert float(view.distances[b, 0, 1]) == pytest.approx(apart, rel=1e-9)
        np.testing.assert_allclose(views[0].operators.sum(dim=-1), 1, atol=1e-12)


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_kernel_operators_are_normalised_over_what_is_visible(layout, prompts):
    """Fails if a kernel looks ahead, counts a pair otherwise than attention does, or mixes up bandwidths."""
    x = prompts.x[:, :N]
    distances = token_distances(squared_distances(x, x), layout)
    bandwidths = torch.tensor([0.5, 2.0], dtype=torch.float64)
    operators = kernel_operators(distances, bandwidths, layout)
    pairs, kinds = pairs_of(layout)
    for kind, tokens in enumerate(kinds.values()):
        for b in range(B):
            for m, bandwidth in enumerate(bandwidths):
                expected = np.zeros((N, N))
                for i, token in enumerate(tokens):
                    for j, members in enumerate(pairs):
                        squared = float(((x[b, i] - x[b, j]) ** 2).sum())
                        seen = sum(visible(layout, token, member) for member in members)
                        expected[i, j] = seen * math.exp(-squared / (2 * float(bandwidth) ** 2))
                expected /= expected.sum(axis=1, keepdims=True)
                np.testing.assert_allclose(operators[kind, b, m], expected, atol=1e-12)
    wide = kernel_operators(distances, torch.tensor([1e9], dtype=torch.float64), layout)
    np.testing.assert_allclose(wide, flat_operators(N, layout).expand_as(wide), atol=1e-12)


def test_distance_is_numpys_operator_norm():
    """Fails if another norm is taken, or it is divided by the attention's instead of the kernel's."""
    generator = torch.Generator().manual_seed(0)
    first, second = torch.rand((2, 5, 4, 4), generator=generator, dtype=torch.float64)
    for index in range(5):
        a, b = first[index].numpy(), second[index].numpy()
        assert float(operator_norm(first[index])) == pytest.approx(np.linalg.norm(a, 2), rel=1e-10)
        expected = np.linalg.norm(a - b, 2) / np.linalg.norm(b, 2)
        assert float(distance(first[index], second[index])) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_permuted_points_keep_their_pairs(layout, prompts):
    """Fails if a shuffled support is not the kernel of the shuffled points."""
    x = prompts.x[:, :N]
    order = permutations(B, N, np.random.default_rng(1))
    shuffled = torch.stack([x[b, order[b]] for b in range(B)])
    expected = token_distances(squared_distances(shuffled, shuffled), layout)
    found = permuted(token_distances(squared_distances(x, x), layout), order, layout)
    assert torch.equal(found, expected)
    assert not torch.equal(order, torch.arange(N).expand(B, N))


def test_regression_is_scikit_learns(prompts):
    """Fails if the ridge, the labels or the query of the regression are wrong."""
    kernel = torch.exp(-0.5 * squared_distances(prompts.x, prompts.x) / 0.7**2)
    found = ridge_predictions(kernel[:, :N, :N], kernel[:, N, :N], prompts.y[:, :N], [0.05, 2.0])
    for m, ridge in enumerate((0.05, 2.0)):
        for b in range(B):
            fit = KernelRidge(alpha=ridge, kernel="precomputed").fit(kernel[b, :N, :N], prompts.y[b, :N])
            assert float(found[m, b]) == pytest.approx(fit.predict(kernel[b, N:, :N])[0], rel=1e-9)


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_bandwidths_are_those_of_least_mean_distance(layout, prompts):
    """Fails if a head gets another's bandwidth, or its distance is not that of its own kernel."""
    support = support_of(build(layout), prompts.x, prompts.y)
    operators = [view.operators for view in support.views]
    fit = fit_bandwidths(support, operators, layout, SETTINGS)
    distances = head_distances(support, operators, fit, layout)  # (2, R, L, H, B)
    torch.testing.assert_close(distances.mean(dim=-1), fit.distances)
    x = prompts.x[:, :N]
    apart = squared_distances(x, x)
    rms = math.sqrt(float(apart.sum()) / (B * N * (N - 1)))
    for kind in range(len(ROWS[layout])):
        for layer in range(2):
            for head in range(HEADS):
                means = []
                for factor in SETTINGS.lengthscales:
                    kernels = kernel_operators(
                        token_distances(apart, layout),
                        torch.tensor([factor * rms], dtype=torch.float64),
                        layout,
                    )[kind, :, 0]
                    errors = [
                        np.linalg.norm(operators[layer][kind, b, head] - kernels[b], 2)
                        / np.linalg.norm(kernels[b], 2)
                        for b in range(B)
                    ]
                    means.append(np.mean(errors))
                best = int(np.argmin(means))
                chosen = float(fit.bandwidths[0, kind, layer, head])
                assert chosen == pytest.approx(SETTINGS.lengthscales[best] * rms)
                assert float(fit.distances[0, kind, layer, head]) == pytest.approx(means[best], rel=1e-9)
    row, layer, head = fit.best(1)
    assert float(fit.left[1, row, layer, head]) == float(fit.left[1].min())


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_what_a_kernel_leaves_is_divided_by_what_plain_attention_leaves(layout, prompts):
    """Fails if flat attention sees hidden tokens, the farther of two counts, or heads are mixed up."""
    support = support_of(build(layout), prompts.x, prompts.y)
    operators = [view.operators for view in support.views]
    fit = fit_bandwidths(support, operators, layout, SETTINGS)
    apart = token_distances(squared_distances(prompts.x[:, :N], prompts.x[:, :N]), layout)
    for kind, layer, head in itertools.product(range(len(ROWS[layout])), range(2), range(HEADS)):
        bandwidth = fit.bandwidths[0, kind, layer, head][None]
        kernels = kernel_operators(apart, bandwidth, layout)[kind, :, 0].numpy()
        shares = []
        for b in range(B):
            own = operators[layer][kind, b, head].numpy()
            if layout == "paired":
                flat = np.full((N, N), 1 / N)
            else:  # an x token sees 2i tokens of earlier pairs and itself, a y token one more
                flat = np.array([[2.0] * i + [1.0 + kind] + [0.0] * (N - i - 1) for i in range(N)])
                flat /= flat.sum(axis=1, keepdims=True)
            plain = min(np.linalg.norm(own - other, 2) for other in (flat, np.eye(N)))
            shares.append(np.linalg.norm(own - kernels[b], 2) / plain)
        assert float(fit.left[0, kind, layer, head]) == pytest.approx(np.mean(shares), rel=1e-9)
    row, layer, head = fit.best(0)
    found = best_head_left(support, fit, layout)[0]
    assert float(found.mean()) == pytest.approx(float(fit.left[0, row, layer, head]), rel=1e-9)


def test_a_flat_head_is_not_the_best_one(prompts):
    """Fails if nearly flat attention, which is close to a wide kernel, counts as the most kernel-like."""
    support = support_of(build("paired"), prompts.x, prompts.y)
    apart = squared_distances(prompts.x[:, :N], prompts.x[:, :N])
    rms = (apart.sum() / (B * N * (N - 1))).sqrt()
    kernel = kernel_operators(apart, 0.5 * rms[None], "paired")  # (1, B, 1, N, N)
    noise = torch.rand(kernel.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    flat, alike = 1 + 0.2 * noise, kernel + 0.1 * noise
    heads = torch.cat([one / one.sum(dim=-1, keepdim=True) for one in (flat, alike)], dim=2)
    settings = SETTINGS.model_copy(update={"lengthscales": [0.5, 10.0]})
    fit = fit_bandwidths(support, [heads], "paired", settings)
    assert float(fit.distances[0, 0, 0, 0]) < float(fit.distances[0, 0, 0, 1])  # by distance it would be
    assert fit.best(0) == (0, 0, 1)


def test_attention_that_is_a_kernel_has_distance_zero(prompts):
    """Fails if the comparison misses a match that is there: operators that are the inputs' kernel itself."""
    support = support_of(build("interleaved"), prompts.x, prompts.y)
    x = prompts.x[:, :N]
    apart = squared_distances(x, x)
    rms = math.sqrt(float(apart.sum()) / (B * N * (N - 1)))
    kernel = kernel_operators(
        token_distances(apart, "interleaved"), torch.tensor([rms], dtype=torch.float64), "interleaved"
    )
    fit = fit_bandwidths(support, [kernel, kernel], "interleaved", SETTINGS)
    assert float(fit.distances[0].max()) < 1e-7
    order = torch.tensor([[1, 0, 3, 2]]).expand(B, N)
    assert float(head_distances(support, [kernel, kernel], fit, "interleaved", order)[0].min()) > 0.01


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_regression_of_the_best_head_is_scikit_learns(layout, prompts):
    """Fails if the representation of the query is not that of the head's layer and token."""
    model = build(layout)
    support = support_of(model, prompts.x, prompts.y)
    fit = Fit(
        torch.full((2, len(ROWS[layout]), 2, HEADS), 1.3, dtype=torch.float64),
        *torch.ones(2, 2, len(ROWS[layout]), 2, HEADS),
    )
    fit.left[1, 0, 1, 0] = 0.5
    if layout == "interleaved":
        fit.left[1, 1, 0, 1] = 0.1  # the best head of all, but of rows that no query has
        assert fit.best(1) == (1, 0, 1)
    inputs, representation = regressions(support, fit, [[0.1], [0.2]])
    for b in range(B):
        found, _ = by_hand(model, prompts.x[b], prompts.y[b])
        pairs, _ = pairs_of(layout)
        points = found[1][0][[*(members[0] for members in pairs), -1]]
        for values, ridge, predicted in ((prompts.x[b].numpy(), 0.1, inputs), (points, 0.2, representation)):
            fitted = KernelRidge(alpha=ridge, kernel="rbf", gamma=1 / (2 * 1.3**2))
            fitted.fit(values[:N], prompts.y[b, :N])
            assert float(predicted[0, b]) == pytest.approx(fitted.predict(values[N:])[0], rel=1e-8)


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_everything_is_measured_once_at_every_level(layout, prompts):
    """Fails if a level or control is lost, or the random model is compared with its own kernel."""
    model, untrained = build(layout), build(layout, seed=1)
    orders = [permutations(B, N, np.random.default_rng(seed)) for seed in (0, 1)]
    draws = dial_draws(TASK, "uniform", B, 0, "test")
    found = measure(model, untrained, TASK, (prompts.x, prompts.y), draws, tuple(orders), SETTINGS)
    assert len(levels_of(SETTINGS)) == 7
    kinds = len(ROWS[layout])
    assert found["distances"].shape == (7, 2, kinds, 2, HEADS, B)
    assert found["controls"].shape == (len(CONTROLS), 2, kinds, 2, HEADS, B)
    assert found["predictions"].shape == (7, 4, B)
    assert found["left"].shape == (7, 2, B)
    assert all(bool(values.isfinite().all()) for values in found.values())
    same = measure(model, model, TASK, (prompts.x, prompts.y), draws, tuple(orders), SETTINGS)
    torch.testing.assert_close(same["controls"][CONTROLS.index("random")], found["distances"][0])
    torch.testing.assert_close(same["controls"][CONTROLS.index("random_refitted")], found["distances"][0])
