"""The steps of the construction, by their files: what they write, and what they refuse in one sentence."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from construction_tables import contraction_table

from ickrr.__main__ import main
from ickrr.config.constructions import ContractionSettings, RidgeSettings, VerificationSettings
from ickrr.config.model import BuiltModelSettings, ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.constructions.richardson.contraction import ADVERSARIES
from ickrr.io.files import write_json, write_table
from ickrr.io.tensors import read_metadata
from ickrr.model.weights import load_model

TABLES = ("cells", "layers", "widths", "families")


def settings(**changes):
    ridges = {"scaled": RidgeSettings(), "fixed": RidgeSettings(scaling="fixed", value=1.0)}
    base = {
        "ridges": ridges,
        "context_lengths": [4, 8],
        "accuracies": [0.1],
        "most_prompts": 2,
        "points": 320,
    }
    return VerificationSettings(**{**base, **changes})


def verify(tmp_path, ridge="scaled", **changes):
    write_json(tmp_path / "settings.json", settings(**changes).model_dump(mode="json"))
    arguments = ["--settings", str(tmp_path / "settings.json"), "--ridge", ridge]
    written = [word for name in TABLES for word in (f"--{name}", str(tmp_path / ridge / f"{name}.parquet"))]
    return main(["verify_construction", *arguments, *written])


def tabulate(tmp_path, *ridges, contraction=None):
    """Gather the ridges; the factors are those of invented prompts, unless given."""
    write_json(tmp_path / "statistics.json", {})
    write_json(tmp_path / "grid.json", settings().model_dump(mode="json"))
    arguments = ["--statistics", str(tmp_path / "statistics.json"), "--settings", str(tmp_path / "grid.json")]
    for name in TABLES:
        arguments += [f"--verified-{name}", *(str(tmp_path / ridge / f"{name}.parquet") for ridge in ridges)]
    for name in (*TABLES, "rates", "summary"):
        arguments += [f"--{name}", str(tmp_path / f"t/{name}.parquet")]
    if contraction is None:
        contraction = tmp_path / "t/contraction.parquet"
        write_table(contraction, contraction_table())
    return main(["tabulate_construction", *arguments, "--contraction", str(contraction)])


@pytest.fixture(scope="module")
def scaled(tmp_path_factory):
    """The tables of a ridge that grows with N."""
    folder = tmp_path_factory.mktemp("verified")
    assert verify(folder) == 0
    return folder / "scaled"


def test_verification_and_its_tables(scaled, tmp_path):
    """Fails if a cell is not verified, a table lacks rows, or two runs differ in a byte."""
    assert verify(tmp_path) == verify(tmp_path, "fixed") == 0
    cells = pd.read_parquet(tmp_path / "scaled/cells.parquet")
    assert len(cells) == 2 and cells["passed"].all()
    assert (cells["smallest_width"] < cells["width"]).all() and (cells["smallest_steps"] > 0).all()
    layers = pd.read_parquet(tmp_path / "scaled/layers.parquet")
    assert (layers["error"] <= layers["bound"].fillna(np.inf)).all()
    assert (tmp_path / "scaled/cells.parquet").read_bytes() == (scaled / "cells.parquet").read_bytes()
    assert tabulate(tmp_path, "scaled", "fixed") == 0
    assert set(pd.read_parquet(tmp_path / "t/rates.parquet")["name"]) == {"scaled", "fixed"}
    summary = pd.read_parquet(tmp_path / "t/summary.parquet").set_index(["quantity", "subject", "setting"])
    share = (cells["error"] / cells["accuracy"]).max()
    assert summary.loc[("error_share", "built", "scaled"), "value"] == share < 1
    assert summary.loc[("failures", "built", "fixed"), "value"] == 0


def test_the_summary_needs_the_factors(scaled, tmp_path, capsys):
    """Fails if the shares of prompts are left out without a word where the factors are not there."""
    shutil.copytree(scaled, tmp_path / "scaled")
    assert tabulate(tmp_path, "scaled", contraction=tmp_path / "nothing.parquet") == 1
    assert "nothing.parquet: no such table" in capsys.readouterr().err
    assert not (tmp_path / "t/summary.parquet").exists()


def test_deep_cells_are_theory_only(tmp_path):
    """Fails if a model deeper than allowed is built, or left out of the table."""
    assert verify(tmp_path, largest_depth=4) == 0
    cells = pd.read_parquet(tmp_path / "scaled/cells.parquet")
    assert set(cells["status"]) == {"theory only"} and not cells["passed"].any()
    assert pd.read_parquet(tmp_path / "scaled/widths.parquet").columns.tolist()[-1] == "error"


def test_a_broken_bound_stops_the_rule(tmp_path, monkeypatch, capsys):
    """Fails if weights that break a promise do not end in exit status 1 with the cell named."""
    from ickrr.constructions.richardson import grid

    def wrong(certificate):
        model = build(certificate)
        model.blocks[2].attention.output.weight *= 1.01
        return model

    build = grid.build
    monkeypatch.setattr(grid, "build", wrong)
    assert verify(tmp_path, context_lengths=[4], accuracies=[0.01]) == 1
    message = capsys.readouterr().err
    assert "N = 4, eps = 0.01: error" in message and "break a bound" in message


def test_unknown_ridge(tmp_path, capsys):
    """Fails if a ridge that is not configured ends in a traceback."""
    assert verify(tmp_path, "nope") == 1
    assert "--ridge: found 'nope'" in capsys.readouterr().err


def test_contraction(tmp_path):
    """Fails if a factor exceeds the theorem's bound, or an adversarial set counts as an input law."""
    chosen = ContractionSettings(context_lengths=[6, 12], points=24, laws=["spherical"], lengthscales=[1.0])
    write_json(tmp_path / "settings.json", chosen.model_dump(mode="json"))
    output = tmp_path / "contraction.parquet"
    assert (
        main(["measure_contraction", "--settings", str(tmp_path / "settings.json"), "--table", str(output)])
        == 0
    )
    table = pd.read_parquet(output)
    kept = table[(table["preconditioner"] == "ridge") | (table["bound"] < 1)]
    assert (kept["factor"] <= kept["bound"] + 1e-12).all()
    assert set(table.loc[table["kind"] == "law", "family"]) == {"spherical"}
    assert set(table.loc[table["kind"] == "adversarial", "family"]) == set(ADVERSARIES)


