"""`from ickrr import load_run`: what it gives agrees with the tables and with Hugging Face."""

import builtins
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from support import ROOT, Project

from ickrr import load_run
from ickrr.config.experiment import BaseRun
from ickrr.errors import ConfigError, FileError
from ickrr.loading.gpt2 import to_gpt2
from ickrr.model.tokens import interleave
from ickrr.model.transformer import Transformer


@pytest.fixture(scope="module")
def results(tiny_paper: Project):
    """Results of two runs at smoke scale."""
    return tiny_paper.results()


def mse(errors: pd.DataFrame, method: str, seed: int, step: int):
    """Return one curve of the table `errors`, by context length."""
    rows = errors[(errors["method"] == method) & (errors["seed"] == seed) & (errors["step"] == step)]
    return rows.sort_values("context_length")["mse"].to_numpy()


def test_three_lines_give_everything(results) -> None:
    """Fails if prompts, predictions and trajectories do not belong together: their errors are in a table."""
    run = load_run("spherical", seed=1, results=results)
    clean, errors = run.prompts["f"], pd.read_parquet(results / "tables/spherical/errors.parquet")

    def found(predictions):
        return np.square(predictions - clean).mean(axis=0)

    assert run.layers.shape == (run.settings.model.layers + 1, *clean.shape)
    for layer, predictions in enumerate(run.layers):
        np.testing.assert_allclose(found(predictions), mse(errors, "transformer", 1, layer), rtol=1e-12)
    last = run.settings.model.layers
    np.testing.assert_allclose(found(run.output), mse(errors, "transformer_output", 1, last), rtol=1e-12)
    assert {"richardson", "conjugate_gradient"} <= set(run.solvers)
    assert "ridge_path" in run.nulls and not {*run.nulls} & {*run.solvers}
    for solver in (*run.solvers, *run.nulls):
        steps = run.trajectory(solver)
        np.testing.assert_allclose(found(steps[3]), mse(errors, solver, -1, 3), rtol=1e-12)


def test_the_model_is_the_trained_one(results) -> None:
    """Fails if the weights are not those that made the predictions."""
    run = load_run("noise_low", results=results)
    x, y = (torch.tensor(run.prompts[name], dtype=torch.float32) for name in ("x", "y"))
    with torch.no_grad():
        np.testing.assert_allclose(run.model(x, y).numpy(), run.output, atol=1e-5)


def test_gpt2_predicts_the_same(results) -> None:
    """Fails if Hugging Face's blocks with the same weights give other predictions on fresh prompts."""
    run = load_run("spherical", results=results)
    generator = torch.Generator().manual_seed(0)
    lengths = run.settings.task.context_length + 1
    x = torch.randn(16, lengths, run.settings.task.dimension, generator=generator)
    y = torch.randn(16, lengths, generator=generator)
    with torch.no_grad():
        tokens = run.model.embedding(interleave(x, y))
        last = run.to_gpt2()(inputs_embeds=tokens).last_hidden_state
        predictions = run.model.readout(last[:, ::2]).squeeze(-1)
        torch.testing.assert_close(predictions, run.model(x, y), rtol=0, atol=1e-5)


def test_other_blocks_are_refused() -> None:
    """Fails if a model without GPT-2's attention is turned into GPT-2 all the same."""
    base = BaseRun().model
    for change in ({"attention": "linear"}, {"layout": "paired"}, {"mlp": "relu"}, {"norm": "none"}):
        model = Transformer(base.model_copy(update=change), 3, 4)
        key, value = next(iter(change.items()))
        with pytest.raises(ConfigError, match=f"model.{key} is {value}: GPT-2 has"):
            to_gpt2(model)


def test_without_transformers_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fails if a user without the package sees a traceback of the import."""
    ordinary = builtins.__import__

    def without(name, *arguments):
        if name == "transformers":
            raise ModuleNotFoundError(name)
        return ordinary(name, *arguments)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"transformers: is not installed.*pip install transformers"):
        to_gpt2(Transformer(BaseRun().model, 3, 4))


@pytest.mark.parametrize(
    ("run", "seed", "message"),
    [
        ("speherical", None, r"has no weights of run 'speherical' \(seeds that are there: none\)"),
        ("spherical", 7, r"has no weights of run 'spherical', seed 7 \(seeds that are there: 0, 1\)"),
    ],
)
def test_what_is_not_there_is_said(results, run, seed, message) -> None:
    """Fails if a wrong name ends in a traceback."""
    with pytest.raises(FileError, match=message):
        load_run(run, seed, results)
    with pytest.raises(
        ConfigError, match=r"found 'richardsen', which is not a solver or null \(did you mean 'rich"
    ):
        load_run("spherical", results=results).trajectory("richardsen")


def test_the_package_alone_imports_nothing() -> None:
    """Fails if `import ickrr`, which every job does, brings torch or the loader."""
    code = (
        "import sys; sys.path.insert(0, sys.argv[1]); import ickrr; "
        "print([name for name in sys.modules if name.startswith(('torch', 'numpy', 'ickrr.'))])"
    )
    command = [sys.executable, "-I", "-c", code, str(ROOT / "src")]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "[]"
