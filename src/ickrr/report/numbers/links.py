r"""Under every figure and table of the PDF: links to the rule that made it and to its data files.

One LaTeX definition each, ``\csname origin@<file>\endcsname``, which paper/origins.sty prints below the float
that shows the file. Links are relative to ``results/<scale>/paper.pdf``.
"""

from collections.abc import Sequence

from ickrr.config.experiment import Experiment
from ickrr.report.formatting import escape

RULES = "../../workflow/rules"


def origin_links(experiment: Experiment) -> str:
    """Write the definitions of all figures and tables.

    Args:
        experiment: the resolved experiment, which says what each of them shows.
    """
    lines = []
    for name, figure in experiment.figures.items():
        data = [
            f"{escape(table)}: "
            + ", ".join(_link(run, f"tables/{run}/{table}.parquet") for run in figure.runs)
            for table in figure.tables
        ]
        data += [_link(table, f"tables/{table}.parquet") for table in figure.others]
        lines.append(_definition(f"figures/{name}.pdf", "draw_figure", "figures.smk", "; ".join(data)))
    for name in experiment.tables:
        files = ", ".join(_link(f"{name}.{kind}", f"tables/{name}.{kind}") for kind in ("csv", "parquet"))
        lines.append(_definition(f"{name}.tex", "write_table", "tables.smk", files))
    return "".join(lines)


def _definition(file: str, rule: str, rules: str, data: str) -> str:
    return (
        rf"\expandafter\def\csname origin@{file}\endcsname{{Rule {_link(rule, f'{RULES}/{rules}')}; {data}}}"
        + "\n"
    )


def _link(text: str, path: str) -> str:
    # Names are long and have no spaces: lines may break after an underscore.
    shown = escape(text).replace(r"\_", r"\_\allowbreak{}")
    return rf"\originlink{{{path}}}{{{shown}}}"


def linked_files(links: str) -> Sequence[str]:
    """List the paths that definitions link to, in their order."""
    return [part.split("}", 1)[0] for part in links.split(r"\originlink{")[1:]]
