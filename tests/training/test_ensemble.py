"""Ensembles: every member is trained as it would be alone, and sees no other."""

import math
from dataclasses import replace

import pandas as pd
import pytest
import torch
from support import ROOT

from ickrr.config.load import load_experiment
from ickrr.config.model import ModelSettings
from ickrr.errors import ConfigError
from ickrr.model.initialisation import initialise
from ickrr.model.transformer import Transformer
from ickrr.training.ensemble import EnsembleTrainer, Member
from ickrr.training.interruption import TrainingInterrupted
from ickrr.training.loop import Trainer
from ickrr.training.stacked import StackedTransformer
from ickrr.training.validation import Validation

CPU = torch.device("cpu")


def other_task(run):
    """The same run with another law, lengthscale and noise."""
    task = run.task.model_copy(update={"law": "gaussian", "lengthscale": 2.0, "noise_std": 0.1})
    return run.model_copy(update={"name": "other", "task": task})


@pytest.fixture
def members_of(tmp_path, prompts_at):
    """Members of runs and seeds, with prompts of their own."""

    def make(*runs_and_seeds, count=16):
        stored = {}
        for run, _ in runs_and_seeds:
            path = tmp_path / f"{run.name}.safetensors"
            stored[run.name] = Validation(prompts_at(path, run.task, count), run.task, CPU)
        return [Member(run, seed, stored[run.name]) for run, seed in runs_and_seeds]

    return make


@pytest.fixture
def three(members_of, run_with):
    """Two seeds of a run, and one of another task."""

    def make(**training):
        run = run_with(**training)
        return members_of((run, 0), (run, 1), (other_task(run), 0))

    return make


@pytest.fixture
def together(tmp_path):
    def make(members, state="together.safetensors", code="code"):
        return EnsembleTrainer(members, tmp_path / state, CPU, code)

    return make


@pytest.fixture
def alone(tmp_path):
    def make(member):
        state = tmp_path / f"{member.label}.safetensors"
        return Trainer(member.run, member.seed, member.validation, state, CPU, "code")

    return make


def in_double(trainer, streams):
    """Let a trainer compute in float64, so that rounding is out of the way."""
    trainer.model.double()
    for stream in streams:
        draw = stream.batch
        stream.batch = lambda step, draw=draw: double(draw(step))
    trainer._validate = lambda step: None
    return trainer


def double(batch):
    return replace(batch, x=batch.x.double(), y=batch.y.double(), target=batch.target.double())


@pytest.mark.parametrize("mlp", ["gelu", "relu", "bilinear", "rational", "none"])
@pytest.mark.parametrize("norm", ["layernorm", "none"])
def test_stack_predicts_as_its_members(mlp, norm):
    """Fails if a member's prompts meet another's weights, or a part of a model is not told apart."""
    settings = ModelSettings(layers=2, width=8, heads=2, mlp=mlp, norm=norm)
    models = [Transformer(settings, 3, 5).double() for _ in range(3)]
    generator = torch.Generator().manual_seed(0)
    for model in models:
        initialise(model, generator)
        for parameter in model.parameters():  # biases and norms too
            parameter.data += 0.1 * torch.rand(parameter.shape, generator=generator)
    stack = StackedTransformer(models).double()
    x, y = torch.randn(3, 7, 6, 3, generator=generator).double(), torch.randn(3, 7, 6, generator=generator)
    predicted = stack(x, y.double())
    predicted.square().sum().backward()
    assert set(stack.state_dict()) == set(models[0].state_dict())
    for index, model in enumerate(models):
        expected = model(x[index], y[index].double())
        torch.testing.assert_close(predicted[index], expected, rtol=1e-10, atol=1e-12)
        expected.square().sum().backward()
        for name, parameter in model.named_parameters():
            found = stack.get_parameter(name).grad[index]
            largest = float(parameter.grad.abs().max())
            assert float((found - parameter.grad).abs().max()) < 1e-10 * max(1.0, largest), name


@pytest.mark.parametrize("optimizer", ["muon", "adamw"])
@pytest.mark.parametrize("clip", [1.0, 0.01])
def test_in_double_precision_members_end_as_alone(together, alone, three, never, optimizer, clip):
    """Fails if initial weights, prompts, loss, clipping, schedule or update of a member are not its own.

    With rounding out of the way both end in the same weights to 1e-9; in float32 rounding is amplified, by
    bfloat16 inside Muon to about 1e-3 of a weight within ten steps.
    """
    members = three(optimizer=optimizer, gradient_clip=clip, checkpoint_every=100, validate_every=100)
    joint = together(members)
    weights = in_double(joint, joint.streams).train(never).weights
    for index, member in enumerate(members):
        trainer = alone(member)
        expected = in_double(trainer, [trainer.data]).train(never).weights
        for name, tensor in expected.items():
            torch.testing.assert_close(weights[name][index], tensor, rtol=0, atol=1e-9)


