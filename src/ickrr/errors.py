"""Errors that a person can act on: the message names the file, the key, what was found and what to do."""

import sys


class IckrrError(Exception):
    """Base of all errors whose message is shown without a traceback."""


class ConfigError(IckrrError):
    """The configuration asks for something that does not exist or is out of range."""


class FileError(IckrrError):
    """A file is missing, damaged, or not what its reader expects."""


class TrainingError(IckrrError):
    """Training cannot go on."""


class ConstructionError(IckrrError):
    """Weights that are asked for cannot be built, or data violate what they were built for."""


def not_installed(error: ModuleNotFoundError) -> str:
    """Say which package this Python lacks, and where it would be."""
    if error.name is None or error.name.split(".")[0] == "ickrr":
        raise error
    return (
        f"{error.name}: is not installed for {sys.executable}; run make env, and use the Python of .venv "
        "(source .venv/bin/activate)"
    )
