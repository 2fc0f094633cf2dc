"""If the machine lacks something, a person reads one line with the command that helps."""

import importlib.metadata
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = "awk basename bash cat cp cut dirname env flock id mkdir mktemp rm sha256sum tail touch true"
BROUGHT = "latexmk pdflatex bibtex kpsewhich dot pdftotext pdftoppm pdffonts"


def executable(path: Path, body: str) -> None:
    path.unlink(missing_ok=True)  # never write through a link to the real tool
    path.write_text(f"#!/bin/bash\n{body}\n")
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """Make a folder that is the whole PATH: the shell's tools, but no TeX, apt-get, sudo or Python."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in TOOLS.split():
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    return folder


def run(script: Path, path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(script)],
        env={"PATH": str(path), "HOME": os.environ.get("HOME", "/"), **variables},
        capture_output=True,
        text=True,
        timeout=60,
    )


SYSTEM = ROOT / "envs/system_packages.sh"
ALL_PACKAGES = (
    "latexmk texlive-latex-recommended texlive-fonts-recommended texlive-latex-extra "
    "texlive-science graphviz poppler-utils"
)


def one_line(text: str) -> str:
    (line,) = text.splitlines()
    return line


def test_without_any_way_to_install_one_line_names_the_command(bare):
    """Fails when the message grows, loses the exact command, or the script continues."""
    result = run(SYSTEM, bare)
    assert result.returncode == 1 and result.stdout == ""
    assert one_line(result.stderr).endswith(
        "sudo apt-get update && sudo apt-get install --yes --no-install-recommends " + ALL_PACKAGES
    )


def test_with_a_sudo_that_asks_for_a_password_nothing_is_tried(bare):
    """Fails when a user without rights is asked for a password, or apt-get is called anyway."""
    executable(bare / "id", "echo 1000")
    executable(bare / "sudo", 'echo "sudo: a password is required" >&2; exit 1')
    executable(bare / "apt-get", f'echo "$*" >>{bare}/calls; exit 1')
    result = run(SYSTEM, bare)
    assert result.returncode == 1
    assert one_line(result.stderr).endswith(ALL_PACKAGES)
    assert not (bare / "calls").exists()


@pytest.fixture
def apt(bare: Path) -> Path:
    """Make an apt-get that notes its calls and, on install, brings everything."""
    brought = bare.parent / "brought"
    brought.mkdir()
    for command in [
        "latexmk",
        "pdflatex",
        "bibtex",
        "kpsewhich",
        "dot",
        "pdftotext",
        "pdftoppm",
        "pdffonts",
    ]:
        executable(brought / command, "exit 0")
    executable(
        bare / "apt-get",
        f'echo "$*" >>{bare}/calls\n[[ $1 != install ]] || cp {brought}/* {bare}',
    )
    return bare


@pytest.mark.parametrize("root", [True, False], ids=["root", "sudo"])
def test_what_is_missing_is_installed_once(apt, root):
    """Fails when root or a sudo without a password is not used, or a second call installs again."""
    executable(apt / "id", "echo 0" if root else "echo 1000")
    if not root:
        executable(apt / "sudo", 'shift; exec "$@"')
    assert run(SYSTEM, apt).returncode == 0
    calls = (apt / "calls").read_text().splitlines()
    assert calls == ["update", "install --yes --no-install-recommends " + ALL_PACKAGES]
    again = run(SYSTEM, apt)
    assert (again.returncode, again.stdout) == (0, "")
    assert (apt / "calls").read_text().splitlines() == calls


def test_only_the_package_that_is_missing_is_named(apt):
    """Fails when a TeX that did not come from Debian's packages would be installed over."""
    run(SYSTEM, apt)
    (apt / "dot").unlink()
    (apt / "apt-get").unlink()
    result = run(SYSTEM, apt)
    assert result.returncode == 1
    assert one_line(result.stderr).endswith("--no-install-recommends graphviz")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The locks and the setup script, without a .venv."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "envs", folder / "envs")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_too_old_a_python_is_named_before_any_work(checkout, bare):
    """Fails when setup starts with a Python that the locks do not fit."""
    executable(bare / "python3", "exit 1")  # what the version check answers
    result = run(checkout / "envs/setup.sh", bare)
    assert result.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13" in one_line(result.stderr)
    assert not (checkout / ".venv").exists()


