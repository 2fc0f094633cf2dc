"""Settings of training."""

from typing import Literal, Self

from pydantic import model_validator

from ickrr.config.fields import Flag, Settings, setting


class MuonSettings(Settings):
    """Muon, for the matrices inside the blocks."""

    learning_rate: float = setting(0.02, "Peak learning rate of Muon", gt=0)
    momentum: float = setting(0.95, "Nesterov momentum of Muon", ge=0, lt=1)
    weight_decay: float = setting(0.01, "Decoupled weight decay of Muon", ge=0)


class AdamWSettings(Settings):
    """AdamW, for everything else (or for all parameters when optimizer = adamw)."""

    learning_rate: float = setting(2e-3, "Peak learning rate of AdamW", gt=0)
    beta1: float = setting(0.9, "Decay of AdamW's first moment", ge=0, lt=1)
    beta2: float = setting(0.99, "Decay of AdamW's second moment", ge=0, lt=1)
    weight_decay: float = setting(0.0, "Decoupled weight decay of AdamW", ge=0)


class TrainingSettings(Settings):
    """How one transformer is trained."""

    steps: int = setting(1000, "Optimisation steps", unit="steps", ge=1)
    batch_size: int = setting(64, "Fresh prompts per step", unit="prompts", ge=1)
    target: Literal["posterior_mean", "label"] = setting(
        "posterior_mean",
        "Regression target: E[y | context, x] (same expected gradient, less variance) or the noisy label y",
    )
    optimizer: Literal["muon", "adamw"] = setting(
        "muon", "muon: Muon on block matrices and AdamW on the rest; adamw: AdamW on all"
    )
    muon: MuonSettings = setting(MuonSettings(), "Muon's own settings")
    adamw: AdamWSettings = setting(AdamWSettings(), "AdamW's own settings")
    schedule: Literal["cosine", "constant"] = setting("cosine", "Learning rate after the warm-up")
    warmup_steps: int = setting(200, "Linear warm-up of the learning rate", unit="steps", ge=0)
    final_learning_rate_fraction: float = setting(
        0.02, "Learning rate at the end of the cosine over its peak", ge=0, le=1
    )
    gradient_clip: float | None = setting(
        1.0, "Largest global norm of the gradient, which is clipped to it; null clips nothing", gt=0
    )
    precision: Literal["float32", "tf32", "bfloat16"] = setting(
        "float32", "Arithmetic of matrix products in training; tf32 and bfloat16 need a GPU"
    )
    compile: Flag = setting(
        False,
        "Fuse operations with torch.compile, for long trainings; needs half a minute and a C++ compiler",
    )
    queries_per_prompt: int = setting(
        20, "Query points per prompt (paired layout only)", unit="queries", ge=1
    )
    validate_every: int = setting(
        50, "Steps between points of the learning curve", "technical", "steps", ge=1
    )
    checkpoint_every: int = setting(100, "Steps between checkpoints", "technical", "steps", ge=1)
    snapshots: int = setting(
        0, "Steps, evenly spaced by logarithm up to the last, whose weights are kept; 0 keeps none", ge=0
    )
    allow_divergence: Flag = setting(
        False,
        "Record a loss that is not finite as the run's result (for ablations), instead of an error",
    )

    def snapshot_steps(self) -> set[int]:
        """Return the steps whose weights are kept; fewer than asked for where two would be the same."""
        return {round(self.steps ** (index / self.snapshots)) for index in range(1, self.snapshots + 1)}

    @model_validator(mode="after")
    def warmup_fits(self) -> Self:
        """Refuse a warm-up that is longer than the training."""
        if self.warmup_steps > self.steps:
            raise ValueError(f"warmup_steps = {self.warmup_steps} is more than steps = {self.steps}")
        return self
