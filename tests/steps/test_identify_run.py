"""The steps of the identification on models that are known, and their tables against the catalogue."""

import numpy as np
import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.catalogue.of_runs import OF_RUNS
from ickrr.config.identification import IdentificationSettings
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.statistics import StatisticsSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.identification.families import FAMILIES, Candidates
from ickrr.identification.prompts import stored_problem
from ickrr.identification.spectra import largest_shared_steps
from ickrr.io.run_files import run_metadata
from ickrr.io.tensors import save_tensors
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts

TASK = TaskSettings(context_length=12)
COUNT = {"fit": 150, "evaluation": 300}
RUN = RunSettings(
    name="tiny",
    task_name="sphere",
    task=TASK,
    model=ModelSettings(layers=2, width=16, heads=2),
    training=TrainingSettings(),
)
READ = ("run", "fit", "evaluation", "settings", "statistics")
SETTINGS = {
    "run": RUN,
    "settings": IdentificationSettings(noises=[0.3], white_noises=[]),
    "statistics": StatisticsSettings(bootstrap_draws=200),
    "probe": ProbeSettings(),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write prompts, settings, and predictions of two models: layer 1 is PR, layer 2 is R, the output CG."""
    folder = tmp_path_factory.mktemp("identify")
    for split, count in COUNT.items():
        drawn = sample_prompts(TASK, count, torch_generator(0, "prompts", "sphere", split))
        stored = PromptSettings(name=split, task_name="sphere", task=TASK, split=split, count=count)
        save_tensors(folder / split, drawn.tensors(), {"prompts": stored.model_dump(mode="json")})
    for name, value in SETTINGS.items():
        (folder / name).write_text(value.model_dump_json())
    problem, fit = (stored_problem(folder / split, RUN, split) for split in ("evaluation", "fit"))
    everywhere = Candidates(problem, largest_shared_steps(fit.kernel(), fit.ridge), 0, 1)
    exact = np.stack([everywhere.at("PR", 6), everywhere.at("R", 6), everywhere.at("CG", 2)])
    for seed in (0, 1):
        noisy = torch.from_numpy(exact + 0.03 * np.random.default_rng(seed).standard_normal(exact.shape))
        arrays = {"layers": torch.stack([torch.zeros_like(noisy[0]), *noisy[:2]]), "output": noisy[2]}
        save_tensors(folder / f"seed{seed}", arrays, run_metadata(RUN, seed))
    return folder


def options(folder, *names):
    return [part for name in names for part in (f"--{name}", str(folder / name))]


@pytest.fixture(scope="module")
def tables(folder):
    given = options(folder, *READ, "attribution", "encompassing")
    predictions = [str(folder / "seed0"), str(folder / "seed1")]
    assert main(["identify_run", *given, "--seeds", "0", "1", "--predictions", *predictions]) == 0
    return {name: pd.read_parquet(folder / name) for name in ("attribution", "encompassing")}


def test_tables_have_the_columns_of_the_catalogue(tables):
    """Fails if a table has a column that the catalogue does not describe, or lacks one."""
    for name, table in tables.items():
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


def test_known_cases_are_tried(folder):
    """Fails if the trials lack a column or a group, or more than one in ten is named wrongly."""
    given = options(folder, *READ, "probe", "table")
    assert main(["try_identification", *given]) == 0
    table = pd.read_parquet(folder / "table")
    assert list(table.columns) == list(OF_RUNS["trials"].columns)
    assert table["wrong"].mean() < 0.1
    assert set(table["group"]) > {"pseudo-layer", "held out", "no iteration"}


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
    given += options(tmp_path, *change, "attribution", "encompassing")
    command = ["identify_run", *given, "--seeds", "0", "--predictions", str(folder / "seed0")]
    assert main(command) == 1
    assert message in capsys.readouterr().err
    assert not (tmp_path / "attribution").exists()
