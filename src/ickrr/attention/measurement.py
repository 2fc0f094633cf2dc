"""One trained model's attention compared with kernels, in distribution and along the dials.

Bandwidths, best heads and ridges are chosen on one set of prompts, everything is measured on others.

Controls, in distribution only. Each exchanges one thing and keeps the rest, bandwidths included:

- ``shuffled``: the kernel is that of the same points in another order, row i belongs to another;
- ``random``: the operators are those of a model with random weights, the kernels stay the trained model's;
- ``flat``: the operators are plain averages over what is visible.

``shuffled_refitted`` and ``random_refitted`` choose the bandwidths anew, the latter also with the random
model's own representation. A wide enough kernel is close to any operator that is nearly flat, so a small
distance alone says little: it must be compared with what ``flat`` and ``random`` reach.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ickrr.attention.dials import DialDraws, shifted_prompts
from ickrr.attention.operators import (
    GAUSSIAN,
    REPRESENTATION,
    ROWS,
    TARGETS,
    LayerView,
    distance,
    flat_operators,
    kernel_operators,
    operator_norm,
    permuted,
    plain_distance,
    read_attention,
    representation_distances,
    ridge_predictions,
    token_distances,
)
from ickrr.config.operators import IN_DISTRIBUTION, OperatorSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.errors import ConfigError
from ickrr.kernels.distances import squared_distances
from ickrr.model.transformer import Transformer
from ickrr.progress import track

CONTROLS = ("shuffled", "random", "flat", "shuffled_refitted", "random_refitted")
METHODS = ("model", "data", GAUSSIAN, REPRESENTATION)


@dataclass(frozen=True)
class Support:
    """A set of prompts as one model sees it.

    Attributes:
        views: of layers 1..L.
        model: its own predictions at n = N, (B).
        inputs: squared distances of the N+1 inputs, (B, N+1, N+1).
        labels: of the context, (B, N).
    """

    views: list[LayerView]
    model: Tensor
    inputs: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Fit:
    """What is chosen on the fit prompts.

    Attributes:
        bandwidths: by target, kind of row, layer and head, (2, R, L, H).
        distances: mean distance at these bandwidths, (2, R, L, H).
        left: mean share that the kernel leaves of what flat or diagonal attention leaves, (2, R, L, H).
    """

    bandwidths: Tensor
    distances: Tensor
    left: Tensor

    def best(self, target: int, kinds: int | None = None) -> tuple[int, int, int]:
        """Row kind, layer index and head of which the kernel leaves least, of the first `kinds` of rows."""
        left = self.left[target, :kinds]
        row, layer, head = np.unravel_index(int(left.argmin()), left.shape)
        return int(row), int(layer), int(head)


def support_of(model: Transformer, x: Tensor, y: Tensor) -> Support:
    """Read a model's attention on prompts x (B, N+1, d), y (B, N+1)."""
    views, prediction = read_attention(model, x, y)
    return Support(views, prediction, squared_distances(x, x), y[:, :-1])


def candidates(support: Support, settings: OperatorSettings) -> tuple[Tensor, Tensor]:
    """Lengthscales (M) of the inputs' kernel, and bandwidths (L, M) of the representation's, by layer."""
    inputs = support.inputs[:, :-1, :-1]
    lengthscales = torch.tensor(settings.lengthscales, dtype=torch.float64) * _rms(inputs)
    scales = torch.stack([_rms(view.distances) for view in support.views])  # (L)
    return lengthscales, scales[:, None] * torch.tensor(settings.bandwidths, dtype=torch.float64)


def fit_bandwidths(
    support: Support,
    operators: Sequence[Tensor],
    layout: str,
    settings: OperatorSettings,
    order: Tensor | None = None,
) -> Fit:
    """Choose the bandwidth of each head by its mean distance over the prompts.

    Args:
        support: where the kernels come from.
        operators: of layers 1..L, (R, B, H, N, N).
        layout: of the model.
        settings: candidates.
        order: permutation of the pairs that the kernels are made of, (B, N); none when absent.
    """
    lengthscales, bandwidths = candidates(support, settings)
    chosen, reached, left = [], [], []
    for target in TARGETS:
        for layer, measured in enumerate(operators):
            grid = lengthscales if target == GAUSSIAN else bandwidths[layer]
            points = _ordered(support, target, layer, layout, order)
            plain = plain_distance(measured, flat_operators(measured.shape[-1], layout))  # (R, B, H)
            means, shares = [], []
            for bandwidth in grid:
                kernels = kernel_operators(points, bandwidth[None], layout)
                means.append(distance(measured, kernels).mean(dim=1))  # (R, H)
                shares.append((operator_norm(measured - kernels) / plain).mean(dim=1))
            least, index = torch.stack(means).min(dim=0)
            chosen.append(grid[index])
            reached.append(least)
            left.append(torch.stack(shares).gather(0, index[None])[0])
    shape = (len(TARGETS), len(operators), *chosen[0].shape)
    return Fit(*(torch.stack(part).view(shape).transpose(1, 2) for part in (chosen, reached, left)))


