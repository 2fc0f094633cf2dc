"""What `ickrr --help` lists, and that the console script is the command line of the rules."""

import ast
import pkgutil
import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from support import ROOT

from ickrr import commands
from ickrr.__main__ import TOOLS, main


def test_tools_are_what_no_rule_calls() -> None:
    """Fails if a new verb for people is listed among the steps, or a step among the tools."""
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    called = set(re.findall(r'\bjob\(\s*"(\w+)"', rules))
    verbs = {module.name for module in pkgutil.iter_modules(commands.__path__)}
    assert set(TOOLS) == verbs - called


def test_help_has_a_line_for_each_tool(capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a person has to read sources to learn which tools there are."""
    with pytest.raises(SystemExit, match="0"):
        main(["--help"])
    told = capsys.readouterr().out
    tools, steps = told.split("steps, which the rules call:")
    for tool in TOOLS:
        text = ast.get_docstring(ast.parse((Path(commands.__path__[0]) / f"{tool}.py").read_text()))
        assert re.search(rf"^  {tool} +{re.escape(text.splitlines()[0])}$", tools, re.MULTILINE)
    assert "train, verify_construction" in steps


def test_console_script_is_the_same_command_line() -> None:
    """Fails if `ickrr` starts something else than `python -m ickrr`."""
    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert EntryPoint("ickrr", scripts["ickrr"], "console_scripts").load() is main


@pytest.mark.parametrize(
    "tool", ["trace paper", "claims", "check", "bundle --output x.tar.xz", "restore --shipped"]
)
def test_scales_that_do_not_exist_are_refused(tool: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Fails if a mistyped scale is looked for among the results, and the advice is to make it."""
    scale = ["smok"] if "--shipped" in tool else ["--scale", "smok"]
    with pytest.raises(SystemExit):
        main([*tool.split(), *scale])
    assert "invalid choice: 'smok'" in capsys.readouterr().err


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
