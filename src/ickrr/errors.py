"""Errors that a person can act on: the message names the file, the key, what was found and what to do."""


class IckrrError(Exception):
    """Base of all errors whose message is shown without a traceback."""


class ConfigError(IckrrError):
    """The configuration asks for something that does not exist or is out of range."""


class FileError(IckrrError):
    """A file is missing, damaged, or not what its reader expects."""


class TrainingError(IckrrError):
    """Training cannot continue."""


class ConstructionError(IckrrError):
    """Weights that were asked for cannot be built, or data are outside the bounds they were built for."""
