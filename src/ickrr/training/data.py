"""Fresh training prompts: the batch of a step is a function of (run, seed, step).

A resumed training therefore needs no state of a generator. Interleaved prompts are drawn in blocks of many
steps (one batched Cholesky each), block b from the stream (seed, "training", b). Paired prompts of a step
share one context length n, uniform on 0..N; step s has the stream (seed, "training", s).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from ickrr.config.run import RunSettings
from ickrr.model.transformer import Transformer
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_labels, sample_queries

PROMPTS_PER_BLOCK = 2048


@dataclass(frozen=True)
class Batch:
    """Prompts of one step.

    Args:
        x: inputs, (B, N+1, d) interleaved, (B, n, d) paired.
        y: labels, (B, N+1) interleaved, (B, n) paired.
        target: what the predictions are regressed on, (B, N+1) interleaved, (B, Q) paired.
        queries: query inputs of the paired layout, (B, Q, d).
    """

    x: Tensor
    y: Tensor
    target: Tensor
    queries: Tensor | None = None


def predict(model: Transformer, batch: Batch) -> Tensor:
    """Return the model's predictions of the batch's targets, of the targets' shape."""
    if batch.queries is None:
        prediction: Tensor = model(batch.x, batch.y)
        return prediction
    return model.predict(batch.x, batch.y, batch.queries)


class TrainingData:
    """The stream of training batches of one run and seed.

    Drawn on the CPU and moved, so that a GPU sees the same inputs and normal numbers.

    Args:
        run: task, layout, batch size and target.
        seed: seed of the training.
        device: where batches are computed and returned, float32.
    """

    def __init__(self, run: RunSettings, seed: int, device: torch.device) -> None:
        self.run = run
        self.seed = seed
        self.device = device
        self.steps_per_block = max(1, PROMPTS_PER_BLOCK // run.training.batch_size)
        self._index = -1
        self._block: tuple[Tensor, Tensor, Tensor] | None = None

    def batch(self, step: int) -> Batch:
        """Return the batch of a step, counted from 1."""
        if self.run.model.layout == "paired":
            return self._paired(step)
        index, offset = divmod(step - 1, self.steps_per_block)
        size = self.run.training.batch_size
        rows = slice(offset * size, (offset + 1) * size)
        x, y, posterior_mean = (tensor[rows] for tensor in self._block_at(index))
        return Batch(x, y, posterior_mean if self._exact else y)  # (B, N+1, d), (B, N+1), (B, N+1)

    @property
    def _exact(self) -> bool:
        return self.run.training.target == "posterior_mean"

    def _block_at(self, index: int) -> tuple[Tensor, Tensor, Tensor]:
        if self._block is None or index != self._index:
            self._index = index
            self._block = sample_labels(
                self.run.task,
                self.steps_per_block * self.run.training.batch_size,
                torch_generator(self.seed, "training", index),
                device=self.device,
            )
        return self._block

    def _paired(self, step: int) -> Batch:
        generator = torch_generator(self.seed, "training", step)
        largest = self.run.task.context_length
        context_length = int(torch.randint(largest + 1, (), generator=generator))
        drawn = sample_queries(
            self.run.task,
            self.run.training.batch_size,
            context_length,
            self.run.training.queries_per_prompt,
            generator,
            device=self.device,
        )
        target = drawn.posterior_mean if self._exact else drawn.y_query
        return Batch(drawn.x, drawn.y, target, drawn.x_query)  # (B, n, d), (B, n), (B, Q), (B, Q, d)
