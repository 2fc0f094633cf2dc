"""The configuration: overlays, resolution, and messages for what people get wrong."""

import json
import shutil
import textwrap
from pathlib import Path

import pytest
import yaml

from ickrr import entries
from ickrr.__main__ import main
from ickrr.config.constructions import CONTROL_SOLVER
from ickrr.config.experiment import Experiment, merge
from ickrr.config.load import load_experiment
from ickrr.config.load_ledger import load_ledger
from ickrr.config.reference import reference, walk
from ickrr.config.run import RunSettings
from ickrr.entries import LAWS
from ickrr.errors import ConfigError
from ickrr.steps import check_controls

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config.yaml"
*FIRST_LAWS, LAST_LAW = (f"'{law}'" for law in LAWS)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copy of config.yaml and its overlays that a test may spoil."""
    shutil.copy(CONFIG, tmp_path / "config.yaml")
    shutil.copytree(ROOT / "workflow" / "scales", tmp_path / "workflow" / "scales")
    return tmp_path / "config.yaml"


def message(config: Path, scale: str | None = None, **overrides: object) -> str:
    with pytest.raises(ConfigError) as caught:
        load_experiment(config, scale, overrides=overrides)
    return str(caught.value)


def replace(config: Path, old: str, new: str) -> None:
    text = config.read_text()
    assert old in text, f"{old!r} is no longer in {config}"
    config.write_text(text.replace(old, new, 1))


@pytest.mark.parametrize("scale", ["smoke", "laptop", "desk", "paper"])
def test_every_scale_resolves(scale: str) -> None:
    """Fails if an overlay names a key that is gone, or a value is out of range at one scale."""
    experiment = load_experiment(CONFIG, scale)
    assert experiment.scale == scale
    for run in experiment.runs:
        assert experiment.run(run).task.context_length >= max(experiment.statistics.context_lengths)


def test_scales_differ_in_values_only() -> None:
    """Fails if a scale adds or drops a run, a figure or a table: there is one DAG."""
    experiments = [load_experiment(CONFIG, scale) for scale in ("smoke", "laptop", "desk", "paper")]
    for part in ("runs", "figures", "tables", "tasks"):
        assert len({tuple(getattr(experiment, part)) for experiment in experiments}) == 1, part


def test_config_yaml_states_every_default() -> None:
    """Fails if a setting of the schema is neither in config.yaml nor exempt."""
    stated = yaml.safe_load(CONFIG.read_text())
    # Only meaningful for some runs, so they would puzzle a reader of the default experiment.
    exempt = {
        "base.training.queries_per_prompt",
        "base.training.allow_divergence",
    }
    for key, _ in walk(Experiment):
        if "<name>" in key or key in exempt:
            continue
        value = stated
        for part in key.split("."):
            assert part in value, f"config.yaml does not state {key}"
            value = value[part]


def test_reference_has_not_drifted() -> None:
    """Fails if the schema changed and docs/configuration.md was not made again."""
    assert (ROOT / "docs" / "configuration.md").read_text() == reference()


def test_the_overlay_of_the_reference_can_be_used(tmp_path: Path) -> None:
    """Fails if a newcomer who copies the example is told that it is wrong, there or in claims.yaml."""
    example = reference().partition("lists and values are replaced, and\n")[2].partition("\nFiles are")[0]
    (tmp_path / "mine.yaml").write_text(textwrap.dedent(example))
    experiment = load_experiment(CONFIG, overlay=tmp_path / "mine.yaml")
    assert "heads_sixteen" in experiment.figures["fig9"].runs
    assert load_ledger(ROOT / "claims.yaml", experiment)


def test_overlay_merges_mappings_and_replaces_lists() -> None:
    """Fails if an overlay dropped its siblings or appended to a list."""
    assert merge({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}}


def test_run_overrides_reach_only_that_run() -> None:
    """Fails if one run's override leaked into another or into the base."""
    runs = {
        "deep": {
            "task": "spherical",
            "model": {"layers": 16},
            "training": {"muon": {"momentum": 0.5}},
        }
    }
    experiment = load_experiment(CONFIG, overrides={"runs": runs})
    assert experiment.run("deep").model.layers == 16
    assert experiment.run("deep").training.muon.momentum == 0.5
    assert experiment.run("deep").training.muon.learning_rate == 0.02
    assert experiment.run("spherical").model.layers == 8