def head_distances(
    support: Support,
    operators: Sequence[Tensor],
    fit: Fit,
    layout: str,
    order: Tensor | None = None,
) -> Tensor:
    """Distance of every head's operator from the kernel at its bandwidth, (2, R, L, H, B).

    Args:
        support: where the kernels come from.
        operators: of layers 1..L, (R, B, H, N, N), or of fewer heads or prompts where all are alike.
        fit: bandwidths.
        layout: of the model.
        order: permutation of the pairs that the kernels are made of, (B, N); none when absent.
    """
    found = []
    for index, target in enumerate(TARGETS):
        layers = []
        for layer, measured in enumerate(operators):
            points = _ordered(support, target, layer, layout, order)
            rows = []
            for row in range(len(measured)):
                kernels = kernel_operators(points, fit.bandwidths[index, row, layer], layout)
                rows.append(distance(measured[row], kernels[row]).T)  # (H, B)
            layers.append(torch.stack(rows))
        found.append(torch.stack(layers, dim=1))  # (R, L, H, B)
    return torch.stack(found)


def best_head_left(support: Support, fit: Fit, layout: str) -> Tensor:
    """Share that the kernel leaves of what flat or diagonal attention leaves, of the best heads, (2, B)."""
    found = []
    for index, target in enumerate(TARGETS):
        row, layer, head = fit.best(index)
        operators = support.views[layer].operators[row, :, head]  # (B, N, N)
        points = _ordered(support, target, layer, layout, None)
        bandwidth = fit.bandwidths[index, row, layer, head]
        kernels = kernel_operators(points, bandwidth[None], layout)[row, :, 0]
        flat = flat_operators(operators.shape[-1], layout)[row, 0]
        found.append(operator_norm(operators - kernels) / plain_distance(operators, flat))
    return torch.stack(found)


def regressions(support: Support, fit: Fit, ridges: Sequence[Sequence[float]]) -> list[Tensor]:
    """Kernel ridge regression of the query under the kernels of the best heads, (M, B) for each target.

    The best among rows of the query's kind of token: a bandwidth that fits y tokens says nothing of a query.

    Args:
        support: the prompts.
        fit: bandwidths and best heads.
        ridges: for each target.
    """
    predictions = []
    for index, target in enumerate(TARGETS):
        row, layer, head = fit.best(index, kinds=1)
        if target == GAUSSIAN:
            squares = support.inputs
        else:
            view = support.views[layer]
            squares = representation_distances(torch.cat((view.support, view.query), dim=1))
        kernel = torch.exp(-0.5 * squares / fit.bandwidths[index, row, layer, head].square())
        predictions.append(
            ridge_predictions(kernel[:, :-1, :-1], kernel[:, -1, :-1], support.labels, ridges[index])
        )
    return predictions


