r"""Where the paper's results are: the repository, its commit, and what each figure and table was made from.

Under every float stands its name, which is that of its target and of its files, and the tables behind it, as
paths below ``results/<scale>``. With a public address of the repository (key ``repository``) the name is a
link to the source that made it at that commit; without one, commit and paths are all that can be said.
One LaTeX definition each, ``\csname origin@<file>\endcsname``, is printed by paper/origins.sty.
"""

import re
from collections.abc import Sequence
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape, joined

NOTEBOOKS: Final = "workflow/notebooks"
MODULES: Final = "src/ickrr/report/tables"
MOST_RUNS: Final = 6
"""Runs that are named; of more, all are meant."""


def origin_links(experiment: Experiment, commit: str) -> str:
    """Write the macros of the repository and the definitions of all figures and tables.

    Args:
        experiment: the resolved experiment, which says what each of them shows, and the repository.
        commit: the commit of the results, or several, joined by commas.
    """
    code = _address(experiment.repository, commit)
    lines = [_macro("repositoryplace", _place(experiment.repository)), _macro("repositorycommit", _commit(code, commit))]
    for name, figure in experiment.figures.items():
        of_runs = [f"tables/{_braces(figure.runs)}/{_braces(figure.tables)}.parquet"] if figure.tables else []
        data = [*of_runs, *(f"tables/{table}.parquet" for table in figure.others)]
        lines.append(_definition(f"figures/{name}.pdf", name, f"{NOTEBOOKS}/{figure.kind}.ipynb", data, code))
    for name in experiment.tables:
        source = f"{MODULES}/{name.removeprefix('tab_')}.py"
        lines.append(_definition(f"{name}.tex", name, source, [f"tables/{name}.csv"], code))
    return "".join(lines)


def _address(repository: str, commit: str) -> str:
    """Return the address of the sources; that of the newest ones where there is no single commit."""
    if not repository:
        return ""
    single = re.fullmatch("[0-9a-f]{7,40}", commit)
    return f"{repository.rstrip('/')}/blob/{commit if single else 'HEAD'}"


def _place(repository: str) -> str:
    return rf"at \url{{{repository}}}" if repository else "in the folder that this document was made in"


def _commit(code: str, commit: str) -> str:
    commits = commit.split(", ")
    word = "commit" if len(commits) == 1 else "commits"
    shown = joined([rf"\texttt{{{one}}}" for one in commits])
    text = f"{word} {shown}"
    return rf"\href{{{code.replace('/blob/', '/tree/')}}}{{{text}}}" if code else text


def _definition(file: str, name: str, source: str, data: Sequence[str], code: str) -> str:
    made = rf"\href{{{code}/{source}}}{{{escape(name)}}}" if code else escape(name)
    paths = ", ".join(map(_breakable, data))
    return rf"\expandafter\def\csname origin@{file}\endcsname{{{made}: {paths}}}" + "\n"


def _macro(name: str, text: str) -> str:
    return rf"\newcommand{{\{name}}}{{{text}}}" + "\n"


def _braces(names: Sequence[str]) -> str:
    if len(names) > MOST_RUNS:
        return "*"
    return names[0] if len(names) == 1 else f"{{{','.join(names)}}}"


def _breakable(path: str) -> str:
    """Return a path as LaTeX that may break after a slash, a comma or an underscore."""
    return re.sub(r"(/|,|\\_)", r"\1\\allowbreak{}", escape(path))
