"""Run the classical solvers and the nulls on a stored set of prompts and keep their whole trajectories."""

import argparse
from pathlib import Path

import torch

from ickrr.config.solvers import SolverSettings
from ickrr.config.task import PromptSettings
from ickrr.device import add_compute_options, resolve_device
from ickrr.entries import NULLS
from ickrr.io.files import paths_by_name, read_settings
from ickrr.io.origin import require_equal
from ickrr.io.tensors import load_tensors, read_metadata, save_tensors
from ickrr.progress import track
from ickrr.solvers.relaxation import is_tuned, tuned
from ickrr.solvers.solve import solve
from ickrr.solvers.system import KernelSystem
from ickrr.solvers.trajectory import Trajectory, mark_divergence


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("--prompts", type=Path, required=True, help="resolved prompt set (JSON)")
    parser.add_argument("--data", type=Path, required=True, help="its prompts (safetensors)")
    parser.add_argument(
        "--fit", type=Path, required=True, help="fit prompts of the same task, to tune on (safetensors)"
    )
    parser.add_argument("--settings", type=Path, required=True, help="solver settings (JSON)")
    parser.add_argument(
        "--trajectories",
        type=Path,
        nargs="+",
        required=True,
        help="files to write: solvers, then nulls",
    )
    add_compute_options(parser)


def main(arguments: argparse.Namespace) -> None:
    """Run every solver of the settings, headline ones first, and every null.

    Raises:
        FileError: an input cannot be read, or the prompts were drawn for another prompt set or task.
        ConfigError: the device is not there.
    """
    torch.set_num_threads(arguments.threads)
    prompts = read_settings(arguments.prompts, PromptSettings)
    settings = read_settings(arguments.settings, SolverSettings)
    device = resolve_device(arguments.device)
    outputs = paths_by_name("--trajectories", settings.compared, arguments.trajectories)
    found, wanted = read_metadata(arguments.data).get("prompts"), prompts.model_dump(mode="json")
    require_equal(arguments.data, "prompts", found, wanted, f"the prompt set '{prompts.name}'")
    data = load_tensors(arguments.data, str(device))
    system = KernelSystem.of_prompts(prompts.task, data["x"], data["y"])
    drawn = (read_metadata(arguments.fit).get("prompts") or {}).get("task")
    require_equal(arguments.fit, "task", drawn, wanted["task"], f"the task '{prompts.task_name}'")
    fit = {
        part: values[: settings.relaxation_prompts] for part, values in load_tensors(arguments.fit).items()
    }
    of_fit = KernelSystem.of_prompts(prompts.task, fit["x"], fit["y"])
    origin = {"prompts": prompts.name, "steps": settings.steps}
    for index in track(len(settings.names), f"solvers on {prompts.name}"):
        name = settings.names[index]
        used = tuned(name, of_fit, settings) if is_tuned(name) else settings
        trajectory = solve(name, system, settings.steps, used)
        further = {"omega": torch.tensor([used.omega], dtype=torch.float64)} if is_tuned(name) else {}
        _save(outputs[name], trajectory, {**origin, "solver": name}, **further)
    x, y = data["x"].cpu(), data["y"].cpu()
    for name in settings.nulls:
        path = NULLS.load(name).path(prompts.task, x.numpy(), y.numpy(), settings.steps)
        trajectory = mark_divergence(torch.from_numpy(path), y)
        _save(outputs[name], trajectory, {**origin, "solver": name})


def _save(path: Path, trajectory: Trajectory, origin: dict[str, object], **further: torch.Tensor) -> None:
    arrays = {"predictions": trajectory.predictions, "diverged_at": trajectory.diverged_at}
    save_tensors(path, arrays | further, origin)
