"""What each figure and table of the paper can show.

Whatever a figure or a table would leave out is refused while the configuration is read: a run that differs
in what it cannot show, or an option that it does not take. What a figure reads and takes, its notebook says
(`ickrr.config.kinds`); what a table reads, its module (`ickrr.config.paper_tables`).
"""

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from typing import Any, Final

from ickrr.config import kinds, paper_tables
from ickrr.config.experiment import Experiment, FigureSettings, TableSettings
from ickrr.config.idle import NO_DIFFERENCE
from ickrr.config.yaml_text import KeyPath
from ickrr.entries import LAWS

SIZES: Final = ("heads", "width")  # of a model
WILD: Final = frozenset("*?[")


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
    resolved = experiment.run(run).model_dump(exclude=NO_DIFFERENCE)
    return {f"{part}.{key}": value for part, values in resolved.items() for key, value in values.items()}


def _more_than_one(experiment: Experiment, runs: Sequence[str]) -> Iterator[str]:
    """Yield that there is room for one run, if there are more."""
    if len(runs) > 1:
        yield f"found {', '.join(runs)}; it has room for 1, others would be left out"


REFUSED: Final[dict[str, Callable[[Experiment, Sequence[str]], Iterator[str]]]] = {
    # The first run, and variations of it in heads or in width: two series, by nothing but these.
    "sizes": _varies_size,
    # The curves of one run on the line.
    "functions": _more_than_one,
    "along_training": _more_than_one,
}
"""Why a kind of figure cannot show some runs; kinds without an entry can show any."""


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
            if isinstance(item, FigureSettings):
                problems = _of_figure(experiment, item, runs)
            else:
                problems = _of_table(name, item)
            for key, problem in problems:
                yield ((part, name, key) if key else (part, name)), problem
            if "functions" in item.tables:
                yield from _of_curves(experiment, (part, name, "runs"), runs)
            if "snapshot_attribution" in item.tables:
                yield from (((part, name, "runs"), why) for why in _without_snapshots(experiment, runs))


def _of_figure(
    experiment: Experiment, figure: FigureSettings, runs: Sequence[str]
) -> Iterator[tuple[str, str]]:
    kind = kinds.load(figure.kind)
    if figure.runs and not kind.tables:
        yield "runs", f"found {', '.join(figure.runs)}; it shows no runs, leave them out"
    if kind.tables and not figure.runs:
        yield "runs", "found none; it shows at least one run"
    refused = REFUSED.get(figure.kind)
    whole = all(experiment.runs[run].task in experiment.tasks for run in runs)
    if refused and whole and len(runs) == len(figure.runs) > 0:
        yield from (("runs", problem) for problem in refused(experiment, runs))
    # Pairs are those of the main comparison; the other tables hold all solvers.
    known = experiment.solvers.headline if "pairs" in kind.tables else experiment.solvers.names
    for key in ("solvers", "main_solver"):
        given = getattr(figure, key)
        if given is not None and key not in kind.parameters:
            yield key, f"found {given}; figures of kind {figure.kind} take no such option, leave it out"
        elif given is not None:
            named = given if isinstance(given, list) else [given]
            wrong = [solver for solver in named if solver not in known]
            if wrong or not named:
                yield key, f"found {', '.join(wrong) or 'none'}; allowed: {', '.join(known)}"


def _of_table(name: str, table: TableSettings) -> Iterator[tuple[str, str]]:
    reads = paper_tables.load(name)
    if table.runs and reads.of_runs is None:
        yield "runs", f"found {', '.join(table.runs)}; it shows no runs, leave them out"
    if reads.of_runs is not None and not table.runs:
        yield "runs", "found none; it shows at least one run"
    if table.controls and reads.of_controls is None:
        yield "controls", f"found {', '.join(table.controls)}; it shows no controls, leave them out"


def _without_snapshots(experiment: Experiment, runs: Sequence[str]) -> Iterator[str]:
    """Yield which runs keep no weights on the way through their training."""
    for run in runs:
        if experiment.runs[run].task in experiment.tasks and not experiment.run(run).training.snapshots:
            yield f"run '{run}' keeps no weights on the way; give it training.snapshots, or take it out"


def _of_curves(experiment: Experiment, key: KeyPath, runs: Sequence[str]) -> Iterator[tuple[KeyPath, str]]:
    asked, stored = experiment.functions.prompts, experiment.prompts.evaluation
    if asked > stored:
        why = f"found {asked}, but prompts.evaluation is {stored}; lower it, or raise that"
        yield ("functions", "prompts"), why
    for run in runs:
        yield from ((key, why) for why in _not_on_a_line(experiment, run))


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
