"""The loop: it learns, resumes to the same bytes from any step, and says so when it cannot resume."""

import pandas as pd
import pytest
import torch

from ickrr.errors import ConfigError, TrainingError
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_labels
from ickrr.training.data import TrainingData
from ickrr.training.interruption import TrainingInterrupted

CPU = torch.device("cpu")


def assert_same(outcome, other):
    for name, tensor in outcome.weights.items():
        assert torch.equal(tensor, other.weights[name]), name
    pd.testing.assert_frame_equal(outcome.history.learning_curve(), other.history.learning_curve())
    assert outcome.diverged_at == other.diverged_at


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_it_learns(make_trainer, never, run_with, layout):
    """Fails if the gradient, the target or the optimiser is wrong: the excess risk must halve."""
    run = run_with(layout, steps=150, batch_size=32, warmup_steps=10, validate_every=50)
    curve = make_trainer(run).train(never).history.learning_curve()
    zero_predictor = float(make_trainer(run).validation.posterior_mean.square().mean())
    assert curve.excess_risk.iloc[-1] < 0.5 * zero_predictor
    assert curve.step.tolist() == [50, 100, 150]
    assert not curve.diverged.any()


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
@pytest.mark.parametrize("stop", [1, 3, 4, 5, 7, 10, 11])
def test_resumes_to_the_same_bytes(make_trainer, never, stop_at, run_with, layout, stop):
    """Fails if any state (optimiser, prompts, losses of an unfinished row) is lost at a stop."""
    run = run_with(layout, allow_divergence=stop % 2 == 0)
    whole = make_trainer(run, state="whole").train(never)
    with pytest.raises(TrainingInterrupted, match=f"saved step {stop} of 12") as stopped:
        make_trainer(run).train(stop_at(stop))
    assert stopped.value.exit_code == 143
    resumed = make_trainer(run).train(never)
    assert resumed.resumed_from == stop
    assert_same(resumed, whole)


def test_resumes_across_prompt_blocks(make_trainer, never, stop_at, run_with, monkeypatch):
    """Fails if the prompts of a step depend on where the process started within a block."""
    monkeypatch.setattr("ickrr.training.data.PROMPTS_PER_BLOCK", 24)  # three steps
    run = run_with()
    whole = make_trainer(run, state="whole").train(never)
    with pytest.raises(TrainingInterrupted):
        make_trainer(run).train(stop_at(5))
    assert_same(make_trainer(run).train(never), whole)


def test_checkpoints_change_nothing(make_trainer, never, run_with):
    """Fails if saving or validating at other steps changes the weights."""
    often = make_trainer(run_with(checkpoint_every=1, validate_every=2), state="often").train(never)
    rarely = make_trainer(run_with(checkpoint_every=100, validate_every=12), state="rarely").train(never)
    for name, tensor in often.weights.items():
        assert torch.equal(tensor, rarely.weights[name]), name


def test_seeds_differ(make_trainer, never):
    """Fails if the seed does not reach the weights."""
    first, second = (make_trainer(seed=seed, state=str(seed)).train(never) for seed in (0, 1))
    assert not torch.equal(first.weights["embedding.weight"], second.weights["embedding.weight"])


def test_learning_curve_is_what_it_says(make_trainer, never, run_with):
    """Fails if a loss is averaged over other steps, or the excess risk is not against the posterior mean."""
    trainer = make_trainer(run_with())
    losses = []
    update = trainer._update

    def spy(step):
        update(step)
        losses.append(float(trainer.pending[-1][0]))

    trainer._update = spy
    outcome = trainer.train(never)
    curve = outcome.history.learning_curve()
    assert curve.step.tolist() == [5, 10, 12]
    expected = [sum(losses[:5]) / 5, sum(losses[5:10]) / 5, sum(losses[10:]) / 2]
    assert curve.loss.tolist() == pytest.approx(expected)
    validation = trainer.validation
    with torch.no_grad():
        gap = trainer.model(validation.x, validation.y).double() - validation.posterior_mean
    assert curve.excess_risk.iloc[-1] == pytest.approx(float(gap.square().mean()), rel=1e-6)
    assert curve.learning_rate.iloc[-1] == pytest.approx(0.02 * 0.02)
    rates = outcome.history.rates()
    assert (rates.steps_per_second > 0).all()
    assert rates.elapsed_s.is_monotonic_increasing
    assert (rates.peak_memory_mb > 10).all()