def test_scientific_notation_is_a_number(project: Path) -> None:
    """Fails if 1e-6 is read as text, as plain YAML 1.1 does."""
    assert load_experiment(project).probe.ridge == 1e-6


def test_file_and_line_of_an_unknown_key(project: Path) -> None:
    """Fails if a typo is not answered with file, line, key and the nearest known key."""
    line = (
        project.read_text().splitlines().index("    width: 64            # residual stream (our choice)") + 1
    )
    replace(project, "    width:", "    widht:")
    assert f"{project}:{line}: base.model.widht: unknown key (did you mean 'width'?)" in message(project)


def test_error_in_an_overlay_names_the_overlay(project: Path) -> None:
    """Fails if a mistake in smoke.yaml is blamed on config.yaml."""
    overlay = project.parent / "workflow" / "scales" / "smoke.yaml"
    replace(overlay, "steps: 40", "steps: -40")
    assert f"{overlay}:" in message(project, "smoke")
    assert "base.training.steps: found -40" in message(project, "smoke")


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        (
            {"base": {"model": {"width": "wide"}}},
            "base.model.width: found 'wide'; expected integer",
        ),
        (
            {"base": {"task": {"noise_std": -0.1}}},
            "base.task.noise_std: found -0.1; expected greater than",
        ),
        (
            {"base": {"task": {"law": "sphercal"}}},
            f"allowed: {', '.join(FIRST_LAWS)} or {LAST_LAW} (did you mean 'spherical'?)",
        ),
        (
            {"base": {"model": {"heads": 5}}},
            "heads = 5 does not divide width = 64; heads must be one of",
        ),
        ({"base": {"seeds": []}}, "base.seeds: found an empty list"),
        (
            {"base": {"training": {"warmup_steps": 5000}}},
            "warmup_steps = 5000 is more than steps = 1000",
        ),
        (
            {"statistics": {"context_lengths": [2, 21]}},
            "found [21], but the task 'spherical' has context_length 20",
        ),
        (
            {"runs": {"deep": {"model": {"layer": 4}}}},
            "runs.deep.model.layer: unknown key (did you mean 'layers'?)",
        ),
        (
            {"runs": {"paired": {"task": "spherical", "training": {"compile": True}}}},
            "runs.paired.training.compile: found True with model.layout paired",
        ),
        ({"runs": {"deep": {"modle": {}}}}, "runs.deep.modle: unknown key (did you mean 'model'?)"),
        ({"runs": {"wide": {"model": {"heads": 3}}}}, "runs.wide.model: heads = 3 does not divide"),
        (
            {"runs": {"other": {"task": "sphercal"}}},
            "runs.other.task: found 'sphercal', which is not a task",
        ),
        ({"runs": {"Deep-1": {}}}, "names are lower-case letters"),
        (
            {"tasks": {"far": {"lenghtscale": 2.0}}},
            "tasks.far.lenghtscale: unknown key (did you mean 'lengthscale'?)",
        ),
        (
            {"figures": {"fig1": {"runs": ["nope"]}}},
            "figures.fig1.runs: found 'nope', which is not a run",
        ),
        (
            {"tables": {"tab_alignment": {"controls": ["randon"]}}},
            "tables.tab_alignment.controls: found 'randon', which is not a control (did you mean 'random'?)",
        ),
    ],
)
def test_bad_values_are_named(overrides: dict[str, object], expected: str) -> None:
    """Fails if a mistake is accepted, or its message lacks key, value or what is allowed."""
    assert expected in message(CONFIG, None, **overrides)


def test_all_mistakes_are_reported_at_once() -> None:
    """Fails if the person has to fix one mistake to learn of the next."""
    text = message(CONFIG, None, base={"model": {"layers": 0}, "task": {"dimension": 0}})
    assert "base.model.layers" in text
    assert "base.task.dimension" in text


