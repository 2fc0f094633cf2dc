"""The JSON schema for editors: it takes what the library takes, and marks what it refuses."""

import json
import re
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from ickrr.config.editor_schema import editor_schema
from ickrr.config.load import load_experiment
from ickrr.config.reference import reference
from ickrr.config.yaml_text import read_yaml
from ickrr.errors import ConfigError

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config.yaml"
SCHEMA = ROOT / "docs/config.schema.json"
VALIDATOR = Draft202012Validator(editor_schema())
STATED, _ = read_yaml(CONFIG)


def numbers(values, key=()):
    """Every number below nested mappings, with its key."""
    if isinstance(values, dict):
        for name, value in values.items():
            yield from numbers(value, (*key, name))
    elif isinstance(values, int | float) and not isinstance(values, bool):
        yield key


def told(key, value):
    """Nest a value below its keys."""
    for name in reversed(key):
        value = {name: value}
    return value


def test_the_file_has_not_drifted():
    """Fails if the schema of the settings changed and `make docs` was not called."""
    assert json.loads(SCHEMA.read_text()) == editor_schema()
    Draft202012Validator.check_schema(editor_schema())


def test_config_yaml_names_it():
    """Fails if an editor does not find the schema from the file."""
    first = CONFIG.read_text().splitlines()[0]
    assert (ROOT / first.removeprefix("# yaml-language-server: $schema=")) == SCHEMA


@pytest.mark.parametrize("path", [CONFIG, *sorted((ROOT / "workflow/scales").glob("*.yaml"))], ids=str)
def test_our_own_files_are_taken(path):
    """Fails if an editor marks a mistake in the project's files."""
    values, _ = read_yaml(path)
    assert [error.message for error in VALIDATOR.iter_errors(values)] == []


def test_overlays_of_the_docs_are_taken(tmp_path):
    """Fails if the forms of overlays that the docs show (`runs+`, `tables-`) are marked."""
    page = (ROOT / "docs/extending.md").read_text()
    texts = re.findall(r"^`mine\.yaml`:\n\n```yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    texts.append("figures: {fig9: {runs+: [a]}, fig13: {runs-: [no_mlp]}}\ntables-: [tab_cost]\n")
    assert len(texts) > 5
    for text in texts:
        (tmp_path / "mine.yaml").write_text(text)
        values, _ = read_yaml(tmp_path / "mine.yaml")
        # Kernels, laws, solvers and kinds of figures that the page adds are not there yet.
        found = [error.message for error in VALIDATOR.iter_errors(values)]
        assert all("is not one of" in message for message in found), text


@pytest.mark.parametrize("key", list(numbers(STATED)), ids=".".join)
def test_a_text_where_a_number_belongs_is_marked(key):
    """Fails if some number of config.yaml may be a text, for the editor or for the library."""
    assert list(VALIDATOR.iter_errors(told(key, "many")))
    with pytest.raises(ConfigError):
        load_experiment(CONFIG, overrides=told(key, "many"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"sede": 1},
        {"seed": -1},
        {"seed": 2**32},
        {"base": {"model": {"widht": 64}}},
        {"base": {"model": {"width": "wide"}}},
        {"base": {"task": {"noise_std": -0.1}}},
        {"base": {"task": {"law": "sphercal"}}},
        {"base": {"seeds": []}},
        {"runs": {"deep": {"model": {"layer": 4}}}},
        {"runs": {"deep": {"modle": {}}}},
        {"runs": {"Deep-1": {"task": "spherical"}}},
        {"runs": {"twice": {"task": "spherical", "seeds": [0, 0]}}},
        {"tasks": {"far": {"lenghtscale": 2.0}}},
        {"solvers": {"headline": ["richardsen"]}},
        {"scale": "desktop"},
        {"constructions": {"controls": {"built": {"model": {"widht": 3}}}}},
    ],
    ids=str,
)
def test_what_the_library_refuses_is_marked(wrong):
    """Fails if a mistake in one key is seen only when Snakemake starts."""
    assert list(VALIDATOR.iter_errors(wrong))
    with pytest.raises(ConfigError):
        load_experiment(CONFIG, overrides=wrong)


def test_the_reference_says_how_editors_use_it():
    """Fails if nobody learns of the schema."""
    assert "docs/config.schema.json" in reference()