def test_a_python_without_venv_names_its_package(checkout, bare):
    """Fails when Debian's split of python3-venv ends in a traceback."""
    executable(bare / "python3", '[[ $2 != *ensurepip* ]] || { echo "No module" >&2; exit 1; }')
    result = run(checkout / "envs/setup.sh", bare)
    assert result.returncode == 1
    assert one_line(result.stderr).endswith("--no-install-recommends python3-venv")
    assert not (checkout / ".venv").exists()


def test_an_unknown_build_of_torch_is_refused(checkout, bare):
    """Fails when a misspelt TORCH silently becomes the default."""
    result = run(checkout / "envs/setup.sh", bare, TORCH="gpu")
    assert result.returncode == 2
    assert "TORCH=gpu is not known; choose auto, cpu or default" in one_line(result.stderr)


NOTE_CALLS = '[[ $* != "-m pip "* && $* != "-m uv "* ]] || echo "$*" >>{}/calls'


def fake_python(folder: Path, pip: str) -> None:
    """Make a python3 that passes the checks and makes a .venv whose pip does as it is told."""
    executable(
        folder / "python3",
        'if [[ $1 == --version ]]; then echo "Python 3.11.0"; fi\n'
        'if [[ $2 == venv ]]; then mkdir -p "$3/bin" "$3/lib/python3.11/site-packages"; '
        f'cp {folder}/pip "$3/bin/python"; fi',
    )
    executable(folder / "pip", f"{NOTE_CALLS.format(folder)}\n{pip}")


def test_setup_does_nothing_the_second_time_and_repairs_an_interrupted_one(checkout, bare):
    """Fails when the stamp is written before the installation ended, or is not looked at."""
    script = checkout / "envs/setup.sh"
    fake_python(bare, "[[ $* != *--editable* ]] || exit 1")
    assert run(script, bare).returncode != 0
    leftover = checkout / ".venv/leftover"
    leftover.touch()

    executable(bare / "pip", NOTE_CALLS.format(bare))
    assert run(script, bare).returncode == 0
    assert not leftover.exists(), "a half-made environment must be made anew"

    leftover.touch()
    calls = (bare / "calls").read_text()
    again = run(script, bare)
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    assert (bare / "calls").read_text() == calls

    with (checkout / "envs/common.txt").open("a") as lock:
        lock.write("# another lock\n")
    assert run(script, bare).returncode == 0
    assert not leftover.exists(), "other locks must make the environment anew"


def test_setup_gives_an_older_environment_the_command_of_this_package(checkout, bare):
    """Fails when `ickrr` is missing after a pull that brought it, or when that makes the environment anew."""
    fake_python(bare, "")
    assert run(checkout / "envs/setup.sh", bare).returncode == 0
    (kept := checkout / ".venv/kept").touch()
    (bare / "calls").unlink()
    with (checkout / "pyproject.toml").open("a") as settings:
        settings.write("# another command\n")
    assert run(checkout / "envs/setup.sh", bare).returncode == 0
    (call,) = [line for line in (bare / "calls").read_text().splitlines() if " install " in line]
    assert "--editable ." in call
    assert kept.exists()