def test_yaml_that_does_not_parse(project: Path) -> None:
    """Fails if broken YAML ends in anything but file and line."""
    replace(project, "runs:", "runs: [")
    text = message(project)
    assert str(project) in text
    assert "not valid YAML" in text


def test_key_that_stands_twice(project: Path) -> None:
    """Fails if the second of two equal keys silently wins."""
    replace(project, "    width: 64", "    width: 64\n    width: 128")
    assert "base.model.width: this key stands twice" in message(project)


def test_missing_overlay(project: Path) -> None:
    """Fails if a scale without its file is silently the default."""
    (project.parent / "workflow" / "scales" / "smoke.yaml").unlink()
    assert "smoke.yaml: cannot be read" in message(project, "smoke")


def test_overlay_of_ones_own(project: Path) -> None:
    """Fails if a user's overlay does not win over the scale, or its mistakes do not name its line."""
    overlay = project.with_name("mine.yaml")
    overlay.write_text("base:\n  training:\n    steps: 7\n    warmup_steps: 0\n")
    assert load_experiment(project, "smoke", overlay).base.training.steps == 7
    overlay.write_text("base:\n  training:\n    step: 7\n")
    with pytest.raises(ConfigError, match=r"mine\.yaml:3: base\.training\.step: unknown key"):
        load_experiment(project, "smoke", overlay)
    with pytest.raises(ConfigError, match=r"gone\.yaml: cannot be read"):
        load_experiment(project, "smoke", project.with_name("gone.yaml"))


def test_unknown_scale() -> None:
    """Fails if a misspelt scale is accepted."""
    text = message(CONFIG, "smok")
    assert "scale: found 'smok'; allowed: smoke, laptop, desk, paper (did you mean 'smoke'?)" in text


@pytest.mark.parametrize(
    ("part", "name", "tables"),
    [("figures", "fig3", "matches"), ("tables", "tab_ablations", "alignment or pairs")],
)
def test_solvers_are_not_asked_for_on_a_linear_kernel(part: str, name: str, tables: str) -> None:
    """Fails if a figure of solver tables of a run that is not solved is planned, and fails in some job."""
    run = {"runs": ["linear_regression"]}
    assert load_experiment(CONFIG, overrides={"figures": {"fig_training": run}})
    found = message(CONFIG, **{part: {name: run}})
    assert "run 'linear_regression' has kernel linear, on which the solvers are not run" in found
    assert f"there is no {tables} of it" in found
    assert len(found.splitlines()) == 1


def test_claims_about_built_models_that_are_not_built_are_refused(tmp_path: Path) -> None:
    """Fails if a claim that asks for a built model of a run is missed only when it is judged."""
    text = (
        "one:\n  source: ours\n  statement: It is recognised.\n  evidence: [fig_trials]\n  conditions:\n"
        "    - {statistic: built_recognised_share, runs: [RUN], above: 0.5}\n"
    )
    (tmp_path / "claims.yaml").write_text(text.replace("RUN", "spherical"))
    assert load_ledger(tmp_path / "claims.yaml", load_experiment(CONFIG))
    without = {"constructions": {"controls": {"built_probed": {"readout": "own"}}}}
    with pytest.raises(ConfigError, match="needs a model that is built for the task of 'spherical'"):
        load_ledger(tmp_path / "claims.yaml", load_experiment(CONFIG, overrides=without))
    (tmp_path / "claims.yaml").write_text(text.replace("RUN", "clustered"))
    with pytest.raises(
        ConfigError, match="has none with task: clustered, weights: exact and readout: fitted"
    ):
        load_ledger(tmp_path / "claims.yaml", load_experiment(CONFIG))


