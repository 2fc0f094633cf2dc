"""Journals, messages and reports of the cluster, without one."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ickrr import driver
from ickrr.batch_job import parse_duration
from ickrr.cluster import guard
from ickrr.cluster.check import read_profile, requests
from ickrr.cluster.hooks import failures
from ickrr.cluster.journal import Follower, Journal
from ickrr.cluster.progress import read_progress
from ickrr.driver import DriverError
from ickrr.errors import ClusterError

LOG = """\
Job stats:
job          count
---------  -------
train            3
figure           1
total            4

[Sun Nov 22 00:00:00 2026]
Job 1: Training a
Reason: Missing output files: a
[Sun Nov 22 00:00:00 2026]
rule train:
    output: b
    log: logs/b.log
    jobid: 2
[Sun Nov 22 00:01:40 2026]
Finished jobid: 1 (Rule: train)
1 of 4 steps (25%) done
[Sun Nov 22 00:01:40 2026]
Error in rule train:
    message: None
    jobid: 2
    output: b
    log: logs/b.log, logs/slurm/7.log (check log file(s) for error details)
    shell:
        false
[Sun Nov 22 00:01:41 2026]
Error in group report:
    message: SLURM-job '8' failed
    jobs:
        rule figure:
            jobid: 4
            output: f.pdf
            log: logs/f.ipynb, logs/f.log (check log file(s) for error details)
[Sun Nov 22 00:01:42 2026]
Error in rule train:
    jobid: 3
    log: logs/c.log (check log file(s) for error details)
[Sun Nov 22 00:01:50 2026]
Finished jobid: 3 (Rule: train)
"""


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_as_slurm_writes_them(days, hours, minutes, seconds):
    """Fails if a form of SLURM's times is misread."""
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert parse_duration(f"{days}-{hours:02}:{minutes:02}:{seconds:02}") == total
    assert parse_duration(f"{hours}:{minutes:02}:{seconds:02}") == total - days * 86400
    assert parse_duration(f"{minutes}:{seconds:02}") == minutes * 60 + seconds


@pytest.mark.parametrize("text", ["UNLIMITED", "INVALID", "NOT_SET", "", "infinite", "7"])
def test_no_duration(text):
    """Fails if a word becomes a time limit of nothing."""
    assert parse_duration(text) is None


def test_failures_are_the_jobs_that_never_finished():
    """Fails if a failed attempt of a job that ended well is shown, or a notebook instead of its text log."""
    assert failures(LOG) == [("train", Path("logs/b.log")), ("figure", Path("logs/f.log"))]


def test_progress_counts_and_estimates():
    """Fails if jobs are counted wrongly, or the time left is not that of the jobs to do over the width."""
    began = 1_795_000_000.0
    progress = read_progress(LOG, now=began)
    assert (progress.done.total(), progress.todo.total(), progress.failed["train"]) == (2, 4, 1)
    # One training (median of 100 s and 0 s) and one figure (the median of all) on two at a time.
    assert progress.left == pytest.approx((50 + 50) / 2)
    assert not progress.ended


def test_job_notes_its_own_end(tmp_path):
    """Fails if the exit code of a job cannot be learnt without the controller, or is changed by that."""
    journal = Journal("run", tmp_path)
    for job, code in (("7", 0), ("8", 3)):
        script = journal.ending(f"(exit {code})", f"rule_it's_{job}")
        done = subprocess.run(
            ["sh", "-c", script], env={"SLURM_JOB_ID": job, "PATH": "/usr/bin:/bin"}, check=False
        )
        assert done.returncode == code
        assert journal.exit_code(job) == code
    assert journal.exit_code("9") is None
    assert journal.ended() == {"7": "rule_it's_7", "8": "rule_it's_8"}


def test_forgotten_job_is_judged_by_what_it_noted(tmp_path, monkeypatch):
    """Fails if a job that the controller forgot counts as done without proof, or as lost at once."""
    monkeypatch.chdir(tmp_path)
    journal = Journal("run")
    for job in ("7", "8", "9"):
        journal.submitted(job, "rule_x")
    (journal.folder / "run.7.exit").write_text("0\n")
    (journal.folder / "run.8.exit").write_text("1\n")
    assert [guard._state_of_forgotten(job, journal) for job in journal.jobs()] == [
        "COMPLETED",
        "FAILED",
        "PENDING",
    ]
    (journal.folder / "run.9.vanished").write_text("0")
    assert guard._state_of_forgotten("9", journal) == "FAILED"
    assert "job 9 is unknown to the controller" in Path("logs/cluster.log").read_text()


def test_follower_shows_each_new_line_once(tmp_path, capsys):
    """Fails if an old line is shown again, or a new one twice or never."""
    path = tmp_path / "cluster.log"
    path.write_text("2026-01-01 00:00:00 old\n")
    follower = Follower(path)
    with path.open("a") as log:
        log.write("2026-01-01 00:00:01 new one\n")
    threads = [threading.Thread(target=follower.catch_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert capsys.readouterr().err == "cluster: new one\n"


def test_lock_is_exclusive_and_goes_with_its_process(tmp_path, monkeypatch):
    """Fails if two drivers get the lock, or it survives its holder."""
    monkeypatch.delenv(driver.INHERITED, raising=False)
    code = "import sys, time; from pathlib import Path; from ickrr.driver import take_lock; "
    code += "take_lock(Path(sys.argv[1])); print('mine', flush=True); time.sleep(60)"
    holder = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "mine\n"
    with pytest.raises(DriverError, match=f"process {holder.pid} on .* is already running this pipeline"):
        driver.take_lock(tmp_path)
    holder.kill()
    holder.wait()
    driver.take_lock(tmp_path)


def test_profile_in_both_forms(tmp_path):
    """Fails if resources in the other of Snakemake's two forms are not checked before a run."""
    (tmp_path / "profile.yaml").write_text(
        json.dumps({"default-resources": ["slurm_partition=a", "mem_mb=1"]})
    )
    _, profile = read_profile(tmp_path)
    profile["set-resources"] = {"train_model": {"slurm_partition": "b", "gpu": 1}}
    default, train = requests(profile)
    assert default.options() == ["--partition=a"]
    assert (train.where, train.options()) == ("set-resources.train_model", ["--partition=b", "--gpus=1"])


@pytest.mark.parametrize("text", [None, "[1, 2]", "a: ["])
def test_profile_that_cannot_be_read(tmp_path, text):
    """Fails if a missing or broken profile ends in a traceback."""
    if text is not None:
        (tmp_path / "profile.yaml").write_text(text)
    with pytest.raises(ClusterError, match=str(tmp_path)):
        read_profile(tmp_path)
