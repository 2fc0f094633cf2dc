import json
from pathlib import Path

from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.report.tables.setup import build, settings_of

ROOT = Path(__file__).resolve().parents[3]


def test_every_setting_once_with_its_value(experiment, tmp_path):
    """Fails if a setting of the resolved experiment is missing, doubled, or shown with another value."""
    table = build(experiment, tmp_path).frame
    assert table["key"].is_unique
    rows = table.set_index("key")
    dumped = experiment.model_dump(mode="json")

    def leaves(prefix, value):
        for key, entry in value.items():
            name = f"{prefix}{key}"
            of_paper = prefix.startswith(("figures.", "tables."))
            if key == "purpose" or (of_paper and key in ("tables", "tables_of_runs", "others")):
                continue  # words for people, and what the library works out
            if isinstance(entry, dict):
                yield from leaves(f"{name}.", entry)
            elif entry is not None:
                yield name, entry

    expected = dict(leaves("", dumped))
    assert {key: json.loads(value) for key, value in rows["value"].items()} == expected


def test_unit_source_and_meaning_come_from_the_schema(experiment, tmp_path):
    """Fails if a source or unit is typed anywhere but in the schema, also for overrides."""
    rows = build(experiment, tmp_path).frame.set_index("key")
    assert rows.loc["base.task.noise_std", "unit"] == "labels"
    assert rows.loc["tasks.uniform.law", "source"] == "sources"
    assert rows.loc["tasks.uniform.lengthscale", "unit"] == "input units"
    assert rows.loc["runs.noise_01.model.layers", "description"] == "Number L of transformer blocks"
    assert set(rows["source"]) == {"sources", "our choice", "technical"}
    assert (rows["description"] != "").all()


def test_nested_overrides_have_their_own_rows():
    """Fails if an override two levels down is shown as a lump, or not at all."""
    experiment = Experiment.model_validate(
        {
            "tasks": {"spherical": {}},
            "runs": {"a": {"training": {"muon": {"learning_rate": 0.01}, "steps": 500}}},
        }
    )
    found = {entry.key: entry for entry in settings_of(experiment)}
    assert found["runs.a.training.muon.learning_rate"].value == 0.01
    assert found["runs.a.training.steps"].unit == "steps"


def test_latex_is_a_longtable_with_one_row_a_setting(experiment, tmp_path):
    """Fails if a row is lost on the way to LaTeX, a character is not escaped, or booktabs is not used."""
    table = build(experiment, tmp_path)
    body = table.latex.split(r"\endlastfoot")[1].split(r"\end{longtable}")[0]
    rows = [line for line in body.splitlines() if line.endswith(r"\\")]
    assert len(rows) == len(table.frame)
    assert all(line.replace(r"\&", "").count("&") == 3 for line in rows)
    assert r"\toprule" in table.latex
    assert r"\bottomrule" in table.latex
    assert table.latex.count("{") == table.latex.count("}")
    assert r"0.3 labels" in body


def test_the_real_configuration(tmp_path):
    """Fails if a kind of override in config.yaml is unknown to the table."""
    real = load_experiment(ROOT / "config.yaml")
    keys = set(build(real, tmp_path).frame["key"])
    assert "constructions.controls.built.model.bank_units" in keys
    assert "constructions.verification.ridges.scaled.value" in keys