def test_claims_about_solvers_on_a_linear_kernel_are_refused(tmp_path: Path) -> None:
    """Fails if a claim is accepted whose tables no rule makes."""
    text = (
        "one:\n  source: ours\n  statement: It leads.\n  evidence: [fig1]\n  conditions:\n"
        "    - {statistic: lead, of: distance, solver: richardson, runs: [linear_regression], above: 0}\n"
    )
    (tmp_path / "claims.yaml").write_text(text)
    experiment = load_experiment(CONFIG)
    with pytest.raises(ConfigError, match="no pairs or matches of it"):
        load_ledger(tmp_path / "claims.yaml", experiment)
    assert "linear_regression" not in experiment.compared
    assert set(experiment.runs) - set(experiment.compared) == {"linear_regression", "linear_regression_deep"}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"runs": ["spherica"]}, "operators.runs: found 'spherica', which is not a run (did you mean"),
        ({"runs": ["linear_spherical"]}, "allowed: kernel gaussian and attention softmax"),
        ({"anchor": "spherical"}, "allowed: kernel linear and attention linear"),
        ({"runs": []}, "figures.fig16.others: operators.runs is empty"),
        ({"dials": {"noise": [2.0, 4.0]}}, "the first level is in distribution and must be 1"),
        ({"dials": {"law": [0.0, 0.5, 0.5]}}, "dials.law: found [0.0, 0.5, 0.5], which holds 0.5 twice"),
    ],
)
def test_operators_are_of_runs_that_have_them(changes: dict[str, object], expected: str) -> None:
    """Fails if attention is to be measured that is not there, or a dial does not start in distribution."""
    assert expected in message(CONFIG, operators=changes)


def test_config_shows_the_seeds_of_a_run(capsys):
    """Fails if a person who asks for a run is not told how often it is trained."""
    experiment = load_experiment(ROOT / "config.yaml", "paper")
    for run in ("spherical", "depth_half"):
        assert main(["config", "--config", str(ROOT / "config.yaml"), "--scale", "paper", "--run", run]) == 0
        shown = json.loads(capsys.readouterr().out)
        assert shown.pop("seeds") == experiment.seeds(run)
        assert RunSettings.model_validate(shown) == experiment.run(run)


