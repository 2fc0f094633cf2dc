"""Tests of the step `solve_prompts`."""

import pytest
import torch

from ickrr.__main__ import main
from ickrr.code import import_closure
from ickrr.config.analysis import SolverSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.io.tensors import load_tensors, read_metadata

SETTINGS = SolverSettings(
    headline=["preconditioned_richardson", "conjugate_gradient"],
    others=["newton_schulz"],
    steps=12,
    chunk_prompts=4,
)


@pytest.fixture
def inputs(tmp_path):
    """Write a prompt set, its prompts and solver settings; return the verb's options."""
    task = TaskSettings(context_length=4, dimension=3, noise_std=1.5)
    prompts = PromptSettings(name="ball-fit", task_name="ball", task=task, split="fit", count=6)
    (tmp_path / "prompts.json").write_text(prompts.model_dump_json())
    (tmp_path / "solvers.json").write_text(SETTINGS.model_dump_json())
    (tmp_path / "sets.json").write_text(f"[{prompts.model_dump_json()}]")
    options = {"--prompts": tmp_path / "sets.json", "--outputs": tmp_path / "data.safetensors"}
    assert main(["sample_prompts", *flat(options)]) == 0
    return {
        "--prompts": tmp_path / "prompts.json",
        "--data": tmp_path / "data.safetensors",
        "--settings": tmp_path / "solvers.json",
        "--output-directory": tmp_path / "out",
        "--device": "cpu",
    }


def flat(options):
    return [str(part) for pair in options.items() for part in pair]


def test_writes_one_trajectory_a_solver(inputs):
    """Fails if a solver's file is missing or not what the contract says, or its limit is not KRR."""
    assert main(["solve_prompts", *flat(inputs)]) == 0
    files = sorted(inputs["--output-directory"].iterdir())
    assert [file.stem for file in files] == sorted(SETTINGS.names)
    target = load_tensors(inputs["--data"])["posterior_mean"]
    for file in files:
        stored = load_tensors(file)
        assert stored["predictions"].shape == (13, 6, 5)
        assert stored["predictions"].dtype == torch.float64
        assert stored["diverged_at"].shape == (6, 5)
        assert stored["diverged_at"].dtype == torch.int64
        assert read_metadata(file) == {"prompts": "ball-fit", "solver": file.stem, "steps": 12}
        if file.stem == "preconditioned_richardson":
            # lambda = 2.25: at n = 1 it grows by 2.25 a step and is still below the limit after 12.
            growth = stored["predictions"][-1, :, 1] / target[:, 1]
            torch.testing.assert_close(growth, torch.full_like(growth, 1 - 2.25**12))
        else:
            torch.testing.assert_close(stored["predictions"][-1], target, rtol=0, atol=1e-10)


def test_repeats_byte_for_byte(inputs, tmp_path):
    """Fails if a second run of the same inputs writes other bytes."""
    assert main(["solve_prompts", *flat(inputs)]) == 0
    again = {**inputs, "--output-directory": tmp_path / "again"}
    assert main(["solve_prompts", *flat(again)]) == 0
    for name in SETTINGS.names:
        first = (inputs["--output-directory"] / f"{name}.safetensors").read_bytes()
        assert first == (tmp_path / "again" / f"{name}.safetensors").read_bytes()


def test_refuses_prompts_of_another_task(inputs, capsys):
    """Fails if prompts are solved with a kernel or noise that they were not drawn with."""
    spec = inputs["--prompts"]
    spec.write_text(spec.read_text().replace('"count":6', '"count":7'))
    assert main(["solve_prompts", *flat(inputs)]) == 1
    message = capsys.readouterr().err
    assert "data.safetensors: was not made for the prompt set" in message
    assert "its 'prompts.count' is 6, expected 7" in message
    assert not inputs["--output-directory"].exists()


def test_missing_gpu_is_one_message(inputs, capsys, monkeypatch):
    """Fails if asking for an absent GPU gives a traceback or runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["solve_prompts", *flat({**inputs, "--device": "cuda"})]) == 1
    assert "compute.device is 'cuda'" in capsys.readouterr().err


def test_imports_no_other_wing():
    """Fails if editing training, analysis, constructions or reports would solve everything anew."""
    names = {path.as_posix().split("/ickrr/")[1] for path in import_closure("ickrr.steps.solve_prompts")}
    rooms = {name.split("/")[0] for name in names if "/" in name}
    assert rooms == {"config", "io", "kernels", "laws", "solvers", "steps"}
    assert {name for name in names if name.startswith("steps/")} == {
        "steps/__init__.py",
        "steps/solve_prompts.py",
    }
    assert {name for name in names if name.startswith("config/")} == {
        "config/__init__.py",
        "config/analysis.py",
        "config/fields.py",
        "config/task.py",
    }