def test_first_updates_are_those_of_trainings_alone(together, alone, three, never):
    """Fails if float32 is more than its rounding away: weights to 1e-5 after three AdamW updates.

    Biases of keys are left out: they shift every logit of a row alike, so their gradient is rounding alone.
    """
    members = three(optimizer="adamw", steps=3)
    for member, outcome in zip(members, together(members).train_members(never), strict=True):
        expected = alone(member).train(never)
        for name, tensor in expected.weights.items():
            if not name.endswith("key.bias"):
                torch.testing.assert_close(outcome.weights[name], tensor, rtol=0, atol=1e-5, msg=name)
        ours, theirs = (o.history.learning_curve() for o in (outcome, expected))
        pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)


def test_smoke_size_ends_where_trainings_alone_end(together, alone, members_of, never):
    """Fails if an excess risk at the end is more than 2 % from that of the training alone.

    Measured: 0.7 % at most, and up to 1.2 % between trainings alone whose initial readouts differ by 1e-6.
    """
    experiment = load_experiment(ROOT / "config.yaml", "smoke")
    chosen = (("spherical", 0), ("spherical", 1), ("gaussian", 0), ("noise_low", 0))
    members = members_of(*((experiment.run(name), seed) for name, seed in chosen), count=128)
    for member, outcome in zip(members, together(members).train_members(never), strict=True):
        ours = outcome.history.learning_curve()
        theirs = alone(member).train(never).history.learning_curve()
        assert ours.step.tolist() == theirs.step.tolist()
        assert ours.excess_risk.iloc[-1] == pytest.approx(theirs.excess_risk.iloc[-1], rel=0.02), member.label
        assert theirs.excess_risk.iloc[-1] < 0.8 * theirs.excess_risk.iloc[0]  # it has learnt


@pytest.mark.parametrize("stop", [1, 4, 5, 7, 11])
def test_resumes_to_the_same_bytes(together, three, never, stop_at, stop):
    """Fails if any state of any member is lost at a stop, or the message does not name the members."""
    members = three(allow_divergence=stop % 2 == 0)
    whole = together(members, "whole").train_members(never)
    with pytest.raises(TrainingInterrupted, match=rf"tiny seed 1.*saved step {stop} of 12"):
        together(members).train_members(stop_at(stop))
    resumed = together(members)
    assert resumed.resumed_from == stop
    for ours, theirs in zip(resumed.train_members(never), whole, strict=True):
        assert_same(ours, theirs)


def assert_same(outcome, other):
    assert outcome.diverged_at == other.diverged_at
    for name, tensor in outcome.weights.items():
        assert torch.equal(tensor, other.weights[name]), name
    pd.testing.assert_frame_equal(outcome.history.learning_curve(), other.history.learning_curve())


def test_checkpoint_of_other_members_is_not_gone_on_from(together, three, stop_at, capsys):
    """Fails if training goes on from the state of an ensemble in which another model is a member."""
    members = three()
    with pytest.raises(TrainingInterrupted):
        together(members).train_members(stop_at(6))
    for others in (members[:2], [members[0], members[2], members[1]]):
        assert together(others).resumed_from is None
        assert "training starts from the beginning" in capsys.readouterr().err
    assert together(members, code="changed").resumed_from is None
    assert together(members).resumed_from == 6


def spoil(trainer, member, step):
    """Make a member's gradient of one step infinite."""
    step_of = trainer.optimizer.step

    def spoiled(number):
        if number == step:
            trainer.model.readout.weight.grad[member] = torch.inf
        return step_of(number)

    trainer.optimizer.step = spoiled
    return trainer


@pytest.mark.parametrize("allowed", [True, False])
@pytest.mark.parametrize("stop", [None, 8])
def test_a_diverging_member_leaves_the_others_unchanged(together, three, never, stop_at, allowed, stop):
    """Fails if a member's infinite gradient changes a byte of the others, or is not recorded as its own.

    Also if a checkpoint between the divergence (step 7) and the next validation (step 10) loses it.
    """
    members = three(allow_divergence=allowed)
    whole = together(members, "whole").train_members(never)
    trainer = spoil(together(members), member=1, step=7)
    if stop:
        with pytest.raises(TrainingInterrupted):
            trainer.train_members(stop_at(stop))
        trainer = together(members)
        assert trainer.resumed_from == stop
    outcomes = trainer.train_members(never)
    for index in (0, 2):
        assert_same(outcomes[index], whole[index])
    curve = outcomes[1].history.learning_curve()
    assert outcomes[1].diverged_at == 7
    assert curve.step.tolist() == [5, 7]
    assert curve.diverged.tolist() == [False, True]
    assert math.isnan(curve.excess_risk.iloc[-1])
    assert len(outcomes[1].history.rates()) == 1
    if allowed:
        assert all(tensor.isfinite().all() for tensor in outcomes[1].weights.values())


