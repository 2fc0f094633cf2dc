"""The steps of the identification on models that are known, and their tables against the catalogue."""

import json

import numpy as np
import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.comparison.probed_model import probe
from ickrr.config.identification import IdentificationSettings
from ickrr.config.model import BuiltModelSettings, ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.constructions.richardson.controls import build_control
from ickrr.errors import FileError
from ickrr.identification.built import BuiltRuns, built_layers
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.layers import identification_tables, predicted
from ickrr.identification.prompts import fresh_problem, stored_problem
from ickrr.identification.raw import raw_table
from ickrr.identification.spectra import largest_shared_steps
from ickrr.identification.stored import candidates_on
from ickrr.io.predictions import load_predictions
from ickrr.io.run_files import load_prompts
from ickrr.io.tensors import save_tensors
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, load_model, save_snapshots, save_weights
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts

TASK = TaskSettings(context_length=12)
PROMPTS = 300
RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TASK,
    model=ModelSettings(layers=2, width=16, heads=2),
    training=TrainingSettings(),
)
READ = ("run", "fit", "settings", "probe", "statistics")
SETTINGS = {
    "run": RUN,
    "settings": IdentificationSettings(
        judged=["tiny"], prompts=PROMPTS, described_prompts=50, noises=[0.3], white_noises=[], seed=4
    ),
    "statistics": StatisticsSettings(bootstrap_draws=200),
    "probe": ProbeSettings(),
}
SEEDS = (0, 1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write prompts, settings, and weights of two untrained models."""
    folder = tmp_path_factory.mktemp("identify")
    for name, value in SETTINGS.items():
        (folder / name).write_text(value.model_dump_json())
    store(folder / "fit", "fit", sample_prompts(TASK, 150, torch_generator(0, "prompts", "sphere", "fit")))
    for seed in SEEDS:
        model = build_model(RUN)
        initialise(model, torch_generator(seed, "weights"))
        save_weights(folder / f"seed{seed}", model.state_dict(), RUN, seed)
    return folder


def store(path, split, drawn):
    stored = PromptSettings(name=split, task_name="sphere", task=TASK, split=split, count=len(drawn.y))
    save_tensors(path, drawn.tensors(), {"prompts": stored.model_dump(mode="json")})


def options(folder, *names):
    return [part for name in names for part in (f"--{name}", str(folder / name))]


@pytest.fixture(scope="module")
def known(folder):
    """Return the families on the fresh prompts, and models: layer 1 is PR, layer 2 is R, the output CG."""
    problem, fit = fresh_problem(RUN, PROMPTS, 4), stored_problem(folder / "fit", RUN, "fit")
    everywhere = Candidates(problem, largest_shared_steps(fit.kernel(), fit.ridge), 0, 1)
    exact = np.stack([everywhere.at("PR", 6), everywhere.at("R", 6), everywhere.at("CG", 2)])
    noises = {seed: np.random.default_rng(seed).standard_normal(exact.shape) for seed in SEEDS}
    models = {seed: exact + 0.03 * noise for seed, noise in noises.items()}
    return candidates_on(problem, fit, SETTINGS["settings"]), models


@pytest.fixture(scope="module")
def tables(known):
    return identification_tables(RUN, *known, SETTINGS["settings"], SETTINGS["statistics"])


@pytest.fixture(scope="module")
def written(folder):
    names = ("attribution", "encompassing", "uneven")
    weights = [str(folder / f"seed{seed}") for seed in SEEDS]
    given = options(folder, *READ, *names)
    assert main(["identify_run", *given, "--seeds", "0", "1", "--weights", *weights]) == 0
    return {name: pd.read_parquet(folder / name) for name in names}


def test_models_are_read_on_fresh_prompts_as_in_the_comparison(folder, written, tmp_path):
    """Fails if other prompts are drawn, or layers are not what `probe_model` reads on the same prompts."""
    drawn = sample_prompts(TASK, PROMPTS, torch_generator(4, "identification", "sphere"))
    store(tmp_path / "evaluation", "evaluation", drawn)
    given = [*options(folder, "run", "fit"), "--settings", str(folder / "probe")]
    given += options(tmp_path, "evaluation", "predictions")
    assert main(["probe_model", *given, "--seed", "1", "--weights", str(folder / "seed1")]) == 0
    layers, output = load_predictions(tmp_path / "predictions", RUN, 1, (PROMPTS, 13))
    problem = stored_problem(tmp_path / "evaluation", RUN, "evaluation")
    candidates = candidates_on(problem, stored_problem(folder / "fit", RUN, "fit"), SETTINGS["settings"])
    table = written["attribution"].query("seed == 1").set_index(["layer", "family"])["distance"]
    for layer, predictions in enumerate((*layers[1:], output), start=1):
        for family in ("PR", "smoother"):
            expected = candidates.fit(family, predictions[:, 4:]).distance
            assert table[layer, family] == pytest.approx(expected, rel=1e-4)


def test_raw_weights_are_of_the_same_layers(folder, written):
    """Fails if the step reads other prompts or probes than the identification, or another run's settings."""
    weights = [str(folder / f"seed{seed}") for seed in SEEDS]
    given = options(folder, *READ, "table")
    assert main(["weigh_families", *given, "--seeds", "0", "1", "--weights", *weights]) == 0
    table = pd.read_parquet(folder / "table")
    problem, fit = fresh_problem(RUN, PROMPTS, 4), stored_problem(folder / "fit", RUN, "fit")
    candidates = candidates_on(problem, fit, SETTINGS["settings"])
    stored = load_prompts(folder / "fit", RUN, "fit")
    read = {
        seed: predicted(load_model(folder / f"seed{seed}", RUN, seed), stored, problem, SETTINGS["probe"])
        for seed in SEEDS
    }
    pd.testing.assert_frame_equal(table, raw_table(RUN, candidates, read, SETTINGS["statistics"]))


def test_snapshots_are_identified_as_finished_models_are(folder, written, tmp_path):
    """Fails if a snapshot is not the model of its step, or its layers are read or named in another way.

    Both seeds keep untrained weights as step 5, and each those of the other as step 1; at step 9 one has
    diverged. All prompts are asked for, so that step 5 must give what `identify_run` gives.
    """
    states = [load_model(folder / f"seed{seed}", RUN, seed).state_dict() for seed in SEEDS]
    lost = {name: torch.full_like(tensor, torch.nan) for name, tensor in states[1].items()}
    kept = [
        {5: states[0], 1: states[1], 9: {name: tensor + 0 for name, tensor in states[0].items()}},
        {5: states[1], 1: states[0], 9: lost},
    ]
    for seed, steps in zip(SEEDS, kept, strict=True):
        tensors = {
            f"{step}:{name}": tensor for step, state in steps.items() for name, tensor in state.items()
        }
        save_snapshots(tmp_path / f"seed{seed}", tensors, RUN, seed)
    settings = SETTINGS["settings"].model_copy(update={"described_prompts": PROMPTS})
    (tmp_path / "settings").write_text(settings.model_dump_json())
    given = options(folder, "run", "fit", "probe", "statistics") + options(tmp_path, "settings")
    given += ["--snapshot-attribution", str(tmp_path / "a"), "--snapshot-encompassing", str(tmp_path / "e")]
    snapshots = [str(tmp_path / f"seed{seed}") for seed in SEEDS]
    assert main(["identify_snapshots", *given, "--seeds", "0", "1", "--snapshots", *snapshots]) == 0
    for short, name in (("a", "attribution"), ("e", "encompassing")):
        table = pd.read_parquet(tmp_path / short)
        assert list(table.columns) == list(OF_RUNS[f"snapshot_{name}"].columns)
        found = {
            step: rows.drop(columns="step").reset_index(drop=True) for step, rows in table.groupby("step")
        }
        assert list(found) == [1, 5]
        pd.testing.assert_frame_equal(found[5], written[name])
        first, other = (rows[rows["seed"] == seed] for rows, seed in ((found[1], 0), (written[name], 1)))
        left, right = (rows.drop(columns="seed").reset_index(drop=True) for rows in (first, other))
        pd.testing.assert_frame_equal(left, right)


def test_a_run_that_is_not_judged_takes_fewer_prompts():
    """Fails if the number of prompts does not depend on whether a run is judged."""
    settings = SETTINGS["settings"]
    assert (settings.prompts_of("tiny"), settings.prompts_of("other")) == (PROMPTS, 50)


def test_models_that_diverged_are_left_out(known, tables):
    """Fails if a diverged model takes part, or leads to a traceback where no other is left."""
    candidates, models = known
    diverged = {0: models[0], 1: np.full_like(models[1], np.nan)}
    found = identification_tables(RUN, candidates, diverged, SETTINGS["settings"], SETTINGS["statistics"])
    expected = tables["attribution"].query("seed == 0")
    pd.testing.assert_frame_equal(found["attribution"], expected.reset_index(drop=True))
    with pytest.raises(FileError, match="all of its models diverged"):
        identification_tables(RUN, candidates, {1: diverged[1]}, SETTINGS["settings"], SETTINGS["statistics"])


def test_tables_have_the_columns_of_the_catalogue(written):
    """Fails if a table has a column that the catalogue does not describe, or lacks one."""
    for name, table in written.items():
        assert list(table.columns) == list(OF_RUNS[name].columns), name


def test_layers_and_the_readout_are_named(tables):
    """Fails if a layer is shifted by one, or the model's own readout is left out."""
    named = tables["attribution"].groupby(["seed", "layer"])["named"].first()
    assert named.to_dict() == {(s, layer): n for s in (0, 1) for layer, n in ((1, "PR"), (2, "R"), (3, "CG"))}
    for _, rows in tables["attribution"].groupby(["seed", "layer"]):
        assert list(rows["family"]) == list(FAMILIES)


def test_means_over_seeds_are_means_of_the_seeds(tables):
    """Fails if a row without a seed is not the mean of those of the seeds, or its interval misses it."""
    rows = tables["encompassing"].set_index(["layer", "family", "other"])
    mean, each = rows[(rows["seed"] == -1)].drop(index=0, level="layer"), rows[rows["seed"] >= 0]
    expected = each.groupby(level=[0, 1, 2])["coefficient"].mean()
    np.testing.assert_allclose(mean["coefficient"], expected.loc[mean.index], atol=1e-9)
    assert ((mean["low"] <= mean["coefficient"]) & (mean["coefficient"] <= mean["high"])).all()
    beside = mean.loc[(1, "R", "PR")]
    assert beside["low"] < 1 < beside["high"]
    # Prompts are resampled with both seeds: the interval is about as wide as a seed's, not half of it.
    one = each[each["seed"] == 0].loc[(1, "R", "PR")]
    assert beside["high"] - beside["low"] == pytest.approx(one["high"] - one["low"], rel=0.6)


def test_layers_are_compared_alone_on_the_most_uneven_prompts(tables):
    """Fails if prompts of the layers are not those of the families, or the table is of all prompts."""
    means = tables["uneven"].query("seed == -1").set_index(["layer", "family", "other"])
    for layer, expected in ((1, 1.0), (2, 0.0)):
        found = means.loc[(layer, "R", "PR")]
        assert found["low"] < expected < found["high"]
        whole = tables["encompassing"].query("seed == -1").set_index(["layer", "family", "other"])
        assert found["high"] - found["low"] > 1.2 * np.diff(whole.loc[(layer, "R", "PR"), ["low", "high"]])[0]


@pytest.fixture(scope="module")
def built(folder):
    """Write a model that is built to run preconditioned Richardson, four steps of it, and what it is."""
    settings = BuiltModelSettings(
        layers=30, width=14, heads=1, mlp="bilinear", hidden=5, norm="none", layout="paired", sink=True
    )
    first = build_control("exact", RUN.model_copy(update={"name": "built", "model": settings}), 0)
    model = settings.model_copy(update={"layers": first.setup + 4})
    run = RUN.model_copy(update={"name": "built", "model": model})
    control = build_control("exact", run, 0)
    state = {name: tensor.clone() for name, tensor in control.model.state_dict().items()}
    save_weights(folder / "built", state, run, 0)
    (folder / "expected").write_text(json.dumps({"setup": control.setup}))
    (folder / "built-runs").write_text(json.dumps([run.model_dump(mode="json")]))
    return run, control.setup


def test_known_cases_are_tried(folder, built):
    """Fails if the trials lack a column or a group, or more than one in ten is named wrongly."""
    given = options(folder, *READ, "built-runs", "built", "expected", "table")
    assert main(["try_identification", *given]) == 0
    table = pd.read_parquet(folder / "table")
    assert list(table.columns) == list(OF_RUNS["trials"].columns)
    assert table["wrong"].mean() < 0.1
    assert set(table["group"]) > {"pseudo-layer", "held out", "no iteration"}
    layers = table[table["group"] == "built model"]
    assert list(layers["case"]) == ["built, step 3", "built, step 4"]
    assert set(layers["allowed"]) == {"PR"}
    assert not layers["wrong"].any()
    assert (layers["added_to_r"] > layers["added_by_r"] + 0.5).all()


def test_layers_of_a_built_model_are_its_steps(folder, built):
    """Fails if the setup is counted as steps, or a layer is told as that of the step before or after.

    The model's own readout, at the layers that fitted probes are said to read, gives the steps themselves.
    """
    run, setup = built
    problem, fit = fresh_problem(RUN, PROMPTS, 4), stored_problem(folder / "fit", RUN, "fit")
    files = [folder / "built"], [folder / "expected"]
    found = built_layers(BuiltRuns([run]), *files, fit, problem, ProbeSettings(), 1)
    assert list(found) == [f"built, step {step}" for step in range(1, 5)]
    model, prompts = load_model(folder / "built", run), {"x": problem.x, "y": problem.y}
    own = probe(model, {"x": fit.x, "y": fit.y}, prompts, ProbeSettings(), "own")["layers"].numpy()
    read = predicted(model, {"x": fit.x, "y": fit.y}, problem, ProbeSettings())
    exact = Candidates(problem, largest_shared_steps(fit.kernel(), fit.ridge), 0, 1)
    for step, layer in enumerate(found.values(), start=1):
        np.testing.assert_allclose(own[setup + step], exact.at("PR", step), atol=1e-3)
        np.testing.assert_array_equal(layer, read[setup + step - 1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"settings": IdentificationSettings(blocks=10)}, "found 10 blocks of context lengths from 4 on"),
        (
            {"run": RUN.model_copy(update={"task": TASK.model_copy(update={"kernel": "laplace"})})},
            "its kernel is 'laplace'",
        ),
    ],
)
def test_what_does_not_fit_is_refused(folder, tmp_path, capsys, change, message):
    """Fails if settings that fit neither the prompts nor the task give a table or a traceback."""
    for name, value in change.items():
        (tmp_path / name).write_text(value.model_dump_json())
    given = options(folder, *(name for name in READ if name not in change))
    given += options(tmp_path, *change, "attribution", "encompassing", "uneven")
    command = ["identify_run", *given, "--seeds", "0", "--weights", str(folder / "seed0")]
    assert main(command) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "attribution").exists()