@pytest.mark.parametrize(
    ("condition", "overlay", "expected"),
    [
        (
            "statistic: effective_ridge, factor: 0.3, runs: [uniform], above: 0",
            {},
            "factor: found 0.3, which",
        ),
        (
            "statistic: effective_ridge, factor: 0.1, runs: [uniform], above: 0",
            {"noise_mismatch": {"factors": [1.0, 3.0], "snapshots": [1.0]}},
            "factor: found 0.1, which is not among noise_mismatch.factors; allowed: 1, 3",
        ),
        (
            "statistic: lead, of: distance, solver: chebyshev, runs: [uniform], above: 0",
            {},
            "solver: found 'chebyshev', which is not a solver of solvers.headline;",
        ),
        (
            "statistic: alignment, of: slope, solver: chebyshev, runs: [uniform], above: 0",
            {"solvers": {"others": ["newton"]}},
            "solver: found 'chebyshev', which is not a solver of solvers.headline or others",
        ),
        (
            "statistic: largest_difference, of: distance, runs: [uniform], below: 1",
            {
                "solvers": {"headline": ["richardson"], "others+": ["preconditioned_richardson"]},
                "functions": {"solver": "chebyshev"},
                "figures": {"fig5": {"solvers": None}},
            },
            "statistic: largest_difference compares solvers, but solvers.headline is ['richardson']",
        ),
        (
            "statistic: excess_ratio, reference: uniform, runs: [label, uniform], below: 1",
            {},
            "reference: found 'uniform', which is among runs",
        ),
    ],
)
def test_claims_of_rows_that_no_table_will_have(
    tmp_path: Path, condition: str, overlay: dict[str, object], expected: str
) -> None:
    """Fails if the settings keep a number out of its table and the claim misses it after all trainings."""
    text = "one:\n  source: ours\n  statement: s\n  evidence: [fig1]\n  conditions:\n"
    (tmp_path / "claims.yaml").write_text(f"{text}    - {{{condition}}}\n")
    experiment = load_experiment(CONFIG, overrides=overlay)
    with pytest.raises(ConfigError, match=r"claims\.yaml:6: one\.conditions\.0\.") as caught:
        load_ledger(tmp_path / "claims.yaml", experiment)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        (
            {
                "solvers": {"headline-": ["preconditioned_richardson"]},
                "functions": {"solver": "richardson"},
                "figures": {"fig5": {"solvers": None}},
            },
            "solvers.others: lacks preconditioned_richardson, which the",
        ),
        (
            {"solvers": {"nulls": ["ridge_path", "smother_path"]}},
            "solvers.nulls.1: found 'smother_path'; allowed: 'lengthscale_path', 'ridge_path', "
            "'shrinkage_path' or 'smoother_path' (did you mean 'smoother_path'?)",
        ),
        (
            {"constructions": {"controls": {"built": {"task": "linear_regression"}}}},
            "constructions.controls.built.task: task 'linear_regression' has kernel linear, on which",
        ),
        ({"operators": {"fit_prompts": 5000}}, "operators.fit_prompts: found 5000, but prompts.fit is 2048"),
        (
            {"runs": {"sunk": {"model": {"layout": "paired", "sink": True}}}},
            "runs.sunk.model.sink: unknown key; allowed: layers, width, heads,",
        ),
        (
            {"runs": {"exact": {"model": {"mlp": "bilinear"}}}},
            "runs.exact.model.mlp: found 'bilinear'; allowed: 'gelu', 'relu' or 'none'",
        ),
        (
            {"constructions": {"controls": {"built": {"model": {"mlp_ratio": 2.0}}}}},
            "constructions.controls.built.model.mlp_ratio: unknown key; allowed: layers, width, heads,",
        ),
        ({"functions": {"prompts": 2000}}, "functions.prompts: found 2000, but prompts.evaluation is 1024"),
        (
            {"compute": {"device": "cpu"}, "runs": {"line": {"training": {"precision": "bfloat16"}}}},
            "runs.line.training.precision: found bfloat16, which needs a GPU",
        ),
        (
            {"compute": {"device": "cpu"}, "base": {"training": {"precision": "tf32"}}},
            "base.training.precision: found tf32, which needs a GPU",
        ),
    ],
)
def test_settings_that_do_not_go_together(overlay: dict[str, object], expected: str) -> None:
    """Fails if two settings that some job cannot have together are found out by that job, or by no plan."""
    found = message(CONFIG, **overlay)
    assert expected in found
    assert len(found.splitlines()) == 1


def test_a_null_with_the_name_of_a_solver_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if a solver and a null would write one file."""
    found = entries._names
    monkeypatch.setattr(
        entries, "_names", lambda package: (*found(package), *(["richardson"] if package == "nulls" else []))
    )
    monkeypatch.setattr(entries.Entries, "fault", lambda self, name: None)  # there is no such module
    expected = "solvers.nulls: found 'richardson', which is the name of a solver as well; rename its module"
    assert expected in message(CONFIG, solvers={"nulls": ["richardson"]})


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ({"runs": {"label": None}}, "runs.label: found None; expected 'key: value' lines below it, or {key"),
        ({"tasks": {"line": 3}}, "tasks.line: found 3; expected 'key: value' lines"),
        ({"base": {"training": {"compile": "maybe"}}}, "compile: found 'maybe'; expected true or false"),
        ({"base": {"training": {"compile": 2}}}, "compile: found 2; expected true or false"),
    ],
)
def test_what_is_expected_is_said_in_the_words_of_yaml(overlay: dict[str, object], expected: str) -> None:
    """Fails if a person is told of Python's types and of our classes."""
    assert expected in message(CONFIG, **overlay)


def test_without_controls_no_solver_is_asked_for() -> None:
    """Fails if controls that are not there want a solver, or another one than the check wants of them."""
    without = {
        "constructions": {"controls-": ["built", "built_exact", "built_probed", "random"]},
        "tables-": ["tab_controls", "tab_alignment"],
        "solvers": {"others": []},
    }
    assert load_experiment(CONFIG, overrides=without).solvers.others == []
    assert check_controls.CONTROL_SOLVER == CONTROL_SOLVER
