"""Tests of the step `solve_prompts`."""

import pytest
import torch

from ickrr.__main__ import main
from ickrr.code import import_closure
from ickrr.config.solvers import SolverSettings
from ickrr.config.task import PromptSettings, TaskSettings
from ickrr.io.tensors import load_tensors, read_metadata

SETTINGS = SolverSettings(
    headline=["preconditioned_richardson_kernel", "conjugate_gradient"],
    others=["newton_schulz"],
    steps=12,
    chunk_prompts=4,
)


@pytest.fixture
def inputs(tmp_path):
    """Write a prompt set, its prompts and solver settings; return the step's options."""
    task = TaskSettings(context_length=4, dimension=3, noise_std=1.5)
    prompts = PromptSettings(name="ball-fit", task_name="ball", task=task, split="fit", count=6)
    (tmp_path / "prompts.json").write_text(prompts.model_dump_json())
    (tmp_path / "solvers.json").write_text(SETTINGS.model_dump_json())
    (tmp_path / "sets.json").write_text(f"[{prompts.model_dump_json()}]")
    for name in ("data", "fit"):
        options = {"--prompts": tmp_path / "sets.json", "--sets": tmp_path / f"{name}.safetensors"}
        assert main(["sample_prompts", *flat(options)]) == 0
    return {
        "--prompts": tmp_path / "prompts.json",
        "--data": tmp_path / "data.safetensors",
        "--fit": tmp_path / "fit.safetensors",
        "--settings": tmp_path / "solvers.json",
        "--trajectories": [tmp_path / "out" / f"{name}.safetensors" for name in SETTINGS.names],
        "--device": "cpu",
    }


def flat(options):
    """Words of the command line; a list gives several after one option."""
    words = []
    for option, value in options.items():
        words += [option, *map(str, value if isinstance(value, list) else [value])]
    return words


def test_writes_one_trajectory_a_solver(inputs):
    """Fails if a solver's file is missing or not what the contract says, or its limit is not KRR."""
    assert main(["solve_prompts", *flat(inputs)]) == 0
    files = inputs["--trajectories"]
    assert sorted(files[0].parent.iterdir()) == sorted(files)
    target = load_tensors(inputs["--data"])["posterior_mean"]
    for file in files:
        stored = load_tensors(file)
        assert stored["predictions"].shape == (13, 6, 5)
        assert stored["predictions"].dtype == torch.float64
        assert stored["diverged_at"].shape == (6, 5)
        assert stored["diverged_at"].dtype == torch.int64
        assert read_metadata(file) == {"prompts": "ball-fit", "solver": file.stem, "steps": 12}
        if file.stem == "preconditioned_richardson_kernel":
            # lambda = 2.25: at n = 1 it grows by 2.25 a step and is still below the limit after 12.
            growth = stored["predictions"][-1, :, 1] / target[:, 1]
            torch.testing.assert_close(growth, torch.full_like(growth, 1 - 2.25**12))
        else:
            torch.testing.assert_close(stored["predictions"][-1], target, rtol=0, atol=1e-10)


def test_nulls_are_written_like_solvers(inputs, tmp_path):
    """Fails if a null's file has another form, another null's path, or that of other prompts."""
    settings = SETTINGS.model_copy(update={"others": [], "nulls": ["shrinkage_path", "ridge_path"]})
    inputs["--settings"].write_text(settings.model_dump_json())
    files = {name: tmp_path / "out" / f"{name}.safetensors" for name in settings.compared}
    assert list(files) == [*SETTINGS.headline, "shrinkage_path", "ridge_path"]
    assert main(["solve_prompts", *flat({**inputs, "--trajectories": list(files.values())})]) == 0
    target = load_tensors(inputs["--data"])["posterior_mean"]
    stored = {name: load_tensors(path) for name, path in files.items()}
    for name in settings.nulls:
        assert read_metadata(files[name]) == {"prompts": "ball-fit", "solver": name, "steps": 12}
        assert stored[name].keys() == stored["conjugate_gradient"].keys()
        assert stored[name]["predictions"].shape == (13, 6, 5)
        assert (stored[name]["diverged_at"] == -1).all()
    half = stored["shrinkage_path"]["predictions"][6]
    torch.testing.assert_close(half, target / 2, rtol=0, atol=1e-10)
    # With a ridge of 500 the prediction is about k'y / 500; with a tenth of the task's it has not shrunk.
    ridge = stored["ridge_path"]["predictions"]
    assert ridge[0].abs().max() < 0.02 * target.abs().max()
    assert ridge[-1].square().mean() > target.square().mean()