def test_divergence_is_an_error_that_names_step_run_and_checkpoint(make_trainer, never, run_with):
    """Fails if NaN is trained on silently, saved over the good checkpoint, or reported at another step."""
    trainer = make_trainer(run_with(steps=20, checkpoint_every=4))
    spoil_gradient(trainer, step=7)
    with pytest.raises(TrainingError) as error:
        trainer.train(never)
    message = str(error.value)
    assert "tiny seed 0" in message
    assert "not finite at step 7 of 20" in message
    assert f"{trainer.state_path} (step 4)" in message
    assert "training.muon.learning_rate" in message
    assert make_trainer(run_with(steps=20, checkpoint_every=4)).resumed_from == 4


def test_early_divergence_says_that_there_is_no_checkpoint(make_trainer, never, run_with):
    """Fails if the message names a checkpoint that does not exist."""
    trainer = make_trainer(run_with())
    spoil_gradient(trainer, step=2)
    with pytest.raises(TrainingError, match=r"step 2 of 12; there is no checkpoint yet"):
        trainer.train(never)


def test_allowed_divergence_is_the_result(make_trainer, never, run_with):
    """Fails if the row, the step or the last validated weights of an allowed divergence are wrong."""
    run = run_with(steps=20, allow_divergence=True)
    kept = {}
    trainer = make_trainer(run)
    spoil_gradient(trainer, step=8)
    validate = trainer._validate

    def spy(step):
        result = validate(step)
        kept.update({name: t.clone() for name, t in trainer.model.state_dict().items()})
        return result

    trainer._validate = spy
    outcome = trainer.train(never)
    assert outcome.diverged_at == 8
    for name, tensor in outcome.weights.items():
        assert tensor.isfinite().all()
        assert torch.equal(tensor, kept[name]), name  # those of step 5
    last = outcome.history.learning_curve().iloc[-1]
    assert (last.step, last.diverged) == (8, True)
    assert pd.isna(last.loss)
    assert pd.isna(last.excess_risk)


def test_allowed_divergence_before_the_first_row_keeps_the_initial_weights(make_trainer, never, run_with):
    """Fails if a run that diverges at once stores NaN."""
    trainer = make_trainer(run_with(allow_divergence=True))
    initial = {name: t.clone() for name, t in trainer.model.state_dict().items()}
    spoil_gradient(trainer, step=1)
    outcome = trainer.train(never)
    assert outcome.diverged_at == 1
    assert all(torch.equal(initial[name], t) for name, t in outcome.weights.items())


def test_a_huge_learning_rate_really_diverges(make_trainer, never, run_with):
    """Fails if a real divergence (AdamW on exponentials that are not normalised) goes unseen."""
    from ickrr.config.model import ModelSettings
    from ickrr.config.training import AdamWSettings

    run = run_with(
        steps=40, optimizer="adamw", adamw=AdamWSettings(learning_rate=100.0), allow_divergence=True
    )
    model = ModelSettings(layers=2, width=8, heads=2, attention="unnormalised_exp", norm="none")
    outcome = make_trainer(run.model_copy(update={"model": model})).train(never)
    assert outcome.diverged_at is not None
    assert all(tensor.isfinite().all() for tensor in outcome.weights.values())


def spoil_gradient(trainer, step):
    """Make the gradient of one step infinite."""
    step_of = trainer.optimizer.step

    def spoiled(number):
        if number == step:
            next(trainer.model.parameters()).grad.fill_(torch.inf)
        return step_of(number)

    trainer.optimizer.step = spoiled


