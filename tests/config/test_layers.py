"""Overlays: scale, merge keys, lists that are extended, several files, and values of the command line."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from snakemake.cli import parse_config

from ickrr.__main__ import main
from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "config.yaml"
DEFAULT = load_experiment(CONFIG)
SIZES = DEFAULT.figures["fig9"].runs
Read = Callable[..., Experiment]
Refusal = Callable[..., str]


def told(*entries: str) -> Experiment:
    """What `snakemake --config ENTRY ..` makes of the configuration."""
    return load_experiment(CONFIG, overrides=parse_config(entries))


def test_scale_of_an_overlay_is_used(read: Read, refusal: Refusal) -> None:
    """Fails if `scale: smoke` in an overlay is accepted and the laptop's values are taken."""
    small = read("scale: smoke\nbase: {training: {batch_size: 7}}")
    assert (small.scale, small.base.model.layers, small.base.training.batch_size) == ("smoke", 3, 7)
    assert read("scale: smoke", "scale: paper").scale == "paper"  # later ones win
    assert read("scale: smoke", scale="laptop").scale == "laptop"
    assert "mine0.yaml:1: scale: found 'smok'; allowed" in refusal("scale: smok")
    assert "scale: found ['smoke']" in refusal("scale: [smoke]")


def test_scale_that_names_another(tmp_path: Path) -> None:
    """Fails if the overlay of a scale may say `scale:` and is not obeyed."""
    (tmp_path / "config.yaml").write_text(CONFIG.read_text())
    (tmp_path / "workflow" / "scales").mkdir(parents=True)
    (tmp_path / "workflow" / "scales" / "smoke.yaml").write_text("scale: paper\n")
    with pytest.raises(ConfigError, match=r"smoke\.yaml:1: scale: this file is a scale"):
        load_experiment(tmp_path / "config.yaml", "smoke")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("sed=3", "command line: sed: unknown key (did you mean 'seed'?)"),
        ("overlya=a.yaml", "command line: overlya: unknown key (did you mean 'overlay'?)"),
        ("bundle=off", "command line: bundle: unknown key"),
        ("scale=", "command line: scale: found None; allowed: smoke"),
        ("overlay=", "command line: overlay: found None; give a file"),
        ("overlay=5", "command line: overlay: found 5; give a file"),
        ("overlay={a: b}", "command line: overlay: found {'a': 'b'}"),
        ("overlay=[gone.yaml]", "gone.yaml: cannot be read"),
        ("seed=", "command line: seed: found None; expected integer"),
        ("base=5", "command line: base: found 5"),
        ("base={model: {layers: five}}", "base.model.layers: found 'five'; expected integer"),
        ("base={model: {layers: 5.5}}", "base.model.layers: found 5.5; expected integer"),
        (
            "runs={x: {training: {compile: maybe}}}",
            "runs.x.training.compile: found 'maybe'; expected true or false",
        ),
        ("runs={x: {model: {layres: 5}}}", "runs.x.model.layres: unknown key (did you mean 'layers'?)"),
        ("runs={x: {seeds: 5}}", "runs.x.seeds: found 5; expected list"),
        ("figures={fig1: {runs+: [nope]}}", "figures.fig1.runs: found 'nope', which is not a run"),
    ],
)
def test_names_and_values_of_the_command_line_are_checked(entry: str, expected: str) -> None:
    """Fails if one is accepted and not used, or its message lacks what was found."""
    with pytest.raises(ConfigError) as caught:
        told(entry)
    assert expected in str(caught.value)