def test_ickrr_is_a_command_that_works_from_any_folder(tmp_path):
    """Fails when the command of this package is not installed, or finds its sources only in the project."""
    command = Path(sys.executable).with_name("ickrr")
    run = subprocess.run([command, "--help"], cwd=tmp_path, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert re.search(r"^  claims +\S", run.stdout, flags=re.MULTILINE)


def test_setup_is_not_complete_before_all_packages_are_there(checkout, bare):
    """Fails when the stamp vouches for what pip left out, or for what was removed later."""
    script = checkout / "envs/setup.sh"
    missing = '[[ $* != *verify.py* ]] || {{ echo "seaborn is missing"; exit {}; }}'
    fake_python(bare, missing.format(1))
    first = run(script, bare)
    assert first.returncode == 1
    assert "seaborn is missing" in first.stderr
    assert not list((checkout / ".venv").glob(".installed-*"))

    fake_python(bare, missing.format(0))
    assert run(script, bare).returncode == 0
    assert len(list((checkout / ".venv").glob(".installed-*"))) == 1
    executable(checkout / ".venv/bin/python", missing.format(1))
    again = run(script, bare)
    assert again.returncode == 0
    assert "seaborn is missing" in again.stderr and "so .venv is made anew" in again.stderr


def test_setup_hands_on_no_setting_of_pythons_or_pips(checkout, bare, tmp_path):
    """Fails when a variable of the caller's reaches the Python that installs; or the index does not."""
    sources = shlex.quote("unset PIP_USER; export PIP_INDEX_URL=here; no_index=")
    fake_python(bare, f"[[ $* != *package_sources* ]] || echo {sources}\nenv >>{bare}/seen")
    given = {"PYTHONPATH": "/x", "PYTHONHOME": "/x", "PYTHONOPTIMIZE": "2", "CDPATH": str(tmp_path)}
    (tmp_path / "envs").mkdir()
    result = subprocess.run(
        ["bash", "envs/setup.sh"],
        cwd=checkout,
        env={"PATH": str(bare), "HOME": "/", "TMPDIR": "/nowhere", "PIP_USER": "1", **given},
        capture_output=True,
        text=True,
    )
    assert result.returncode == 0, result.stderr
    seen = (bare / "seen").read_text()
    assert not set(re.findall(r"^(PYTHON\w+|CDPATH)=", seen, re.MULTILINE))
    installing = seen.split("PIP_INDEX_URL=here", 1)[1]
    assert "PIP_USER" not in installing


SETTINGS = """[global]
index-url = https://index.example/simple
user = true
require-virtualenv = false
[install]
target = /x
no-deps = true
trusted-host =
    one.example
    two.example
"""


def test_of_pips_settings_only_sources_count(tmp_path):
    """Fails when pip or uv installs elsewhere, leaves out packages, or cannot reach the caller's index."""
    (tmp_path / "pip.conf").write_text(SETTINGS)
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    given = {
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_PREFIX": "/x",
        "PIP_USER": "1",
        "PIP_FIND_LINKS": "/a /b",
        "PIP_CERT": "/it's.pem",
        "PIP_NO_INDEX": "no",
        "UV_INDEX": "https://other.example/simple",
        "UV_TARGET": "/x",
    }
    printed = subprocess.run(
        [sys.executable, str(ROOT / "envs/package_sources.py")],
        env={**plain, **given},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    command = ["bash", "-c", f"set -eu; {printed}\nenv -0"]
    said = subprocess.run(command, env=given, capture_output=True, text=True, check=True).stdout
    variables = dict(line.split("=", 1) for line in said.rstrip("\0").split("\0"))
    settings = {name: value for name, value in variables.items() if name.startswith("PIP_")}
    machine = {"PIP_EXTRA_INDEX_URL", "PIP_TIMEOUT"}  # what this machine's own files may add
    assert {name: value for name, value in settings.items() if name not in machine} == {
        "PIP_CONFIG_FILE": "/dev/null",
        "PIP_NO_INDEX": "no",
        "PIP_INDEX_URL": "https://index.example/simple",
        "PIP_FIND_LINKS": "/a /b",
        "PIP_CERT": "/it's.pem",
        "PIP_TRUSTED_HOST": "one.example\ntwo.example",
    }
    settings = {name: value for name, value in variables.items() if name.startswith(("UV_", "SSL_"))}
    machine = {"UV_INDEX", "UV_HTTP_TIMEOUT"}
    assert "other.example" not in settings.get("UV_INDEX", "")
    assert {name: value for name, value in settings.items() if name not in machine} == {
        "UV_SYSTEM_CERTS": "1",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_DEFAULT_INDEX": "https://index.example/simple",
        "UV_FIND_LINKS": "/a,/b",
        "UV_INSECURE_HOST": "one.example two.example",
        "SSL_CERT_FILE": "/it's.pem",
    }


@pytest.mark.parametrize("sign", [":", "$", '"', "`", "\\", "{", "}", "\n"])
def test_a_folder_whose_name_cannot_work_is_named(tmp_path, bare, sign):
    """Fails when such a name is found by the first program that cannot be started."""
    folder = tmp_path / f"a{sign}b"
    shutil.copytree(ROOT / "envs", folder / "envs")
    result = run(folder / "envs/setup.sh", bare)
    assert result.returncode == 1
    assert f"{folder}: the name of this folder has a '{sign}'" in result.stderr
    assert not (folder / ".venv").exists()


@pytest.fixture
def venv(tmp_path):
    """An environment without packages, which setup.sh has shut off, in a checkout; and a folder outside."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (site,) = (tmp_path / ".venv/lib").glob("python3*/site-packages")
    shutil.copy(ROOT / "envs/only_venv.py", site)
    (site / "0_only_venv.pth").write_text("import only_venv\n")
    for folder in (site, tmp_path / "src", tmp_path / "outside"):
        folder.mkdir(exist_ok=True)
        (folder / f"of_{folder.name.replace('-', '_')}.py").write_text("")
    return tmp_path


def python(venv: Path, code: str, *paths: Path) -> str:
    return subprocess.run(
        [venv / ".venv/bin/python", "-c", code],
        cwd="/",
        env={"PYTHONPATH": os.pathsep.join(map(str, paths))},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_in_venv_pythonpath_does_not_count(venv):
    """Fails when a folder of PYTHONPATH hides a locked package; or .venv's own is lost with it."""
    (venv / "outside/sitecustomize.py").write_text("print('sitecustomize')")
    site = next((venv / ".venv/lib").glob("python3*/site-packages"))
    code = (
        "import sys, os, json, importlib.util as u; "
        "print([u.find_spec(n) is not None for n in ('of_outside', 'of_src', 'of_site_packages')], "
        "'PYTHONPATH' in os.environ)"
    )
    paths = (venv / "outside", venv / "src", site, Path(os.__file__).parent, Path())
    assert python(venv, code, *paths) == "[False, True, True] False\n"


@pytest.fixture
def locked(tmp_path):
    """An environment with one small package, and its lock."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / ".venv"], check=True)
    (site,) = (tmp_path / ".venv/lib").glob("python3*/site-packages")
    for name in ("packaging", "threadpoolctl"):
        found = importlib.metadata.distribution(name)
        for file in found.files:
            if ".." not in file.parts and file.suffix != ".pyc":
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(found.locate_file(file), site / file)
    version = importlib.metadata.version("threadpoolctl")
    (tmp_path / "lock.txt").write_text(
        f"threadpoolctl=={version} \\\n    --hash=sha256:0\nabsent==1 ; sys_platform == 'plan9' \\\n"
    )
    return SimpleNamespace(folder=tmp_path, site=site, lock=tmp_path / "lock.txt")


def verify(locked, *path: Path) -> str:
    """Return what verify.py prints, with further folders on Python's path."""
    script = str(ROOT / "envs/verify.py")
    code = (
        f"import sys, runpy; sys.path[:0] = {[str(one) for one in path]}; "
        f"sys.argv = ['', {str(locked.lock)!r}]; runpy.run_path({script!r}, run_name='__main__')"
    )
    command = [locked.folder / ".venv/bin/python", "-I", "-c", code]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.stderr == ""
    assert (result.returncode == 0) == ("1 packages as locked" in result.stdout)
    return result.stdout


def test_verify_sees_what_is_missing_damaged_other_or_from_outside(locked):
    """Fails when a package that is not here, whole, and in its locked version counts as installed."""
    assert verify(locked) == "1 packages as locked\n"
    outside = locked.folder / "outside"
    shutil.copytree(locked.site, outside)
    assert f"threadpoolctl comes from {outside}, outside of" in verify(locked, outside)
    module = locked.site / "threadpoolctl.py"
    content = module.read_text()
    module.write_text(content + "# edited\n")
    assert "threadpoolctl is damaged: threadpoolctl.py is not as it was installed" in verify(locked)
    module.unlink()
    assert "threadpoolctl is damaged" in verify(locked)
    module.write_text(content)
    locked.lock.write_text("threadpoolctl==0.1 \\\n    --hash=sha256:0\n")
    assert re.search(r"threadpoolctl [\d.]+ instead of 0\.1", verify(locked))
    locked.lock.write_text("no-such-package==1.0 \\\n    --hash=sha256:0\n")
    assert verify(locked) == "no-such-package is missing\n"


@pytest.mark.parametrize(
    ("gpu", "wheel", "asked", "chosen"),
    [
        (False, True, "auto", "cpu"),
        (False, False, "auto", "default"),
        (True, True, "auto", "default"),
        (True, True, "cpu", "cpu"),
        (False, True, "default", "default"),
    ],
)
def test_build_of_torch(checkout, bare, gpu, wheel, asked, chosen):
    """Fails when a machine without a GPU downloads CUDA, or one with a GPU cannot use it.

    Also when the probe fails setup instead of choosing, or a choice by name is ignored.
    """
    fake_python(bare, "" if wheel else "[[ $* != *--dry-run* ]] || exit 1")
    executable(bare / "nvidia-smi", f"exit {int(not gpu)}")
    result = run(checkout / "envs/setup.sh", bare, TORCH=asked)
    assert result.returncode == 0, result.stderr
    installed = [line for line in (bare / "calls").read_text().splitlines() if "--dry" not in line]
    assert any(f"torch-{chosen}.txt" in line for line in installed)
    assert len(list((checkout / ".venv").glob(f".installed-{chosen}-*"))) == 1


def test_wheelhouse_is_all_that_is_asked(checkout, bare):
    """Fails when a machine without network is asked to reach one, or a set-up with one reads old wheels."""
    folder = checkout.parent / "my wheels"
    folder.mkdir()
    fake_python(bare, "")
    assert run(checkout / "envs/setup.sh", bare, WHEELHOUSE=str(folder)).returncode == 0
    calls = [line for line in (bare / "calls").read_text().splitlines() if "--require-hashes" in line]
    assert len(calls) == 3  # uv and setuptools, the probe for the build of torch, everything
    assert all(f"--no-index --find-links {folder}" in call for call in calls)
    shutil.rmtree(checkout / ".venv")
    (bare / "calls").unlink()
    assert run(checkout / "envs/setup.sh", bare).returncode == 0
    assert "--no-index" not in (bare / "calls").read_text()


def test_wheelhouse_that_is_not_there_is_named_before_any_work(checkout, bare):
    """Fails when a misspelt folder ends in pip's words about a package that it did not find."""
    result = run(checkout / "envs/setup.sh", bare, WHEELHOUSE="build/wheels")
    assert result.returncode == 2
    assert "WHEELHOUSE=build/wheels is no folder; make wheelhouse" in one_line(result.stderr)
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize(("message", "code"), [("Function not implemented", 65), ("No locks available", 71)])
def test_setup_goes_on_where_nothing_can_be_locked(checkout, bare, message, code):
    """Fails when a file system without flock, which is not a busy one, stops the set-up."""
    fake_python(bare, "")
    executable(bare / "flock", f'echo "flock: 9: {message}" >&2; exit {code}')
    result = run(checkout / "envs/setup.sh", bare)
    assert result.returncode == 0
    assert one_line(result.stderr).endswith(
        "cannot be locked on this file system; run one make at a time here"
    )


def test_setup_locks_a_file_that_is_open_for_writing(checkout, bare):
    """Fails when NFS, which locks nothing that is only open for reading, refuses the lock."""
    fake_python(bare, "")
    mode = "while read -r key value; do [[ $key != flags: ]] || echo $value; done </proc/self/fdinfo/9"
    executable(bare / "flock", f"{mode} >{bare}/mode")
    result = run(checkout / "envs/setup.sh", bare)
    assert (result.returncode, result.stderr) == (0, "")
    assert int((bare / "mode").read_text(), 8) & os.O_ACCMODE == os.O_RDWR


@pytest.mark.parametrize("failing", ["", "env-test", "system", "lint", "test-cluster-fast", "test"])
def test_ci_fails_when_any_part_fails_and_ends_with_the_tests(bare, failing):
    """Fails when an error hides behind passing tests, or the tests' summary is not last."""
    executable(bare / "make", f"echo make $1; [[ $1 != '{failing}' ]]")
    result = run(ROOT / ".ci/run", bare)
    assert (result.returncode == 0) == (failing == "")
    parts = ["make env-test", "make system", "make lint", "make test-cluster-fast", "make test"]
    stops_at = {"env-test": 1, "system": 2}.get(failing, len(parts))
    assert result.stdout.splitlines() == parts[:stops_at]


def test_a_package_of_the_users_own_is_no_tex(apt, tmp_path):
    """Fails when a file in ~/texmf, which jobs do not read, counts as installed."""
    run(SYSTEM, apt)
    executable(apt / "kpsewhich", f'[[ $1 != booktabs.sty || "$HOME $TEXMFHOME" == *{tmp_path}* ]]')
    (apt / "apt-get").unlink()
    result = run(SYSTEM, apt, HOME=str(tmp_path), TEXMFHOME=str(tmp_path))
    assert result.returncode == 1
    assert one_line(result.stderr).endswith("--no-install-recommends texlive-latex-recommended")


@pytest.mark.parametrize("given", [{}, {"PYTHONPATH": "/x", "PYTHONHOME": "/x", "PYTHONWARNINGS": "error"}])
def test_make_hands_on_no_setting_of_pythons(given):
    """Fails when a variable of Python's reaches what make starts, or PYTHON, which chooses one, does not."""
    environment = {"PATH": os.environ["PATH"], "PYTHON": "/usr/bin/python3", "HTTPS_PROXY": "here", **given}
    seen = subprocess.run(
        ["make", "--eval=seen: ; @env", "seen"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert re.findall(r"^PYTHON\w*=.*", seen, re.MULTILINE) == ["PYTHON=/usr/bin/python3"]
    assert "\nHTTPS_PROXY=here\n" in f"\n{seen}"
    assert f"\nPATH={ROOT}/.venv/bin:" in f"\n{seen}"
