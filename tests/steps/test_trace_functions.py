"""The step trace_functions: against scikit-learn's Gaussian process, a solver loop and probe_model."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from ickrr.__main__ import main
from ickrr.comparison.functions import at_queries
from ickrr.comparison.probed_model import ProbedModel
from ickrr.config.functions import FunctionSettings
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import load_arrays
from ickrr.model.weights import build_model, save_weights

N, STEPS, GRID, LAYERS = 6, 5, 9, 2
TASK = TaskSettings(law="uniform", dimension=1, lengthscale=0.4, noise_std=0.2, context_length=N)
SETTINGS = FunctionSettings(prompts=2, context_lengths=[1, 5], grid=GRID)
PROBE = ProbeSettings(ridge=1e-3)


def run_of(layout="interleaved", task=TASK):
    model = ModelSettings(layers=LAYERS, width=8, heads=2, layout=layout)
    return RunSettings(name="tiny", task_name="line", task=task, model=model, training=TrainingSettings())


def write_world(folder, run, settings=SETTINGS, seeds=(0, 4)):
    """Write everything that the step reads; return its options."""
    for split, count in (("fit", 40), ("evaluation", 3)):
        prompts = PromptSettings(
            name=f"line-{split}", task_name="line", task=run.task, split=split, count=count
        )
        write_json(folder / f"{split}.json", [prompts.model_dump(mode="json")])
        words = ["--prompts", folder / f"{split}.json", "--sets", folder / f"{split}.safetensors"]
        assert main(["sample_prompts", *map(str, words)]) == 0
    for seed in seeds:
        torch.manual_seed(seed)
        path = folder / f"trained/seed{seed}/weights.safetensors"
        save_weights(path, build_model(run).state_dict(), run, seed)
    solvers = SolverSettings(steps=STEPS)
    specs = {"run": run, "settings": settings, "probe": PROBE, "solvers": solvers}
    for name, value in specs.items():
        write_json(folder / f"{name}.json", value.model_dump(mode="json"))
    options = {name: folder / f"{name}.json" for name in specs}
    options |= {split: folder / f"{split}.safetensors" for split in ("fit", "evaluation")}
    return options | {"table": folder / "functions.parquet"}


def weights_of(options, seed):
    return options["run"].parent / f"trained/seed{seed}/weights.safetensors"


def trace(options, seeds=(0, 4)):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    weights = [str(weights_of(options, seed)) for seed in seeds]
    models = ["--seeds", *map(str, seeds), "--weights", *weights]
    return main(["trace_functions", "--device", "cpu", *models, *words])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    options = write_world(tmp_path_factory.mktemp("line"), run_of())
    assert trace(options) == 0
    return options, pd.read_parquet(options["table"]), load_arrays(options["evaluation"])


def each_prompt(arrays):
    for prompt in range(SETTINGS.prompts):
        for n in SETTINGS.context_lengths:
            yield prompt, n, arrays["x"][prompt, :n], arrays["y"][prompt, :n]


def test_every_curve_is_there_once(world):
    """Fails if a curve is missing or doubled, or seeds are put on what has none."""
    _, table, _ = world
    columns = ["run", "seed", "prompt", "context_length", "kind", "method", "step", "x", "value", "sd"]
    assert list(table.columns) == columns
    assert not table.duplicated(["seed", "prompt", "context_length", "kind", "step", "x"]).any()
    counts = table.groupby(["kind", "seed"]).size().to_dict()
    curves = 4 * GRID  # two prompts, two context lengths
    assert counts == {
        ("context", -1): 2 * sum(SETTINGS.context_lengths),
        ("layer", 0): (LAYERS + 1) * curves,
        ("layer", 4): (LAYERS + 1) * curves,
        ("posterior", -1): curves,
        ("solver", -1): (STEPS + 1) * curves,
    }
    assert table["sd"].notna().equals(table["kind"] == "posterior")


def test_posterior_is_scikit_learns(world):
    """Fails if the mean or the band is not the posterior of f (a band of y would be wider)."""
    _, table, arrays = world
    for prompt, n, x, y in each_prompt(arrays):
        rows = table.query(f"kind == 'posterior' and prompt == {prompt} and context_length == {n}")
        process = GaussianProcessRegressor(RBF(TASK.lengthscale, "fixed"), alpha=TASK.noise_std**2).fit(x, y)
        mean, sd = process.predict(np.linspace(-1, 1, GRID)[:, None], return_std=True)
        np.testing.assert_allclose(rows["x"], np.linspace(-1, 1, GRID), atol=1e-15)
        np.testing.assert_allclose(rows["value"], mean, atol=1e-10)
        np.testing.assert_allclose(rows["sd"], sd, atol=1e-7)


def test_iterates_are_those_of_the_formula(world):
    """Fails if the solver sees the query, starts elsewhere, or its steps are shifted."""
    _, table, arrays = world
    grid = np.linspace(-1, 1, GRID)
    for prompt, n, x, y in each_prompt(arrays):
        rows = table.query(f"kind == 'solver' and prompt == {prompt} and context_length == {n}")
        values = rows.pivot(index="step", columns="x", values="value").to_numpy()  # (T+1, G)
        kernel = np.exp(-((x - x.T) ** 2) / (2 * TASK.lengthscale**2))
        to_grid = np.exp(-((grid[:, None] - x.T) ** 2) / (2 * TASK.lengthscale**2))
        coefficients = np.zeros(n)
        for step in range(STEPS + 1):
            np.testing.assert_allclose(values[step], to_grid @ coefficients, atol=1e-12)
            residual = y - kernel @ coefficients - TASK.noise_std**2 * coefficients
            coefficients = coefficients + residual / (kernel.sum(axis=1) + TASK.noise_std**2)


def test_context_is_the_stored_prompt(world):
    """Fails if other points are shown than the model has seen."""
    _, table, arrays = world
    for prompt, n, x, y in each_prompt(arrays):
        rows = table.query(f"kind == 'context' and prompt == {prompt} and context_length == {n}")
        np.testing.assert_array_equal(rows["x"], x[:, 0])
        np.testing.assert_array_equal(rows["value"], y)


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_layers_are_those_of_the_probe(tmp_path, layout):
    """Fails if a layer's curve at a prompt's own next point is not what probe_model predicts there."""
    run = run_of(layout)
    options = write_world(tmp_path, run, seeds=(0,))
    shared = {name: options[name] for name in ("run", "fit", "evaluation")}
    shared |= {"settings": options["probe"], "predictions": tmp_path / "predictions.safetensors"}
    shared["weights"] = weights_of(options, 0)
    words = [word for name, value in shared.items() for word in (f"--{name}", str(value))]
    assert main(["probe_model", "--seed", "0", "--device", "cpu", *words]) == 0
    probed = load_arrays(shared["predictions"])["layers"]  # (L+1, B, N+1)

    torch.manual_seed(0)
    probe = ProbedModel(build_model(run), load_arrays(options["fit"]), PROBE)
    evaluation = load_arrays(options["evaluation"])
    for n in (1, 5, N):
        x, y = (torch.from_numpy(evaluation[name][0]) for name in ("x", "y"))
        queries, labels = at_queries(x[:n, 0], y[:n], x[n:, 0][:1])
        found = probe.layers(queries, labels)
        np.testing.assert_allclose(found[:, 0], probed[:, 0, n], atol=1e-4)


def test_the_querys_label_is_not_seen(world):
    """Fails if the prediction at a query depends on the label that stands in for the unknown one."""
    options, _, arrays = world
    torch.manual_seed(0)
    probe = ProbedModel(build_model(run_of()), load_arrays(options["fit"]), PROBE)
    x, y = (torch.from_numpy(arrays[name][0]) for name in ("x", "y"))
    queries, labels = at_queries(x[:3, 0], y[:3], torch.tensor([0.3], dtype=torch.float64))
    assert labels[0, -1] == 0
    other = labels.clone()
    other[:, -1] = 9.0
    np.testing.assert_array_equal(probe.layers(queries, labels), probe.layers(queries, other))


@pytest.mark.parametrize(
    ("task", "settings", "message"),
    [
        ({"dimension": 2}, {}, "has dimension 2 and law 'uniform'; curves need dimension 1"),
        (
            {"law": "spherical"},
            {},
            "law 'spherical'; curves need dimension 1 and a law that fills an interval",
        ),
        ({}, {"context_lengths": [3, 7]}, r"functions.context_lengths: found [7]"),
        ({}, {"prompts": 9}, "functions.prompts: found 9, but there are 3 evaluation prompts"),
    ],
)
def test_what_cannot_be_traced_is_said(tmp_path, capsys, task, settings, message):
    """Fails on a traceback, or on curves of something else than was asked for."""
    run = run_of(task=TASK.model_copy(update=task))
    options = write_world(tmp_path, run, SETTINGS.model_copy(update=settings))
    assert trace(options) == 1
    assert message in capsys.readouterr().err
    assert not options["table"].exists()