def test_nested_values_of_the_command_line_have_the_types_of_the_schema() -> None:
    """Fails if Snakemake's texts are refused where numbers, booleans, lists or nothing are wanted."""
    runs = "{deeper: {task: spherical, model: {layers: 5, mlp_ratio: 2}, seeds: [3, 4], "
    runs += "training: {compile: no, gradient_clip: null, muon: {momentum: 5e-1}, target: label}}}"
    run = told(f"runs={runs}").run("deeper")
    assert (run.model.layers, run.model.mlp_ratio) == (5, 2.0)
    assert run.training.compile is False
    assert run.training.gradient_clip is None
    assert run.training.muon.momentum == 0.5
    assert told(f"runs={runs}").seeds("deeper") == [3, 4]
    changed = told(
        "tasks={far: {dimension: 3, noise_std: 1}}",
        "statistics={context_lengths: [2, 4], confidence: 0.9}",
        "constructions={verification: {ridges: {more: {scaling: fixed, value: 2}}}}",
        "seed=7",
    )
    assert changed.task("far").dimension == 3
    assert changed.statistics.context_lengths == [2, 4]
    assert changed.constructions.verification.ridges["more"].value == 2.0
    assert changed.seed == 7


def test_text_stays_text_where_text_is_wanted() -> None:
    """Fails if a name that looks like a number, a boolean or nothing is read as one."""
    from ickrr.config.layers import typed
    from ickrr.config.ledger import Condition

    given = {"quantity": "5", "subject": "no", "factor": "5", "setting": "null", "runs": ["1e3", "off"]}
    found = {"quantity": "5", "subject": "no", "factor": 5, "setting": None, "runs": ["1e3", "off"]}
    assert typed(given, Condition) == found
    assert typed({"no": {"task": "5"}}, dict[str, Any]) == {"no": {"task": 5}}  # nothing is known of these


@pytest.mark.parametrize("value", ["off", "no", "0", "False", "false", "No", "OFF", "n"])
def test_what_means_false(read: Read, value: str) -> None:
    """Fails if a way to say no means something else in a file than on the command line."""
    assert read(f"base: {{training: {{compile: {value}}}}}").base.training.compile is False
    assert read(f"base: {{training: {{compile: '{value}'}}}}").base.training.compile is False
    assert told(f"base={{training: {{compile: {value}}}}}").base.training.compile is False
    assert told(f"runs={{line: {{training: {{compile: {value}}}}}}}").run("line").training.compile is False


@pytest.mark.parametrize("value", ["on", "yes", "1", "True", "true"])
def test_what_means_true(read: Read, value: str) -> None:
    """Fails if a way to say yes means no, or is refused."""
    assert read(f"runs: {{line: {{training: {{compile: {value}}}}}}}").run("line").training.compile is True
    assert told(f"runs={{line: {{training: {{compile: {value}}}}}}}").run("line").training.compile is True


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "runs: {x: {model: {mlp: none, mlp_ratio: 2.0}}}",
            "runs.x.model.mlp_ratio: is not used with mlp = none; allowed with mlp = gelu or relu",
        ),
        (
            "runs: {adamw: {training: {muon: {momentum: 0.5}}}}",
            "runs.adamw.training.muon: is not used with optimizer = adamw",
        ),
        (
            "constructions: {controls: {x: {weights: exact, model: {heads: 1, banks: 3}}}}",
            "controls.x.model.banks: is not used with mlp = bilinear; allowed with mlp = relu_banks",
        ),
    ],
)
def test_setting_that_changes_nothing(refusal: Refusal, text: str, expected: str) -> None:
    """Fails if a run is trained that is another one again, under the name of a setting that is not read."""
    assert expected in refusal(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("runs: {again: {task: spherical, purpose: more seeds, seeds: [7]}}", "mine0.yaml:1: runs.again: "),
        ("tasks: {same: {}}\nruns: {again: {task: same}}", "mine0.yaml:2: runs.again: "),
        (
            "runs: {again: {task: uniform, model: {width: 96}}, more: {task: uniform, model: {width: 96}}}",
            "mine0.yaml:1: runs.more: ",
        ),
    ],
)
@pytest.mark.parametrize("scale", ["laptop", "desk", "paper"])
def test_run_that_is_another_one_again(
    read: Read, refusal: Refusal, text: str, expected: str, scale: str
) -> None:
    """Fails if a model is trained twice under two names, or the message does not name both."""
    other = "again" if "more" in expected else "spherical"
    said = refusal(text, scale=scale)
    assert f"{expected}has the task, the model and the training of run '{other}'; change one" in said
    # Whoever changes the base need not take out the runs that it meets.
    assert read("base: {model: {width: 512}}\nruns: {width_double: {model: {width: 512}}}", scale=scale)
    assert read("runs: {again: {task: spherical}}", scale="smoke").runs["again"].task == "spherical"


