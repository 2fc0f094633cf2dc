"""The steps measure_operators, tabulate_operators and compare_linear_regression, from files to tables."""

import numpy as np
import pandas as pd
import pytest
import torch
from operator_tables import TWO_LEVELS

from ickrr.__main__ import main
from ickrr.attention.gradient_step import fit_matrix, predict
from ickrr.code import import_closure
from ickrr.config.model import ModelSettings
from ickrr.config.operators import OperatorSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import load_arrays
from ickrr.model.weights import build_model, save_weights

N, SEEDS = 4, (0, 3)
SETTINGS = OperatorSettings(
    fit_prompts=6,
    prompts=8,
    lengthscales=[0.5, 2.0],
    bandwidths=[0.5, 2.0],
    ridges=[0.1, 1.0],
    bootstrap_draws=20,
    dials=TWO_LEVELS,
)


def make(folder, model, **task):
    run = RunSettings(
        name="tiny",
        task_name="toy",
        task=TaskSettings(dimension=2, context_length=N, **task),
        model=model,
        training=TrainingSettings(),
    )
    for seed in SEEDS:
        torch.manual_seed(seed)
        built = build_model(run)
        save_weights(folder / f"trained/seed{seed}/weights.safetensors", built.state_dict(), run, seed)
    for split in ("fit", "evaluation"):
        prompts = PromptSettings(
            name=f"toy-{split}", task_name="toy", task=run.task, split=split, count=12, seed=1
        )
        write_json(folder / f"{split}.json", [prompts.model_dump(mode="json")])
        words = [
            "--prompts",
            str(folder / f"{split}.json"),
            "--sets",
            str(folder / f"{split}.safetensors"),
        ]
        assert main(["sample_prompts", *words]) == 0
    specs = {"run": run, "settings": SETTINGS, "statistics": StatisticsSettings(bootstrap_draws=20)}
    for name, settings in specs.items():
        write_json(folder / f"{name}.json", settings.model_dump(mode="json"))
    return run


def measure(folder, seed):
    options = {
        "run": folder / "run.json",
        "seed": seed,
        "weights": folder / f"trained/seed{seed}/weights.safetensors",
        "fit": folder / "fit.safetensors",
        "settings": folder / "settings.json",
        "arrays": folder / f"operators/tiny/seed{seed}.safetensors",
    }
    return main(
        ["measure_operators", *(str(w) for name, value in options.items() for w in (f"--{name}", value))]
    )


def tabulate(folder, *models):
    options = {
        "settings": "settings.json",
        "statistics": "statistics.json",
        "summary": "tables/operators.parquet",
        "detail": "tables/operators_detail.parquet",
        "dials": "tables/operators_dials.parquet",
    }
    words = [str(w) for name, value in options.items() for w in (f"--{name}", folder / value)]
    measured = [str(folder / f"operators/{model}.safetensors") for model in models]
    return main(["tabulate_operators", "--models", *models, "--measured", *measured, *words])


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_from_weights_to_tables(tmp_path, layout):
    """Fails if the tables are not those of the arrays, or two calls give different bytes."""
    make(tmp_path, ModelSettings(layers=2, width=8, heads=2, layout=layout))
    assert [measure(tmp_path, seed) for seed in SEEDS] == [0, 0]
    path = tmp_path / "operators/tiny/seed0.safetensors"
    before = path.read_bytes()
    assert measure(tmp_path, 0) == 0
    assert path.read_bytes() == before
    assert tabulate(tmp_path, "tiny/seed0", "tiny/seed3") == 0
    summary = pd.read_parquet(tmp_path / "tables/operators.parquet")
    arrays = [load_arrays(tmp_path / f"operators/tiny/seed{seed}.safetensors") for seed in SEEDS]
    mean = np.mean([one["distances"][0, 1].mean() for one in arrays])
    found = summary.query("quantity == 'representation_distance' and setting == 'in_distribution'")
    assert found["value"].item() == pytest.approx(mean)
    # The same fresh prompts for all seeds: the reference is the same, the models are not.
    np.testing.assert_array_equal(arrays[0]["predictions"][:, 1], arrays[1]["predictions"][:, 1])
    assert not np.array_equal(arrays[0]["predictions"][:, 0], arrays[1]["predictions"][:, 0])
    detail = pd.read_parquet(tmp_path / "tables/operators_detail.parquet")
    assert sorted(detail["seed"].unique()) == list(SEEDS)
    dials = pd.read_parquet(tmp_path / "tables/operators_dials.parquet")
    assert set(dials["dial"]) == set(SETTINGS.dials.levels())


