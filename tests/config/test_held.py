"""Values that later stages cannot hold, and lists that hold a value twice."""

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from ickrr.config.experiment import Experiment
from ickrr.config.fields import LARGEST, LARGEST_INTEGER, SMALLEST, Settings, setting
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.config.training import TrainingSettings
from ickrr.errors import ConfigError
from ickrr.model.weights import build_model
from ickrr.training.optimizer import Optimizer

ROOT = Path(__file__).parents[2]


def lists(values: Any, key: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Every list below nested mappings, with its key."""
    if isinstance(values, list):
        yield key, values
    elif isinstance(values, dict):
        for name, value in values.items():
            yield from lists(value, (*key, name))


STATED = dict(lists(load_experiment(ROOT / "config.yaml").model_dump()))


@pytest.mark.parametrize("key", [key for key, values in STATED.items() if values], ids=".".join)
def test_every_list_of_the_configuration_is_a_set(refusal: Callable[..., str], key: tuple[str, ...]) -> None:
    """Fails if some list takes a value twice, or the message lacks its key or the value."""
    told: Any = [*STATED[key], STATED[key][0]]
    for name in reversed(key):
        told = {name: told}
    assert f"command line: {'.'.join(key)}: found [" in refusal(**told)
    assert f"which holds {STATED[key][0]!r} twice; keep one" in refusal(**told)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runs: {twice: {task: spherical, seeds: [0, 0]}}", "runs.twice.seeds: found [0, 0], which holds 0"),
        ("operators: {dials: {outlier: [0.0, 2.0, -0.0]}}", "operators.dials.outlier: found"),
        ("probe: {}\nwidth: {ridges: [1, 1.0]}", "mine0.yaml:2: width.ridges: found [1, 1.0], which holds"),
        ("constructions: {verification: {accuracies: [0.1, 1e-1]}}", "accuracies: found [0.1, 0.1]"),
        ("tables: {tab_ablations: {runs+: [line]}}", "which holds 'line' twice; keep one"),
        ("compute: {first_runs: [label, label]}", "compute.first_runs"),
        ("identification: {judged: [label, label]}", "identification.judged"),
    ],
)
def test_value_that_stands_twice(refusal: Callable[..., str], text: str, expected: str) -> None:
    """Fails if a repeated value is taken, as two seeds of one training were, or is not named with its key."""
    assert expected in refusal(text)


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("evidence: [fig1, fig1]", "one.evidence: found ['fig1', 'fig1'], which holds 'fig1' twice"),
        ("runs: [uniform, uniform]", "one.conditions.0.runs: found ['uniform', 'uniform'], which holds"),
        ("above: .nan", "above: found nan; numbers are finite"),
        ("above: 1, above: 2", "this key stands twice"),
    ],
)
def test_claims(tmp_path: Path, changed: str, expected: str) -> None:
    """Fails if claims.yaml is read more kindly than config.yaml."""
    key = changed.partition(":")[0]
    fields = {"statistic": "lead", "of": "distance", "solver": "richardson"} | {
        "runs": "[uniform]",
        "above": "0",
    }
    condition = ", ".join(changed if name == key else f"{name}: {value}" for name, value in fields.items())
    text = f"one:\n  source: ours\n  statement: s\n  conditions:\n  - {{{condition}}}\n"
    text += f"  {changed}\n" if key == "evidence" else "  evidence: [fig1]\n"
    (tmp_path / "claims.yaml").write_text(text)
    with pytest.raises(ConfigError, match=r"claims\.yaml:\d+: one\.") as caught:
        load_ledger(tmp_path / "claims.yaml", load_experiment(ROOT / "config.yaml"))
    assert expected in str(caught.value)


def test_a_condition_that_stands_twice(tmp_path: Path) -> None:
    """Fails if it is taken, counted twice in the verdict, or named by the fields of our class."""
    condition = "{statistic: excess_share, runs: [label], below: 1}"
    text = (
        f"one:\n  source: ours\n  statement: s\n  evidence: [fig1]\n  conditions: [{condition}, {condition}]"
    )
    (tmp_path / "claims.yaml").write_text(text)
    expected = r"holds {'statistic': 'excess_share', 'runs': \['label'\], 'below': 1.0} twice; keep one"
    with pytest.raises(ConfigError, match=expected):
        load_ledger(tmp_path / "claims.yaml", load_experiment(ROOT / "config.yaml"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("base: {training: {gradient_clip: .inf}}", "gradient_clip: found inf; numbers are finite, or null"),
        ("runs: {x: {training: {gradient_clip: -.INF}}}", "runs.x.training.gradient_clip: found -inf"),
        ("base: {training: {gradient_clip: .nan}}", "gradient_clip: found nan"),
        ("base: {task: {noise_std: 1e999}}", "base.task.noise_std: found inf; numbers are finite"),
        ("base: {task: {lengthscale: 1e-200}}", "base.task.lengthscale: found 1e-200; numbers go up to"),
        (
            "base: {seeds: [18446744073709551616]}",
            "base.seeds: found 18446744073709551616; integers go up to",
        ),
        ("seed: 9223372036854775808", "seed: found 9223372036854775808"),
        ("prompts: {fit: 4294967296}", "prompts.fit: found 4294967296"),
        ("seed: 0x10", "seed: found '0x10'; expected integer"),
        ("base: {training: {steps: 1:30}}", "base.training.steps: found '1:30'; expected integer"),
        ("seed: " + "9" * 5000, "cannot be read"),
        ("base: {model: {width: 4294967291, heads: 3}}", "heads must be one of [1, 4294967291]"),
    ],
)
def test_numbers_that_cannot_be_held(refusal: Callable[..., str], text: str, expected: str) -> None:
    """Fails if such a number is found out by a job, hours later, or its key is not named."""
    assert expected in refusal(text)


class Every(Settings):
    """A setting that was forgotten to be bounded."""

    number: float | None = setting(None, "number")
    count: int = setting(0, "count")
    several: list[float] = setting([], "several")


@pytest.mark.parametrize("key", ["number", "several"])
@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan, 2 * LARGEST, -2 * LARGEST])
def test_bounds_hold_for_settings_that_state_none(key: str, value: float) -> None:
    """Fails if a setting without bounds of its own takes what JSON or single precision cannot hold."""
    with pytest.raises(ValidationError, match=r"finite|go up to"):
        Every.model_validate({key: [value] if key == "several" else value})
    Every.model_validate({key: [0.0, -LARGEST] if key == "several" else SMALLEST})


def test_the_largest_numbers_are_held_by_all_that_comes_after() -> None:
    """Fails if the bounds allow what a table, JSON, a generator or single precision does not hold."""
    assert np.array([LARGEST_INTEGER, -LARGEST_INTEGER], dtype=np.int64).tolist()[0] == LARGEST_INTEGER
    assert np.uint32(LARGEST_INTEGER) == LARGEST_INTEGER
    torch.Generator().manual_seed(LARGEST_INTEGER)
    for number in (SMALLEST, LARGEST):
        square = np.float32(number) ** 2
        assert np.isfinite(square) and square > np.finfo(np.float32).tiny
        assert json.loads(json.dumps(number, allow_nan=False)) == number


def test_nothing_is_clipped_where_null_is_said(read: Callable[..., Experiment]) -> None:
    """Fails if `gradient_clip: null` is refused, or scales gradients of any size."""
    run = read("base: {training: {gradient_clip: null}}", scale="smoke").run("spherical")
    assert run.training.gradient_clip is None
    model = build_model(run)
    for parameter in model.parameters():
        parameter.grad = torch.full_like(parameter, 1e6)
    optimizer = Optimizer(model, TrainingSettings(gradient_clip=None))
    norm = optimizer._clip()
    assert norm > 1e6
    assert all(bool((parameter.grad == 1e6).all()) for parameter in model.parameters())
