"""Small invented results with true records, for tests that damage them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ickrr.provenance import Records, job_record

RESULTS = Path("results/smoke")


def make(rule: str, outputs: list[str]) -> None:
    """Write invented outputs of a job, and their records."""
    for name in outputs:
        path = RESULTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{rule} wrote {name}\n".encode() * 20)
    made = job_record(rule, "0123 4567", {"seed": 0, "threads": 1}, datetime(2026, 1, 2, tzinfo=UTC))
    Records(RESULTS).keep([str(RESULTS / name) for name in outputs], made)


def trained(seed: int) -> list[str]:
    return [
        f"trained/spherical/seed{seed}/{name}"
        for name in ("weights.safetensors", "learning_curve.parquet", "rate.parquet")
    ]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with finished results of two models, as working directory."""
    monkeypatch.chdir(tmp_path)
    for seed in (0, 1):
        make("train_model", trained(seed))
    make("compare_run", ["tables/spherical/errors.parquet"])
    make("tabulate_training", ["tables/spherical/learning_curve.parquet"])
    return tmp_path