def test_what_does_not_belong_together_is_refused(tmp_path, capsys):
    """Fails if another seed's arrays are tabulated, or attention that is no softmax is measured."""
    make(tmp_path, ModelSettings(layers=1, width=8, heads=2))
    assert measure(tmp_path, 0) == 0
    wrong = tmp_path / "operators/tiny/seed3.safetensors"
    wrong.write_bytes((tmp_path / "operators/tiny/seed0.safetensors").read_bytes())
    assert tabulate(tmp_path, "tiny/seed0", "tiny/seed3") == 1
    assert "origin.seed" in capsys.readouterr().err
    linear = tmp_path / "linear"
    make(linear, ModelSettings(layers=1, width=8, heads=2, attention="linear"))
    assert measure(linear, 0) == 1
    assert "only softmax attention" in capsys.readouterr().err


def test_linear_attention_against_one_step(tmp_path):
    """Fails if Gamma is fitted on what is compared, n = 0 counts, or a ratio is turned round."""
    run = make(
        tmp_path,
        ModelSettings(
            layers=1, width=8, heads=1, attention="linear", mlp="none", norm="none", layout="paired"
        ),
        law="gaussian",
        kernel="linear",
    )
    words = {
        "runs": tmp_path / "runs.json",
        "fit": tmp_path / "fit.safetensors",
        "evaluation": tmp_path / "evaluation.safetensors",
        "statistics": tmp_path / "statistics.json",
        "table": tmp_path / "anchor.parquet",
    }
    options = [str(w) for name, value in words.items() for w in (f"--{name}", value)]
    weights = [str(tmp_path / f"trained/seed{seed}/weights.safetensors") for seed in SEEDS]
    models = ["--models", *(f"tiny/seed{seed}" for seed in SEEDS), "--weights", *weights]
    write_json(words["runs"], [run.model_dump(mode="json")])
    assert main(["compare_linear_regression", *models, *options]) == 0
    table = pd.read_parquet(words["table"]).set_index(["quantity", "setting"])
    assert (table["subject"] == "tiny").all()
    fit, test = load_arrays(words["fit"]), load_arrays(words["evaluation"])
    best = predict(fit_matrix(fit["x"], fit["y"], fit["posterior_mean"]), test["x"], test["y"])
    agreements, errors, ridges, of_best = [], [], [], []
    for seed in SEEDS:
        torch.manual_seed(seed)
        model = build_model(run).eval()
        with torch.no_grad():
            own, on_fit = (
                model(*(torch.from_numpy(prompts[name]).float() for name in "xy")).double().numpy()
                for prompts in (test, fit)
            )
        output = own[:, 1:]
        step = predict(fit_matrix(fit["x"], fit["y"], on_fit), test["x"], test["y"])
        agreements.append(np.sqrt(np.mean((output - step) ** 2) / np.mean(step**2)))
        of_best.append(np.sqrt(np.mean((output - best) ** 2) / np.mean(best**2)))
        error = np.mean((output - test["f"][:, 1:]) ** 2)
        errors.append(error / np.mean((best - test["f"][:, 1:]) ** 2))
        ridges.append(error / np.mean((test["posterior_mean"] - test["f"])[:, 1:] ** 2))
    assert table.loc[("agreement_best", "matrix"), "value"] == pytest.approx(np.mean(of_best), rel=1e-6)
    assert table.loc["steps_of_ridge"].index.tolist() == ["1", "2"]  # twice as many as layers
    one_step = table.loc[("steps_agreement", "1"), "value"]
    assert one_step == pytest.approx(table.loc[("agreement", "scalar"), "value"], rel=1e-9)
    assert table.loc[("agreement", "matrix"), "value"] == pytest.approx(np.mean(agreements), rel=1e-6)
    assert table.loc[("error_ratio", "matrix"), "value"] == pytest.approx(np.mean(errors), rel=1e-6)
    assert table.loc[("error_ratio_ridge", "ridge"), "value"] == pytest.approx(np.mean(ridges), rel=1e-6)


@pytest.mark.parametrize("step", ["measure_operators", "tabulate_operators", "compare_linear_regression"])
def test_closures_hold_no_solver_training_or_report(step):
    """Fails if an edit of solvers, probes, training or figures would repeat the measurement."""
    names = {p.as_posix().split("src/ickrr/")[1] for p in import_closure(f"ickrr.steps.{step}")}
    others = ("solvers/", "training/", "report/", "constructions/", "analysis/probe", "analysis/similarity")
    assert not {name for name in names if name.startswith(others)}
