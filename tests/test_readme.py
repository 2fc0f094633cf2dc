"""What the README promises a stranger exists: commands, targets, options, pages; and it stays short."""

import re
import shlex

import pytest
from support import ROOT

from ickrr import tools
from ickrr.__main__ import main, names

README = (ROOT / "README.md").read_text()
SHOWN = re.findall(r"`((?:ickrr|make) [^`]*)`|^    ((?:ickrr|make) [^#\n]*)", README, re.MULTILINE)
COMMANDS = sorted({(quoted or line).strip() for quoted, line in SHOWN} - {"ickrr --help"})
TARGETS = set(re.findall(r"^([a-z-]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))


def test_it_is_short():
    """Fails if a stranger has to scroll through more than 120 lines."""
    assert len(README.splitlines()) < 120


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("ickrr ")])
def test_tools_take_what_is_shown(command, capsys):
    """Fails if a tool or an option that the README shows does not exist."""
    _, tool, *words = shlex.split(command)
    assert tool in names(tools)
    with pytest.raises(SystemExit, match="0"):
        main([tool, "--help"])
    told = capsys.readouterr().out
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert option in told


@pytest.mark.parametrize("command", [command for command in COMMANDS if command.startswith("make ")])
def test_targets_exist(command):
    """Fails if the Makefile has no such target, or `make help` does not list it."""
    assert command.split()[1] in TARGETS


def test_every_tool_that_answers_a_question_is_named():
    """Fails if a tool for people is left out of the table of commands."""
    shown = {command.split()[1] for command in COMMANDS if command.startswith("ickrr ")}
    others = {
        "config",
        "catalogue",
        "construct",
        "restore",
        "bundle",
        "release",
    }  # make calls them, or docs do
    assert set(names(tools)) - others <= shown


def test_pages_exist():
    """Fails if a link leads nowhere."""
    links = re.findall(r"\]\(([^)#]+)", README)
    assert len(links) > 10
    assert [link for link in links if not (ROOT / link).exists()] == []