@pytest.mark.parametrize("damage", ["truncated", "garbage", "empty", "other code", "no optimiser"])
def test_unusable_checkpoint_is_reported_and_training_restarts(make_trainer, never, stop_at, capsys, damage):
    """Fails if a damaged checkpoint crashes, is trusted, or is dropped without a word."""
    from ickrr.io.tensors import load_tensors, read_metadata, save_tensors

    whole = make_trainer(state="whole").train(never)
    trainer = make_trainer()
    with pytest.raises(TrainingInterrupted):
        trainer.train(stop_at(6))
    path = trainer.state_path
    if damage == "truncated":
        path.write_bytes(path.read_bytes()[:-100])
    elif damage == "garbage":
        path.write_bytes(b"not a checkpoint")
    elif damage == "empty":
        path.write_bytes(b"")
    elif damage == "no optimiser":
        kept = {n: t for n, t in load_tensors(path).items() if not n.startswith("optimizer:readout")}
        save_tensors(path, kept, read_metadata(path))
    capsys.readouterr()
    again = make_trainer(code="changed" if damage == "other code" else "code")
    said = capsys.readouterr().err
    assert again.resumed_from is None
    assert "training starts from the beginning" in said
    if damage == "other code":
        assert "another version of the code" in said
    assert_same(again.train(never), whole)


@pytest.mark.parametrize(
    ("options", "seed", "named"),
    [
        ({}, 1, "its 'seed' is 0, expected 1"),
        ({"batch_size": 9}, 0, "its 'run.training.batch_size' is 8, expected 9"),
    ],
)
def test_checkpoint_of_another_run_is_not_resumed(
    make_trainer, stop_at, run_with, options, seed, named, capsys
):
    """Fails if training resumes from the state of another run or seed, or does not say what differs.

    After a change of config.yaml the old state is worthless, and nobody should have to delete it by hand.
    """
    trainer = make_trainer()
    with pytest.raises(TrainingInterrupted):
        trainer.train(stop_at(6))
    again = make_trainer(run_with(**options), seed=seed)
    said = capsys.readouterr().err
    assert again.resumed_from is None
    assert named in said
    assert str(trainer.state_path) in said


@pytest.mark.parametrize("precision", ["bfloat16", "tf32"])
def test_reduced_precision_needs_a_gpu(make_trainer, never, run_with, precision):
    """Fails if a CPU silently trains in another precision than the config's."""
    with pytest.raises(ConfigError, match=f"training.precision is '{precision}'"):
        make_trainer(run_with(precision=precision)).train(never)


def test_batches_are_functions_of_the_step(run_with):
    """Fails if a batch depends on the order of the calls, repeats, or is not the stream's slice."""
    run = run_with()
    forwards, backwards = (TrainingData(run, 0, CPU) for _ in range(2))
    steps = range(1, 2 * forwards.steps_per_block + 1, 50)
    ahead = [forwards.batch(step) for step in steps]
    behind = [backwards.batch(step) for step in reversed(steps)][::-1]
    for one, other in zip(ahead, behind, strict=True):
        assert torch.equal(one.x, other.x)
        assert torch.equal(one.target, other.target)
    assert len({float(batch.y[0, 0]) for batch in ahead}) == len(ahead)
    block = sample_labels(run.task, 8 * forwards.steps_per_block, torch_generator(0, "training", 0))
    assert torch.equal(forwards.batch(2).x, block[0][8:16])
    assert torch.equal(forwards.batch(2).target, block[2][8:16])


def test_label_target(run_with):
    """Fails if training.target = label still trains on the posterior mean."""
    for layout in ("interleaved", "paired"):
        batches = [
            TrainingData(run_with(layout, target=target), 0, CPU).batch(1)
            for target in ("label", "posterior_mean")
        ]
        assert torch.equal(batches[0].x, batches[1].x)
        assert not torch.allclose(batches[0].target, batches[1].target)
    interleaved = TrainingData(run_with(target="label"), 0, CPU).batch(1)
    assert torch.equal(interleaved.target, interleaved.y)


def test_paired_context_lengths_cover_the_prompt(run_with):
    """Fails if a context length in 0..N is never trained, or one above N is."""
    data = TrainingData(run_with("paired"), 0, CPU)
    lengths = {data.batch(step).x.shape[1] for step in range(1, 101)}
    assert lengths == set(range(5))
