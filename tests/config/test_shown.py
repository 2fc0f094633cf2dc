"""What figures and tables are given and would not show is refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment

ROOT = Path(__file__).parents[2]
EXPERIMENT = load_experiment(ROOT / "config.yaml")
DEEP = "runs: {deep: {task: spherical, model: {layers: 5}}}\n"
Read = Callable[..., Experiment]
Refusal = Callable[..., str]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{DEEP}figures: {{fig9: {{runs+: [deep]}}}}",
            "figures.fig9.runs: run 'deep' differs from 'spherical' in model.layers; allowed: heads alone",
        ),
        (
            "figures: {fig9: {runs+: [adamw]}}",
            "run 'adamw' differs from 'spherical' in training.steps, training.optimizer, training.adamw",
        ),
        ("figures: {fig9: {runs+: [uniform]}}", "differs from 'spherical' in task.law, task.lengthscale"),
        ("runs: {again: {task: spherical, seeds: [7]}}\nfigures: {fig9: {runs+: [again]}}", "in nothing"),
        (
            "runs: {both: {task: spherical, model: {heads: 1, width: 32}}}\nfigures: {fig9: {runs+: [both]}}",
            "differs from 'spherical' in model.width, model.heads",
        ),
        (
            "runs: {one: {task: spherical, model: {heads: 1}}}\nfigures: {fig9: {runs+: [one]}}",
            "run 'one' has the model.heads of 'heads_one'",
        ),
        ("runs: {other: {task: line}}\nfigures: {fig_functions: {runs+: [other]}}", "has room for 1"),
        ("figures: {fig_functions: {runs: [spherical]}}", "run 'spherical' has inputs of dimension 5"),
        (
            "functions: {context_lengths: [6, 21]}",
            "run 'line' has context_length 20, but functions.context_lengths",
        ),
        (
            "figures: {fig_own: {kind: functions, runs: [uniform_2d]}}",
            "figures.fig_own.runs: run 'uniform_2d'",
        ),
        (
            "figures: {fig_along_training: {runs: [uniform]}}",
            "fig_along_training.runs: run 'uniform' keeps no weights on the way; give it training.snapshots",
        ),
        ("figures: {fig11: {runs: [label]}}", "fig11.runs: found label; it shows no runs, leave them out"),
        ("figures: {fig_own: {kind: best_steps}}", "fig_own.runs: found none; it shows at least one run"),
        (
            "figures: {fig_training: {solvers: [richardson]}}",
            "fig_training.solvers: found ['richardson']; figures of kind learning_curves take no such option",
        ),
        (
            "figures: {fig5: {main_solver: richardson}}",
            "fig5.main_solver: found richardson; figures of kind heatmaps take no such option, leave it out",
        ),
        (
            "figures: {fig5: {solvers: [richardson, richardsen]}}",
            "fig5.solvers: found richardsen; allowed: preconditioned_richardson, richardson,",
        ),
        ("figures: {fig5: {solvers: []}}", "fig5.solvers: found none; allowed: preconditioned_richardson"),
        (
            "figures: {fig_solvers: {main_solver: chebyshev}}",  # of which there are no pairs
            "fig_solvers.main_solver: found chebyshev; allowed: preconditioned_richardson, richardson,",
        ),
        (
            "tables: {tab_setup: {runs: [label]}}",
            "tab_setup.runs: found label; it shows no runs",
        ),
        (
            "tables: {tab_cost: {runs: [label]}}",
            "tables.tab_cost.runs: found label; it shows no runs, leave them out",
        ),
        (
            "tables: {tab_ablations: {controls: [random]}}",
            "tab_ablations.controls: found random; it shows no",
        ),
        ("tables: {tab_alignment: {runs: []}}", "tab_alignment.runs: found none; it shows at least one run"),
        ("tables: {tab_runs: {runs: []}}", "tab_runs.runs: found none; it shows at least one run"),
        (
            "solvers: {others-: [chebyshev]}\nfunctions: {solver: chebyshev}",
            "fig_functions.runs: functions.solver is chebyshev, which is not among",
        ),
        ("constructions: {verification: {ridges: {Big-1: {value: 3.0}}}}", "names are lower-case letters"),
    ],
)
def test_what_would_be_left_out_is_refused(refusal: Refusal, text: str, expected: str) -> None:
    """Fails if it is computed and then not shown, or shown by nothing that the configuration names."""
    assert expected in refusal(text)


def test_what_can_be_shown_is_accepted(read: Read) -> None:
    """Fails if a figure refuses a run that it draws."""
    more, wider = "task: spherical, model: {heads: 16}", "task: spherical, model: {width: 256}"
    runs = f"runs: {{heads_six: {{{more}}}, wide: {{{wider}}}}}"
    figures = (
        "figures: {fig9: {runs+: [heads_six, wide]}, fig1: {runs+: [paired, label]}, fig13: {runs+: [label]}}"
    )
    found = read(f"{runs}\n{figures}").figures
    assert found["fig9"].runs[-2:] == ["heads_six", "wide"]
    longer = read("runs: {spherical: {training: {steps: 4000}}}")  # of the first alone
    assert longer.figures["fig9"].runs == EXPERIMENT.figures["fig9"].runs
    changed = read("base: {model: {width: 64}}", scale="smoke")  # width_double is the first run then
    assert changed.run("width_double").model == changed.run("spherical").model
    # One head and half the heads are the same model there, and the paper's own.
    assert read(scale="smoke").run("heads_one").model == read(scale="smoke").run("heads_half").model
