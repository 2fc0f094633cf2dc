"""The device of a job: the config's ``auto``, ``cpu`` or ``cuda`` as a torch device."""

import argparse

import torch

from ickrr.errors import ConfigError
from ickrr.threads import add_threads_option

DEVICES = ("auto", "cpu", "cuda")


def add_compute_options(parser: argparse.ArgumentParser) -> None:
    """Declare the CPU threads and the device of a step that can use a GPU."""
    add_threads_option(parser)
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to compute (default auto)")


def resolve_device(name: str) -> torch.device:
    """Return the device that a setting names; ``auto`` is a GPU where there is one.

    Args:
        name: one of `DEVICES`.

    Raises:
        ConfigError: the name is unknown, or a GPU is asked for and torch sees none.
    """
    if name not in DEVICES:
        raise ConfigError(f"compute.device is '{name}'; it must be one of {', '.join(DEVICES)}")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        build = "has no CUDA support" if torch.version.cuda is None else "finds no usable GPU"
        raise ConfigError(
            f"compute.device is 'cuda', but torch {torch.__version__} {build}; "
            "set compute.device to auto or cpu, or install a CUDA build on a machine with a GPU"
        )
    return torch.device("cuda" if available and name != "cpu" else "cpu")
