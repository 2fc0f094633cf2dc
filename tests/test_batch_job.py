"""What a job learns from SLURM about itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ickrr.batch_job import parse_duration


@given(st.integers(0, 400), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_durations_as_slurm_writes_them(days: int, hours: int, minutes: int, seconds: int) -> None:
    """Fails if a form of SLURM's times is misread."""
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    assert parse_duration(f"{days}-{hours:02}:{minutes:02}:{seconds:02}") == total
    assert parse_duration(f"{hours}:{minutes:02}:{seconds:02}") == total - days * 86400
    assert parse_duration(f"{minutes}:{seconds:02}") == minutes * 60 + seconds


@pytest.mark.parametrize("text", ["UNLIMITED", "INVALID", "NOT_SET", "", "infinite", "7"])
def test_no_duration(text: str) -> None:
    """Fails if a word becomes a time limit of nothing."""
    assert parse_duration(text) is None
