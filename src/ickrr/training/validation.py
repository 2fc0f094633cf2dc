"""Excess risk on fixed prompts: mean over prompts and n = 0..N of (p - posterior_mean)^2."""

from pathlib import Path

import torch

from ickrr.config.task import TaskSettings
from ickrr.errors import FileError
from ickrr.io.tensors import load_tensors, read_metadata
from ickrr.model.transformer import Transformer
from ickrr.model.weights import differences

CHUNK_PROMPTS = 128  # bounds the memory of a validation


class Validation:
    """Stored prompts that the learning curve is measured on.

    Args:
        path: a prompt set written by the step ``sample_prompts``.
        task: task that the prompts must fit.
        device: where the model is.

    Raises:
        FileError: the file is missing or damaged, or its prompts are of another task or shape.
    """

    def __init__(self, path: str | Path, task: TaskSettings, device: torch.device) -> None:
        stored = read_metadata(path).get("prompts", {}).get("task")
        different = differences(stored, task.model_dump(mode="json"), "task")
        if different:
            raise FileError(
                f"{path}: holds prompts of another task: {'; '.join(different)}; "
                "delete it and run snakemake again"
            )
        arrays = load_tensors(path)
        expected = {
            "x": (task.context_length + 1, task.dimension),
            "y": (task.context_length + 1,),
            "posterior_mean": (task.context_length + 1,),
            "posterior_variance": (task.context_length + 1,),
        }
        for name, shape in expected.items():
            if name not in arrays:
                raise FileError(f"{path}: has no array '{name}'; delete it and run snakemake again")
            found = tuple(arrays[name].shape[1:])
            if found != shape:
                raise FileError(
                    f"{path}: array '{name}' has shape {found} per prompt, the run's task needs {shape}; "
                    "delete it and run snakemake again"
                )
        self.x = arrays["x"].to(device, torch.float32)  # (B, N+1, d)
        self.y = arrays["y"].to(device, torch.float32)  # (B, N+1)
        self.posterior_mean = arrays["posterior_mean"].to(device, torch.float64)  # (B, N+1)
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
