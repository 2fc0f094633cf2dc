"""The tool `estimate` on a small experiment."""

import re
import time

import pandas as pd
import pytest
from support import ROOT

from ickrr.__main__ import main
from ickrr.config.load import load_experiment
from ickrr.io.files import write_json
from ickrr.model.size import parameters
from ickrr.resources.of_constructions import START_SECONDS, contraction_cost, grid_cost

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


CONSTRUCTIONS = """
constructions:
  verification:
    ridges:
      scaled: {scaling: scaled, value: 0.1}
      deep: {scaling: fixed, value: 0.001}
    context_lengths: [4, 8]
    accuracies: [0.1, 0.01]
    largest_depth: 300
    most_prompts: 2
    bisection_context_length: 4
  contraction: {context_lengths: [6], points: 24, laws: [spherical], lengthscales: [1.0]}
  controls:
    random: {weights: random, readout: fitted}
    built: {weights: built, model: {layers: 6, width: 11, heads: 1, mlp: relu_banks, hidden: 6, banks: 4,
      bank_units: 64, norm: none, layout: paired, sink: true}}
"""


def test_constructions_and_controls_are_counted(tmp_path, capsys):
    """Fails if a ridge, the factors or a control is left out of the total, or models too deep to run cost."""
    config, output = tmp_path / "config.yaml", tmp_path / "estimate.parquet"
    config.write_text(CONFIG.replace("others: []", "others: [preconditioned_richardson]") + CONSTRUCTIONS)
    command = ["estimate", "--config", str(config), "--device", "cpu", "--cores", "2"]
    assert main([*command, "--output", str(output)]) == 0
    assert "construct: " in capsys.readouterr().out
    table = pd.read_parquet(output).set_index(["stage", "run"])
    # Four models, and nine narrower ones for each of the two with N = 4; none of the ridge that is too small.
    assert table.loc[("construct", "grid: scaled"), "steps"] == 4 + 2 * 9
    assert table.loc[("construct", "grid: deep"), "steps"] == 0
    # One law with four prompts and four adversarial sets, five ridges, two preconditioners.
    assert table.loc[("construct", "contraction"), "steps"] == (4 + 4) * 5 * 2
    assert table.loc[("control", "random"), "steps"] == 32 + 16
    assert table.loc[("control", "built"), "steps"] == 16
    assert (table["seconds_per_job"] > 0).all()


@pytest.mark.slow
def test_rates_of_the_construction_are_those_of_the_verbs(tmp_path):
    """Fails if the estimate of a small grid or of the factors is far from their time."""
    settings = load_experiment(ROOT / "config.yaml", "smoke").constructions
    ridges = {"scaled": settings.verification.ridges["scaled"]}
    verification = settings.verification.model_copy(update={"ridges": ridges})
    write_json(tmp_path / "grid.json", verification.model_dump(mode="json"))
    write_json(tmp_path / "factors.json", settings.contraction.model_dump(mode="json"))
    grid = ["--settings", str(tmp_path / "grid.json"), "--ridge", "scaled"]
    factors = ["--settings", str(tmp_path / "factors.json"), "--table", str(tmp_path / "factors.parquet")]
    tables = ("cells", "layers", "widths", "families")
    written = [word for name in tables for word in (f"--{name}", str(tmp_path / f"{name}.parquet"))]
    jobs = {
        "verify_construction": (
            [*grid, *written],
            grid_cost(verification, "scaled"),
        ),
        "measure_contraction": (factors, contraction_cost(settings.contraction)),
    }
    for verb, (options, cost) in jobs.items():
        began = time.process_time()
        assert main([verb, *options]) == 0
        taken = time.process_time() - began
        assert taken / 8 < cost.seconds - START_SECONDS < 8 * taken


def test_precision_of_a_gpu_is_measured_in_float32_on_a_cpu(tmp_path, capsys):
    """Fails if nobody can estimate a GPU's experiment before having one, or is not told what was measured."""
    (tmp_path / "config.yaml").write_text(CONFIG.replace("batch_size: 8", "batch_size: 8, precision: tf32"))
    assert main(["estimate", "--config", str(tmp_path / "config.yaml"), "--device", "cpu"]) == 0
    assert "measured in float32: 2 runs ask for a precision that only a GPU has" in capsys.readouterr().out


def test_wrong_config_is_one_message(tmp_path, capsys):
    """Fails if the tool measures before the configuration is checked."""
    assert main(["estimate", "--config", str(tmp_path / "missing.yaml")]) == 1
    assert "missing.yaml" in capsys.readouterr().err
