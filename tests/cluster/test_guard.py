"""Journals, messages and reports of the guards, and what they refuse, without a cluster."""

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ROOT

from slurm_guard import client, guard
from slurm_guard.check import read_profile, requests
from slurm_guard.errors import ClusterError
from slurm_guard.journal import Follower, Journal
from slurm_guard.submit import require_plain, take_lock

STAND_INS = {
    # Runs what it is given, as a node would, and accepts nothing, so that Snakemake ends.
    "sbatch": 'touch "$SUBMITTED"; for a; do case $a in --wrap=*) sh -c "${a#--wrap=}";; esac; done; exit 1',
    # How the Snakemake inside a job starts the job itself.
    "srun": 'touch "$STARTED"',
    **dict.fromkeys(("sinfo", "squeue", "sacct", "scancel"), ""),
}


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_limits_of_partitions_as_slurm_writes_them(days, hours, minutes, seconds):
    """Fails if a form of SLURM's times is misread."""
    total = (days * 24 + hours) * 60 + minutes
    assert client._minutes(f"{days}-{hours:02}:{minutes:02}:{seconds:02}") == total
    assert client._minutes(f"{hours}:{minutes:02}:{seconds:02}") == total - days * 1440
    assert client._minutes(f"{minutes}:{seconds:02}") == minutes
    assert client._minutes("infinite") is None


def test_imports_nothing_of_the_project():
    """Fails if the guards could not be used, or understood, without the rest."""
    sources = [path.read_text() for path in (ROOT / "src/slurm_guard").rglob("*.py")]
    assert sources
    assert not [text for text in sources if "ickrr" in text]


def test_lock_is_exclusive_and_goes_with_its_process(tmp_path):
    """Fails if two drivers get the lock, or it survives its holder."""
    code = "import sys, time; from pathlib import Path; from slurm_guard.submit import take_lock; "
    code += "take_lock(Path(sys.argv[1])); print('mine', flush=True); time.sleep(60)"
    path = tmp_path / "a" / "lock"
    holder = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout.readline() == "mine\n"
    with pytest.raises(ClusterError, match=f"process {holder.pid} on .* is already running this pipeline"):
        take_lock(path)
    holder.kill()
    holder.wait()
    take_lock(path)


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOTSUP, errno.ENOLCK], ids=errno.errorcode.get)
def test_file_system_without_locks_is_no_second_driver(tmp_path, monkeypatch, capsys, number):
    """Fails if a driver cannot start where nothing can be locked, or says nothing about it."""

    def refuse(descriptor, operation):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(fcntl, "flock", refuse)
    monkeypatch.chdir(tmp_path)
    os.close(take_lock(tmp_path / "a" / "lock"))
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("cluster: ") and os.strerror(number) in line
    assert f"process {os.getpid()} on" in (tmp_path / "a" / "lock").read_text()


def test_lock_that_cannot_be_made_is_one_line(tmp_path):
    """Fails if a folder that is none ends in a traceback."""
    (tmp_path / "a").write_text("")
    with pytest.raises(ClusterError, match="cannot be opened"):
        take_lock(tmp_path / "a" / "lock")


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


@pytest.mark.parametrize("reason", sorted(guard.HOPELESS))
def test_job_that_can_never_start_is_cancelled(tmp_path, monkeypatch, reason):
    """Fails if a job waits for ever for one of these reasons, or is cancelled for one that will go away."""
    monkeypatch.chdir(tmp_path)
    cancelled = []

    def answer(command, *options):
        if command == "scancel":
            cancelled.extend(options)
            return ""
        # Some versions of SLURM write spaces where others write underscores.
        reasons = {"7": reason, "8": reason.replace("_", " "), "9": "Resources"}
        rows = ([job, "PENDING", why, "run", "/", "rule_x"] for job, why in reasons.items())
        return "".join("\x1f".join(row) + "\n" for row in rows)

    monkeypatch.setattr(client, "call", answer)
    assert guard.states("run") == [("7", "CANCELLED"), ("8", "CANCELLED"), ("9", "PENDING")]
    assert cancelled == ["7", "8"]
    assert f"job 7 (x) can never start ({reason}); cancelled" in Path("logs/cluster.log").read_text()


@pytest.mark.parametrize(
    ("program", "folder", "starts"),
    [("env", "my work (2)", True), ("my env", "work", False), ("env", "a$b", False)],
)
def test_path_that_a_shell_would_read(tmp_path, program, folder, starts):
    """Fails if the plugin alone starts a job that `submit` refuses, so that the guard can go, or cannot start
    one that `submit` lets pass.

    Without SLURM: stand-ins for its commands run the command that the plugin submits.
    """
    (tmp_path / program).symlink_to(sys.prefix)
    python = tmp_path / program / "bin/python"
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "Snakefile").write_text("rule all:\n    output: 'a'\n    shell: 'touch {output}'\n")
    (tmp_path / "bin").mkdir()
    for name, script in STAND_INS.items():
        (tmp_path / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "bin" / name).chmod(0o755)
    variables = {
        "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "SUBMITTED": str(tmp_path / "submitted"),
        "STARTED": str(tmp_path / "started"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
    }
    command = [python, "-m", "snakemake", "--jobs", "1", "--executor", "slurm", "--slurm-no-account"]
    command += ["--slurm-init-seconds-before-status-checks", "1"]
    command += ["--default-resources", "slurm_partition=cpu", "runtime=1", "mem_mb=9"]
    run = subprocess.run(
        command, cwd=tmp_path / folder, env=os.environ | variables, capture_output=True, text=True
    )
    assert (tmp_path / "submitted").exists(), run.stderr
    assert (tmp_path / "started").exists() == starts, run.stderr
    if starts:
        require_plain(str(python), tmp_path / folder)
    else:
        with pytest.raises(ClusterError, match="with which Snakemake cannot start cluster jobs"):
            require_plain(str(python), tmp_path / folder)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (["-t", "90"], "60"),
        (["-p", "long", "-t", "90"], "90"),
        (["-p", "short,cpu", "-t", "90"], "60"),
        (["-p", "short,cpu", "-t", "2"], "2"),
        (["-p", "short,long", "-t", "90"], "90"),
    ],
)
def test_time_limit_is_cut_to_the_longest_that_is_allowed(tmp_path, monkeypatch, asked, given):
    """Fails if a job asks for more than any of its partitions allows, or gets less than one of them does."""
    monkeypatch.chdir(tmp_path)
    known = [client.Partition("cpu", True, 60, False), client.Partition("short", False, 2, False)]
    monkeypatch.setattr(client, "partitions", lambda: [*known, client.Partition("long", False, None, True)])
    guard._fit_time_limit(asked, "rule_x")
    assert asked[asked.index("-t") + 1] == given


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
