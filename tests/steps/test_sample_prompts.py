"""Tests of the step `sample_prompts`."""

import json

import torch

from ickrr.__main__ import main
from ickrr.code import import_closure
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.io.tensors import load_tensors, read_metadata
from ickrr.tasks import bayes_ridge, kernel_matrix, posterior


def draw(folder, name="prompts", **changes):
    task = TaskSettings(context_length=4, dimension=3)
    values = {"name": "ball-fit", "task_name": "ball", "task": task, "split": "fit", "count": 6}
    settings = PromptSettings(**{**values, **changes})
    spec, output = folder / f"{name}.json", folder / f"{name}.safetensors"
    spec.write_text(f"[{settings.model_dump_json()}]")
    assert main(["sample_prompts", "--prompts", str(spec), "--sets", str(output)]) == 0
    return settings, output


def test_stores_what_the_contract_says(tmp_path):
    """Fails if an array is missing, has another shape or type, or the settings are not in the file."""
    settings, output = draw(tmp_path)
    stored = load_tensors(output)
    assert {name: tuple(tensor.shape) for name, tensor in stored.items()} == {
        "x": (6, 5, 3),
        "y": (6, 5),
        "f": (6, 5),
        "posterior_mean": (6, 5),
        "posterior_variance": (6, 5),
    }
    assert {tensor.dtype for tensor in stored.values()} == {torch.float64}
    assert read_metadata(output) == {"prompts": settings.model_dump(mode="json")}
    kernel = kernel_matrix(settings.task, stored["x"])
    mean, variance = posterior(kernel, stored["y"], bayes_ridge(settings.task))
    torch.testing.assert_close(stored["posterior_mean"], mean)
    torch.testing.assert_close(stored["posterior_variance"], variance)


def test_equal_settings_give_equal_bytes_and_splits_differ(tmp_path):
    """Fails if drawing is not repeatable, or if probes would be evaluated on what they were fitted to."""
    _, first = draw(tmp_path, "first")
    _, again = draw(tmp_path, "again")
    _, evaluation = draw(tmp_path, "evaluation", split="evaluation")
    _, reseeded = draw(tmp_path, "reseeded", seed=1)
    assert first.read_bytes() == again.read_bytes()
    x = load_tensors(first)["x"]
    for other in (evaluation, reseeded):
        assert not load_tensors(other)["x"].eq(x).any()


def test_bad_settings_are_one_message(tmp_path, capsys):
    """Fails if a spec that does not fit the schema gives a traceback, or a half-written output."""
    spec, output = tmp_path / "spec.json", tmp_path / "out.safetensors"
    spec.write_text(json.dumps([{"name": "a", "task_name": "a", "task": {"law": "cubic"}, "split": "fit"}]))
    assert main(["sample_prompts", "--prompts", str(spec), "--sets", str(output)]) == 1
    assert "key '0.task.law' is 'cubic'" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [spec]


def test_imports_what_prompts_need_and_nothing_else():
    """Fails if editing a solver, the model or an analysis would draw all prompts anew."""
    names = {path.as_posix().split("/ickrr/")[1] for path in import_closure("ickrr.steps.sample_prompts")}
    assert names == {
        "__init__.py",
        "config/__init__.py",
        "config/fields.py",
        "config/task.py",
        "entries.py",
        "errors.py",
        "io/__init__.py",
        "io/files.py",
        "io/tensors.py",
        "kernels/__init__.py",
        "laws/__init__.py",
        "laws/normal.py",
        "randomness.py",
        "steps/__init__.py",
        "steps/sample_prompts.py",
        "tasks.py",
        "threads.py",
    }
