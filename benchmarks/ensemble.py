"""One step of M models trained as one ensemble, against M steps of models trained alone, one after the other.

Seconds are those of one step of one member. Same batches, weights and optimiser (Muon); drawing prompts is
left out, which costs both the same. A GPU where there is one, by the clock on the wall; else one thread of
the CPU, in seconds of that thread, so that other work counts less. Below 1 an ensemble does not pay.
"""

import time
from collections.abc import Callable

import torch

from benchmarks.runs import run_of
from benchmarks.timing import compared, finish, one_thread, seconds
from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.device import resolve_device
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.tasks import sample_labels
from ickrr.training.data import Batch, predict
from ickrr.training.ensemble import EnsembleOptimizer
from ickrr.training.optimizer import Optimizer
from ickrr.training.stacked import StackedTransformer

MEMBERS = (1, 2, 4, 8)
SIZES = {
    "smoke": (TaskSettings(context_length=8), ModelSettings(layers=3, width=32, heads=2), 32, 30),
    "laptop": (TaskSettings(), ModelSettings(), 64, 7),
}


def measure() -> list[dict[str, object]]:
    """One row a size and number of members."""
    device = resolve_device("auto")
    on_gpu = device.type == "cuda"
    where = torch.cuda.get_device_name(device) if on_gpu else "CPU-seconds, one thread"
    clock = time.perf_counter if on_gpu else time.thread_time
    rows = []
    with one_thread():
        for size, (task, model, prompts, repeats) in SIZES.items():
            for members in MEMBERS:
                alone, together = steps(task, model, prompts, members, device)
                theirs = [second / members for second in seconds(alone, repeats, clock)]
                ours = [second / members for second in seconds(together, repeats, clock)]
                rows.append(
                    compared(
                        f"one step and member, {size} size, {members} as one: {model.layers} layers, "
                        f"width {model.width}, {prompts} prompts of {2 * task.context_length + 1} tokens",
                        "the same trained alone, one after the other",
                        ours,
                        theirs,
                        f"{where}, float32, {repeats} repeats",
                    )
                )
    return rows


def steps(
    task: TaskSettings, model: ModelSettings, prompts: int, members: int, device: torch.device
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return M updates alone and one update together, at the rate of the first step."""
    training = TrainingSettings()
    run = run_of(task, model, training)
    models = [build_model(run) for _ in range(members)]
    for seed, built in enumerate(models):
        initialise(built, torch.Generator().manual_seed(seed))
    stack = StackedTransformer(models).to(device)
    models = [built.to(device) for built in models]
    drawn = [sample_labels(task, prompts, torch.Generator().manual_seed(seed)) for seed in range(members)]
    batches = [Batch(*(tensor.to(device) for tensor in one)) for one in drawn]
    optimizers = [Optimizer(built, training) for built in models]
    of_all = Batch(*(torch.stack(tensors).to(device) for tensors in zip(*drawn, strict=True)))
    joint = EnsembleOptimizer(models[0], stack, training)

    def alone() -> None:
        for built, batch, optimizer in zip(models, batches, optimizers, strict=True):
            (predict(built, batch) - batch.target).square().mean().backward()
            optimizer.step(1)
        finish(device)

    def together() -> None:
        losses = (predict(stack, of_all) - of_all.target).square().mean(dim=(1, 2))
        losses.sum().backward()
        joint.step(1)
        finish(device)

    return alone, together
