"""Pages of the documentation that a test does as a reader would: files are written, commands are run.

A file is a block below its name, as ``mine.yaml``; a block of the language ``console`` has commands after
``$`` and what they print, in which ``...`` stands for anything.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import nbformat
import yaml
from support import Project

FILE = re.compile(r"^`([^`\n]+)`([^\n]*):\n\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONSOLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PREPARED = ("env", "env-site", "env-test", "system")
"""Targets of make that set the machine up, which a machine that runs tests has been."""


def apply(project: Project, text: str) -> list[str]:
    """Write and change the files that a text shows, in its order; return their names."""
    touched = []
    for match in FILE.finditer(text):
        touched += write(project, *match.groups())
    assert touched
    return touched


def write(project: Project, name: str, how: str, content: str) -> list[str]:
    """Write or change one file; return the files that are touched. A tiny paper has no sections to add to."""
    path = project.path / name
    if path.suffix == ".patch":
        path.write_text(content)
        subprocess.run(["git", "apply", str(path)], cwd=project.path, check=True)
        path.unlink()
        return re.findall(r"^\+\+\+ b/(.*)$", content, re.MULTILINE)
    if name.startswith("paper/sections/") and not (project.path / "paper/sections").exists():
        return []
    if "at the end" in how:
        assert path.exists()
        content = path.read_text() + "\n" + content
    else:
        assert not path.exists(), f"{path} is not new"
    if copied := re.search(r"copied from `(.*?)`", how):
        content = changed((project.path / copied[1]), content)
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    return [name]


def changed(original: Path, content: str) -> str:
    """A copy of a notebook with other cells, or of a settings file with some keys changed."""
    if original.suffix == ".ipynb":
        notebook = nbformat.read(original, as_version=4)
        notebook.cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in content.split("# %%\n")]
        notebook.cells[0]["metadata"]["tags"] = ["parameters"]
        return nbformat.writes(notebook)
    return yaml.safe_dump(yaml.safe_load(original.read_text()) | yaml.safe_load(content))


def follow(project: Project, text: str, folder: Path, **environment: str) -> int:
    """Do what a page says, in its order, and compare what is printed; return the number of commands.

    Args:
        project: a checkout, whose own code the commands run.
        text: of the page.
        folder: for the commands that an activated environment would have.
        environment: variables that differ from ours.
    """
    programs(project, folder)
    path = f"{folder}:{environment.pop('PATH', os.environ['PATH'])}"
    # A make that was started by make (`make test-slow`) says which folder it enters and leaves.
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    variables = {**ours, **environment, "PATH": path}
    steps = [(match.start(), "file", match) for match in FILE.finditer(text)]
    steps += [(match.start(), "console", match) for match in CONSOLE.finditer(text)]
    count = 0
    for _, kind, match in sorted(steps, key=lambda step: step[0]):
        if kind == "file":
            write(project, *match.groups())
            continue
        for command, expected in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", match[1], re.MULTILINE):
            run(project, command, expected, variables)
            count += 1
    return count


def run(project: Project, command: str, expected: str, variables: Mapping[str, str]) -> None:
    """Run one command; it must print what is expected, and succeed unless that is an error."""
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=project.path,
        env=dict(variables),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert (done.returncode == 0) == (re.search(r"error:|BAD|No rule", expected) is None), (
        f"$ {command}\n{done.stdout[-5000:]}"
    )
    words = [re.escape(part) for part in " ".join(expected.split()).split("...")]
    pattern = r".*".join(words).replace(r"\ ", " ")
    assert re.fullmatch(pattern, " ".join(done.stdout.split())), (
        f"$ {command}\n{done.stdout[-5000:]}\nis not what the page shows:\n{expected}"
    )


def programs(project: Project, folder: Path) -> None:
    """Write the commands that an activated environment would have; they run the code of the checkout."""
    python, source = shlex.quote(sys.executable), shlex.quote(str(project.path / "src"))
    prepared = " ".join(f"-o {target}" for target in PREPARED)
    commands = {
        "python": f'PYTHONPATH={source} exec {python} "$@"',
        "ickrr": f'exec {python} -I {source} "$@"',
        "snakemake": f'exec {python} -m snakemake "$@"',
        "make": f'exec /usr/bin/make {prepared} "$@"',
    }
    folder.mkdir(exist_ok=True)
    for name, command in commands.items():
        (folder / name).write_text(f"#!/bin/sh\n{command}\n")
        (folder / name).chmod(0o755)