def test_the_relaxation_is_the_best_on_the_fit_prompts(inputs, tmp_path):
    """Fails if it is chosen on other prompts, by another loss, or changes the other solvers."""
    solvers = ["preconditioned_richardson", "preconditioned_richardson_relaxed"]
    grid = [1.0, 1.5, 1.9]
    chosen = SETTINGS.model_copy(update={"headline": solvers, "others": [], "relaxations": grid, "steps": 5})
    inputs["--settings"].write_text(chosen.model_dump_json())
    task = TaskSettings(context_length=4, dimension=3, noise_std=1.5)
    fit = PromptSettings(name="ball-fit", task_name="ball", task=task, split="fit", count=40, seed=3)
    (tmp_path / "sets.json").write_text(f"[{fit.model_dump_json()}]")
    assert (
        main(["sample_prompts", "--prompts", str(tmp_path / "sets.json"), "--sets", str(inputs["--fit"])])
        == 0
    )
    files = {name: tmp_path / "out" / f"{name}.safetensors" for name in solvers}
    assert main(["solve_prompts", *flat({**inputs, "--trajectories": list(files.values())})]) == 0
    data = load_tensors(inputs["--fit"])
    losses = {}
    for omega in grid:
        squares = []
        for x, y, target in zip(data["x"], data["y"], data["posterior_mean"], strict=True):
            for n in range(1, 5):
                kernel = torch.exp(-torch.cdist(x, x).square() / 2)
                matrix, a = kernel[:n, :n] + 2.25 * torch.eye(n), torch.zeros(n, dtype=torch.float64)
                for _ in range(5):
                    a = a + omega * (y[:n] - matrix @ a) / matrix.sum(dim=1)
                    squares.append(float((kernel[n, :n] @ a - target[n]) ** 2))
        losses[omega] = sum(squares) / len(squares)
    found = float(load_tensors(files[solvers[1]])["omega"])
    assert found == min(losses, key=losses.get)
    plain, relaxed = (load_tensors(path)["predictions"] for path in files.values())
    torch.testing.assert_close(relaxed[1], found * plain[1])  # the first step is omega times that of one
    assert "omega" not in load_tensors(files[solvers[0]])


def test_repeats_byte_for_byte(inputs, tmp_path):
    """Fails if a second run of the same inputs writes other bytes."""
    assert main(["solve_prompts", *flat(inputs)]) == 0
    again = [tmp_path / "again" / path.name for path in inputs["--trajectories"]]
    assert main(["solve_prompts", *flat({**inputs, "--trajectories": again})]) == 0
    for first, second in zip(inputs["--trajectories"], again, strict=True):
        assert first.read_bytes() == second.read_bytes()


def test_refuses_prompts_of_another_task(inputs, capsys):
    """Fails if prompts are solved with a kernel or noise that they were not drawn with."""
    spec = inputs["--prompts"]
    spec.write_text(spec.read_text().replace('"count":6', '"count":7'))
    assert main(["solve_prompts", *flat(inputs)]) == 1
    message = capsys.readouterr().err
    assert "data.safetensors: was not made for the prompt set" in message
    assert "its 'prompts.count' is 6, expected 7" in message
    assert not inputs["--trajectories"][0].exists()


def test_refuses_fit_prompts_of_another_task(inputs, tmp_path, capsys):
    """Fails if the relaxation is chosen with the kernel and noise of another task."""
    other = TaskSettings(context_length=4, dimension=3, noise_std=0.5)
    fit = PromptSettings(name="ball-fit", task_name="ball", task=other, split="fit", count=6)
    (tmp_path / "sets.json").write_text(f"[{fit.model_dump_json()}]")
    assert (
        main(["sample_prompts", "--prompts", str(tmp_path / "sets.json"), "--sets", str(inputs["--fit"])])
        == 0
    )
    assert main(["solve_prompts", *flat(inputs)]) == 1
    assert "its 'task.noise_std' is 0.5, expected 1.5" in capsys.readouterr().err


def test_refuses_fewer_files_than_solvers(inputs, capsys):
    """Fails if a solver is left out, or filed under the name of another, where a file is not named."""
    assert main(["solve_prompts", *flat({**inputs, "--trajectories": inputs["--trajectories"][1:]})]) == 1
    assert "--trajectories: names 2 files, needs one for each of" in capsys.readouterr().err
    assert not inputs["--trajectories"][1].exists()


def test_missing_gpu_is_one_message(inputs, capsys, monkeypatch):
    """Fails if asking for an absent GPU gives a traceback or runs on the CPU."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert main(["solve_prompts", *flat({**inputs, "--device": "cuda"})]) == 1
    assert "compute.device is 'cuda'" in capsys.readouterr().err


def test_imports_nothing_of_training_or_analysis():
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
        "config/solvers.py",
        "config/fields.py",
        "config/task.py",
    }