def test_several_overlays_in_order(tmp_path: Path) -> None:
    """Fails if a list of overlays is a traceback, or the first one wins."""
    for name, layers in (("a", 6), ("b, c", 5)):
        (tmp_path / f"{name}.yaml").write_text(f"base: {{model: {{layers: {layers}, width: {16 * layers}}}}}")
    (tmp_path / "c.yaml").write_text("base: {model: {width: 112}}")
    paths = [str(tmp_path / name) for name in ("a.yaml", "b, c.yaml", "c.yaml")]
    model = told(f"overlay={json.dumps(paths)}").base.model
    assert (model.layers, model.width) == (5, 112)
    model = told(f"overlay=[{paths[2]},{paths[0]}]").base.model
    assert (model.layers, model.width) == (6, 96)


def test_merge_keys(read: Read, refusal: Refusal) -> None:
    """Fails if `<<: *base` is not understood, or hides a key that stands twice."""
    runs = read(
        "runs:\n"
        "  a: &a {task: spherical, model: {layers: 6}, seeds: [0]}\n"
        "  b: &b\n    <<: *a\n    task: uniform\n"
        "  c: {<<: [{seeds: [7]}, *b], training: {batch_size: 3}}\n"
    ).runs
    assert (runs["b"].task, runs["b"].model, runs["b"].seeds) == ("uniform", {"layers": 6}, [0])
    assert (runs["c"].task, runs["c"].model, runs["c"].seeds) == ("uniform", {"layers": 6}, [7])
    twice = "runs:\n  a: &a {task: spherical}\n  b:\n    <<: *a\n    seeds: [1]\n    seeds: [2]\n"
    assert "mine0.yaml:6: runs.b.seeds: this key stands twice" in refusal(twice)
    wrong = "runs:\n  a: &a {task: spherical, modle: {}}\n  b: {<<: *a}\n"
    assert "mine0.yaml:2: runs.b.modle: unknown key" in refusal(wrong)
    for value in ("hello", "[1]", "[{seeds: [1]}, 3]", "&x {<<: *x}"):
        assert "runs.b.<<: merges what is not another mapping" in refusal(f"runs:\n  b: {{<<: {value}}}")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{runs+: [own_heads]}", [*SIZES, "own_heads"]),
        (
            "{runs-: [heads_one, width_half]}",
            [run for run in SIZES if run not in ("heads_one", "width_half")],
        ),
        ("{runs: [spherical, 'own_*']}", ["spherical", "own_heads", "own_width", "own_wider"]),
        ("{runs: [spherical, own_wider, 'own_*']}", ["spherical", "own_wider", "own_heads", "own_width"]),
        (
            "{runs: [spherical, 'own_[hx]*', 'own_widt?', heads_one]}",
            ["spherical", "own_heads", "own_width", "heads_one"],
        ),
        ("{runs+: ['own_h?ads']}", [*SIZES, "own_heads"]),
    ],
)
def test_runs_of_a_figure_are_extended_and_named_by_pattern(
    read: Read, text: str, expected: list[str]
) -> None:
    """Fails if the whole list has to be typed again for one run more or less."""
    sizes = {"own_heads": "heads: 32", "own_width": "width: 336", "own_wider": "width: 352"}
    runs = [f"{run}: {{task: spherical, model: {{{size}}}}}" for run, size in sizes.items()]
    more = f"runs: {{{', '.join(runs)}}}\n"
    assert read(f"{more}figures: {{fig9: {text}}}").figures["fig9"].runs == expected
    assert read(more, f"figures: {{fig9: {text}}}").figures["fig9"].runs == expected
    assert (
        told(f"{more.strip().replace(': ', '=', 1)}", f"figures={{fig9: {text}}}").figures["fig9"].runs
        == expected
    )


