"""The tool `pilot_identification` on a model that is preconditioned Richardson, which it must name."""

import pandas as pd
import pytest
import torch

from ickrr.__main__ import main
from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.identification.prompts import Problem
from ickrr.identification.spectra import iterated, row_sum_weights, spectrum
from ickrr.io.run_files import run_metadata
from ickrr.io.tensors import save_tensors
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts

TASK = TaskSettings()
COUNT = {"fit": 60, "evaluation": 80}


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Make the tables of a model whose layer 1 is step 6 of preconditioned Richardson with a little noise."""
    folder = tmp_path_factory.mktemp("pilot")
    model = ModelSettings(layers=4, width=16, heads=2)
    run = RunSettings(name="tiny", task_name="sphere", task=TASK, model=model, training=TrainingSettings())
    for split, count in COUNT.items():
        drawn = sample_prompts(TASK, count, torch_generator(0, "prompts", "sphere", split))
        settings = PromptSettings(name=split, task_name="sphere", task=TASK, split=split, count=count)
        save_tensors(folder / split, drawn.tensors(), {"prompts": settings.model_dump(mode="json")})
    problem = Problem(drawn.x.numpy(), drawn.y.numpy(), TASK.lengthscale, TASK.noise_std**2)
    found = spectrum(problem.kernel(), problem.y, problem.ridge, row_sum_weights)
    exact = torch.from_numpy(found.predict(iterated(6)))
    layer = exact + 0.02 * torch.randn(
        exact.shape, generator=torch_generator(1, "noise"), dtype=torch.float64
    )
    layers = torch.stack([torch.zeros_like(layer), layer])
    save_tensors(folder / "layers", {"layers": layers, "output": drawn.posterior_mean}, run_metadata(run, 0))
    given = {"predictions": "layers", **{split: split for split in COUNT}, "output": "a", "degrees": "b"}
    options = [part for name, file in given.items() for part in (f"--{name}", str(folder / file))]
    assert main(["pilot_identification", *options, "--draws", "40"]) == 0
    return pd.read_csv(folder / "a"), pd.read_csv(folder / "b")


def test_every_group_and_pair_is_there(tables):
    """Fails if a case lacks a pair, or one list of nuisances."""
    cases = tables[0]
    assert set(cases.group) == {"no iteration", "known", "held out", "pseudo-layer", "trained"}
    assert (cases.groupby(["group", "case"]).size() == 6).all()
    assert cases[cases.group == "known"].b.notna().all()


def test_the_layer_is_named(tables):
    """Fails if the model's layer is not preconditioned Richardson against Richardson and the closed form."""
    rows = tables[0].query("group == 'trained' and case == 'layer 1' and second == 'PR'")
    assert list(rows["first"]) == ["R", "R", "PR closed", "PCG", "ridge"]
    assert set(rows[rows["first"] != "PCG"].verdict) == {"B encompasses A"}
    assert (rows.second_distance < 0.1).all()


def test_degrees_fall_short_of_the_steps_and_never_exceed_them(tables):
    """Fails if six steps of Richardson are said to need more than six kernel products."""
    degree = tables[1].query("group == 'trained' and case == 'layer 1' and matrix == 'P A'").degree.item()
    assert 1 <= degree <= 6
