"""Records: what made every result; damage, and edits on the way, are noticed before reading."""

import hashlib
import json
import multiprocessing
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from invented_results import RESULTS, make, project
from support import ROOT, Mount, Paper, git

from ickrr.__main__ import main
from ickrr.code import code_digest
from ickrr.config.load import load_experiment
from ickrr.errors import FileError
from ickrr.provenance import (
    Inputs,
    Records,
    commit,
    digest,
    job_record,
    machine,
    metadata_path,
    settings_text,
    target_file,
    trace,
    versions,
)

__all__ = ["project"]

WEIGHTS = RESULTS / "trained/spherical/seed0/weights.safetensors"
PREDICTIONS = RESULTS / "predictions/spherical/seed0.safetensors"
TABLE = RESULTS / "tables/spherical/errors.parquet"


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def of_another_run(path: Path) -> None:
    shutil.copy(RESULTS / "trained/spherical/seed1/weights.safetensors", path)


@pytest.mark.parametrize("damage", [flip, truncate, empty, of_another_run])
@pytest.mark.parametrize("file", [WEIGHTS, PREDICTIONS, TABLE], ids=["weights", "predictions", "table"])
def test_damaged_input_stops_the_job_by_name(
    project: Path, file: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a job reads weights, predictions or a table that is not what its rule wrote."""
    make("probe_model", ["predictions/spherical/seed0.safetensors"])
    damage(file)
    job = ["--rule", "r", "--recorded-in", str(RESULTS), "--code", code_digest("ickrr.tools.config"), "-"]
    assert main(["config", *job, "--reads", str(file), "--writes", "out"]) == 1
    message = capsys.readouterr().err
    assert f"error: {file}: is not what rule" in message
    assert "delete it and run snakemake again" in message
    assert not Path("out").exists()


def test_missing_input_is_named(project: Path) -> None:
    """Fails if a file that is gone ends in a traceback."""
    TABLE.unlink()
    with pytest.raises(FileError, match=r"errors\.parquet: no such file; run snakemake"):
        Records(RESULTS).check([TABLE])


def test_damaged_record_is_named(project: Path) -> None:
    """Fails if a record that cannot be read lets its file through."""
    path = Records(RESULTS).path(TABLE)
    assert path is not None
    path.write_text("{}")
    with pytest.raises(FileError, match=r"errors\.parquet\.json: is not a record"):
        Records(RESULTS).check([TABLE])


def test_digest_is_sha256(tmp_path: Path) -> None:
    """Fails if large files are digested in a way that sha256sum does not confirm."""
    path = tmp_path / "large"
    path.write_bytes(os.urandom((1 << 20) + 7))
    assert digest(path) == hashlib.sha256(path.read_bytes()).hexdigest()


SPLITS = ("fit", "evaluation")
PROMPTS = [str(RESULTS / f"prompts/spherical-{split}.safetensors") for split in SPLITS]


@pytest.fixture
def sampling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the command line of a job that samples the prompts of a task."""
    monkeypatch.chdir(tmp_path)
    # Whatever these tests have imported is no matter of this job's.
    monkeypatch.setattr("ickrr.code.Sources.require_complete", lambda *_: None)
    experiment = load_experiment(ROOT / "config.yaml", "smoke")
    sets = [experiment.prompt_set(f"spherical-{split}").model_dump(mode="json") for split in SPLITS]
    Path("prompts.json").write_text(settings_text(sets))
    job = ["--rule", "sample_prompts", "--recorded-in", str(RESULTS)]
    job += [
        "--code",
        code_digest("ickrr.steps.sample_prompts"),
        "5e77",
        "--reads",
        "prompts.json",
        "--writes",
        *PROMPTS,
    ]
    return ["sample_prompts", "--prompts", "prompts.json", "--sets", *PROMPTS, "--threads", "1", *job]


def test_job_leaves_a_record(sampling: list[str]) -> None:
    """Fails if a record lacks what Snakemake does not know, or its digests are not those of the files."""
    assert main(sampling) == 0
    record = json.loads((RESULTS / "records/prompts/spherical-evaluation.safetensors.json").read_text())
    assert record["outputs"] == {output: digest(output) for output in PROMPTS}
    assert record["rule"] == "sample_prompts"
    assert record["given"] == f"{code_digest('ickrr.steps.sample_prompts')} 5e77"
    assert record["start"] <= record["end"]
    assert record["threads"] == 1
    assert {"processor", "torch_kernels", "torch_blas", "numpy_blas", "blas_kernels"} <= set(
        record["machine"]
    )
    assert Records(RESULTS).recorded() == sorted(map(Path, PROMPTS))


def test_failed_job_leaves_neither_record_nor_output(sampling: list[str]) -> None:
    """Fails if a result or a record of an earlier job outlives one that was to replace it."""
    assert main(sampling) == 0
    Path("prompts.json").write_text("{}")
    assert main(sampling) == 1
    assert Records(RESULTS).recorded() == []
    assert not any(map(os.path.exists, PROMPTS))


def test_other_code_than_planned_starts_nothing(
    sampling: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a job runs code that Snakemake did not plan it with."""
    sampling[sampling.index("--code") + 1] = "0123456789abcdef"
    assert main(sampling) == 1
    assert "job of rule sample_prompts: its code was edited after this run" in capsys.readouterr().err
    assert not any(map(os.path.exists, PROMPTS))


def test_input_that_changes_meanwhile_costs_the_result(
    sampling: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if an output is kept whose input was written anew while the job ran."""
    import ickrr.steps.sample_prompts as verb

    run = verb.main

    def meddle(arguments: object) -> None:
        run(arguments)  # type: ignore[arg-type]
        Path("prompts.json").write_text("[]")

    monkeypatch.setattr(verb, "main", meddle)
    assert main(sampling) == 1
    assert "prompts.json was changed while it ran, so its result is not kept" in capsys.readouterr().err
    assert not any(map(os.path.exists, PROMPTS))


def test_result_of_other_code_than_planned_is_not_read(project: Path) -> None:
    """Fails if what a job on a cluster made with edited code passes for what Snakemake planned."""
    record = metadata_path(TABLE)
    record.parent.mkdir(parents=True)
    record.write_text(json.dumps({"params": ["'0123 4567'", "'{}'"]}))
    Records(RESULTS).check([TABLE])
    record.write_text(json.dumps({"params": ["'89ab 4567'", "'{}'"]}))
    with pytest.raises(FileError, match=r"errors\.parquet: rule compare_run ran with other code or settings"):
        Records(RESULTS).check([TABLE])


def test_inputs_are_compared_without_reading_them(tmp_path: Path) -> None:
    """Fails if a file that is replaced by an equally long one at the same time counts as unchanged."""
    path = tmp_path / "a"
    path.write_text("one")
    inputs = Inputs([path])
    inputs.require_unchanged("job")
    other = tmp_path / "b"
    other.write_text("two")
    os.utime(other, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns))
    other.replace(path)
    with pytest.raises(FileError, match=r"job: .*a was changed while it ran"):
        inputs.require_unchanged("job")


def test_versions_machine_and_commit_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if what decides last bits is missing, or git's variables lead to another repository."""
    assert {"python", "torch", "numpy"} <= set(versions())
    assert machine()["processor"]
    told = commit()
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / ".git"))
    assert commit() == told
    assert told["commit"] != "unknown"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a source tree without a repository, as `git archive` does, for records to be about."""
    path = tmp_path / "outer" / "tree"
    shutil.copytree(ROOT / "src", path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr("ickrr.provenance.ROOT", path)
    return path


def repository(folder: Path, *files: str) -> None:
    """Make a repository with one commit of some of the files in it."""
    git(folder, "init", "-q")
    for name in files:
        git(folder, "add", name)
    git(folder, "commit", "-q", "--allow-empty", "-m", "theirs")


@pytest.mark.parametrize("around", [".", ".."], ids=["unpacked over one", "unpacked inside one"])
def test_another_repository_is_no_identity(tree: Path, around: str) -> None:
    """Fails if the commit of the repository that a tree was unpacked in passes for the tree's own."""
    (tree / around / "their.txt").write_text("")
    repository(tree / around, "their.txt")
    (tree / around).joinpath(".git").resolve(strict=True)
    assert commit()["commit"] == "unknown"
    assert str((tree / around).resolve()) in commit()["commit_unknown"]