def test_diverged_weights_are_the_last_that_validated(together, alone, three, never):
    """Fails if the result of a divergence is not what `Trainer` gives for it: here the weights of step 5."""
    members = three(allow_divergence=True, optimizer="adamw")
    outcome = spoil(together(members), member=0, step=8).train_members(never)[0]
    trainer = alone(members[0])
    step_of = trainer.optimizer.step

    def spoiled(number):
        if number == 8:
            trainer.model.readout.weight.grad.fill_(torch.inf)
        return step_of(number)

    trainer.optimizer.step = spoiled
    expected = trainer.train(never)
    assert outcome.diverged_at == expected.diverged_at == 8
    for name, tensor in expected.weights.items():
        if not name.endswith("key.bias"):
            torch.testing.assert_close(outcome.weights[name], tensor, rtol=0, atol=1e-5)
    ours, theirs = (o.history.learning_curve() for o in (outcome, expected))
    pd.testing.assert_frame_equal(ours, theirs, rtol=1e-4)


@pytest.mark.parametrize("steps", [(2, 3), (6, 2)])
def test_training_ends_when_no_member_is_left(together, members_of, run_with, never, steps):
    """Fails if NaN is trained on to the end, or a member's first bad step is that of another."""
    run = run_with(steps=40, allow_divergence=True)
    trainer = together(members_of((run, 0), (run, 1)))
    for member, step in enumerate(steps):
        spoil(trainer, member, step)
    outcomes = trainer.train_members(never)
    assert [outcome.diverged_at for outcome in outcomes] == list(steps)
    assert trainer.step <= 10
    for outcome, step in zip(outcomes, steps, strict=True):
        assert outcome.history.learning_curve().step.tolist() == ([5, 6] if step == 6 else [step])


def test_members_are_charged_their_share_of_the_time(together, three, never):
    """Fails if the seconds of all members do not add up to what the machine did."""
    trainer = together(three())
    outcomes = trainer.train_members(never)
    whole = trainer.history.rates()
    shares = [outcome.history.rates() for outcome in outcomes]
    assert sum(share.elapsed_s.iloc[-1] for share in shares) == pytest.approx(whole.elapsed_s.iloc[-1])
    assert shares[0].steps_per_second.tolist() == pytest.approx((3 * whole.steps_per_second).tolist())


def test_members_that_are_not_alike_are_refused(together, members_of, run_with):
    """Fails if members are trained with another's settings, or the message does not name member and key."""
    run = run_with()

    def refused(**change):
        return together(members_of((run, 0), (run.model_copy(update={"name": "b", **change}), 0)))

    with pytest.raises(ConfigError, match=r"b seed 0: training.batch_size is 9, expected 8 \(as tiny seed 0"):
        refused(training=run_with(batch_size=9).training)
    with pytest.raises(ConfigError, match=r"training.optimizer is 'adamw', expected 'muon'"):
        refused(training=run_with(optimizer="adamw").training)
    with pytest.raises(ConfigError, match=r"model.width is 16, expected 8"):
        refused(model=run.model.model_copy(update={"width": 16}))
    with pytest.raises(ConfigError, match=r"task.dimension is 3, expected 2"):
        refused(task=run.task.model_copy(update={"dimension": 3}))
    with pytest.raises(ConfigError, match="tiny seed 0 is named twice"):
        together(members_of((run, 0), (run, 0)))
    with pytest.raises(ConfigError, match="at least one member"):
        together([])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"layout": "paired"}, "model.layout is paired, an ensemble needs interleaved"),
        ({"attention": "linear"}, "model.attention is linear, an ensemble needs softmax"),
        ({"attention": "unnormalised_exp"}, "model.attention is unnormalised_exp"),
        ({"mlp": "relu_banks"}, "model.mlp is relu_banks"),
    ],
)
def test_models_of_other_kinds_are_refused(together, members_of, run_with, change, words):
    """Fails if a model that was never compared with a training alone is trained in an ensemble."""
    run = run_with()
    changed = run.model_copy(update={"model": run.model.model_copy(update=change)})
    with pytest.raises(ConfigError, match=f"tiny seed 0: its {words}.*train it alone"):
        together(members_of((changed, 0), (changed, 1)))
