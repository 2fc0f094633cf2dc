"""Where the time of a training step goes: two floors that no implementation undercuts, and the profile.

Arithmetic floor: the flops of the step's linear maps and attention over the rate that this processor reaches
in matrix products of these shapes. Memory floor: every activation that the backward pass needs, written once
and read twice, over the rate at which this processor copies. The profile sorts the step's operators into
groups. One thread; floors and step are CPU-seconds of the same process.
"""

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor
from torch.autograd.profiler_util import FunctionEvent
from torch.profiler import ProfilerActivity, profile

from benchmarks.runs import run_of
from benchmarks.timing import one_thread, seconds
from benchmarks.training_step import SIZES, our_step
from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.resources.flops import step_flops
from ickrr.resources.of_steps import FLOAT
from ickrr.tasks import sample_labels
from ickrr.training.data import Batch

REPEATS = {"laptop": 15, "paper": 2}
COPIED = 1 << 26  # numbers, well above the caches
GROUPS = {  # group: parts of names of operators
    "linear maps": ("addmm", "aten::mm", "aten::linear"),
    "attention": ("attention", "bmm", "softmax"),
    "GELU": ("gelu",),
    "layer norm": ("layer_norm",),
}


def measure() -> list[dict[str, object]]:
    """Two rows a size: the step against each floor; the profile is in the first one's note."""
    rows = []
    with one_thread():
        for size, (task, model, prompts, _) in SIZES.items():
            x, y, target = sample_labels(task, prompts, torch.Generator().manual_seed(0))
            run = run_of(task, model, TrainingSettings(batch_size=prompts))
            step = our_step(task, model, Batch(x, y, target), run.training)
            ours = seconds(step, REPEATS[size], time.process_time)
            rate = matmul_rate(model.width, prompts * (2 * task.context_length + 1))
            bandwidth = copy_rate()
            arithmetic = step_flops(run) / rate
            memory = activation_bytes(task, model, prompts) * 3 / bandwidth
            shares = ", ".join(f"{100 * share:.0f} % {name}" for name, share in profiled(step).items())
            rows += [
                row(
                    size, "arithmetic floor", ours, arithmetic, f"{rate / 1e9:.0f} GFLOP/s; profile: {shares}"
                ),
                row(size, "memory floor", ours, memory, f"{bandwidth / 1e9:.1f} GB/s copied"),
            ]
    return rows


def matmul_rate(width: int, tokens: int) -> float:
    """Return the flops per CPU-second of the MLP's products, forward and both backward ones."""
    activations, weights = torch.randn(tokens, width), torch.randn(width, 4 * width)
    gradient = torch.randn(tokens, 4 * width)

    def products() -> tuple[Tensor, Tensor, Tensor]:
        return activations @ weights, gradient @ weights.T, activations.T @ gradient

    return 3 * 2 * tokens * width * 4 * width / median(seconds(products, 7, time.process_time))


def copy_rate() -> float:
    """Return the bytes per CPU-second, read and written, of a copy that no cache holds."""
    source = torch.randn(COPIED)
    target = torch.empty_like(source)
    return 2 * source.nbytes / median(seconds(lambda: target.copy_(source), 5, time.process_time))


def activation_bytes(task: TaskSettings, model: ModelSettings, prompts: int) -> float:
    """Return the size of what the backward pass keeps: 8 + 2 ratio numbers a channel, token and block."""
    tokens = prompts * (2 * task.context_length + 1)
    return tokens * model.layers * model.width * (8 + 2 * model.mlp_ratio) * FLOAT


def profiled(step: Callable[[], object]) -> dict[str, float]:
    """Return the share of each group of operators in the CPU time of one step; largest first."""
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        step()
    spent: defaultdict[str, float] = defaultdict(float)
    for event in profiler.events():
        spent[group_of(event)] += event.self_cpu_time_total
    total = sum(spent.values())
    return {name: share / total for name, share in sorted(spent.items(), key=lambda item: -item[1])}


def group_of(event: FunctionEvent) -> str:
    """Return the group of an operator: the optimisers' if it runs inside of one, else by its name."""
    around: FunctionEvent | None = event
    while around is not None:
        if around.name.startswith("Optimizer.step"):
            return "update"
        around = around.cpu_parent
    name = event.name.lower()
    return next((group for group, parts in GROUPS.items() if any(part in name for part in parts)), "other")


def row(size: str, floor: str, ours: list[float], floor_s: float, note: str) -> dict[str, object]:
    """Set the step against a floor; a ratio of 1 would be the floor itself."""
    return {
        "benchmark": f"one training step, {size} size, Muon",
        "peer": floor,
        "ours_s": median(ours),
        "peer_s": floor_s,
        "ratio": floor_s / median(ours),
        "ratio_low": floor_s / max(ours),
        "ratio_high": floor_s / min(ours),
        "note": f"CPU-seconds; {note}",
    }
