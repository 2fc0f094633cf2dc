"""Laws that prompts of the construction are drawn from, whatever the settings say; free of torch.

A certificate covers these laws and no others, so that a law which is added later leaves it as it is. The
digest of a job must cover the laws that it draws from, so the rules read them here.
"""

from typing import Final

RANDOM_LAWS: Final = ("spherical", "uniform", "gaussian")
"""Laws of the random prompts on which a built model is verified."""

DIRECTIONS: Final = "spherical"
"""Law of the directions from which adversarial points are made."""
