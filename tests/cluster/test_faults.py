"""What goes wrong on a cluster, done to a real one; the run must end as if it had not happened."""

import pytest


def test_a_job_runs(workflow):
    """Fails if nothing runs at all."""
    one = workflow({"ok": ("hostname > ok.txt", "mem_mb=600, runtime=5")})
    code, printed = one.run()
    assert code == 0, printed
    assert one.states() == ["COMPLETED"]