def test_extensions_add_up_over_layers(read: Read) -> None:
    """Fails if the second overlay forgets what the first one added."""
    found = read("figures: {fig1: {runs+: [uniform]}}", "figures: {fig1: {runs+: [gaussian]}}").figures[
        "fig1"
    ]
    assert found.runs == ["spherical", "uniform", "gaussian"]


def test_names_are_taken_out_of_mappings(read: Read) -> None:
    """Fails if a table that is not wanted can only be dropped by copying config.yaml."""
    left = read("tables-: [tab_metarep]\noperators: {anchor: null}")
    assert "tab_metarep" not in left.tables and set(left.tables) == set(DEFAULT.tables) - {"tab_metarep"}
    told = {"tables-": ["tab_metarep"], "operators": {"anchor": None}}  # as `--configfile` hands it over
    assert read(**told) == left


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "base: {model: {layers+: [1]}}",
            "base.model.layers+: extends a list of the layers below, but found 8",
        ),
        (
            "runs: {linear_spherical: {seeds+: [7]}}",
            "runs.linear_spherical.seeds+: extends a list of the layers below, but there is",
        ),
        (
            "runs: {new: {seeds+: [7]}}",
            "runs.new.seeds+: extends a list of the layers below, but there is none",
        ),
        ("runs+: [mine]", "runs+: extends a list, but this is a mapping, which merges; leave out the +"),
        ("figures: {fig9: {runs+: label}}", "figures.fig9.runs+: found 'label'; give a list"),
        (
            "figures: {fig1: {runs: [uniform], runs+: [spherical]}}",
            "figures.fig1.runs+: 'runs' stands beside it",
        ),
        ("figures: {fig9: {runs-: [heads_on]}}", "'heads_on' is not there (did you mean 'heads_one'?)"),
        (
            "base: {model: {layers-: [1]}}",
            "base.model.layers-: takes entries out of the layers below, but",
        ),
        ("tables-: [tab_metrep]", "tables-: 'tab_metrep' is not there (did you mean 'tab_metarep'?)"),
        ("runs-: [heads_one]", "figures.fig9.runs: found 'heads_one', which is not a run"),
        ("figures: {fig9: {runs: [spherical, 'haeds_*']}}", "found 'haeds_*', which is not a run"),
        ("tables: {tab_ablations: {runs+: ['x*']}}", "mine0.yaml:1: tables.tab_ablations.runs: found 'x*'"),
        ("+: 3", "+: extends a list of the layers below, but there is none"),
    ],
)
def test_what_cannot_be_changed_so(refusal: Refusal, text: str, expected: str) -> None:
    """Fails if a change of nothing is taken without a word, or its place is not named."""
    assert expected in refusal(text)


def test_tools_take_the_same_options(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fails if one tool that reads the configuration cannot be shown what `snakemake` is told."""
    (tmp_path / "one.yaml").write_text("scale: smoke\nruns: {more: {task: line, seeds: [5]}}")
    (tmp_path / "two.yaml").write_text("runs: {more: {seeds+: [6]}}")
    options = [f"--overlay={tmp_path / name}.yaml" for name in ("one", "two")]
    assert main(["config", "--config", str(CONFIG), *options]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert (shown["scale"], shown["runs"]["more"]["seeds"]) == ("smoke", [5, 6])
    assert main(["config", "--config", str(CONFIG), options[1]]) == 1
    assert "two.yaml:1: runs.more.seeds+: extends" in capsys.readouterr().err
    import ickrr.tools.estimate as estimate

    seen: list[Experiment] = []
    monkeypatch.setattr(estimate, "training_rows", lambda experiment, device: seen.append(experiment) or [{}])
    for part in ("solving_rows", "construction_rows", "control_rows"):
        monkeypatch.setattr(estimate, part, lambda *given: [])
    monkeypatch.setattr(estimate, "report", lambda *given: "")
    assert main(["estimate", "--config", str(CONFIG), *options]) == 0
    assert seen[0].seeds("more") == [5, 6]
