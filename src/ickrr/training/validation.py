"""Excess risk on fixed prompts: mean over prompts and n = 0..N of (p - posterior_mean)^2."""

from pathlib import Path
from typing import Final

import torch

from ickrr.config.run import RunSettings
from ickrr.io.run_files import load_prompts
from ickrr.model.transformer import Transformer

CHUNK_PROMPTS: Final = 128  # bounds the memory of a validation


class Validation:
    """Stored prompts on which the learning curve is measured.

    Args:
        path: a prompt set written by the step ``sample_prompts``, of the split ``validation``.
        run: run whose task the prompts must be of.
        device: where the model is.

    Raises:
        FileError: the file is missing or damaged, or its prompts are of another task, split or shape.
    """

    def __init__(self, path: str | Path, run: RunSettings, device: torch.device) -> None:
        arrays = {
            name: torch.from_numpy(array).to(device)
            for name, array in load_prompts(path, run, "validation").items()
        }
        self.x = arrays["x"].float()  # (B, N+1, d)
        self.y = arrays["y"].float()  # (B, N+1)
        self.posterior_mean = arrays["posterior_mean"].double()  # (B, N+1)
        self.bayes_risk = float(arrays["posterior_variance"].double().mean())

    @torch.no_grad()
    def excess_risk(self, model: Transformer) -> float:
        """Return the model's excess risk, in squared labels; not finite where a prediction is not."""
        chunks = zip(
            self.x.split(CHUNK_PROMPTS),
            self.y.split(CHUNK_PROMPTS),
            self.posterior_mean.split(CHUNK_PROMPTS),
            strict=True,
        )
        total = torch.zeros((), dtype=torch.float64, device=self.x.device)
        for x, y, posterior_mean in chunks:
            total += (model(x, y).double() - posterior_mean).square().sum()  # (b, N+1) -> ()
        return float(total) / self.posterior_mean.numel()