def construct(tmp_path, *options):
    files = ["--weights", str(tmp_path / "w.safetensors"), "--certificate", str(tmp_path / "c.json")]
    return main(["construct", "--context-length", "6", "--dimension", "2", *files, *options])


def test_certificate(tmp_path):
    """Fails if the certificate does not hold what was proven and measured, or lies beside other weights."""
    assert construct(tmp_path, "--eps", "1e-2") == 0
    certificate = json.loads((tmp_path / "c.json").read_text())
    assert certificate["measured"]["made"]["error"] <= certificate["bound"] <= 1e-2
    assert read_metadata(tmp_path / "w.safetensors") == certificate


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--eps", "1e-14"], "below what float64 can guarantee"),
        (["--eps", "0.1", "--preconditioner", "kernel", "--ridge", "2"], "preconditioner: found kernel"),
        (["--eps", "0.1", "--ridge", "-1"], "ridge: found -6"),
        (["--eps", "-1"], "eps: found -1.0; it must be positive"),
    ],
)
def test_impossible_requests(tmp_path, capsys, options, message):
    """Fails if an impossible request is not refused by name, or leaves files behind."""
    assert construct(tmp_path, *options) == 1
    assert message in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_own_data_beyond_the_bounds(tmp_path, capsys):
    """Fails if data that violate the bounds are certified."""
    import torch

    from ickrr.io.tensors import save_tensors

    save_tensors(tmp_path / "d.safetensors", {"x": torch.full((2, 5, 2), 3.0), "y": torch.zeros(2, 5)})
    assert construct(tmp_path, "--eps", "0.1", "--data", str(tmp_path / "d.safetensors")) == 1
    assert "input_bound: |x|: the data have 4.2" in capsys.readouterr().err


