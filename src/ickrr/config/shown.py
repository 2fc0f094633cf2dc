"""What each figure and table of the paper draws from, and which runs it can show.

Whatever a figure or a table would leave out is refused while the configuration is read: a run that differs
in what it cannot show, or a table that it does not read. Figures of one's own have no entry here and may be
given anything; their notebooks see to it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from ickrr.config.experiment import Experiment, FigureSettings, OtherTable, RunTable, TableSettings
from ickrr.config.yaml_text import KeyPath
from ickrr.entries import LAWS

SIZES: Final = ("heads", "width")  # of a model
WILD: Final = frozenset("*?[")


@dataclass(frozen=True)
class Shown:
    """What one figure or table draws from.

    Attributes:
        tables: tables that it reads of each of its runs.
        others: tables of no run that it reads.
        most: how many runs it has room for; any number when absent.
        controls: table of no run that it reads for its controls; it shows none when absent.
        refused: why it cannot show some runs.
    """

    tables: tuple[RunTable, ...] = ()
    others: tuple[OtherTable, ...] = ()
    most: int | None = None
    controls: OtherTable | None = None
    refused: Callable[[Experiment, Sequence[str]], Iterator[str]] = lambda experiment, runs: iter(())


def _varies_size(experiment: Experiment, runs: Sequence[str]) -> Iterator[str]:
    """Yield which runs vary more than the heads or the width of the first, or as another one does.

    A run whose own heads or width happen to be those of the first (a base was changed) is the same model.
    """
    first = _settings(experiment, runs[0])
    allowed = [[f"model.{size}"] for size in SIZES]
    seen: dict[tuple[str, Any], str] = {}
    for run in runs[1:]:
        settings = _settings(experiment, run)
        differs = [key for key, value in settings.items() if value != first[key]]
        # All may be trained as their sizes ask for.
        varied = [key for key in differs if not key.startswith("training.")]
        is_first = not differs and not experiment.runs[run].model.keys().isdisjoint(SIZES)
        if varied in allowed:
            level = (varied[0], settings[varied[0]])
            # At the smallest scale, one head and half the heads are the same model.
            if level in seen and experiment.scale != "smoke":
                yield f"run '{run}' has the {level[0]} of '{seen[level]}'; one of them would be left out"
            seen[level] = run
        elif not is_first:
            found = ", ".join(varied or differs) or "nothing"
            yield f"run '{run}' differs from '{runs[0]}' in {found}; allowed: heads alone, or width alone"


def _settings(experiment: Experiment, run: str) -> dict[str, Any]:
    """Settings of a run by their dotted keys."""
    resolved = experiment.run(run).model_dump(exclude={"name", "task_name"})
    return {f"{part}.{key}": value for part, values in resolved.items() for key, value in values.items()}


CONTROLS: Final[OtherTable] = "construction/controls"
SHOWN: Final[dict[str, Shown]] = {
    # One row, panel or column a run, of any number of runs that are compared with the solvers.
    "fig1": Shown(("errors",)),
    "fig2": Shown(("similarity", "matches")),
    "fig3": Shown(("matches",)),
    "fig4": Shown(("errors",)),
    "fig5": Shown(("similarity", "matches")),
    "fig6": Shown(("errors",)),
    "fig7": Shown(("similarity", "matches")),
    "fig8": Shown(("errors", "matches")),
    "fig10": Shown(("noise",)),
    "fig_solvers": Shown(("pairs", "matches")),
    "fig_training": Shown(("learning_curve",)),
    # The first run, and variations of it in heads or in width: two series, by nothing but these.
    "fig9": Shown(("learning_curve", "errors", "matches"), refused=_varies_size),
    # All runs in one panel.
    "fig13": Shown(("matches", "learning_curve")),
    # The curves of one run on the line.
    "fig_functions": Shown(("functions", "matches"), most=1),
    # No runs.
    "fig11": Shown(others=("construction/cells", "construction/layers", "construction/widths")),
    "fig12": Shown(others=("construction/contraction",)),
    "fig14": Shown(others=("metarep/cg_curves", "metarep/cg")),
    "fig15": Shown(others=("metarep/width_curves", "metarep/width")),
    "fig16": Shown(others=("metarep/operators_detail", "metarep/operators_dials")),
    # Tables: a block or a row a run.
    "tab_alignment": Shown(("alignment",), controls=CONTROLS),
    "tab_ablations": Shown(("learning_curve", "alignment", "pairs")),
    "tab_construction": Shown(others=("construction/cells",)),
    "tab_rates": Shown(others=("construction/cells", "construction/rates")),
    "tab_controls": Shown(others=(CONTROLS,)),
    "tab_metarep": Shown(
        others=("metarep/cg", "metarep/width", "metarep/operators", "metarep/anchor"),
    ),
    "tab_setup": Shown(),
    "tab_claims": Shown(),
    "tab_cost": Shown(),
}


def with_runs_of_patterns(experiment: Experiment) -> Experiment:
    """Return the experiment with the runs that patterns in figures and tables stand for.

    A pattern stands for the runs that it matches, in their order, and that the list does not name itself. One
    that matches nothing is left as it is, and is no run.
    """

    def named(runs: list[str]) -> list[str]:
        found: list[str] = []
        for entry in runs:
            matching = [run for run in experiment.runs if fnmatchcase(run, entry)] if WILD & {*entry} else []
            found += [run for run in matching if run not in (*runs, *found)] if matching else [entry]
        return found

    changes = {
        part: {
            name: item.model_copy(update={"runs": named(item.runs)})
            for name, item in getattr(experiment, part).items()
        }
        for part in ("figures", "tables")
    }
    return experiment.model_copy(update=changes)


def left_out(experiment: Experiment) -> Iterator[tuple[KeyPath, str]]:
    """Yield what figures and tables are given and would leave out, or need and are not given, by its key."""
    for part, items in (("figures", experiment.figures), ("tables", experiment.tables)):
        for name, item in items.items():
            runs = [run for run in item.runs if run in experiment.runs]
            controls = item.controls if isinstance(item, TableSettings) else []
            if bool(item.runs or controls) != bool(item.tables):
                yield (part, name), "`runs` (or `controls`) and `tables` go together: name both or neither"
            if "functions" in item.tables:
                asked, stored = experiment.functions.prompts, experiment.prompts.evaluation
                if asked > stored:
                    why = f"found {asked}, but prompts.evaluation is {stored}; lower it, or raise that"
                    yield ("functions", "prompts"), why
                for run in runs:
                    yield from (((part, name, "runs"), why) for why in _not_on_a_line(experiment, run))
            if name in SHOWN:
                yield from (
                    ((part, name, key), problem)
                    for key, problem in _problems(experiment, item, SHOWN[name], runs)
                )


def _problems(
    experiment: Experiment, item: FigureSettings | TableSettings, shown: Shown, runs: Sequence[str]
) -> Iterator[tuple[str, str]]:
    controls = item.controls if isinstance(item, TableSettings) else []
    others = [*shown.others, *([shown.controls] if controls and shown.controls else [])]
    for key, found, read in (("tables", item.tables, shown.tables), ("others", item.others, others)):
        if {*found} != {*read}:
            yield key, f"found {', '.join(found) or 'none'}; it reads {', '.join(read) or 'none'}"
    if item.runs and not shown.tables:
        yield "runs", f"found {', '.join(item.runs)}; it shows no runs, leave them out"
    if shown.tables and not item.runs:
        yield "runs", "found none; it shows at least one run"
    if controls and not shown.controls:
        yield "controls", f"found {', '.join(controls)}; it shows no controls, leave them out"
    if shown.most and len(runs) > shown.most:
        yield (
            "runs",
            f"found {', '.join(runs)}; it has room for {shown.most}, others would be left out",
        )
    elif len(runs) == len(item.runs) > 0 and all(experiment.runs[r].task in experiment.tasks for r in runs):
        yield from (("runs", problem) for problem in shown.refused(experiment, runs))


def _not_on_a_line(experiment: Experiment, run: str) -> Iterator[str]:
    """Yield why there are no prediction curves of a run, if there are none."""
    if experiment.runs[run].task not in experiment.tasks:
        return
    task, settings = experiment.run(run).task, experiment.functions
    if settings.solver not in experiment.solvers.names:
        yield f"functions.solver is {settings.solver}, which is not among solvers.headline or others"
    if task.dimension != 1 or LAWS.load(task.law).LINE is None:
        yield (
            f"run '{run}' has inputs of dimension {task.dimension} and law {task.law}, so there is no "
            "functions of it; allowed: runs of dimension 1 whose law fills an interval"
        )
    if too_long := [n for n in settings.context_lengths if n > task.context_length]:
        yield (
            f"run '{run}' has context_length {task.context_length}, but functions.context_lengths holds "
            f"{too_long}; allowed: up to it"
        )