def test_reasons_of_an_unknown_commit_are_told(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if a record says unknown and not why."""
    assert "not a git repository" in commit()["commit_unknown"]
    repository(tree, "src")
    assert commit() == {"commit": re.compile("[0-9a-f]{12}").fullmatch(commit()["commit"])[0]}  # type: ignore[index]
    (tree / "src/ickrr/code.py").write_text("")
    assert commit()["commit"].endswith("-dirty")
    monkeypatch.setenv("PATH", "")
    assert commit() == {"commit": "unknown", "commit_unknown": "git is not installed"}


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_dubious_ownership_is_a_reason(tree: Path) -> None:
    """Fails if the commit of a folder that git does not trust is recorded, or the reason is lost."""
    repository(tree, "src")
    os.chown(tree, 65534, 65534)
    os.chown(tree / ".git", 65534, 65534)
    assert commit()["commit"] == "unknown"
    assert "dubious ownership" in commit()["commit_unknown"]


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the names below are of x86 processors")
def test_kernels_of_the_blas_are_told() -> None:
    """Fails if two choices of kernels, whose last bits differ, cannot be told apart in a record."""
    code = "import numpy; from ickrr.provenance import machine; print(machine()['blas_kernels'])"
    said = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "OPENBLAS_CORETYPE": name},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for name in ("Haswell", "Sandybridge")
    ]
    assert said == ["Haswell\n", "Sandybridge\n"]


def test_record_of_a_job_names_its_counts() -> None:
    """Fails if seed or threads get lost between the command line and the record."""
    record = job_record("r", "a b", {"seed": 3, "threads": 1}, datetime(2026, 1, 2, tzinfo=UTC))
    assert (record["seed"], record["threads"], record["start"]) == (3, 1, "2026-01-02T00:00:00+00:00")


def test_trace_reaches_settings_and_weights_of_every_seed(
    tiny_paper: Paper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if a stage, a seed or the settings are missing on the way back, or damage is vouched for."""
    monkeypatch.chdir(tiny_paper.path)
    text = "\n".join(trace(Records(RESULTS), target_file("fig1", RESULTS)))
    assert text.startswith("results/smoke/figures/fig1.pdf: rule draw_figure, 2")
    for seed in (0, 1):
        assert f"results/smoke/trained/spherical/seed{seed}/weights.safetensors: rule train_model" in text
    assert 'settings {"model":' in text
    assert "DIFFERS" not in text


def test_result_that_nobody_knows_cannot_be_traced(project: Path) -> None:
    """Fails if a file of unknown origin gets an empty trace, or damage is vouched for."""
    with pytest.raises(FileError, match=r"gone\.pdf: nothing is recorded of how it was made"):
        trace(Records(RESULTS), RESULTS / "gone.pdf")


@pytest.mark.parametrize(
    ("target", "file"),
    [
        ("fig2", "figures/fig2.pdf"),
        ("tab_setup", "latex/tab_setup.tex"),
        ("paper", "paper.pdf"),
        ("tables/spherical/errors.parquet", "tables/spherical/errors.parquet"),
        ("results/smoke/paper.pdf", "paper.pdf"),
        ("./results/smoke/tables/../paper.pdf", "paper.pdf"),
        (str(Path("results/smoke/paper.pdf").absolute()), "paper.pdf"),
        ("results/laptop/paper.pdf", "../laptop/paper.pdf"),
    ],
)
def test_short_targets(target: str, file: str) -> None:
    """Fails if a name that snakemake knows, or a path however written, is not known here."""
    assert target_file(target, RESULTS) == Path(os.path.normpath(RESULTS / file))


def test_what_is_there_and_no_result_is_not_to_be_made(project: Path) -> None:
    """Fails if a folder or a foreign file ends in a traceback, or in the advice to make it."""
    for target in ("results/smoke", "results/smoke/trained", ".", "/etc/passwd"):
        with pytest.raises(FileError, match=r"no job made it|is a folder"):
            trace(Records(RESULTS), target_file(target, RESULTS))


def run_as_nobody(arguments: list[str], log: str) -> None:
    """Run a step in a forked process that has given up root, with its messages in a file."""
    sys.stderr = open(log, "w")  # noqa: SIM115 - the process ends with it
    os.setgid(65534)
    os.setuid(65534)
    sys.exit(main(arguments))


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give up root")
def test_missing_permission_is_one_line(sampling: list[str], tmp_path: Path) -> None:
    """Fails if a folder that may not be written ends in a traceback, or in a result."""
    assert main(sampling) == 0  # imports what nobody may not read
    for output in PROMPTS:
        Path(output).unlink()
    for folder in (tmp_path, tmp_path.parent, tmp_path.parent.parent):  # pytest's own
        folder.chmod(0o755)
    context = multiprocessing.get_context("fork")
    log = tmp_path / "log"
    log.touch()
    log.chmod(0o666)
    process = context.Process(target=run_as_nobody, args=(sampling, str(log)))
    process.start()
    process.join()
    assert process.exitcode == 1
    (message,) = log.read_text().splitlines()
    assert "you may not write or read there: change the permissions" in message
    assert not (RESULTS / "prompts/spherical-evaluation.safetensors").exists()


def test_full_disk_is_one_line(sampling: list[str], mount: Mount, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a full disk ends in a traceback or leaves half a file under its final name."""
    mount(RESULTS / "prompts", "size=4k")
    assert main(sampling) == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert "the disk is full: free some space, and run it again" in message
    assert list((RESULTS / "prompts").iterdir()) == []


def test_read_only_results_are_one_line(
    sampling: list[str], mount: Mount, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a read-only file system ends in a traceback; it binds root too."""
    mount(RESULTS / "prompts", "ro")
    assert main(sampling) == 1
    (message,) = capsys.readouterr().err.splitlines()
    assert "the file system is read-only" in message
