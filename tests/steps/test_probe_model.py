"""The step probe_model, on a real (untrained) transformer: what it writes, and what it refuses by name."""

import hashlib
import json

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file
from sklearn.linear_model import Ridge

from ickrr.__main__ import main
from ickrr.config.model import ModelSettings
from ickrr.config.probe import ProbeSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.io.files import write_json
from ickrr.io.tensors import read_metadata, save_tensors
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, save_weights
from ickrr.randomness import torch_generator
from ickrr.tasks import sample_prompts

TASK = TaskSettings(dimension=3, context_length=5)
COUNT = {"fit": 40, "evaluation": 12}


def make_run(layout="interleaved", task=TASK):
    model = ModelSettings(layers=2, width=16, heads=2, layout=layout)
    return RunSettings(name="tiny", task_name="sphere", task=task, model=model, training=TrainingSettings())


def write_prompts(path, split, task=TASK):
    settings = PromptSettings(
        name=f"sphere-{split}", task_name="sphere", task=task, split=split, count=COUNT[split]
    )
    prompts = sample_prompts(task, COUNT[split], torch_generator(0, "prompts", "sphere", split))
    save_tensors(path, prompts.tensors(), {"prompts": settings.model_dump(mode="json")})


@pytest.fixture
def files(tmp_path):
    return write_files(tmp_path, make_run())


def write_files(directory, run):
    options = {
        name: directory / f"{name}.safetensors" for name in ("fit", "evaluation", "weights", "predictions")
    }
    options |= {"run": directory / "run.json", "settings": directory / "probe.json"}
    write_json(options["run"], run.model_dump(mode="json"))
    write_json(options["settings"], ProbeSettings(chunk_prompts=7, ridge=1e-3).model_dump(mode="json"))
    for split in COUNT:
        write_prompts(options[split], split)
    model = build_model(run)
    initialise(model, torch_generator(4, "weights"))
    save_weights(options["weights"], model.state_dict(), run, 4)
    return options


def probe(options, seed=4):
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    return main(["probe_model", "--seed", str(seed), "--threads", "1", "--device", "cpu", *words])


@pytest.mark.parametrize("layout", ["interleaved", "paired"])
def test_predictions_equal_a_ridge_on_captured_streams(tmp_path, layout):
    """Fails if fit and evaluation are mixed up, layers misordered, or the output is not the model's."""
    run = make_run(layout)
    options = write_files(tmp_path, run)
    assert probe(options) == 0
    written = load_file(options["predictions"])
    model = build_model(run)
    initialise(model, torch_generator(4, "weights"))
    fit, evaluation = load_file(options["fit"]), load_file(options["evaluation"])

    def streams(prompts):
        x, y = (torch.from_numpy(prompts[name]).float() for name in ("x", "y"))
        with torch.no_grad():
            return model.residual_streams(x, y).double().numpy(), model(x, y).double().numpy()

    features, _ = streams(fit)
    new_features, output = streams(evaluation)
    assert written["layers"].shape == (3, 12, 6) and written["layers"].dtype == np.float64
    np.testing.assert_allclose(written["output"], output, atol=1e-6)
    for layer in range(3):
        design = features[layer].reshape(-1, 16)
        penalty = 1e-3 * ((design - design.mean(0)) ** 2).sum() / 16
        reference = Ridge(alpha=penalty).fit(design, fit["y"].ravel())
        expected = reference.predict(new_features[layer].reshape(-1, 16)).reshape(12, 6)
        np.testing.assert_allclose(written["layers"][layer], expected, atol=1e-4)


def test_metadata_name_the_run_and_equal_calls_give_equal_bytes(files):
    """Fails if predictions cannot be traced to their run and seed, or anything in the file varies."""
    digests = set()
    for _ in range(2):
        assert probe(files) == 0
        digests.add(hashlib.sha256(files["predictions"].read_bytes()).hexdigest())
    assert len(digests) == 1
    run = json.loads(files["run"].read_text())
    assert read_metadata(files["predictions"]) == {"run": run, "seed": 4}


@pytest.mark.parametrize(
    ("option", "task", "complaint"),
    [
        (
            "fit",
            TaskSettings(dimension=3, context_length=5, noise_std=0.5),
            "'prompts.task.noise_std' is 0.5",
        ),
        ("evaluation", TaskSettings(dimension=3, context_length=6), "'prompts.task.context_length' is 6"),
    ],
)
def test_prompts_of_another_task_are_refused(files, capsys, option, task, complaint):
    """Fails if readouts are fitted to, or judged on, prompts of a task that is not the run's."""
    write_prompts(files[option], option, task)
    assert probe(files) == 1
    message = capsys.readouterr().err
    assert complaint in message and str(files[option]) in message and "run 'tiny'" in message
    assert not files["predictions"].exists()


def test_evaluation_on_the_fit_prompts_is_refused(files, capsys):
    """Fails if a probe may be judged on what it was fitted to."""
    assert probe(files | {"evaluation": files["fit"]}) == 1
    assert "'prompts.split' is 'fit'" in capsys.readouterr().err


def test_arrays_of_another_shape_are_refused(files, capsys):
    """Fails if metadata are believed although the arrays say otherwise."""
    metadata = read_metadata(files["fit"])
    arrays = {name: torch.from_numpy(array) for name, array in load_file(files["fit"]).items()}
    save_tensors(files["fit"], arrays | {"x": arrays["x"][:, :, :2]}, metadata)
    assert probe(files) == 1
    assert "'x' has shape (40, 6, 2), wanted (any, 6, 3)" in capsys.readouterr().err
    save_tensors(files["fit"], arrays | {"y": arrays["y"][:30]}, metadata)
    assert probe(files) == 1
    assert "different numbers of prompts" in capsys.readouterr().err


def test_weights_of_another_seed_are_refused(files, capsys):
    """Fails if the predictions of one seed can be filed under another."""
    assert probe(files, seed=5) == 1
    assert "seed" in capsys.readouterr().err


def test_files_without_metadata_are_refused(files, capsys):
    """Fails on a traceback where a prompt file says nothing of its origin."""
    arrays = {name: torch.from_numpy(array) for name, array in load_file(files["fit"]).items()}
    save_tensors(files["fit"], arrays, {})
    assert probe(files) == 1
    assert "its 'prompts' is None" in capsys.readouterr().err
