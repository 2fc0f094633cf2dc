"""A plan in short: causes first, what follows from them after, long lists cut."""

from ickrr.commands.why import explain

PLAN = """\
results/smoke/restored/tables: 2 of 3 results taken (run of 2026-01-02, commit abc, on cpu)
  not tables/a/errors.parquet: src/x.py has changed
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
        "results/smoke/restored/tables: 2 of 3 results taken (run of 2026-01-02, commit abc, on cpu)",
        "  not tables/a/errors.parquet: src/x.py has changed",
        "Solving spherical-evaluation: updated input files a, b, c and 1 more",
        "Tabulating spherical: follows from the above",
        "2 jobs",
    ]


def test_nothing_to_do() -> None:
    """Fails if an empty plan is not said to be one."""
    assert list(explain("Nothing to be done (all requested files are present and up to date).")) == [
        "nothing to do"
    ]
