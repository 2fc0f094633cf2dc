"""The training loop: updates of the weights along the gradient of mean (prediction - target)^2.

It can be resumed after any update. Losses stay on the device until a row of the learning curve or a
checkpoint needs them, so that a GPU never waits.
"""

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ickrr.config.run import RunSettings
from ickrr.errors import TrainingError
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model
from ickrr.progress import track
from ickrr.randomness import torch_generator
from ickrr.training.checkpoint import Checkpoint, UnusableCheckpointError, load_checkpoint, save_checkpoint
from ickrr.training.compilation import predictor
from ickrr.training.curve import History, peak_memory_mb
from ickrr.training.data import TrainingData
from ickrr.training.interruption import Interruption, TrainingInterrupted
from ickrr.training.optimizer import Optimizer
from ickrr.training.precision import arithmetic, reduced
from ickrr.training.validation import Validation


@dataclass(frozen=True)
class Outcome:
    """What a training ends with.

    Args:
        weights: final state dict; after a divergence the last one that validated.
        history: learning curve and rates.
        diverged_at: first step whose loss or gradient was not finite, None if there was none.
        snapshots: state dicts of the steps whose weights are kept, names ``<step>:<name>``.
        resumed_from: step of the checkpoint that this process started from, None if it started afresh.
    """

    weights: dict[str, Tensor]
    history: History
    diverged_at: int | None
    snapshots: dict[str, Tensor]
    resumed_from: int | None


