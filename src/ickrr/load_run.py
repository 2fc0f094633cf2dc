"""The function `load_run`, so that ``from ickrr import load_run`` gives it.

It stands in a module of its own, which is called like a function, and not in ``ickrr/__init__.py``: every job
depends on the code of the package's own file, so that all results would depend on the loader.
"""

import sys
from pathlib import Path
from types import ModuleType

from ickrr.loading.run import LoadedRun, load


class _Function(ModuleType):
    """A module that is called like the function in it (Python reference, section 3.3.2.1)."""

    @staticmethod
    def __call__(run: str, seed: int | None = None, results: str | Path = "results/laptop") -> LoadedRun:
        """Return a trained model with its prompts, the predictions of its layers, and the solvers'.

        Nothing but the settings is read before it is asked for.

        Args:
            run: name of a run, as in config.yaml.
            seed: seed of the training; the smallest that is there when absent.
            results: folder ``results/<scale>``; one that does not exist below the working directory is looked
                for in the project.

        Raises:
            FileError: the run has no weights there, or they are damaged.
        """
        return load(run, seed, results)


sys.modules[__name__].__class__ = _Function
