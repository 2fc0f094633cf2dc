"""Weights on disk: what fits is loaded, what does not is refused by name."""

import pytest
import torch

from ickrr.config.model import ModelSettings
from ickrr.config.run import RunSettings
from ickrr.config.task import TaskSettings
from ickrr.config.training import TrainingSettings
from ickrr.errors import FileError
from ickrr.io.tensors import load_tensors, read_metadata, save_tensors
from ickrr.model.initialisation import initialise
from ickrr.model.weights import build_model, load_model, save_weights


def run_with(name="tiny", context_length=4, **model):
    chosen = {"layers": 2, "width": 8, "heads": 2, **model}
    return RunSettings(
        name=name,
        task_name="spherical",
        task=TaskSettings(dimension=3, context_length=context_length),
        model=ModelSettings(**chosen),
        training=TrainingSettings(),
    )


@pytest.fixture
def stored(tmp_path):
    run = run_with()
    model = build_model(run)
    initialise(model, torch.Generator().manual_seed(0))
    path = tmp_path / "weights.safetensors"
    save_weights(path, model.state_dict(), run, seed=3, diverged_at=17)
    return path, run, model


def test_round_trip(stored):
    """Fails if a tensor changes on the way, or the metadata lacks run, seed or divergence."""
    path, run, model = stored
    loaded = load_model(path, run, seed=3)
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, loaded.state_dict()[name]), name
    metadata = read_metadata(path)
    assert metadata == {"run": run.model_dump(mode="json"), "seed": 3, "diverged_at": 17}


def test_equal_weights_are_equal_bytes(stored, tmp_path):
    """Fails if the order of keys or of metadata varies."""
    path, run, model = stored
    reversed_state = dict(reversed(model.state_dict().items()))
    save_weights(tmp_path / "again.safetensors", reversed_state, run, 3, 17)
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


@pytest.mark.parametrize(
    ("run", "seed", "message"),
    [
        (run_with(), 4, "its 'seed' is 3, expected 4"),
        (run_with(name="other"), 3, "its 'run.name' is 'tiny', expected 'other'"),
        (run_with(layers=3), 3, "its 'run.model.layers' is 2, expected 3"),
        (run_with(context_length=5), 3, "its 'run.task.context_length' is 4, expected 5"),
    ],
)
def test_another_run_or_seed_is_refused(stored, run, seed, message):
    """Fails if weights of another run or seed load, or the message does not name file and key."""
    path, _, _ = stored
    with pytest.raises(FileError) as error:
        load_model(path, run, seed)
    assert message in str(error.value)
    assert str(path) in str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("readout.bias"), "tensor 'readout.bias' is missing"),
        (lambda state: state.update(extra=torch.zeros(1)), "tensor 'extra' is unknown"),
        (
            lambda state: state.update({"embedding.weight": torch.zeros(8, 9)}),
            "tensor 'embedding.weight' has shape (8, 9), this model's has (8, 3)",
        ),
    ],
)
def test_shapes_that_do_not_fit_are_refused(stored, change, message):
    """Fails if a wrong tensor is loaded or reported without its name and shapes."""
    path, run, _ = stored
    state = load_tensors(path)
    change(state)
    save_tensors(path, state, read_metadata(path))
    with pytest.raises(FileError) as error:
        load_model(path, run, 3)
    assert message in str(error.value)


def test_truncated_file_is_refused(stored):
    """Fails if a half-written file loads or ends in another error than one for people."""
    path, run, _ = stored
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(FileError, match="not a readable safetensors file"):
        load_model(path, run, 3)
