"""Overlays of a test's own on the project's configuration."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.errors import ConfigError

CONFIG = Path(__file__).parents[2] / "config.yaml"
Reader = Callable[..., Any]


@pytest.fixture
def read(tmp_path: Path) -> Reader:
    """Read config.yaml with overlays of some texts (or bytes) on it."""

    def reading(*texts: str | bytes, scale: str | None = None, **told: Any) -> Experiment:
        paths = [tmp_path / f"mine{index}.yaml" for index in range(len(texts))]
        for path, text in zip(paths, texts, strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_experiment(CONFIG, scale, paths, told)

    return reading


@pytest.fixture
def refusal(read: Reader) -> Callable[..., str]:
    """The message with which such a configuration is refused."""

    def refused(*texts: str | bytes, **told: Any) -> str:
        with pytest.raises(ConfigError) as caught:
            read(*texts, **told)
        return str(caught.value)

    return refused
