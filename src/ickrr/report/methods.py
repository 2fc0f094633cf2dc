"""Names of the methods as text and tables write them."""

from typing import Final

from ickrr.config.claim_terms import FAMILY_WORDS
from ickrr.entries import LAWS, NULLS, SOLVERS, Entries

MODELS: Final[dict[str, str]] = {
    "transformer": "Transformer",
    "transformer_output": "Transformer, own readout",
    "posterior_mean": "Posterior mean",
}
"""Names of the methods that are neither solvers nor nulls."""


FAMILIES: Final = FAMILY_WORDS | {
    "PR closed": "the preconditioned closed form",
    "R shared": "Richardson with a shared step",
}
"""Words for the families that the paper uses, each of which can stand alone in a sentence or a table."""


def name(method: str) -> str:
    """Return the name of a method as tables and legends with room write it."""
    return MODELS.get(method) or str(_of(method).load(method).NAME)


def short_name(method: str) -> str:
    """Return the name of a method where there is little room."""
    return MODELS.get(method) or str(_of(method).load(method).SHORT)


def prose_name(method: str) -> str:
    """Return the name as it stands inside a sentence (proper names keep their capital)."""
    text = name(method)
    keeps_capital = method not in MODELS and _of(method).load(method).PROPER
    return text if keeps_capital else text[0].lower() + text[1:]


def _of(method: str) -> Entries:
    return NULLS if method in NULLS else SOLVERS


def law_name(law: str) -> str:
    """Return the name of an input law."""
    return str(LAWS.load(law).NAME)


def law_word(law: str) -> str:
    """Return the word for inputs of a law inside a sentence: spherical, Gaussian."""
    proper = law_name(law)
    return proper if proper.lower() == law else law


RANDOM: Final = "random"
CONTROLS: Final = {"built": "ReLU interpolants", "exact": "exact products", RANDOM: "random weights"}
"""Names of the controls' weights."""
