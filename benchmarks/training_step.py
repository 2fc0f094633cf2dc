"""One training step, forward, backward and update, against Hugging Face's GPT-2 of the same size.

Both do the same work: 2N+1 tokens a prompt, the same blocks, a linear embedding and readout. The peer is
updated by torch's AdamW, as its own trainer does; ours once by AdamW too, which compares the models alone,
and by Muon as the trainings here are, once with torch.compile. A GPU where there is one, else one thread of
the CPU; float32, by the clock on the wall. Drawing prompts and compiling are left out.
"""

from collections.abc import Callable

import torch
import transformers
from torch import Tensor, nn

from benchmarks.runs import run_of
from benchmarks.timing import compared, finish, one_thread, seconds
from ickrr.config.model import ModelSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.device import resolve_device
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.tasks import sample_labels
from ickrr.training.compilation import predictor
from ickrr.training.data import Batch
from ickrr.training.optimizer import Optimizer

SIZES = {
    "laptop": (TaskSettings(), ModelSettings(), 64, 15),
    "paper": (TaskSettings(context_length=40), ModelSettings(layers=12, width=256, heads=8), 256, 3),
}

OURS = {
    "adamw": TrainingSettings(optimizer="adamw"),
    "muon": TrainingSettings(),
    "muon, compiled": TrainingSettings(compile=True),
}


class HuggingFace(nn.Module):
    """GPT-2 between a linear embedding and a linear readout, as the earlier codebases use it."""

    def __init__(self, model: ModelSettings, task: TaskSettings) -> None:
        super().__init__()
        config = transformers.GPT2Config(
            vocab_size=1,
            n_positions=2 * task.context_length + 1,
            n_embd=model.width,
            n_layer=model.layers,
            n_head=model.heads,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            use_cache=False,
        )
        self.embedding = nn.Linear(task.dimension, model.width)
        self.blocks = transformers.GPT2Model(config)
        self.readout = nn.Linear(model.width, 1)

    def forward(self, tokens: Tensor) -> Tensor:
        """Predict at the tokens of the inputs, (B, N+1), for tokens (B, 2N+1, d)."""
        hidden = self.blocks(inputs_embeds=self.embedding(tokens)).last_hidden_state
        prediction: Tensor = self.readout(hidden)[:, ::2, 0]
        return prediction


def measure() -> list[dict[str, object]]:
    """Three rows a size: our model with the peer's optimiser, with ours, and compiled."""
    device = resolve_device("auto")
    where = torch.cuda.get_device_name(device) if device.type == "cuda" else "one thread"
    rows = []
    with one_thread():
        for size, (task, model, prompts, repeats) in SIZES.items():
            x, y, target = sample_labels(task, prompts, torch.Generator().manual_seed(0))
            batch = Batch(x.to(device), y.to(device), target.to(device))
            peer = HuggingFace(model, task).to(device)
            tokens = torch.randn(prompts, 2 * task.context_length + 1, task.dimension).to(device)
            their_times = seconds(their_step(peer, tokens, batch.target), repeats)
            for what, training in OURS.items():
                own_times = seconds(our_step(task, model, batch, training), repeats)
                rows.append(
                    compared(
                        f"one step, {size} size, {what}: {model.layers} layers, width {model.width}, "
                        f"{prompts} prompts of {2 * task.context_length + 1} tokens",
                        "Hugging Face GPT-2, AdamW",
                        own_times,
                        their_times,
                        f"{where}, float32, {repeats} repeats",
                    )
                )
    return rows


def their_step(peer: nn.Module, tokens: Tensor, target: Tensor) -> Callable[[], None]:
    """Return one update of the peer on a batch, to be called again and again."""
    optimizer = torch.optim.AdamW(peer.parameters(), lr=1e-4)

    def step() -> None:
        (peer(tokens) - target).square().mean().backward()
        nn.utils.clip_grad_norm_(peer.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        finish(target.device)

    return step


def our_step(
    task: TaskSettings, model: ModelSettings, batch: Batch, training: TrainingSettings
) -> Callable[[], None]:
    """Return one update of a model of ours on a batch, at the rate of the first step."""
    run = run_of(task, model, training)
    built = build_model(run)
    initialise(built, torch.Generator().manual_seed(0))
    built.to(batch.x.device)
    updates = Optimizer(built, training)
    predict = predictor(training.compile)

    def step() -> None:
        (predict(built, batch) - batch.target).square().mean().backward()
        updates.step(1)
        finish(batch.x.device)

    return step
