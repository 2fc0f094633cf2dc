"""Settings of sweeps that contradict themselves."""

import pytest
from pydantic import ValidationError

from ickrr.config.noise_mismatch import NoiseMismatchSettings


def test_snapshots_are_points_of_the_sweep():
    """Fails if a figure could ask for a test noise that was never measured."""
    NoiseMismatchSettings(factors=[0.5, 2.0], snapshots=[2.0])
    with pytest.raises(ValidationError, match=r"\[3\.0\] is not among factors"):
        NoiseMismatchSettings(factors=[0.5, 2.0], snapshots=[0.5, 3.0])


def test_factors_are_measured_once():
    """Fails if a repeated factor would double its rows in the table."""
    with pytest.raises(ValidationError, match=r"holds 1\.0 twice"):
        NoiseMismatchSettings(factors=[1.0, 2.0, 1.0], snapshots=[1.0])
