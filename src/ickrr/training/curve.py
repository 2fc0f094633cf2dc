"""What training records about itself: its learning curve, and its speed (differs every time)."""

from dataclasses import dataclass, field

import pandas as pd
import torch
from torch import Tensor

from ickrr import batch_job

CURVE_COLUMNS = ("step", "loss", "excess_risk", "bayes_risk", "learning_rate", "diverged")
RATE_COLUMNS = ("step", "steps_per_second", "peak_memory_mb", "elapsed_s")


@dataclass
class History:
    """Rows of both tables, as plain numbers, so that a checkpoint can hold them.

    Args:
        curve: rows of `CURVE_COLUMNS`; `diverged` is 0 or 1.
        rate: rows of `RATE_COLUMNS`.
    """

    curve: list[tuple[float, ...]] = field(default_factory=list)
    rate: list[tuple[float, ...]] = field(default_factory=list)

    @property
    def elapsed(self) -> float:
        """Seconds of training up to the last row, in this and earlier processes."""
        return self.rate[-1][3] if self.rate else 0.0

    def tensors(self) -> dict[str, Tensor]:
        """Return both as float64 tensors, (rows, columns)."""
        return {
            "curve": torch.tensor(self.curve, dtype=torch.float64).reshape(-1, len(CURVE_COLUMNS)),
            "rate": torch.tensor(self.rate, dtype=torch.float64).reshape(-1, len(RATE_COLUMNS)),
        }

    @classmethod
    def from_tensors(cls, curve: Tensor, rate: Tensor) -> "History":
        """Restore what `tensors` returned."""
        return cls([tuple(row) for row in curve.tolist()], [tuple(row) for row in rate.tolist()])

    def learning_curve(self) -> pd.DataFrame:
        """Return the learning curve as a table."""
        table = pd.DataFrame(self.curve, columns=list(CURVE_COLUMNS), dtype="float64")
        return table.astype({"step": "int64", "diverged": "bool"})

    def rates(self) -> pd.DataFrame:
        """Return the rates as a table."""
        table = pd.DataFrame(self.rate, columns=list(RATE_COLUMNS), dtype="float64")
        return table.astype({"step": "int64"})


def peak_memory_mb(device: torch.device) -> float:
    """Return the peak memory in MB: of the process on the CPU, of torch's tensors on a GPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    return batch_job.peak_memory_mb()