PAIRED = {"width": 11, "heads": 1, "norm": "none", "layout": "paired", "sink": True}
ARCHITECTURES = {
    "exact": BuiltModelSettings(layers=20, mlp="bilinear", hidden=5, **PAIRED),
    "built": BuiltModelSettings(layers=8, mlp="relu_banks", hidden=6, banks=4, bank_units=512, **PAIRED),
    "random": ModelSettings(layers=2, width=8, heads=2),
}


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_controls_are_loaded_as_trained_models_are(tmp_path, kind):
    """Fails if the weights of a control do not fit its run, lose their precision, or do not run."""
    task = TaskSettings(dimension=2, context_length=5)
    run = RunSettings(
        name=kind, task_name="t", task=task, model=ARCHITECTURES[kind], training=TrainingSettings()
    )
    write_json(tmp_path / "run.json", run.model_dump(mode="json"))
    files = ["--weights", str(tmp_path / "w.safetensors"), "--expected", str(tmp_path / "e.json")]
    arguments = ["--run", str(tmp_path / "run.json"), "--kind", kind, "--seed", "0", *files]
    assert main(["build_control", *arguments]) == 0
    model = load_model(tmp_path / "w.safetensors", run, 0)
    assert str(model.readout.weight.dtype) == ("torch.float32" if kind == "random" else "torch.float64")
    expected = json.loads((tmp_path / "e.json").read_text())
    assert (expected["setup"] is None) == (kind == "random")


def test_control_of_a_trained_architecture(tmp_path, capsys):
    """Fails if a construction that is asked for in a trained model's architecture ends in a traceback."""
    task = TaskSettings(dimension=2, context_length=5)
    run = RunSettings(
        name="r", task_name="t", task=task, model=ARCHITECTURES["random"], training=TrainingSettings()
    )
    write_json(tmp_path / "run.json", run.model_dump(mode="json"))
    files = ["--weights", str(tmp_path / "w.safetensors"), "--expected", str(tmp_path / "e.json")]
    arguments = ["--run", str(tmp_path / "run.json"), "--kind", "exact", "--seed", "0", *files]
    assert main(["build_control", *arguments]) == 1
    assert "model.mlp: found 'gelu', that of a trained model" in capsys.readouterr().err


def test_control_without_room(tmp_path, capsys):
    """Fails if a construction is forced into an architecture that is too small."""
    run = RunSettings(
        name="small",
        task_name="t",
        task=TaskSettings(dimension=2, context_length=5),
        model=ARCHITECTURES["exact"].model_copy(update={"layers": 3}),
        training=TrainingSettings(),
    )
    write_json(tmp_path / "run.json", run.model_dump(mode="json"))
    files = ["--weights", str(tmp_path / "w.safetensors"), "--expected", str(tmp_path / "e.json")]
    arguments = ["--run", str(tmp_path / "run.json"), "--kind", "exact", "--seed", "0", *files]
    assert main(["build_control", *arguments]) == 1
    assert "model.layers: found 3" in capsys.readouterr().err


def test_empty_table_of_a_ridge_does_not_stop_the_others(scaled, tmp_path):
    """Fails if a ridge without any model that could be run breaks the gathering."""
    shutil.copytree(scaled, tmp_path / "scaled")
    assert verify(tmp_path, "fixed", largest_depth=4) == 0
    assert tabulate(tmp_path, "fixed", "scaled") == 0
    assert set(pd.read_parquet(tmp_path / "t/widths.parquet")["name"]) == {"scaled"}
