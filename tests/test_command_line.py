"""What `ickrr --help` lists, and that the console script is the command line of the rules."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from support import ROOT

from ickrr import steps, tools
from ickrr.__main__ import main, names


def test_steps_are_what_the_rules_call() -> None:
    """Fails if a step has not the name of its rule, no rule calls it, or a rule calls a tool."""
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    called = set(re.findall(r'\bjob\(\s*"(\w+)"', rules))
    rule_names = set(re.findall(r"^rule (\w+):", rules, re.MULTILINE))
    assert set(names(steps)) == called == rule_names
    assert not set(names(tools)) & called


def test_help_has_a_line_for_each_tool(capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a person has to read sources to learn which tools there are."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    listed, others = told.split("steps, which the rules call:")
    for tool in names(tools):
        text = ast.get_docstring(ast.parse((Path(tools.__path__[0]) / f"{tool}.py").read_text()))
        assert re.search(rf"^  {tool} +{re.escape(text.splitlines()[0])}$", listed, re.MULTILINE)
    assert "train_model, try_identification, verify_construction" in " ".join(others.split())


def test_console_script_is_the_same_command_line() -> None:
    """Fails if `ickrr` starts something else than `python -m ickrr`."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert EntryPoint("ickrr", scripts["ickrr"], "console_scripts").load() is main


@pytest.mark.parametrize("verb", ["bundle --output x.tar.xz", "check", "claims", "trace fig1", "restore"])
def test_a_scale_that_is_none_is_refused_by_every_tool(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a slip of the pen becomes the advice to run Snakemake, or nothing at all is said."""
    option = "--shipped" if verb == "restore" else "--scale"
    with pytest.raises(SystemExit, match="2"):
        main([*verb.split(), option, "Laptop"])
    assert f"argument {option}: invalid choice: 'Laptop'" in capsys.readouterr().err


@pytest.mark.parametrize(
    "asked",
    [
        "estimate --cores 0",
        "estimate --threads -1",
        "construct --threads 0",
        "construct --prompts-per-law -3",
        "identify --threads 0",
    ],
)
def test_no_tool_takes_fewer_than_one(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a number of cores, threads or prompts that cannot be ends in a traceback."""
    verb, option, number = asked.split()
    with pytest.raises(SystemExit, match="2"):
        main([verb, option, number])
    assert f"argument {option}: found {number}; give 1 or more" in capsys.readouterr().err


@pytest.mark.parametrize("target", ["", ".", "results/smoke", "results/smoke/figures"])
def test_a_folder_cannot_be_traced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails with a traceback if a folder is taken for a result."""
    (tmp_path / "results/smoke/figures").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    assert main(["trace", "--scale", "smoke", "--", target]) == 1
    assert "is a folder; name a file in it" in capsys.readouterr().err


def test_configuration_is_that_of_the_workflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fails if a tool called in another folder, as in one of the project, finds no config.yaml."""
    monkeypatch.chdir(tmp_path)
    assert main(["config", "--scale", "smoke", "--run", "spherical"]) == 0
    assert '"task_name": "spherical"' in capsys.readouterr().out


@pytest.mark.parametrize("package", ["pydantic", "psutil", "yaml"])
def test_missing_package_is_one_line(package: str) -> None:
    """Fails if `check`, called to find what is missing, ends in a traceback because a package is missing."""
    without = (
        f"import sys; sys.modules[{package!r}] = None; sys.path.insert(0, {str(ROOT / 'src')!r}); "
        "from ickrr.__main__ import main; sys.exit(main(['check', '--scale', 'smoke']))"
    )
    run = subprocess.run(
        [sys.executable, "-I", "-c", without], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert run.returncode == 1
    assert run.stderr == (
        f"error: {package}: is not installed for {sys.executable}; run make env, and use the Python of .venv "
        "(source .venv/bin/activate)\n"
    )
