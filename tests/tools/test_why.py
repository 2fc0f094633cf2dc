"""The tool `why` prints causes first, then what follows from them, and cuts long lists."""

import pytest

from ickrr.tools.why import PlanError, explain

PLAN = """\
Job stats:
job  count

[Sun Nov 22 01:04:06 2026]
Job 5: Tabulating spherical
Reason: Input files updated by another job: results/smoke/comparisons/spherical/seed0/errors.parquet
[Sun Nov 22 01:04:06 2026]
Job 9: Solving spherical-evaluation
Reason: Updated input files: d, c, b, a; Input files updated by another job: x
"""


def test_causes_come_first() -> None:
    """Fails if the one edit behind a plan drowns in what follows from it."""
    assert list(explain(PLAN)) == [
        "Solving spherical-evaluation: updated input files a, b, c and 1 more",
        "Tabulating spherical: follows from the above",
        "2 jobs",
    ]


def test_nothing_to_do() -> None:
    """Fails if an empty plan is not said to be one."""
    assert list(explain("Nothing to be done (all requested files are present and up to date).")) == [
        "nothing to do"
    ]


@pytest.mark.parametrize(
    ("plan", "found"),
    [
        (PLAN.replace("Reason:", "Because:") + "\ntotal      2\n", "it counts 2 jobs, names none"),
        (PLAN.replace("Job ", "Task ") + "\ntotal      1\n", "it counts 1 job, names none"),
        ("Building DAG of jobs...\n", "it counts no jobs, names none"),
    ],
)
def test_a_plan_in_other_words_is_an_error(plan: str, found: str) -> None:
    """Fails if another version of Snakemake makes everything look finished."""
    with pytest.raises(PlanError, match=found):
        list(explain(plan))


def test_changed_code_and_settings_are_told_apart() -> None:
    """Fails if a person has to compare digests to learn whether it was the code or a key."""
    head = "Params have changed since last execution Union of exclusive params before and now across all "
    head += "output: "
    code, edited, given, other = "a" * 16, "b" * 16, "c" * 16, "d" * 16
    edit = f"before: '{code} {given} m' now: '{edited} {given} m'"
    # Snakemake lists what changed in the order of a set, which differs from start to start.
    key = f"before: '{code} {given}','{{\"steps\":1}}' now: '{code} {other}','{{\"steps\":2}}'"
    turned = f"before: '{{\"steps\":1}}','{code} {given}' now: '{code} {other}','{{\"steps\":2}}'"
    changed = "its settings changed (steps: 1 -> 2)"
    for change, said in ((edit, "its code was edited"), (key, changed), (turned, changed)):
        assert next(explain(f"Job 1: Training\nReason: {head}{change}")) == f"Training: {said}"
