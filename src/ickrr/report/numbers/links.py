r"""What each figure and table of the paper was made from.

The appendix lists the file of every float, for a figure also the tables behind it, as paths below
``results/<scale>``. The name alone, fig14, would look like a number of the paper, which counts otherwise.
With a public address of the repository (key ``repository``) the file is a link to the source that made it at
that commit; without one, commit and paths are all that can be said.
One LaTeX definition each, ``\csname origin@<file>\endcsname``, is printed by paper/origins.sty.
"""

import re
from collections.abc import Sequence
from typing import Final

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape
from ickrr.report.numbers.repository import sources_address

NOTEBOOKS: Final = "workflow/notebooks"
MODULES: Final = "src/ickrr/report/tables"
MOST_RUNS: Final = 6
"""Runs that are named; of more, all are meant."""


def origin_links(experiment: Experiment, commit: str) -> str:
    """Write the definitions of all figures and tables.

    Args:
        experiment: the resolved experiment, which says what each of them shows, and the repository.
        commit: the commit of the results, or several, joined by commas.
    """
    code = sources_address(experiment.repository, commit)
    lines = []
    for name, figure in experiment.figures.items():
        of_runs = [f"tables/{_braces(figure.runs)}/{_braces(figure.tables)}.parquet"] if figure.tables else []
        data = [*of_runs, *(f"tables/{table}.parquet" for table in figure.others)]
        file, source = f"figures/{name}.pdf", f"{NOTEBOOKS}/{figure.kind}.ipynb"
        lines.append(_definition(file, file, source, data, code))
    for name in experiment.tables:
        source = f"{MODULES}/{name.removeprefix('tab_')}.py"
        lines.append(_definition(f"{name}.tex", f"tables/{name}.csv", source, [], code))
    return "".join(lines)


def _definition(file: str, shown: str, source: str, data: Sequence[str], code: str) -> str:
    """Return the definition for a float that LaTeX knows by `file`: what is shown, and the data behind it."""
    made = rf"\href{{{code}/{source}}}{{{_breakable(shown)}}}" if code else _breakable(shown)
    text = " from ".join(filter(None, (made, ", ".join(map(_breakable, data)))))
    return rf"\expandafter\def\csname origin@{file}\endcsname{{{text}}}" + "\n"


def _braces(names: Sequence[str]) -> str:
    if len(names) > MOST_RUNS:
        return "*"
    return names[0] if len(names) == 1 else f"{{{','.join(names)}}}"


def _breakable(path: str) -> str:
    """Return a path as LaTeX that may break after a slash, a comma or an underscore."""
    return re.sub(r"(/|,|\\_)", r"\1\\allowbreak{}", escape(path))
