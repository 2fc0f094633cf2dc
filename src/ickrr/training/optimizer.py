"""Muon on the matrices of the blocks and AdamW on the rest, and the learning rate of a step.

The rate is peak * s/warmup during the warm-up; then it stays at its peak or falls along a cosine, as
peak * (f + (1-f) (1 + cos(pi u))/2) with u the share of the remaining steps that is done and f the final
fraction. It is a function of the step, so that a resumed training needs no state of a scheduler.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ickrr.config.training import TrainingSettings
from ickrr.training.muon import Muon

MUON_STATE = ("momentum_buffer",)
ADAMW_STATE = ("step", "exp_avg", "exp_avg_sq")


def learning_rate_factor(step: int, settings: TrainingSettings) -> float:
    """Return the learning rate of a step over its peak.

    Args:
        step: step counted from 1 (the first update) to `settings.steps`.
        settings: schedule, warm-up and length of the training.

    Returns:
        A number in [0, 1].
    """
    if step <= settings.warmup_steps:
        return step / settings.warmup_steps
    if settings.schedule == "constant":
        return 1.0
    done = (step - settings.warmup_steps) / (settings.steps - settings.warmup_steps)
    final = settings.final_learning_rate_fraction
    return final + (1 - final) * 0.5 * (1 + math.cos(math.pi * done))


def block_matrices(model: nn.Module) -> list[str]:
    """Return the names of the matrices inside blocks, which Muon trains."""
    return [name for name, p in model.named_parameters() if name.startswith("blocks.") and p.ndim == 2]


@dataclass(frozen=True)
class _Part:
    """One optimiser with its parameters by name, its peak rate and the names of its state."""

    optimizer: torch.optim.Optimizer
    parameters: dict[str, nn.Parameter]
    peak: float
    entries: tuple[str, ...]


class Optimizer:
    """The optimisers of one model, addressed by parameter names.

    Muon is that of Jordan et al. (2024): Nesterov momentum, orthogonalised updates times
    sqrt(max(1, rows/columns)), decoupled weight decay. AdamW is torch's (Loshchilov & Hutter 2019).

    Args:
        model: model whose parameters are trained.
        settings: which optimiser, its rates and schedule.
    """

    def __init__(self, model: nn.Module, settings: TrainingSettings) -> None:
        self.settings = settings
        self.model = model
        named = dict(model.named_parameters())
        matrices = (
            {name: named[name] for name in block_matrices(model)} if settings.optimizer == "muon" else {}
        )
        rest = {name: p for name, p in named.items() if name not in matrices}
        adamw, muon = settings.adamw, settings.muon
        self._parts = [
            _Part(
                torch.optim.AdamW(
                    rest.values(),
                    lr=adamw.learning_rate,
                    betas=(adamw.beta1, adamw.beta2),
                    weight_decay=adamw.weight_decay,
                    fused=True,
                ),
                rest,
                adamw.learning_rate,
                ADAMW_STATE,
            )
        ]
        if matrices:
            optimizer = Muon(matrices.values(), muon.learning_rate, muon.momentum, muon.weight_decay)
            self._parts.append(_Part(optimizer, matrices, muon.learning_rate, MUON_STATE))

    def learning_rate(self, step: int) -> float:
        """Return the learning rate of the block matrices at a step, counted from 1."""
        return self._parts[-1].peak * learning_rate_factor(step, self.settings)

    def step(self, step: int) -> Tensor:
        """Clip the global gradient norm, update all parameters and clear the gradients.

        Args:
            step: step, counted from 1.

        Returns:
            The gradient norm before clipping, a scalar on the model's device.
        """
        norm = self._clip()
        factor = learning_rate_factor(step, self.settings)
        for part in self._parts:
            for group in part.optimizer.param_groups:
                group["lr"] = part.peak * factor
            part.optimizer.step()
            part.optimizer.zero_grad(set_to_none=True)
        return norm

    def _clip(self) -> Tensor:
        limit = math.inf if self.settings.gradient_clip is None else self.settings.gradient_clip
        norm: Tensor = nn.utils.clip_grad_norm_(self.model.parameters(), limit)
        return norm

    def state_tensors(self) -> dict[str, Tensor]:
        """Return the optimisers' state as ``<parameter>/<entry>``; empty before the first step."""
        return {
            f"{name}/{entry}": part.optimizer.state[parameter][entry]
            for part in self._parts
            for name, parameter in part.parameters.items()
            if parameter in part.optimizer.state
            for entry in part.entries
        }

    def load_state_tensors(self, tensors: dict[str, Tensor]) -> None:
        """Restore the state that `state_tensors` returned.

        Raises:
            KeyError: an entry of a parameter is missing; nothing is changed then.
        """
        states = [
            (part.optimizer, parameter, _state_of(name, parameter, part.entries, tensors))
            for part in self._parts
            for name, parameter in part.parameters.items()
        ]
        for optimizer, parameter, state in states:
            optimizer.state[parameter] = state


def _state_of(
    name: str, parameter: Tensor, entries: tuple[str, ...], tensors: dict[str, Tensor]
) -> dict[str, Tensor]:
    return {entry: tensors[f"{name}/{entry}"].to(parameter.device, copy=True) for entry in entries}
