"""Several trainings of one shape as one: M members side by side in every matrix product and every update.

A member has the initial weights, prompts, clipping, schedule and updates of its training alone. It does not
end in the same bytes: the order in which products are summed differs, and training amplifies that. Members do
not see each other; one that diverges is frozen out, and the others go on.
"""

import hashlib
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from ickrr.config.ensembles import refusal, shared_settings
from ickrr.config.run import RunSettings
from ickrr.config.training import TrainingSettings
from ickrr.errors import ConfigError
from ickrr.files import to_json
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer
from ickrr.model.weights import build_model, differences
from ickrr.randomness import torch_generator
from ickrr.training.compilation import predictor
from ickrr.training.curve import CURVE_COLUMNS, History
from ickrr.training.data import Batch, TrainingData
from ickrr.training.interruption import Interruption
from ickrr.training.loop import Outcome, Trainer
from ickrr.training.optimizer import Optimizer, block_matrices
from ickrr.training.precision import reduced
from ickrr.training.stacked import StackedTransformer
from ickrr.training.validation import Validation

DIVERGED = CURVE_COLUMNS.index("diverged")
SMALLEST_DIVISOR = 1e-6  # beside the norm, in torch's clip_grad_norm_


@dataclass(frozen=True)
class Member:
    """One training of an ensemble.

    Args:
        run: resolved run.
        seed: seed of the initial weights and of the prompts.
        validation: fixed prompts of the learning curve.
    """

    run: RunSettings
    seed: int
    validation: Validation

    @property
    def label(self) -> str:
        """Name of the training in messages."""
        return f"{self.run.name} seed {self.seed}"


def require_alike(members: Sequence[Member]) -> None:
    """Refuse members that cannot be trained as one.

    Raises:
        ConfigError: there is none, one is of a kind that no ensemble takes, two are the same, or one differs
            from the first in more than its name, seed, law, kernel and noise; names member and key.
    """
    if not members:
        raise ConfigError("an ensemble needs at least one member")
    labels = [member.label for member in members]
    twice = next((label for label in labels if labels.count(label) > 1), None)
    if twice is not None:
        raise ConfigError(f"{twice} is named twice; every member of an ensemble is another training")
    first = members[0]
    for member in members:
        reason = refusal(member.run)
        if reason is not None:
            raise ConfigError(f"{member.label}: {reason}; train it alone")
        different = differences(shared_settings(member.run), shared_settings(first.run))
        if different:
            raise ConfigError(
                f"{member.label}: {'; '.join(different)} (as {first.label} has it); the members of an "
                "ensemble agree in all settings of model and training, and in the size of their prompts"
            )


class EnsembleOptimizer(Optimizer):
    """The optimisers of `Optimizer` on stacked parameters, each member with a gradient norm of its own.

    `step` returns the norms of all members, (M,).

    Args:
        alone: a model of one member, which says what is trained how.
        stack: the model whose parameters are trained.
        settings: which optimiser, its rates and schedule.
    """

    def __init__(self, alone: Transformer, stack: StackedTransformer, settings: TrainingSettings) -> None:
        super().__init__(stack, settings, block_matrices(alone))

    def _clip(self) -> Tensor:
        gradients = [p.grad for p in self.model.parameters() if p.grad is not None]  # each (M, ..)
        of_each = [torch.linalg.vector_norm(gradient.flatten(1), dim=1) for gradient in gradients]
        norms: Tensor = torch.linalg.vector_norm(torch.stack(of_each), dim=0)  # (P, M) -> (M,)
        share = (self.settings.gradient_clip / (norms + SMALLEST_DIVISOR)).clamp(max=1.0)  # (M,)
        for gradient in gradients:
            gradient.mul_(share.view(-1, *[1] * (gradient.ndim - 1)))
        return norms


