"""The verb `estimate` on a small experiment."""

import re

import pandas as pd
import pytest

from ickrr.__main__ import main
from ickrr.config.load import load_experiment
from ickrr.estimates import parameters

CONFIG = """
base:
  task: {context_length: 4, dimension: 2}
  model: {layers: 2, width: 8, heads: 2}
  training: {steps: 40, warmup_steps: 5, batch_size: 8}
  seeds: [0, 1]
tasks:
  spherical: {}
runs:
  interleaved: {}
  paired: {model: {layout: paired}, seeds: [0]}
prompts: {fit: 32, evaluation: 16, validation: 16}
solvers: {headline: [richardson, newton_schulz], others: [], steps: 8}
statistics: {context_lengths: [2, 4]}
"""


@pytest.fixture(scope="module")
def estimate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("estimate")
    (folder / "config.yaml").write_text(CONFIG)
    return folder


def test_every_run_and_solver_has_its_row(estimate, capsys):
    """Fails if a run, solver or seed is left out, a time is not positive, or the totals do not add up."""
    config, output = estimate / "config.yaml", estimate / "estimate.parquet"
    command = ["estimate", "--config", str(config), "--device", "cpu", "--cores", "2"]
    assert main([*command, "--output", str(output)]) == 0
    said = capsys.readouterr().out
    table = pd.read_parquet(output)
    experiment = load_experiment(config)
    assert list(zip(table.stage, table.run, strict=True)) == [
        ("train", "interleaved"),
        ("probe", "interleaved"),
        ("train", "paired"),
        ("probe", "paired"),
        ("solve", "spherical: richardson"),
        ("solve", "spherical: newton_schulz"),
    ]
    assert table.jobs.tolist() == [2, 2, 1, 1, 1, 1]
    run = experiment.run("paired")
    assert table.parameters[2] == parameters(run.model, run.task)
    assert (table.seconds_per_step > 0).all()
    assert (table.memory_mb > 100).all()
    train = table[table.stage == "train"]
    assert (train.seconds_per_job >= train.steps * train.seconds_per_step).all()
    total = float((table.jobs * table.seconds_per_job).sum())
    shown = re.search(r"whole paper at scale laptop: ([\d.]+) s of CPU time", said)
    assert shown
    assert float(shown[1]) == pytest.approx(total, abs=0.06)


def test_wrong_config_is_one_message(tmp_path, capsys):
    """Fails if the verb measures before the configuration is checked."""
    assert main(["estimate", "--config", str(tmp_path / "missing.yaml")]) == 1
    assert "missing.yaml" in capsys.readouterr().err
