import shutil

import pytest

from ickrr.errors import FileError
from ickrr.io.files import write_json
from ickrr.report.tables.cost import STAGES, build, jobs_of


def test_sums_and_maxima(experiment, results):
    """Fails if jobs are lost, CPU time is taken for wall time, or an interrupted training is undercounted.

    The toy has five trainings of 100, 110 (and 120) s by their own clock, two with a benchmark of 90 s.
    """
    frame = build(experiment, results).frame.set_index("stage")
    assert list(frame.index) == [*STAGES, "total"]
    train, probe = frame.loc["train_model"], frame.loc["probe_model"]
    assert (train["jobs"], train["measured"]) == (5, 5)
    assert train["wall_s"] == pytest.approx(100 + 110 + 120 + 100 + 110)
    assert train["longest_s"] == 120
    assert train["cpu_s"] == pytest.approx(2 * 81)
    assert train["peak_memory_mb"] == 502
    assert (probe["wall_s"], probe["cpu_s"], probe["peak_memory_mb"]) == pytest.approx((9, 8.1, 450.5))
    assert frame.loc["total", "wall_s"] == pytest.approx(549)
    assert frame.loc["total", "jobs"] == sum(len(list(jobs_of(experiment, stage))) for stage in STAGES)


def test_a_stage_without_benchmarks_has_no_time(experiment, results):
    """Fails if a stage that was not measured is said to take no time."""
    table = build(experiment, results)
    row = table.frame.set_index("stage").loc["solve_prompts"]
    assert row["measured"] == 0
    assert row[["wall_s", "longest_s", "cpu_s", "peak_memory_mb"]].isna().all()
    line = next(line for line in table.latex.splitlines() if r"solve\_prompts" in line)
    assert line.count("{--}") == 2


def test_short_stages_share_a_line(experiment, results):
    """Fails if a stage of three minutes or more is hidden, or what short ones took is lost from the total."""
    table = build(experiment, results)
    lines = table.latex.splitlines()
    short = table.frame[table.frame["wall_s"] < 180].set_index("stage")
    assert "probe_model" in short.index
    assert not [line for line in lines if r"probe\_model" in line]
    (others,) = [line for line in lines if "less than three minutes each" in line]
    assert others.startswith(f"{len(short)} others")
    assert others.split("&")[1:4] == [
        f" {short['jobs'].sum()} ",
        f" {short['measured'].sum()} ",
        f" {short['wall_s'].sum() / 60:.1f} ",
    ]


def test_jobs_without_benchmarks_took_as_long_as_their_records_say(experiment, results, tmp_path):
    """Fails if shipped results cost nothing, or a job of several files, or of another name, is counted."""
    shutil.copytree(results, tmp_path, dirs_exist_ok=True)
    times = {"prompts/spherical-fit": 30, "prompts/spherical-evaluation": 30, "prompts/spherical_old-fit": 99}
    for name, seconds in times.items():
        record = {
            "rule": "sample_prompts",
            "outputs": {f"results/smoke/{name}.safetensors": "0" * 64},
            "start": "2026-11-20T10:00:00+00:00",
            "end": f"2026-11-20T10:{seconds // 60:02d}:{seconds % 60:02d}+00:00",
        }
        write_json(tmp_path / f"records/{name}.safetensors.json", record)
    row = build(experiment, tmp_path).frame.set_index("stage").loc["sample_prompts"]
    assert (row["jobs"], row["measured"], row["wall_s"], row["longest_s"]) == (2, 1, 30, 30)


def test_jobs_are_those_of_the_rules(experiment):
    """Fails if the names of the benchmarks are not those that the rules give."""
    assert list(jobs_of(experiment, "solve_prompts")) == ["spherical", "uniform"]
    assert list(jobs_of(experiment, "sample_prompts")) == ["spherical", "uniform"]
    assert list(jobs_of(experiment, "compare_run")) == ["spherical", "noise_01"]
    assert list(jobs_of(experiment, "measure_width")) == ["measure_width"]
    assert list(jobs_of(experiment, "verify_construction")) == list(
        experiment.constructions.verification.ridges
    )
    assert "noise_01/seed1" in jobs_of(experiment, "train_model")
    shown = next(iter(experiment.figures.values())).model_copy(update={"tables": ["noise"]})
    swept = experiment.model_copy(update={"figures": {"a": shown, "b": shown}})
    assert list(jobs_of(swept, "sweep_noise")) == ["spherical"]
    assert list(jobs_of(swept, "trace_functions")) == []


def test_a_damaged_benchmark_is_named(experiment, results, tmp_path):
    """Fails if a file that is no benchmark is skipped or gives a traceback."""
    path = tmp_path / "benchmarks/sample_prompts/spherical.tsv"
    path.parent.mkdir(parents=True)
    path.write_text("s\tcpu\n1\t2\n")
    with pytest.raises(FileError, match=r"spherical\.tsv: is no benchmark of Snakemake"):
        build(experiment, tmp_path)


def test_a_damaged_record_is_named(experiment, tmp_path):
    """Fails if a file that is no record of a job is skipped or gives a traceback."""
    write_json(tmp_path / "records/prompts/a.json", {"rule": "sample_prompts"})
    with pytest.raises(FileError, match=r"a\.json: is no record of a job"):
        build(experiment, tmp_path)