def measure(
    model: Transformer,
    untrained: Transformer,
    task: TaskSettings,
    fit_prompts: tuple[Tensor, Tensor],
    draws: DialDraws,
    orders: tuple[Tensor, Tensor],
    settings: OperatorSettings,
) -> dict[str, Tensor]:
    """Measure one trained model.

    Args:
        model: the trained model.
        untrained: one of the same architecture with random weights.
        task: its task, in distribution.
        fit_prompts: x (F, N+1, d) and y (F, N+1) that everything is chosen on.
        draws: what the fresh prompts are made from.
        orders: permutations of the pairs of the fit prompts (F, N) and of the fresh ones (B, N).
        settings: grids and dials.

    Returns:
        `distances` (V, 2, R, L, H, B), V levels as `levels_of` lists them, targets as `TARGETS`; `controls`
        (5, 2, R, L, H, B); `left` (V, 2, B), of the best heads; `bandwidths`, `fit_distances` and `fit_left`
        (2, R, L, H); `best` (2, 3); `ridges` (2); `predictions` (V, 4, B), methods as `METHODS`.
    """
    layout = model.settings.layout
    fitting = support_of(model, *fit_prompts)
    fit = fit_bandwidths(fitting, _operators(fitting), layout, settings)
    tried = regressions(fitting, fit, [settings.ridges] * len(TARGETS))  # (M, F) each
    nearest = [int((part - fitting.model).square().mean(dim=1).argmin()) for part in tried]
    ridges = [settings.ridges[index] for index in nearest]
    distances, left, predictions = [], [], []
    levels = levels_of(settings)
    for index in track(len(levels), "levels"):
        prompts = shifted_prompts(task, draws, *levels[index])
        support = support_of(model, prompts.x, prompts.y)
        distances.append(head_distances(support, _operators(support), fit, layout))
        left.append(best_head_left(support, fit, layout))
        under = regressions(support, fit, [[ridge] for ridge in ridges])
        data = prompts.posterior_mean[:, -1]
        predictions.append(torch.stack((support.model, data, *(part[0] for part in under))))
        if levels[index][0] == IN_DISTRIBUTION:
            fresh = (prompts.x, prompts.y)
            trained = support
    controls = {
        "shuffled": head_distances(trained, _operators(trained), fit, layout, orders[1]),
    }
    fit_random, fresh_random = support_of(untrained, *fit_prompts), support_of(untrained, *fresh)
    controls["random"] = head_distances(trained, _operators(fresh_random), fit, layout)
    pairs = trained.labels.shape[1]
    flat = [flat_operators(pairs, layout)] * len(trained.views)
    controls["flat"] = head_distances(trained, flat, fit, layout)
    refit = fit_bandwidths(fitting, _operators(fitting), layout, settings, orders[0])
    controls["shuffled_refitted"] = head_distances(trained, _operators(trained), refit, layout, orders[1])
    refit = fit_bandwidths(fit_random, _operators(fit_random), layout, settings)
    controls["random_refitted"] = head_distances(fresh_random, _operators(fresh_random), refit, layout)
    return {
        "distances": torch.stack(distances),
        "controls": torch.stack([controls[name] for name in CONTROLS]),
        "left": torch.stack(left),
        "bandwidths": fit.bandwidths,
        "fit_distances": fit.distances,
        "fit_left": fit.left,
        "best": torch.tensor([fit.best(index) for index in range(len(TARGETS))]),
        "ridges": torch.tensor(ridges, dtype=torch.float64),
        "predictions": torch.stack(predictions),
    }


def require_measurable(run: RunSettings, settings: OperatorSettings, prompts: int) -> None:
    """Refuse attention that cannot be compared with kernels, and too few prompts to choose bandwidths on.

    Args:
        run: the run of the model.
        settings: of the measurement.
        prompts: how many fit prompts there are.

    Raises:
        ConfigError: the attention is not softmax, or there are fewer prompts than `settings.fit_prompts`.
    """
    if run.model.attention != "softmax":
        raise ConfigError(
            f"operators.runs: run '{run.name}' has attention {run.model.attention}; "
            "only softmax attention can be compared with kernels"
        )
    if prompts < settings.fit_prompts:
        raise ConfigError(
            f"operators.fit_prompts: found {settings.fit_prompts}, but {run.task_name} has {prompts} fit "
            "prompts; lower it or raise prompts.fit"
        )


def levels_of(settings: OperatorSettings) -> list[tuple[str, float]]:
    """Dial and level of everything that is measured: in distribution once, then the others of each dial."""
    further = [(dial, level) for dial, levels in settings.dials.levels().items() for level in levels[1:]]
    return [(IN_DISTRIBUTION, 0.0), *further]


def names_of(settings: OperatorSettings, layout: str) -> dict[str, object]:
    """Return the names of what the axes of the arrays of `measure` hold."""
    return {
        "levels": levels_of(settings),
        "targets": TARGETS,
        "rows": ROWS[layout],
        "controls": CONTROLS,
        "methods": METHODS,
    }


def permutations(prompts: int, pairs: int, generator: np.random.Generator) -> Tensor:
    """Draw a permutation of the pairs of each prompt, (prompts, pairs)."""
    drawn: npt.NDArray[np.int64] = generator.permuted(np.tile(np.arange(pairs), (prompts, 1)), axis=1)
    return torch.from_numpy(drawn)


def _operators(support: Support) -> list[Tensor]:
    return [view.operators for view in support.views]


def _ordered(support: Support, target: str, layer: int, layout: str, order: Tensor | None) -> Tensor:
    if target == GAUSSIAN:
        points = token_distances(support.inputs[:, :-1, :-1], layout)
    else:
        points = support.views[layer].distances
    return points if order is None else permuted(points, order, layout)


def _rms(squares: Tensor) -> Tensor:
    """Root mean square distance of two different points, of (B, T, T) squared distances."""
    points = squares.shape[-1]
    return (squares.sum(dim=(-2, -1)).mean() / (points * (points - 1))).sqrt()
