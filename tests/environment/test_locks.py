"""The locks in envs/: complete, hashed, disjoint, and free of addresses."""

import hashlib
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ENVS = Path(__file__).parents[2] / "envs"
LOCKS = [
    "common.txt",
    "torch-cpu.txt",
    "torch-default.txt",
    "site.txt",
    "test.txt",
    "notebooks.txt",
    "installer.txt",
]
CONDA = sorted((ENVS / "conda").glob("*.yaml"))
PIN_WITH_MARKER = re.compile(r"^([A-Za-z0-9._-]+)==[^\s;]+(?: *; *([^\\\n]+?))? *(?:\\|$)")
PIN = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;]+)")


def normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> list[str]:
    """Return one string for each pin: its line and the indented lines that follow."""
    text = "\n".join(line for line in (ENVS / lock).read_text().splitlines() if not line.startswith("#"))
    return [entry for entry in re.split(r"\n(?=\S)", text) if entry.strip()]


def pins(lock: str) -> dict[str, str]:
    found = {}
    for entry in entries(lock):
        match = PIN.match(entry)
        assert match, f"{lock}: not a pin: {entry!r}"
        name = normalised(match[1])
        assert name not in found, f"{lock}: {name} is pinned twice"
        found[name] = match[2]
    return found


def conditional(lock: str) -> set[str]:
    """Return the names that a lock installs on some machines only."""
    found = (PIN_WITH_MARKER.match(entry) for entry in entries(lock))
    return {normalised(pin[1]) for pin in found if pin[2]}


def wanted(source: str) -> set[str]:
    lines = (line.split("#")[0].strip() for line in (ENVS / source).read_text().splitlines())
    return {normalised(re.match(r"[A-Za-z0-9._-]+", line)[0]) for line in lines if line}


def test_both_torch_locks_pin_the_same_public_version():
    """Fails when one torch lock is upgraded without the other."""
    cpu, default = pins("torch-cpu.txt")["torch"], pins("torch-default.txt")["torch"]
    assert cpu.split("+") == [default, "cpu"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("common.txt", "torch-cpu.txt"),
        ("common.txt", "torch-default.txt"),
        ("common.txt", "test.txt"),
        ("torch-default.txt", "test.txt"),
        ("common.txt", "notebooks.txt"),
        ("torch-default.txt", "notebooks.txt"),
        ("common.txt", "site.txt"),
        ("torch-default.txt", "site.txt"),
        ("site.txt", "test.txt"),
    ],
)
def test_locks_that_are_installed_together_share_no_name(one, other):
    """Fails when lock.sh repeats a package, which could then have two versions.

    It has to repeat what the first lock installs on some machines only, with the same version.
    """
    everywhere = {name for name in pins(one) if name not in conditional(one)}
    assert everywhere & pins(other).keys() == set()
    both = pins(one).keys() & pins(other).keys()
    assert {name: pins(one)[name] for name in both} == {name: pins(other)[name] for name in both}


def test_a_lock_holds_what_another_installs_elsewhere_only():
    """Fails when lock.sh leaves cffi, which jupyterlab needs, to common.txt, which has it for PyPy alone."""
    assert "cffi" in conditional("common.txt")
    assert "cffi" in pins("notebooks.txt").keys() - conditional("notebooks.txt")


@pytest.mark.parametrize("beside", ["test.txt", "site.txt"])
def test_notebooks_pin_the_same_versions(beside):
    """Fails if installing the one beside the other would change what was installed."""
    others, notebooks = pins(beside), pins("notebooks.txt")
    both = others.keys() & notebooks.keys()
    assert {name: others[name] for name in both} == {name: notebooks[name] for name in both}


def test_the_notebooks_extra_is_locked():
    """Fails if pyproject.toml offers another editor than `make env-notebooks` installs."""
    project = tomllib.loads((ENVS.parent / "pyproject.toml").read_text())["project"]
    assert set(project["optional-dependencies"]["notebooks"]) == wanted("notebooks.in")
    assert "ipykernel" in pins("common.txt")  # VS Code needs no more


@pytest.mark.parametrize("lock", LOCKS)
def test_every_pin_is_hashed(lock):
    """Fails when a lock was written by hand or without --generate-hashes."""
    unhashed = [entry for entry in entries(lock) if not re.search(r"--hash=sha256:[0-9a-f]{64}", entry)]
    assert pins(lock) and unhashed == []


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(ENVS.rglob("*")) if path.suffix in {".in", ".txt", ".yaml", ".sh"}],
    ids=lambda path: path.relative_to(ENVS).as_posix(),
)
def test_no_download_address(path):
    """Fails when an index, a find-links page or a direct reference gets into a file."""
    address = ":" + "//"
    text = path.read_text()
    assert address not in text
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", text, re.M)


@pytest.mark.parametrize(
    ("source", "lock"),
    [(f"{name}.in", f"{name}.txt") for name in ("common", "site", "test", "notebooks", "installer")],
)
def test_everything_asked_for_is_locked(source, lock):
    """Fails when a line was added to an .in file and lock.sh was not run."""
    assert wanted(source) <= pins(lock).keys()


@pytest.mark.parametrize("source", ["common.in", "site.in", "test.in", "notebooks.in", "installer.in"])
def test_every_requirement_says_why_it_is_there(source):
    """Fails when a requirement has no comment."""
    lines = (ENVS / source).read_text().splitlines()
    silent = [line for line in lines if line.strip() and "# " not in line]
    assert silent == []


def test_package_dependencies_are_locked():
    """Fails when pyproject.toml names a package that `make env` would not install."""
    project = tomllib.loads((ENVS.parent / "pyproject.toml").read_text())["project"]
    names = {normalised(re.match(r"[A-Za-z0-9._-]+", d)[0]) for d in project["dependencies"]}
    assert names - {"torch"} <= pins("common.txt").keys()


def references(path: Path) -> list[str]:
    """Return the requirements files that a conda environment installs."""
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return [re.fullmatch(r"-r \.\./\.\./envs/(\S+)", line)[1] for line in pip]


@pytest.mark.parametrize("path", CONDA, ids=lambda path: path.name)
def test_conda_environment_installs_locks_that_exist(path):
    """Fails when a lock is renamed, or an environment pins something of its own.

    The path must hold from .snakemake/conda/ too, where Snakemake copies the file.
    """
    found = references(path)
    assert found[0] == "common.txt"
    assert all((path.parent / "../../envs" / name).is_file() for name in found)
    dependencies = yaml.safe_load(path.read_text())["dependencies"]
    assert [d for d in dependencies if isinstance(d, str)] == ["python=3.11", "pip"]


@pytest.mark.parametrize("path", CONDA, ids=lambda path: path.name)
def test_conda_environment_carries_the_digest_of_its_locks(path):
    """Fails when a lock changed without lock.sh: Snakemake would keep the stale environment."""
    content = b"".join((ENVS / name).read_bytes() for name in references(path))
    assert f"# locks: {hashlib.sha256(content).hexdigest()[:16]}\n" in path.read_text()


def test_only_train_and_the_site_need_torch():
    """Fails when figures or tables would drag torch in, or training or the docs' reference would lack it."""
    with_torch = {p.stem for p in CONDA if any("torch" in name for name in references(p))}
    assert with_torch == {"train", "site"}
    assert {p.stem for p in CONDA} == {"train", "analysis", "figures", "paper", "site"}
