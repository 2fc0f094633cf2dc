"""Errors that a person can act on: the message names the file, the key, what was found and what to do."""


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
