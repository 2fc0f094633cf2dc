"""A reader that stops (`| head`) sees no complaint."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import ROOT

from ickrr.code import code_digest


@pytest.mark.parametrize(
    "command",
    [
        ["ickrr", "config"],
        ["ickrr", "config", "--help"],
        ["ickrr", "check", "--scale", "smoke"],
        ["slurm_guard", "submit", "--help"],
        ["slurm_guard", "check"],
    ],
    ids=" ".join,
)
def test_a_reader_who_leaves_is_no_error(command: list[str]) -> None:
    """Fails if a tool complains of a closed pipe, itself or when Python flushes at its end."""
    run = subprocess.Popen(
        [sys.executable, "-m", *command], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert run.stdout is not None and run.stderr is not None
    run.stdout.close()  # before a line is written
    assert run.stderr.read() == ""
    assert run.wait() in (0, 141)  # argparse itself leaves out a help that it cannot write


@pytest.mark.parametrize("rule", [["--rule=r"], ["--rule", "r"]], ids=" ".join)
def test_a_job_whose_pipe_is_closed_fails(rule: list[str], tmp_path: Path) -> None:
    """Fails if a job that cannot write where it should ends without a word, however its rule is said."""
    code = ["--code", code_digest("ickrr.tools.config"), "-"]
    run = subprocess.Popen(
        [sys.executable, "-m", "ickrr", "config", *rule, "--recorded-in", str(tmp_path), *code],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert run.stdout is not None and run.stderr is not None
    run.stdout.close()
    assert "Broken pipe" in run.stderr.read()
    assert run.wait() not in (0, 141)


@pytest.mark.parametrize("rule", [["--rule=r"], ["--rule", "r"]], ids=" ".join)
def test_a_job_with_other_code_fails(rule: list[str]) -> None:
    """Fails if a job runs code that it was not planned with."""
    command = [sys.executable, "-m", "ickrr", "claims", *rule, "--recorded-in", "results/smoke"]
    run = subprocess.run(
        [*command, "--code", "no", "no"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert "error: job of rule r: its code was edited" in run.stderr


def test_help_of_make_is_whole() -> None:
    """Fails if a line is cut where its text has a bar."""
    text = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert "TIER=tables|predictions|weights|models SCALE=laptop" in text
    documented = [
        line for line in (ROOT / "Makefile").read_text().splitlines() if ":" in line and " ## " in line
    ]
    assert len(text.splitlines()) == len(documented)


@pytest.mark.parametrize(
    "command",
    [["ickrr", "config"], ["ickrr", "claims", "--help"], ["slurm_guard", "submit", "--help"]],
    ids=" ".join,
)
def test_a_closed_output_is_no_error(command: list[str]) -> None:
    """Fails if a tool whose output the caller closed (``>&-``) ends in a traceback."""
    line = shlex.join([sys.executable, "-m", *command])
    run = subprocess.run(f"{line} >&-", shell=True, cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False)
    assert run.returncode == 0
    assert "Traceback" not in run.stderr  # argparse itself writes a help there, then