class Trainer:
    """Trains one run with one seed.

    Args:
        run: resolved run.
        seed: seed of the initial weights and of the prompts.
        validation: fixed prompts of the learning curve.
        state_path: checkpoint file; resumed if it is of this run and seed, otherwise overwritten.
        device: where to train.
        code: identity of the code; a checkpoint of other code is not resumed.
        require_same_code: called before each checkpoint; raises if the code was edited meanwhile.
        on_row: called with each new row of the learning curve.
    """

    def __init__(
        self,
        run: RunSettings,
        seed: int,
        validation: Validation,
        state_path: str | Path,
        device: torch.device,
        code: str,
        require_same_code: Callable[[], None] = lambda: None,
        on_row: Callable[[Sequence[float]], None] = lambda row: None,
    ) -> None:
        self.run = run
        self.settings = run.training
        self.seed = seed
        self.validation = validation
        self.state_path = Path(state_path)
        self.device = device
        self.code = code
        self.require_same_code = require_same_code
        self.on_row = on_row
        self.data = TrainingData(run, seed, device)
        self.model = build_model(run)
        initialise(self.model, torch_generator(seed, "weights"))
        self.model.to(device)
        self.predict = predictor(self.settings.compile)
        self.optimizer = Optimizer(self.model, run.training)
        self.history = History()
        self.pending: list[Tensor] = []  # (loss, gradient norm) of each step since the last row of the curve
        self.validated = self._copy_of_weights()
        self.snapshots: dict[str, Tensor] = {}
        self.saved_step: int | None = None
        self.resumed_from = self._resume()

    @property
    def label(self) -> str:
        """Name of the training in messages."""
        return f"{self.run.name} seed {self.seed}"

    def train(self, interruption: Interruption) -> Outcome:
        """Train to the end.

        Args:
            interruption: says when to stop early.

        Raises:
            TrainingError: a loss or gradient is not finite and the run does not allow divergence.
            TrainingInterrupted: asked to stop; the state is saved.
            ConfigError: the precision needs a GPU and there is none.
        """
        steps, kept = self.settings.steps, self.settings.snapshot_steps()
        diverged_at = None
        clock = _Clock(self.resumed_from or 0, self.history.elapsed)
        with arithmetic(self.settings.precision, self.device):
            for done in track(steps, f"training {self.label}", start=self.resumed_from or 0):
                step = done + 1
                self._update(step)
                if step in kept:
                    self._keep(step)
                stop = interruption.requested()
                validate = step % self.settings.validate_every == 0 or step == steps
                save = (step % self.settings.checkpoint_every == 0 or stop is not None) and step < steps
                if validate or save:
                    diverged_at = self._diverged_at(step)
                if validate and diverged_at is None:
                    self.history.rate.append(clock.row(step, self.device))
                    diverged_at = self._validate(step)
                    clock.restart(step)
                if diverged_at is not None:
                    self._record_divergence(diverged_at)
                    break
                if save:
                    self._save(step)
                if stop is not None and step < steps:
                    reason, code = stop
                    raise TrainingInterrupted(
                        f"{self.label}: {reason}; saved step {step} of {steps} in {self.state_path}; "
                        "run it again to resume",
                        code,
                    )
        weights = self._copy_of_weights() if diverged_at is None else self.validated
        return Outcome(weights, self.history, diverged_at, self.snapshots, self.resumed_from)

    def _update(self, step: int) -> None:
        batch = self.data.batch(step)
        with reduced(self.settings.precision, self.device):
            prediction = self.predict(self.model, batch)  # (B, N+1) or (B, Q)
        loss = (prediction.float() - batch.target).square().mean()  # ()
        loss.backward()
        norm = self.optimizer.step(step)
        self.pending.append(torch.stack((loss.detach(), norm)))  # (2)

    def _keep(self, step: int) -> None:
        self.snapshots |= {f"{step}:{name}": value for name, value in self._copy_of_weights().items()}

    def _diverged_at(self, step: int) -> int | None:
        """Return the first step since the last row whose loss or gradient is not finite."""
        finite = torch.stack(self.pending).isfinite().all(dim=1).tolist()  # (k, 2) -> k booleans
        return None if all(finite) else step - len(finite) + 1 + finite.index(False)

    def _validate(self, step: int) -> int | None:
        """Add a row to the learning curve; return the step if the model's predictions are not finite."""
        risk = self.validation.excess_risk(self.model)
        if not math.isfinite(risk):
            return step
        loss = float(torch.stack(self.pending)[:, 0].double().mean())  # (k, 2) -> (k) -> ()
        rate = self.optimizer.learning_rate(step)
        self._add_row((step, loss, risk, self.validation.bayes_risk, rate, 0.0))
        self.pending.clear()
        if self.settings.allow_divergence:
            self.validated = self._copy_of_weights()
        tqdm.write(
            f"{self.label}: step {step}/{self.settings.steps}, loss {loss:.4g}, excess risk {risk:.4g} "
            f"(Bayes risk {self.validation.bayes_risk:.4g})",
            file=sys.stderr,
        )
        return None

    def _add_row(self, row: tuple[float, ...]) -> None:
        self.history.curve.append(row)
        self.on_row(row)

    def _record_divergence(self, step: int) -> None:
        if not self.settings.allow_divergence:
            last_good = (
                "there is no checkpoint yet"
                if self.saved_step is None
                else f"the last good checkpoint is {self.state_path} (step {self.saved_step})"
            )
            raise TrainingError(
                f"{self.label}: the loss or its gradient is not finite at step {step} of "
                f"{self.settings.steps}; {last_good}. "
                f"Lower training.{self.settings.optimizer}.learning_rate, or set "
                "training.allow_divergence to true to record this as the run's result"
            )
        rate = self.optimizer.learning_rate(step)
        self._add_row((step, math.nan, math.nan, self.validation.bayes_risk, rate, 1.0))
        tqdm.write(f"{self.label}: diverged at step {step}, as the run allows", file=sys.stderr)

    def _save(self, step: int) -> None:
        self.require_same_code()
        checkpoint = Checkpoint(
            step=step,
            model=self.model.state_dict(),
            optimizer=self.optimizer.state_tensors(),
            history=self.history.tensors(),
            pending=torch.stack(self.pending) if self.pending else torch.zeros(0, 2),
            validated=self.validated if self.settings.allow_divergence else {},
            snapshots=self.snapshots,
        )
        save_checkpoint(self.state_path, checkpoint, self.run, self.seed, self.code)
        self.saved_step = step

    def _resume(self) -> int | None:
        try:
            checkpoint = load_checkpoint(
                self.state_path, self.model.state_dict(), self.run, self.seed, self.code
            )
            if checkpoint is None:
                return None
            self.optimizer.load_state_tensors(checkpoint.optimizer)
        except (UnusableCheckpointError, KeyError) as error:
            print(f"{self.label}: {error}; training starts from the beginning", file=sys.stderr, flush=True)
            return None
        self.model.load_state_dict(checkpoint.model)
        self.history = History.from_tensors(**checkpoint.history)
        self.pending = list(checkpoint.pending.to(self.device))
        if self.settings.allow_divergence:
            self.validated = {name: tensor.to(self.device) for name, tensor in checkpoint.validated.items()}
        self.snapshots = checkpoint.snapshots
        self.saved_step = checkpoint.step
        print(f"{self.label}: resumes after step {checkpoint.step}", file=sys.stderr, flush=True)
        return checkpoint.step

    def _copy_of_weights(self) -> dict[str, Tensor]:
        return {name: tensor.detach().clone() for name, tensor in self.model.state_dict().items()}


class _Clock:
    """Measures the speed between two rows, without validations, and the time in all, with them."""

    def __init__(self, step: int, elapsed: float) -> None:
        self._step = step
        self._began = self._anchor = time.monotonic()
        self._elapsed = elapsed

    def row(self, step: int, device: torch.device) -> tuple[float, ...]:
        now = time.monotonic()
        rate = (step - self._step) / max(now - self._began, 1e-9)
        return (step, rate, peak_memory_mb(device), self._elapsed + now - self._anchor)

    def restart(self, step: int) -> None:
        self._step = step
        self._began = time.monotonic()