class EnsembleTrainer(Trainer):
    """Trains M members as one, in the loop of `Trainer`, with one checkpoint for all.

    Args:
        members: what to train.
        state_path: checkpoint file; gone on from if it is of these members, else written afresh.
        device: where to train.
        code: identity of the code; a checkpoint of other code is not gone on from.

    Raises:
        ConfigError: the members cannot be trained as one.
    """

    def __init__(
        self, members: Sequence[Member], state_path: str | Path, device: torch.device, code: str
    ) -> None:
        require_alike(members)
        # Instead of the parent's, which builds one model: the same attributes, each for all members. A
        # checkpoint names run and seed of the first; the code's identity stands for the others.
        self.members = tuple(members)
        self.run, self.seed, self.validation = members[0].run, members[0].seed, members[0].validation
        self.settings = self.run.training
        self.state_path = Path(state_path)
        self.device = device
        self.code = f"{code} ensemble {identity(members)}"
        self.streams = [TrainingData(member.run, member.seed, device) for member in members]
        models = [build_model(member.run) for member in members]
        for member, model in zip(members, models, strict=True):
            initialise(model, torch_generator(member.seed, "weights"))
        self.model = StackedTransformer(models).to(device)
        self.alone = models[0].to(device)  # holds one member's weights while they are validated
        self.predict = predictor(self.settings.compile)
        self.optimizer = EnsembleOptimizer(self.alone, self.model, self.settings)
        self.history = History()  # of the curve, M rows a validation, in the order of the members
        self.pending = []  # (loss, gradient norm) of every member, (2, M), since the last row
        self.validated = self._copy_of_weights()
        self.saved_step = None
        self.step = 0  # the last one done
        self.resumed_from = self._resume()

    @property
    def label(self) -> str:
        """Names of the trainings in messages."""
        return f"ensemble of {', '.join(member.label for member in self.members)}"

    def train_members(self, interruption: Interruption) -> list[Outcome]:
        """Train to the end.

        A member that diverges does not stop the others, whether its run allows that or not: its `diverged_at`
        says so. Every member is charged its share of the time: `steps_per_second` is M times the ensemble's,
        `elapsed_s` one M-th, so that sums over members are what the machine did. Memory is that of all.

        Args:
            interruption: says when to stop early.

        Returns:
            What each member ends with, in their order.

        Raises:
            TrainingInterrupted: asked to stop; the state is saved.
            ConfigError: the precision needs a GPU and there is none.
        """
        final = self.train(interruption)
        return [self._outcome(index, final) for index in range(len(self.members))]

    def _outcome(self, index: int, final: Outcome) -> Outcome:
        count = len(self.members)
        rows = self.history.curve[index::count]
        last = next((i for i, row in enumerate(rows) if row[DIVERGED]), len(rows) - 1)
        diverged_at = int(rows[last][0]) if rows[last][DIVERGED] else None
        weights = final.weights if diverged_at is None else self.validated
        validated = last + (diverged_at is None)
        rate: list[tuple[float, ...]] = [
            (step, speed * count, memory, elapsed / count)
            for step, speed, memory, elapsed in self.history.rate[:validated]
        ]
        history = History(rows[: last + 1], rate)
        return Outcome(
            {name: tensor[index].clone() for name, tensor in weights.items()},
            history,
            diverged_at,
            final.resumed_from,
        )

    def _update(self, step: int) -> None:
        self.step = step
        batches = [stream.batch(step) for stream in self.streams]
        batch = Batch(
            torch.stack([one.x for one in batches]),  # (M, B, N+1, d)
            torch.stack([one.y for one in batches]),  # (M, B, N+1)
            torch.stack([one.target for one in batches]),
        )
        with reduced(self.settings.precision, self.device):
            prediction = self.predict(self.model, batch)  # (M, B, N+1)
        losses = (prediction.float() - batch.target).square().mean(dim=(1, 2))  # (M,)
        losses.sum().backward()  # a member's gradient is that of its own loss
        norms = self.optimizer.step(step)  # (M,)
        self.pending.append(torch.stack((losses.detach(), norms)))

    def _recorded(self) -> list[int | None]:
        """Return the step at which each member diverged, as the learning curve has it."""
        if not self.history.curve:
            return [None] * len(self.members)
        return [int(row[0]) if row[DIVERGED] else None for row in self.history.curve[-len(self.members) :]]

    def _divergences(self) -> list[int | None]:
        """Return the first step at which each member's loss or gradient was not finite."""
        found = self._recorded()
        if not self.pending:
            return found
        finite = torch.stack(self.pending).isfinite().all(dim=1).tolist()  # (k, 2, M) -> k times M booleans
        for index, of_member in enumerate(zip(*finite, strict=True)):
            if found[index] is None and not all(of_member):
                found[index] = self.step - len(finite) + 1 + of_member.index(False)
        return found

    def _diverged_at(self, step: int) -> int | None:
        """Return the last member's first step that is not finite, None while a member is left."""
        found = [first for first in self._divergences() if first is not None]
        return max(found) if len(found) == len(self.members) else None

    def _validate(self, step: int) -> int | None:
        """Add a row of every member to the learning curve; return the step if none of them is left."""
        diverged = self._divergences()
        risks = [self._excess_risk(index) if at is None else math.nan for index, at in enumerate(diverged)]
        losses = torch.stack(self.pending)[:, 0].double().mean(dim=0).tolist()  # (k, M) -> M
        rate = self.optimizer.learning_rate(step)
        for index, (member, loss, risk) in enumerate(zip(self.members, losses, risks, strict=True)):
            if not math.isfinite(risk):
                diverged[index] = diverged[index] or step
                continue
            if self.settings.allow_divergence:
                for name, tensor in self.model.state_dict().items():
                    self.validated[name][index] = tensor[index]
            say(
                f"{member.label}: step {step}/{self.settings.steps}, loss {loss:.4g}, excess risk {risk:.4g} "
                f"(Bayes risk {member.validation.bayes_risk:.4g})"
            )
        self._add_rows(
            diverged,
            [
                (step, loss, risk, member.validation.bayes_risk, rate, 0.0)
                for member, loss, risk in zip(self.members, losses, risks, strict=True)
            ],
        )
        self.pending.clear()
        return None if None in diverged else step

    def _excess_risk(self, index: int) -> float:
        self.alone.load_state_dict({name: t[index] for name, t in self.model.state_dict().items()})
        return self.members[index].validation.excess_risk(self.alone)

    def _record_divergence(self, step: int) -> None:
        """End the learning curves where no member is left."""
        if None in self._recorded():
            self._add_rows(self._divergences(), [()] * len(self.members))

    def _add_rows(self, diverged: Sequence[int | None], rows: Sequence[tuple[float, ...]]) -> None:
        """Add one row a member to the curve: that of its divergence, or else the one given."""
        for member, at, before in zip(self.members, diverged, self._recorded(), strict=True):
            if at is not None and before is None:
                say(f"{member.label}: diverged at step {at}; the other members go on")
        for member, at, row in zip(self.members, diverged, rows, strict=True):
            if at is not None:
                rate = self.optimizer.learning_rate(at)
                row = (at, math.nan, math.nan, member.validation.bayes_risk, rate, 1.0)
            self.history.curve.append(row)


def identity(members: Sequence[Member]) -> str:
    """Return a digest of the members' runs and seeds, in order."""
    named = [[member.run.model_dump(mode="json"), member.seed] for member in members]
    return hashlib.sha256(to_json(named).encode()).hexdigest()[:16]


def say(message: str) -> None:
    """Write a line to the log, above the bar of a terminal."""
    tqdm.write(message, file=sys.stderr)
