"""The step compare_run on files of known content: its tables, and what it refuses by name."""

import hashlib

import numpy as np
import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.comparison.bootstrap import resample_weights
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.solvers import SolverSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import save_tensors

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
NULLS = ("shrinkage_path", "ridge_path")
TABLES = ("errors", "similarity", "matches", "alignment", "pairs", "shares")
SEEDS = (2, 7)


def save(path, arrays, metadata):
    save_tensors(path, {name: torch.from_numpy(array) for name, array in arrays.items()}, metadata)


def trajectory_of(options, solver):
    return options["run"].parent / f"trajectories/{solver}.safetensors"


def write_trajectory(options, solver, predictions, other=None):
    record = {"prompts": "sphere-evaluation", "solver": solver, "steps": STEPS} | (other or {})
    never = np.full(predictions.shape[1:], -1)
    save(
        trajectory_of(options, solver),
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

    options = {
        "run": tmp_path / "run.json",
        "solvers": tmp_path / "solvers.json",
        "statistics": tmp_path / "statistics.json",
        "evaluation": tmp_path / "evaluation.safetensors",
        **{name: tmp_path / f"tables/{name}.parquet" for name in TABLES},
    }
    write_json(options["run"], RUN.model_dump(mode="json"))
    solvers = SolverSettings(
        headline=list(SOLVERS[:2]), others=list(SOLVERS[2:]), nulls=list(NULLS), steps=STEPS
    )
    write_json(options["solvers"], solvers.model_dump(mode="json"))
    write_json(options["statistics"], StatisticsSettings(bootstrap_draws=DRAWS).model_dump(mode="json"))
    prompts = PromptSettings(
        name="sphere-evaluation", task_name="sphere", task=TASK, split="evaluation", count=PROMPTS
    )
    save(options["evaluation"], arrays, {"prompts": prompts.model_dump(mode="json")})
    # The second model is a layer behind.
    behind = np.concatenate([layers[:1], layers[:-1]])
    for seed, found in zip(SEEDS, (layers, behind), strict=True):
        metadata = {"run": RUN.model_dump(mode="json"), "seed": seed}
        save(tmp_path / f"{seed}.safetensors", {"layers": found, "output": found[-1] + 0.1}, metadata)
    write_trajectory(options, "richardson", walk)
    write_trajectory(options, "conjugate_gradient", walk[np.minimum(2 * np.arange(STEPS + 1), STEPS)])
    newton = walk.copy()
    newton[3:] = np.nan
    write_trajectory(options, "newton_schulz", newton)
    factors = np.arange(STEPS + 1)[:, None, None] / STEPS
    write_trajectory(options, "shrinkage_path", factors * arrays["posterior_mean"])
    write_trajectory(options, "ridge_path", walk[::-1].copy())
    return options, arrays, layers, walk


def compare(options, seeds=(2,), files=None):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    files = files or [str(options["run"].with_name(f"{seed}.safetensors")) for seed in seeds]
    words += ["--trajectories", *(str(trajectory_of(options, solver)) for solver in (*SOLVERS, *NULLS))]
    return main(["compare_run", "--seeds", *map(str, seeds), "--predictions", *files, *words])


def read(options, name):
    return pd.read_parquet(options[name])


def test_layers_that_are_solver_steps_are_found(world):
    """Fails if the best step of a layer that is exactly step 2l (or l at double speed) is not that step."""
    options, *_ = world
    assert compare(options) == 0
    matches = read(options, "matches").set_index(["solver", "layer"])
    for layer in range(LAYERS + 1):
        for solver, step in (("richardson", 2 * layer), ("conjugate_gradient", layer)):
            row = matches.loc[(solver, layer)]
            assert row["best_step"] == row["nearest_step"] == step
            assert row["best_step_low"] == row["best_step_high"] == step
            assert row["similarity"] == pytest.approx(1) and row["distance"] == 0
            assert not row["censored"]
    alignment = read(options, "alignment").set_index(["solver", "statistic"])
    for solver, slope in (("richardson", 2), ("conjugate_gradient", 1)):
        assert alignment.loc[(solver, "slope"), ["value", "low", "high"]].tolist() == [slope] * 3
        assert alignment.loc[(solver, "kendall_tau"), "value"] == pytest.approx(1)
        assert alignment.loc[(solver, "distance"), "value"] == pytest.approx(0)


def test_nulls_have_rows_like_solvers_but_no_part_in_pairs(world):
    """Fails if a null is left out, is not compared by its own path, or changes what is said of solvers."""
    options, arrays, layers, _ = world
    assert compare(options) == 0
    matches = read(options, "matches").set_index(["solver", "layer"])
    target = arrays["posterior_mean"][:, 1:]
    scale = np.sqrt((target**2).mean())
    for layer in range(LAYERS + 1):
        assert matches.loc[("ridge_path", layer), "best_step"] == STEPS - 2 * layer
        assert matches.loc[("ridge_path", layer), "distance"] == 0
        gaps = [
            np.sqrt(((layers[layer, :, 1:] - c / STEPS * target) ** 2).mean()) / scale
            for c in range(STEPS + 1)
        ]
        row = matches.loc[("shrinkage_path", layer)]
        assert row["nearest_step"] == np.argmin(gaps)
        assert row["distance"] == pytest.approx(min(gaps))
    everything = [*SOLVERS, *NULLS]
    for name in ("similarity", "matches", "alignment"):
        assert list(read(options, name)["solver"].unique()) == everything
    assert {*read(options, "pairs")["first"], *read(options, "shares")["solver"]} == {*SOLVERS[:2]}
    alignment = read(options, "alignment").set_index(["solver", "statistic"])["value"]
    counted = range(3, LAYERS + 1)
    for statistic in ("similarity", "distance"):
        wanted = np.mean([matches.loc[("shrinkage_path", layer), statistic] for layer in counted])
        assert alignment["shrinkage_path", statistic] == pytest.approx(wanted)


def test_intervals_are_those_of_resampled_prompts(world):
    """Fails if an interval is not that of the statistic on resamples, computed here by hand."""
    options, arrays, layers, _ = world
    assert compare(options) == 0
    weights = resample_weights(PROMPTS, DRAWS, 0)
    error = layers[:, :, 1:] - arrays["y"][:, 1:]  # (L+1, B, N)
    zero = -arrays["y"][:, 1:]
    cosine = (error * zero).sum(-1) / np.linalg.norm(error, axis=-1) / np.linalg.norm(zero, axis=-1)
    floor = (weights @ cosine[min(3, LAYERS) :].T).mean(axis=1)  # (1 + draws), over layers that count
    row = read(options, "alignment").query("statistic == 'floor'").iloc[0]
    assert row["value"] == pytest.approx(floor[0], rel=1e-12)
    low, high = np.quantile(floor[1:], [0.025, 0.975])
    assert (row["low"], row["high"]) == (pytest.approx(low, rel=1e-12), pytest.approx(high, rel=1e-12))


def test_seeds_are_stacked_and_shared_rows_kept_once(world):
    """Fails if a seed is dropped or filed under another, or the solvers' rows are repeated for every seed."""
    options, *_ = world
    assert compare(options, SEEDS) == 0
    errors = read(options, "errors")
    rows = errors.groupby(["method", "seed"]).size()
    assert rows["transformer"].index.tolist() == list(SEEDS)
    assert rows["richardson"].index.tolist() == [-1]
    assert (errors["seed"] == -1).sum() == (1 + len(SOLVERS + NULLS) * (STEPS + 1)) * (N + 1)
    best = read(options, "matches").query("solver == 'richardson'").set_index(["seed", "layer"])["best_step"]
    assert best[2].tolist() == [2 * layer for layer in range(LAYERS + 1)]
    assert best[7].tolist() == [0, *(2 * layer for layer in range(LAYERS))]
    slope = read(options, "alignment").query("solver == 'richardson' and statistic == 'slope'").iloc[0]
    assert slope["value"] == pytest.approx(2)
    assert slope["seeds"] == 2


def test_one_seed_is_enough_and_has_no_spread(world):
    """Fails if a run with one seed (an ablation) cannot be compared, or gets a spread."""
    options, *_ = world
    assert compare(options) == 0
    alignment = read(options, "alignment")
    assert alignment["seed_sd"].isna().all()
    assert (alignment["seeds"] == 1).all()


def test_pairs_and_shares_are_those_of_the_headline(world):
    """Fails if a headline solver is mistaken for another, or others enter the comparison."""
    options, *_ = world
    assert compare(options, SEEDS) == 0
    pairs = read(options, "pairs")
    assert set(pairs["first"]) == set(SOLVERS[:2])
    assert set(pairs["second"]) == {*SOLVERS[:2], "floor"}
    assert list(dict.fromkeys(read(options, "shares")["solver"])) == list(SOLVERS[:2])


def test_diverged_steps_are_nan_and_never_best(world):
    """Fails if steps after a divergence are numbers, or are matched."""
    options, *_ = world
    assert compare(options) == 0
    similarity = read(options, "similarity").query("solver == 'newton_schulz'")
    for column in ("similarity", "distance"):
        assert (similarity[column].isna() == (similarity["step"] >= 3)).all()
    matches = read(options, "matches").query("solver == 'newton_schulz'")
    assert (matches["best_step"] <= 2).all()
    errors = read(options, "errors").query("method == 'newton_schulz'")
    assert (errors["mse"].isna() == (errors["step"] >= 3)).all()


def test_errors_of_every_method(world):
    """Fails if a method is missing or misnumbered, or seeds are put on what has none."""
    options, arrays, layers, walk = world
    assert compare(options) == 0
    errors = read(options, "errors")
    steps = {
        "transformer": LAYERS + 1,
        "transformer_output": 1,
        "posterior_mean": 1,
        **dict.fromkeys((*SOLVERS, *NULLS), STEPS + 1),
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
    matches = read(options, "matches").query("solver == 'richardson'")
    zero = read(options, "similarity").query("solver == 'richardson' and step == 0")
    np.testing.assert_allclose(matches["floor"].to_numpy(), zero["similarity"].to_numpy(), atol=1e-12)


def test_equal_inputs_give_equal_bytes(world):
    """Fails if anything in a table varies between two calls."""
    options, *_ = world
    digests = []
    for _ in range(2):
        assert compare(options) == 0
        digests.append([hashlib.sha256(options[name].read_bytes()).hexdigest() for name in TABLES])
    assert digests[0] == digests[1]


def refusal(options, capsys, **changes):
    assert compare(options, **changes) == 1
    assert not any(options[name].exists() for name in TABLES)
    return capsys.readouterr().err


def test_predictions_of_another_seed_or_run_are_refused(world, capsys):
    """Fails if predictions can be filed under a seed or a run that did not make them."""
    options, *_ = world
    first = str(options["run"].with_name("2.safetensors"))
    assert "its 'seed' is 2" in refusal(options, capsys, seeds=[1], files=[first])
    assert "names 1 files, needs one for each of 2, 7" in refusal(options, capsys, seeds=SEEDS, files=[first])
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
    path = trajectory_of(options, "conjugate_gradient")
    path.unlink()
    assert str(path) in refusal(options, capsys)
