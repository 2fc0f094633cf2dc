"""Readouts of all layers: one pass of normal equations against readouts trained by Adam.

The peer is the earlier codebases' way (Adam 1e-4 for 500,000 steps and one layer a job, or 1e-3 for
3,000 steps and all layers), made as fast as it goes: all layers in one graph, float32, batches of
64 prompts drawn from streams that are captured beforehand, so that neither side pays for the
transformer. It stops when the mean squared error of every layer on the fit prompts is within 1 % of
the closed form's, or after `ADAM_STEPS`; the note says how far it got. The streams are those of a
transformer of the default size after a short training. Run by hand: python benchmarks/probes.py
"""

import time
from statistics import median

import torch
from torch import Tensor

from ickrr.comparison.probe import Readouts, fit_readouts
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts
from ickrr.training.data import TrainingData, predict
from ickrr.training.optimizer import Optimizer

PROMPTS, CHUNK, BATCH = 2048, 256, 64
REPEATS = 5
TRAINING_STEPS = 250
ADAM_STEPS = 3000
CHECK_EVERY = 100
RATES = (1e-4, 1e-3, 1e-2)
TOLERANCE = 0.01


def measure() -> list[dict[str, object]]:
    """One row a learning rate of the peer; the ratio's range is that over repeats of our side."""
    features, y = captured_streams()
    x = torch.zeros(PROMPTS, 1)
    x[:, 0] = torch.arange(PROMPTS)

    def streams(x: Tensor, y: Tensor) -> Tensor:
        return features[:, x[:, 0].long()]

    ours = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        readouts = fit_readouts(streams, x, y, ProbeSettings(ridge=1e-6, chunk_prompts=CHUNK))
        ours.append(time.perf_counter() - start)
    best = layer_errors(readouts, features, y)
    rows = []
    for rate in RATES:
        seconds, steps, error = adam_until(features, y, best, rate)
        worst = 100 * (error / best - 1).max().item()
        reached = "within 1 %" if worst <= 100 * TOLERANCE else f"{worst:.2g} % worse in the worst layer"
        ratios = [seconds / one for one in ours]
        rows.append(
            {
                "benchmark": f"probes of {len(features)} layers, {PROMPTS} prompts",
                "peer": f"Adam {rate:g}, all layers at once",
                "ours_s": median(ours),
                "peer_s": seconds,
                "ratio": median(ratios),
                "ratio_low": min(ratios),
                "ratio_high": max(ratios),
                "note": f"Adam after {steps} steps: {reached}",
            }
        )
    return rows


def captured_streams() -> tuple[Tensor, Tensor]:
    """Streams (L+1, B, N+1, width) of a briefly trained transformer, and labels (B, N+1)."""
    run = RunSettings(
        name="benchmark",
        task_name="spherical",
        task=TaskSettings(),
        model=ModelSettings(),
        training=TrainingSettings(steps=TRAINING_STEPS, warmup_steps=TRAINING_STEPS // 5),
    )
    model = build_model(run)
    initialise(model, torch_generator(0, "benchmark", "weights"))
    data = TrainingData(run, 0, torch.device("cpu"))
    optimizer = Optimizer(model, run.training)
    for step in range(1, TRAINING_STEPS + 1):
        batch = data.batch(step)
        (predict(model, batch) - batch.target).square().mean().backward()
        optimizer.step(step)
    prompts = sample_prompts(run.task, PROMPTS, torch_generator(0, "benchmark", "prompts"))
    x, y = prompts.x.float(), prompts.y.float()
    with torch.no_grad():
        parts = [
            model.residual_streams(x[start : start + CHUNK], y[start : start + CHUNK])
            for start in range(0, PROMPTS, CHUNK)
        ]
    return torch.cat(parts, dim=1), prompts.y


def adam_until(features: Tensor, y: Tensor, best: Tensor, learning_rate: float) -> tuple[float, int, Tensor]:
    """Train readouts of all layers until `best` is nearly reached: seconds, steps, and each layer's error."""
    layers, prompts, _, width = features.shape
    weights = torch.zeros(layers, width, requires_grad=True)
    biases = torch.zeros(layers, requires_grad=True)
    optimizer = torch.optim.Adam([weights, biases], lr=learning_rate)
    generator = torch_generator(0, "benchmark", "batches")
    labels = y.float()
    seconds, error = 0.0, best
    steps = 0
    while steps < ADAM_STEPS:
        start = time.perf_counter()
        for _ in range(CHECK_EVERY):
            batch = torch.randint(prompts, (BATCH,), generator=generator)
            predicted = torch.einsum("lbnw,lw->lbn", features[:, batch], weights) + biases[:, None, None]
            loss = (predicted - labels[batch]).square().mean(dim=(1, 2)).sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        steps += CHECK_EVERY
        seconds += time.perf_counter() - start  # the checks below are not on the clock
        readouts = Readouts(weights.detach().double(), biases.detach().double())
        error = layer_errors(readouts, features, y)
        if ((error / best - 1) <= TOLERANCE).all():
            break
    return seconds, steps, error


def layer_errors(readouts: Readouts, features: Tensor, y: Tensor) -> Tensor:
    """Mean squared error of every layer on the prompts, (L+1)."""
    return (readouts.predict(features) - y).square().mean(dim=(1, 2))


if __name__ == "__main__":
    torch.set_num_threads(1)
    for row in measure():
        print(row)
