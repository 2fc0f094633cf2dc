"""The step sweep_noise: against scikit-learn's kernel ridge regression and the model itself."""

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.kernel_ridge import KernelRidge

from ickrr.__main__ import main
from ickrr.code import import_closure
from ickrr.comparison.noise_sweep import draw_at
from ickrr.config.model import ModelSettings
from ickrr.config.noise_mismatch import NoiseMismatchSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import load_tensors
from ickrr.model.weights import build_model, save_weights

N, PROMPTS = 4, 12
TASK = TaskSettings(dimension=2, noise_std=0.3, lengthscale=0.8, context_length=N)
RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TASK,
    model=ModelSettings(layers=2, width=8, heads=2),
    training=TrainingSettings(),
)
TEST = PromptSettings(
    name="sphere-evaluation", task_name="sphere", task=TASK, split="evaluation", count=PROMPTS, seed=11
)
SEEDS, FACTORS = (0, 3), [0.1, 1.0, 10.0]


def model_of(seed):
    torch.manual_seed(seed)
    return build_model(RUN).eval()


@pytest.fixture
def options(tmp_path):
    for seed in SEEDS:
        path = tmp_path / f"trained/seed{seed}/weights.safetensors"
        save_weights(path, model_of(seed).state_dict(), RUN, seed)
    specs = {
        "run": RUN,
        "prompts": TEST,
        "settings": NoiseMismatchSettings(factors=FACTORS, chunk_prompts=5),
        "statistics": StatisticsSettings(bootstrap_draws=20),
    }
    for name, settings in specs.items():
        write_json(tmp_path / f"{name}.json", settings.model_dump(mode="json"))
    paths = {name: tmp_path / f"{name}.json" for name in specs}
    return paths | {"table": tmp_path / "noise.parquet"}


def weights_of(options, seed):
    return options["run"].parent / f"trained/seed{seed}/weights.safetensors"


def sweep(options, seeds=SEEDS):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    weights = [str(weights_of(options, seed)) for seed in seeds]
    models = ["--seeds", *map(str, seeds), "--weights", *weights]
    return main(["sweep_noise", "--device", "cpu", *models, *words])


def kernel_ridge(prompts, ridge):
    """Kernel ridge regression by scikit-learn, one fit a prompt and context length."""
    x, y = prompts.x.numpy(), prompts.y.numpy()
    predictions = np.zeros_like(y)
    for prompt in range(len(y)):
        for n in range(1, N + 1):
            fit = KernelRidge(alpha=ridge, kernel="rbf", gamma=1 / (2 * TASK.lengthscale**2))
            fit.fit(x[prompt, :n], y[prompt, :n])
            predictions[prompt, n] = fit.predict(x[prompt, n : n + 1])[0]
    return predictions


def test_regressions_are_those_of_scikit_learn(options):
    """Fails if the oracle's ridge is not that of training, or the reference's not that of the test noise."""
    assert sweep(options) == 0
    table = pd.read_parquet(options["table"]).set_index(["method", "factor", "context_length"]).sort_index()
    for factor in FACTORS:
        prompts = draw_at(TEST, factor)
        f = prompts.f.numpy()
        errors = {
            method: ((kernel_ridge(prompts, noise**2) - f) ** 2).mean(axis=0)
            for method, noise in (("bayes", 0.3 * factor), ("encoded_oracle", 0.3))
        }
        for method, mse in errors.items():
            rows = table.loc[(method, factor)]
            np.testing.assert_allclose(rows["mse"], mse, rtol=1e-9)
            np.testing.assert_allclose(rows["ratio"], mse / errors["bayes"], rtol=1e-9)
            assert (rows["seed"] == -1).all()
            np.testing.assert_allclose(rows["noise_std"], 0.3 * factor)
    assert (table.loc["encoded_oracle"].loc[1.0, "ratio"] == 1).all()  # it knows the noise there


def test_the_model_predicts_every_noise_by_its_own_readout(options):
    """Fails if seeds are mixed up, chunks are reordered, or the model reads other labels than the test's."""
    assert sweep(options) == 0
    table = pd.read_parquet(options["table"]).query("method == 'transformer'")
    assert sorted(table["seed"].unique()) == list(SEEDS)
    for (seed, factor), rows in table.groupby(["seed", "factor"]):
        prompts = draw_at(TEST, factor)
        with torch.no_grad():
            predictions = model_of(seed)(prompts.x.float(), prompts.y.float()).double()
        mse = (predictions - prompts.f).square().mean(dim=0)
        np.testing.assert_allclose(rows["mse"], mse, rtol=1e-5)
        assert rows["context_length"].tolist() == list(range(N + 1))


def test_test_sets_differ_in_the_size_of_the_noise_alone(tmp_path):
    """Fails if factors are compared on other inputs or functions, or factor 1 is not the stored set."""
    write_json(tmp_path / "prompts.json", [TEST.model_dump(mode="json")])
    words = ["--prompts", str(tmp_path / "prompts.json"), "--sets", str(tmp_path / "stored.safetensors")]
    assert main(["sample_prompts", *words]) == 0
    stored = load_tensors(tmp_path / "stored.safetensors")
    for name, tensor in draw_at(TEST, 1.0).tensors().items():
        assert torch.equal(tensor, stored[name])
    loud = draw_at(TEST, 10.0)
    assert torch.equal(loud.x, stored["x"]) and torch.equal(loud.f, stored["f"])
    torch.testing.assert_close(loud.y - loud.f, 10 * (stored["y"] - stored["f"]))


def test_equal_inputs_give_equal_bytes(options):
    """Fails if anything in the table varies between two calls."""
    assert sweep(options) == 0
    first = options["table"].read_bytes()
    assert sweep(options) == 0
    assert options["table"].read_bytes() == first


def test_other_tasks_and_seeds_are_refused(options, capsys):
    """Fails if prompts of another task, or another seed's weights, are swept without a word."""
    weights_of(options, 7).parent.mkdir()
    weights_of(options, 7).write_bytes(weights_of(options, 0).read_bytes())
    assert sweep(options, [7]) == 1
    message = capsys.readouterr().err
    assert "seed7" in message and "its 'seed' is 0, expected 7" in message
    other = TEST.model_copy(update={"task": TASK.model_copy(update={"lengthscale": 2.0})})
    write_json(options["prompts"], other.model_dump(mode="json"))
    assert sweep(options) == 1
    assert "is not the task 'sphere' of run 'tiny'" in capsys.readouterr().err
    assert not options["table"].exists()


def test_closure_holds_no_solver_and_no_report():
    """Fails if an edit of the solvers, of training or of figures would repeat the sweep."""
    names = {p.as_posix().split("src/ickrr/")[1] for p in import_closure("ickrr.steps.sweep_noise")}
    assert not {n for n in names if n.startswith(("solvers/", "training/", "report/", "constructions/"))}


def test_references_have_the_ridges_that_they_are_made_with(options):
    """Fails if the ridge is read from other prompts, or is not over that of training."""
    assert sweep(options) == 0
    table = pd.read_parquet(options["table"]).query("context_length == @N").set_index(["method", "factor"])
    for factor in FACTORS:
        for method, expected in (("bayes", factor**2), ("encoded_oracle", 1.0)):
            found = table.loc[(method, factor), ["ridge", "ridge_low", "ridge_high"]].to_numpy(float)
            np.testing.assert_allclose(found, expected, rtol=0.05)  # a step of the grid is 33 %
