"""Small invented results with true records, for tests of bundles, lineage and doctor."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from support import ROOT

from ickrr.config.experiment import Experiment
from ickrr.config.load import load_experiment
from ickrr.config.specs import resolved_specs
from ickrr.records import Records, facts

RESULTS = Path("results/smoke")


def small_experiment(**changes: object) -> Experiment:
    """One run with two seeds, all of it shown by one figure."""
    values = load_experiment(ROOT / "config.yaml", "smoke").model_dump()
    values["compute"].pop("first_runs", None)
    values |= {
        "runs": {"spherical": {"task": "spherical", "seeds": [0, 1]}},
        "figures": {"fig1": {"runs": ["spherical"], "tables": ["errors", "learning_curve"]}},
        "tables": {},
        **changes,
    }
    return Experiment.model_validate(values)


def write_specs(experiment: Experiment) -> None:
    for name, text in resolved_specs(experiment).items():
        path = RESULTS / "specs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def make(rule: str, inputs: list[str], outputs: list[str]) -> None:
    """Write invented outputs of a job, and their records."""
    records = Records(RESULTS)
    for name in outputs:
        path = RESULTS / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"{rule} wrote {name}\n".encode() * 20)
    read = records.check([name if name.startswith("src/") else str(RESULTS / name) for name in inputs])
    made = facts(rule, "sample", ["--seed", "0"], read, RESULTS, datetime(2026, 1, 2, tzinfo=UTC))
    records.keep([str(RESULTS / name) for name in outputs], made)


def trained(seed: int) -> list[str]:
    return [
        f"trained/spherical/seed{seed}/{name}"
        for name in ("weights.safetensors", "learning_curve.parquet", "rate.parquet", "run.json")
    ]


def make_results() -> None:
    """Make sources and finished results of two models in the working directory."""
    Path("src").mkdir()
    for name in ("train", "compare", "tabulate"):
        Path(f"src/{name}.py").write_text(f"# {name}\n")
    write_specs(small_experiment())
    for seed in (0, 1):
        make("train_model", ["src/train.py", "specs/runs/spherical.json"], trained(seed))
        make(
            "compare_run",
            ["src/compare.py", f"trained/spherical/seed{seed}/weights.safetensors"],
            [f"comparisons/spherical/seed{seed}/errors.parquet"],
        )
    compared = [f"comparisons/spherical/seed{seed}/errors.parquet" for seed in (0, 1)]
    make("tabulate_run", ["src/tabulate.py", *compared], ["tables/spherical/errors.parquet"])
    curves = [f"trained/spherical/seed{seed}/learning_curve.parquet" for seed in (0, 1)]
    make("tabulate_training", ["src/tabulate.py", *curves], ["tables/spherical/learning_curve.parquet"])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with the invented results, as working directory."""
    monkeypatch.chdir(tmp_path)
    make_results()
    return tmp_path
