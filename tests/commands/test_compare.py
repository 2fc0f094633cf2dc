"""The verb compare on files of known content: its tables and draws, and what it refuses by name."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.analysis.bootstrap import resample_weights
from ickrr.analysis.draws import load_draws
from ickrr.config.analysis import SolverSettings, StatisticsSettings
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.files import write_json
from ickrr.tensors import save_tensors

PROMPTS, N, LAYERS, STEPS, DRAWS = 64, 4, 5, 12, 40
TASK = TaskSettings(dimension=2, context_length=N)
RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TASK,
    model=ModelSettings(layers=LAYERS, width=8, heads=2),
    training=TrainingSettings(),
)
SOLVERS = ("richardson", "conjugate_gradient", "newton_schulz")
TABLES = ("errors", "similarity", "matches", "draws")


def save(path, arrays, metadata):
    save_tensors(path, {name: torch.from_numpy(array) for name, array in arrays.items()}, metadata)


def write_trajectory(options, solver, predictions, other=None):
    record = {"prompts": "sphere-evaluation", "solver": solver, "steps": STEPS} | (other or {})
    never = np.full(predictions.shape[1:], -1)
    save(
        options["trajectories"] / f"{solver}.safetensors",
        {"predictions": predictions, "diverged_at": never},
        record,
    )


@pytest.fixture
def world(tmp_path):
    """Solvers that walk from 0 to the posterior mean; layer l is step 2l of `richardson`."""
    generator = np.random.default_rng(0)
    y, f = generator.normal(size=(2, PROMPTS, N + 1))
    arrays = {"x": generator.normal(size=(PROMPTS, N + 1, 2)), "y": y, "f": f}
    arrays["posterior_mean"] = f + 0.3 * generator.normal(size=f.shape)
    arrays["posterior_variance"] = np.full_like(f, 0.09)
    # Prompts converge at rates of their own, so that the direction of the error tells the step.
    rate = generator.uniform(0.4, 0.9, size=f.shape)
    share = 1 - rate[None] ** np.arange(STEPS + 1)[:, None, None]
    walk = share * arrays["posterior_mean"]  # (T+1, B, N+1)
    layers = walk[0 : 2 * (LAYERS + 1) : 2]  # (L+1, B, N+1)

    options = {name: tmp_path / f"{name}.parquet" for name in TABLES}
    options["draws"] = tmp_path / "draws.safetensors"
    options |= {
        "run": tmp_path / "run.json",
        "solvers": tmp_path / "solvers.json",
        "statistics": tmp_path / "statistics.json",
        "evaluation": tmp_path / "evaluation.safetensors",
        "predictions": tmp_path / "predictions.safetensors",
        "trajectories": tmp_path / "trajectories",
    }
    write_json(options["run"], RUN.model_dump(mode="json"))
    solvers = SolverSettings(headline=list(SOLVERS[:2]), others=list(SOLVERS[2:]), steps=STEPS)
    write_json(options["solvers"], solvers.model_dump(mode="json"))
    write_json(options["statistics"], StatisticsSettings(bootstrap_draws=DRAWS).model_dump(mode="json"))
    prompts = PromptSettings(
        name="sphere-evaluation", task_name="sphere", task=TASK, split="evaluation", count=PROMPTS
    )
    save(options["evaluation"], arrays, {"prompts": prompts.model_dump(mode="json")})
    metadata = {"run": RUN.model_dump(mode="json"), "seed": 2}
    save(options["predictions"], {"layers": layers, "output": layers[-1] + 0.1}, metadata)
    write_trajectory(options, "richardson", walk)
    write_trajectory(options, "conjugate_gradient", walk[np.minimum(2 * np.arange(STEPS + 1), STEPS)])
    newton = walk.copy()
    newton[3:] = np.nan
    write_trajectory(options, "newton_schulz", newton)
    return options, arrays, layers, walk


def compare(options, seed=2):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return main(["compare", "--seed", str(seed), *words])


def test_layers_that_are_solver_steps_are_found(world):
    """Fails if the best step of a layer that is exactly step 2l (or l at double speed) is not that step."""
    options, *_ = world
    assert compare(options) == 0
    matches = pd.read_parquet(options["matches"]).set_index(["solver", "layer"])
    for layer in range(LAYERS + 1):
        for solver, step in (("richardson", 2 * layer), ("conjugate_gradient", layer)):
            row = matches.loc[(solver, layer)]
            assert row["best_step"] == row["nearest_step"] == step
            assert row["best_step_low"] == row["best_step_high"] == step
            assert row["similarity"] == pytest.approx(1) and row["distance"] == 0
            assert not row["censored"]
    metadata, draws = load_draws(options["draws"])
    assert metadata == {"run": "tiny", "seed": 2, "solvers": list(SOLVERS)}
    assert draws.similarity.shape == (len(SOLVERS), 1 + DRAWS, LAYERS)
    np.testing.assert_allclose(draws.slope[:2], [[2] * (1 + DRAWS), [1] * (1 + DRAWS)])
    np.testing.assert_allclose(draws.kendall_tau[:2], 1)
    np.testing.assert_allclose(draws.similarity[:2], 1)
    np.testing.assert_allclose(draws.distance[:2], 0)


def test_draws_are_those_of_resampled_prompts(world):
    """Fails if a draw is not the statistic of its resample, computed here by hand, or layers are shifted."""
    options, arrays, layers, _ = world
    assert compare(options) == 0
    _, draws = load_draws(options["draws"])
    weights = resample_weights(PROMPTS, DRAWS, 0)
    error = layers[:, :, 1:] - arrays["y"][:, 1:]  # (L+1, B, N)
    zero = -arrays["y"][:, 1:]
    cosine = (error * zero).sum(-1) / np.linalg.norm(error, axis=-1) / np.linalg.norm(zero, axis=-1)
    np.testing.assert_allclose(draws.floor, weights @ cosine[1:].T, rtol=1e-12)
    matches = pd.read_parquet(options["matches"]).query("layer > 0").set_index(["solver", "layer"])
    for index, solver in enumerate(SOLVERS):
        for name in ("similarity", "distance"):
            by_layer = getattr(draws, name)[index]  # (R, L)
            np.testing.assert_array_equal(by_layer[0], matches.loc[solver, name])
            low, high = np.quantile(by_layer[1:], [0.025, 0.975], axis=0)
            np.testing.assert_allclose(low, matches.loc[solver, f"{name}_low"], rtol=1e-12)
            np.testing.assert_allclose(high, matches.loc[solver, f"{name}_high"], rtol=1e-12)


def test_diverged_steps_are_nan_and_never_best(world):
    """Fails if steps after a divergence are numbers, or are matched."""
    options, *_ = world
    assert compare(options) == 0
    similarity = pd.read_parquet(options["similarity"]).query("solver == 'newton_schulz'")
    for column in ("similarity", "distance"):
        assert (similarity[column].isna() == (similarity["step"] >= 3)).all()
    matches = pd.read_parquet(options["matches"]).query("solver == 'newton_schulz'")
    assert (matches["best_step"] <= 2).all()
    errors = pd.read_parquet(options["errors"]).query("method == 'newton_schulz'")
    assert (errors["mse"].isna() == (errors["step"] >= 3)).all()


def test_errors_of_every_method(world):
    """Fails if a method is missing or misnumbered, or seeds are put on what has none."""
    options, arrays, layers, walk = world
    assert compare(options) == 0
    errors = pd.read_parquet(options["errors"])
    steps = {
        "transformer": LAYERS + 1,
        "transformer_output": 1,
        "posterior_mean": 1,
        **dict.fromkeys(SOLVERS, STEPS + 1),
    }
    assert errors.groupby("method").size().to_dict() == {name: n * (N + 1) for name, n in steps.items()}
    seeds = errors.groupby("method")["seed"].unique()
    assert all(list(seeds[name]) == [2 if name.startswith("transformer") else -1] for name in steps)
    keyed = errors.set_index(["method", "step", "context_length"])
    for method, step, predictions in (
        ("transformer", 3, layers[3]),
        ("transformer_output", LAYERS, layers[-1] + 0.1),
        ("posterior_mean", 0, arrays["posterior_mean"]),
        ("richardson", 7, walk[7]),
    ):
        for n in range(N + 1):
            row = keyed.loc[(method, step, n)]
            assert row["mse"] == pytest.approx(np.mean((predictions - arrays["f"])[:, n] ** 2))
            assert row["excess_risk"] == pytest.approx(
                np.mean((predictions - arrays["posterior_mean"])[:, n] ** 2), abs=1e-15
            )


def test_step_zero_scores_the_floor(world):
    """Fails if the floor is not what the zero predictor (step 0 of every solver) scores."""
    options, *_ = world
    assert compare(options) == 0
    matches = pd.read_parquet(options["matches"]).query("solver == 'richardson'")
    zero = pd.read_parquet(options["similarity"]).query("solver == 'richardson' and step == 0")
    np.testing.assert_allclose(matches["floor"].to_numpy(), zero["similarity"].to_numpy(), atol=1e-12)


def test_equal_inputs_give_equal_bytes(world):
    """Fails if anything in a table varies between two calls."""
    options, *_ = world
    digests = []
    for _ in range(2):
        assert compare(options) == 0
        digests.append([hashlib.sha256(options[name].read_bytes()).hexdigest() for name in TABLES])
    assert digests[0] == digests[1]


def refusal(options, capsys, seed=2):
    assert compare(options, seed) == 1
    assert not any(options[name].exists() for name in TABLES)
    return capsys.readouterr().err


def test_predictions_of_another_seed_or_run_are_refused(world, capsys):
    """Fails if predictions can be filed under a seed or a run that did not make them."""
    options, *_ = world
    assert "its 'seed' is 2" in refusal(options, capsys, seed=1)
    changed = RUN.model_dump(mode="json")
    changed["training"]["steps"] = 999
    write_json(options["run"], changed)
    message = refusal(options, capsys)
    assert "'run.training.steps' is 1000" in message and "999" in message


def test_trajectories_on_other_prompts_or_steps_are_refused(world, capsys):
    """Fails if a trajectory on other prompts, of another solver, or too short is compared."""
    options, _, _, walk = world
    write_trajectory(options, "conjugate_gradient", walk, {"prompts": "cube-evaluation"})
    assert "'metadata.prompts' is 'cube-evaluation'" in refusal(options, capsys)
    write_trajectory(options, "conjugate_gradient", walk, {"solver": "richardson"})
    assert "'metadata.solver' is 'richardson'" in refusal(options, capsys)
    write_trajectory(options, "conjugate_gradient", walk[:-1])
    assert "shape (12, 64, 5), wanted (13, 64, 5)" in refusal(options, capsys)


def test_a_missing_trajectory_is_named(world, capsys):
    """Fails on a traceback, or if a solver is silently left out."""
    options, *_ = world
    path = options["trajectories"] / "conjugate_gradient.safetensors"
    path.unlink()
    assert str(path) in refusal(options, capsys)
