"""Excess risk on fixed prompts: mean over prompts and n = 0..N of (p - posterior_mean)^2."""

from typing import Final

import torch

from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings
from ickrr.errors import ConfigError
from ickrr.model.transformer import Transformer
from ickrr.tasks import draw_set

CHUNK_PROMPTS: Final = 128  # bounds the memory of a validation


class Validation:
    """Prompts on which the learning curve is measured, the same for all seeds of a run.

    They are drawn here, so that a training reads no file: stored prompts can be drawn again without it.

    Args:
        settings: the set of prompts.
        run: run whose task the prompts must be of.
        device: where the model is.

    Raises:
        ConfigError: the prompts are of another task.
    """

    def __init__(self, settings: PromptSettings, run: RunSettings, device: torch.device) -> None:
        if settings.task != run.task:
            raise ConfigError(
                f"validation prompts '{settings.name}' are of {settings.task}, but run '{run.name}' is "
                f"trained on {run.task}; give the prompts of its task, '{run.task_name}'"
            )
        prompts = draw_set(settings)
        self.x = prompts.x.to(device).float()  # (B, N+1, d)
        self.y = prompts.y.to(device).float()  # (B, N+1)
        self.posterior_mean = prompts.posterior_mean.to(device)  # (B, N+1)
        self.bayes_risk = float(prompts.posterior_variance.mean())

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
