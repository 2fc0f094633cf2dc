import pytest

from ickrr.errors import FileError
from ickrr.io.files import write_json
from ickrr.report.numbers.origin import origin_macros, read_commit, read_records


def test_origin_says_what_the_records_say(results):
    """Fails if scale, commit, date, device or versions are taken from anywhere but the records."""
    paths = sorted((results / "records").rglob("weights.safetensors.json"))
    macros = dict(origin_macros("laptop", read_records(paths), "1234567890ab").items())
    assert macros == {
        "ScaleName": "laptop",
        "RepositoryPlace": "in the folder that this document was made in",
        "RepositoryCommit": r"commit \texttt{1234567890ab}",
        "RunCommit": "1234567890ab",
        "RunDate": "2026-11-20",
        "RunDevice": "cpu",
        "RunThreads": "1",
        "RunMachine": "A Processor",
        "RunCount": "5",
        "VersionNumpy": "2.4.6",
        "VersionPython": "3.11.7",
        "VersionTorch": "2.13.0+cpu",
    }


def test_a_public_repository_is_linked(results):
    """Fails if a mailed PDF does not lead to the commit of its results."""
    records = read_records(sorted((results / "records").rglob("weights.safetensors.json")))
    macros = origin_macros("laptop", records, "1234567890ab", "https://example.org/us/kernels")
    assert macros["RepositoryPlace"] == r"at \url{https://example.org/us/kernels}"
    address = "https://example.org/us/kernels/tree/1234567890ab"
    assert macros["RepositoryCommit"] == rf"\href{{{address}}}{{commit \texttt{{1234567890ab}}}}"


def test_the_date_is_the_latest_end_in_utc(tmp_path, toy):
    """Fails if local time or the order of the records decides the date."""
    ends = ["2026-01-01T23:30:00-02:00", "2026-01-01T23:59:00+00:00", "2025-12-31T00:00:00+00:00"]
    for index, end in enumerate(ends):
        write_json(tmp_path / f"{index}.json", {**toy.record(0), "end": end})
    records = read_records(sorted(tmp_path.glob("*.json")))
    assert origin_macros("smoke", records, "aaa")["RunDate"] == "2026-01-02"


def test_differing_records_are_all_named(tmp_path, toy):
    """Fails if results of two devices are passed off as one."""
    for index, device in enumerate(["cuda", "cpu", "cuda"]):
        write_json(tmp_path / f"{index}.json", {**toy.record(0), "device": device})
    records = read_records(sorted(tmp_path.glob("*.json")))
    assert origin_macros("smoke", records, "aaa")["RunDevice"] == "cpu, cuda"


def test_the_commit_is_that_of_the_judged_claims(tmp_path, toy):
    """Fails if a record without a commit gives an empty one, or a traceback."""
    write_json(tmp_path / "claims.json", {**toy.record(0), "commit": "aaa-dirty"})
    assert read_commit(tmp_path / "claims.json") == "aaa-dirty"
    write_json(tmp_path / "claims.json", {**toy.record(0), "commit": None})
    with pytest.raises(FileError, match=r"claims\.json: key 'commit' is None; delete it"):
        read_commit(tmp_path / "claims.json")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"end": "yesterday"}, "expected an ISO 8601 time"),
        ({"end": "2026-01-01T00:00:00"}, "has no time zone"),
        ({"end": None}, "key 'end' is None"),
    ],
)
def test_bad_times_are_named(tmp_path, toy, change, message):
    """Fails if a damaged record dates the paper."""
    write_json(tmp_path / "run.json", {**toy.record(0), **change})
    with pytest.raises(FileError, match=message):
        read_records([tmp_path / "run.json"])


def test_missing_key_and_missing_records(tmp_path, toy):
    """Fails if provenance is written without versions, or from nothing."""
    record = toy.record(0)
    del record["versions"]
    write_json(tmp_path / "run.json", record)
    with pytest.raises(FileError, match="lacks the key 'versions'"):
        read_records([tmp_path / "run.json"])
    with pytest.raises(FileError, match="--records names no file"):
        read_records([])
