"""Statistics as modules; what they compute is judged a second time in tests/report/test_judge.py."""

import subprocess
import sys
from types import SimpleNamespace
from typing import get_args

import pytest
from support import ROOT

from ickrr.comparison import alignment
from ickrr.config.claim_terms import (
    DIRECTION,
    FAMILY_WORDS,
    REPLACEMENT_WORDS,
    SCOPE_WORDS,
    AlignmentName,
    FamilyName,
    Ranked,
    ReplacementName,
    ScopeName,
)
from ickrr.config.ledger import allowed_values, arguments_of
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.entries import STATISTICS
from ickrr.errors import ConfigError
from ickrr.identification.families import FAMILIES
from ickrr.interventions.plan import REPLACEMENTS, head_sets
from ickrr.randomness import numpy_generator
from ickrr.report.statistics.question import Question


@pytest.fixture(scope="module")
def experiment():
    return load_experiment(ROOT / "config.yaml")


def test_the_ledger_asks_for_every_statistic(experiment):
    """Fails if a statistic is left that no claim uses, or a module is not found by its name."""
    ledger = load_ledger(ROOT / "claims.yaml", experiment)
    assert set(ledger.statistics()) == set(STATISTICS)


def test_claims_know_the_statistics_that_the_comparison_computes():
    """Fails if a statistic of the alignment stands in one list only, or differs in which end is better."""
    assert set(get_args(AlignmentName)) == set(alignment.STATISTICS)
    assert {name: one.better for name, one in alignment.STATISTICS.items() if one.better} == DIRECTION


def test_claims_know_the_families_that_layers_are_compared_with():
    """Fails if a family stands in one list only, or has no words."""
    assert get_args(FamilyName) == FAMILIES
    assert tuple(FAMILY_WORDS) == FAMILIES


def test_claims_know_the_heads_and_what_replaces_them():
    """Fails if a scope or a replacement stands in one list only, or has no words."""
    assert get_args(ReplacementName) == REPLACEMENTS == tuple(REPLACEMENT_WORDS)
    sets = head_sets({(1, 0): True, (1, 1): False}, numpy_generator(0, "random heads"))
    assert {one.scope for one in sets} == {*get_args(ScopeName)} == {*SCOPE_WORDS}


def test_only_what_may_be_ranked_can_be_led():
    """Fails if the judge is the first to miss that a solver cannot lead in what has no better and worse."""
    assert allowed_values("lead") == {"of": get_args(Ranked)}
    assert allowed_values("alignment") == {}


def test_the_words_of_statistics_take_no_pandas():
    """Fails if reading the configuration imports pandas, numpy or torch for the sake of the ledger."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'src')!r}); from ickrr.config.ledger import Condition\n"
        "from ickrr.entries import STATISTICS\n"
        "[STATISTICS.load(name) for name in STATISTICS]\n"
        "print({'pandas', 'numpy', 'torch'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def complete(question: Question, solver: str) -> None:
    """A statistic that a person might write."""


def strange(question: Question, optimiser: str) -> None:
    """A statistic of what no condition says."""


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            {"estimate": None},
            "lacks READS, estimate; define what the docstring of ickrr.report.statistics asks for",
        ),
        ({"NAME": " "}, "has the NAME ' '; give the text that tables and figures write"),
        ({"NAME": "lead of {optimiser}"}, "has optimiser in its NAME, but takes solver"),
        ({"estimate": strange}, "takes optimiser, which no condition has; allowed: of, solver, rival"),
        ({"estimate": 3.0}, "has an estimate that is not a function"),
        ({"READS": ("pair",)}, "reads pair, which no run has; allowed: errors, similarity"),
        (None, "cannot be imported (SyntaxError: invalid syntax"),
    ],
)
def test_statistic_that_is_not_finished_is_refused(tmp_path, experiment, monkeypatch, changes, expected):
    """Fails if a broken statistic is a traceback, or is found by the job that judges or the last table."""
    whole = {"NAME": "lead of {solver}", "READS": ("pairs",), "estimate": complete}

    def load(entries, name):
        if changes is None:
            raise SyntaxError("invalid syntax (lead.py, line 1)")
        given = {"NAME": whole["NAME"]} if changes == {"estimate": None} else {**whole, **changes}
        return SimpleNamespace(**given)

    monkeypatch.setattr(type(STATISTICS), "load", load)
    path = tmp_path / "claims.yaml"
    path.write_text(
        "one:\n  source: ours\n  statement: s\n  evidence: [fig1]\n  conditions:\n"
        "    - {statistic: lead, solver: richardson, runs: [spherical], above: 0}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_ledger(path, experiment)
    said = (
        "claims.yaml:6: one.conditions.0: found statistic 'lead', whose module ickrr.report.statistics.lead "
    )
    assert said + expected in str(caught.value)


def test_arguments_are_the_parameters_of_the_function():
    """Fails if what a condition must give is kept in a second list."""
    assert arguments_of("noise_ratio") == ("method", "factor")
    assert arguments_of("excess_share") == ()
    assert arguments_of("summary") == ("table", "quantity", "subject", "setting")
