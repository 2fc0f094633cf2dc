"""A project with invented results."""

from invented_results import project

__all__ = ["project"]
