"""A real SLURM for the tests, and small workflows that run on it through our own driver."""

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml
from support import Project

from slurm_guard.journal import RECORDS, Journal

ROOT = Path(__file__).parents[2]
FAST = {"slurm-init-seconds-before-status-checks": 10, "latency-wait": 10}


def _harness():
    """Import the harness, which is a script that people run by hand, not a package."""
    spec = importlib.util.spec_from_file_location("local_slurm", Path(__file__).with_name("local_slurm.py"))
    module = importlib.util.module_from_spec(spec)
    sys.modules["local_slurm"] = module
    spec.loader.exec_module(module)
    return module


local_slurm = _harness()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "slurm" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.cluster)


def _absent() -> str | None:
    missing = local_slurm.missing()
    if missing:
        packages = " ".join(local_slurm.PACKAGES)
        return f"no SLURM here ({', '.join(missing)}): apt-get install --no-install-recommends {packages}"
    return "SLURM's daemons are started as root" if os.geteuid() else None


@pytest.fixture(scope="session")
def slurm() -> Iterator:
    """A SLURM with two nodes of 16 processors and two (null) GPUs each."""
    reason = _absent()
    if reason:
        pytest.skip(reason)
    folder = Path(tempfile.mkdtemp(prefix="slurm-"))
    cluster = local_slurm.LocalSlurm(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def on_slurm(slurm) -> Callable[..., subprocess.Popen]:
    """Start a driver in a checkout, with profiles/slurm and these keys changed (names have _ for -)."""

    def start(project: Project, *arguments: str, **changes: object) -> subprocess.Popen:
        path = project.path / "profiles" / "slurm" / "profile.yaml"
        values = yaml.safe_load(path.read_text()) | FAST
        values |= {key.replace("_", "-"): value for key, value in changes.items()}
        values["default-resources"]["slurm_account"] = "lab"
        path.write_text(yaml.safe_dump(values))
        env = {**slurm.environment, "PYTHONPATH": str(project.path / "src"), "OMP_NUM_THREADS": "1"}
        return subprocess.Popen(
            [sys.executable, "-m", "slurm_guard", "submit", *arguments],
            cwd=project.path,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )

    return start


@dataclass
class Workflow:
    """A folder with a Snakefile of its own, run through `python -m slurm_guard submit`."""

    path: Path
    slurm: object
    processes: list[subprocess.Popen] = field(default_factory=list)

    def profile(self, **changes: object) -> None:
        """Copy profiles/slurm with some keys changed (names have _ for -)."""
        values = yaml.safe_load((ROOT / "profiles" / "slurm" / "profile.yaml").read_text())
        values |= FAST | {key.replace("_", "-"): value for key, value in changes.items()}
        target = self.path / "profiles" / "slurm"
        target.mkdir(parents=True, exist_ok=True)
        (target / "profile.yaml").write_text(
            yaml.safe_dump({k: v for k, v in values.items() if v is not None})
        )

    def start(
        self, *arguments: str, output: str = "driver.log", guarded: bool = True, **environment: str
    ) -> subprocess.Popen:
        """Start a driver; what it prints goes to a file, as with `> driver.log 2>&1`.

        Without guards it is Snakemake with its plugin, which reports every look at its jobs.
        """
        plugin = ["snakemake", "--workflow-profile", "profiles/slurm", "--verbose"]
        command = [
            sys.executable,
            "-m",
            *(["slurm_guard", "submit"] if guarded else plugin),
            *arguments,
        ]
        env = {
            **self.slurm.environment,
            "PYTHONPATH": str(ROOT / "src"),
            "OMP_NUM_THREADS": "1",
            **environment,
        }
        with (self.path / output).open("w") as log:
            process = subprocess.Popen(
                command,
                cwd=self.path,
                env=env,
                stdout=log,
                stderr=log,
                start_new_session=True,
                # Whoever starts the tests in the background makes their children deaf to Ctrl-C.
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )
        self.processes.append(process)
        return process

    def finish(self, process: subprocess.Popen, seconds: float = 240, output: str = "driver.log") -> str:
        """Wait for a driver and return what it printed."""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"still running after {seconds} s:\n{self.printed(output)[-4000:]}")
        return self.printed(output)

    def run(self, *arguments: str, seconds: float = 240) -> tuple[int, str]:
        """Run a driver to its end; return its exit code and what it printed."""
        process = self.start(*arguments)
        printed = self.finish(process, seconds)
        return process.returncode, printed

    def printed(self, output: str = "driver.log") -> str:
        return (self.path / output).read_text()

    def wait_for(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        """Wait until a condition holds."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end or self.processes[-1].poll() is not None:
                seen = f"{self.printed()[-4000:]}\n{self.slurm.jobs()}"
                pytest.fail(f"no {what} before its end, or within {seconds} s:\n{seen}")
            time.sleep(0.2)

    def jobs(self) -> list[tuple[str, str, str]]:
        """Return this folder's jobs: id, state, rule and wildcards."""
        listed = self.slurm.run("squeue", "-h", "--states=all", "-o", "%A|%T|%Z|%k").splitlines()
        rows = [line.split("|", 3) for line in listed]
        return sorted(
            (int(i), state, comment) for i, state, folder, comment in rows if folder == str(self.path)
        )

    def states(self, rule: str = "") -> list[str]:
        """Return the states of this folder's jobs of a rule, in the order of submission."""
        return [state for _, state, comment in self.jobs() if comment.startswith(f"rule_{rule}")]

    def job(self, rule: str) -> str:
        """Return the id of the last job of a rule."""
        return str([number for number, _, comment in self.jobs() if comment.startswith(f"rule_{rule}")][-1])

    def submitted(self) -> int:
        """Return how many submissions Snakemake has got the job's id of."""
        journals = [Journal(path.stem, path.parent) for path in self.path.glob(f"{RECORDS}/*.jobs")]
        return sum(len(journal.jobs()) for journal in journals)

    def running(self, rule: str) -> bool:
        """Return whether the last job of a rule has written its first line."""
        return (self.path / f"{rule}.started").exists() and self.states(rule)[-1] == "RUNNING"

    def started(self, rule: str) -> list[str]:
        """Return the ids of the jobs in which a rule's command has started."""
        path = self.path / f"{rule}.started"
        return path.read_text().split() if path.exists() else []


# Every rule notes the job in which it starts, so that a test sees how often it ran.
RULE = '''
rule {name}:
    output: "{name}.txt"
    log: "logs/{name}.log"
    threads: 1
    resources: {resources}
    shell: """(echo $SLURM_JOB_ID >> {name}.started; {command}) > {{log}} 2>&1"""
'''
ALL = """
rule all:
    input: {targets}
    localrule: True
"""
HEAD = f"""
import os, sys
from pathlib import Path
from types import SimpleNamespace
sys.path.insert(0, "{ROOT}/src")
ROOT, experiment = Path("{ROOT}"), SimpleNamespace(scale="none", prompts=None)
SOURCE, RESULTS, PAPER, in_conda = ROOT / "src", "results", "paper", False
ledger = SimpleNamespace(claims=())
include: "{ROOT}/workflow/rules/hooks.smk"
"""


@pytest.fixture(scope="module")
def workflow(slurm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Workflow]]:
    """Make a workflow from rules: name, command, resources."""
    made = []

    def make(
        rules: dict[str, tuple[str, str]], slurm: object = slurm, head: str = HEAD, **profile: object
    ) -> Workflow:
        created = Workflow(tmp_path_factory.mktemp("workflow"), slurm)
        targets = ", ".join(f'"{name}.txt"' for name in rules)
        text = head + ALL.format(targets=targets)
        text += "".join(RULE.format(name=n, command=c, resources=r) for n, (c, r) in rules.items())
        (created.path / "Snakefile").write_text(text)
        defaults = {"mem_mb": 600, "runtime": 5, "slurm_account": "lab"}
        created.profile(
            **{"groups": None, "group_components": None, "default_resources": defaults, **profile}
        )
        made.append(created)
        return created

    yield make
    for created in reversed(made):
        for process in created.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
        if not created.slurm.answers():
            continue  # stopped, and its jobs with it
        left = [
            str(number)
            for number, state, _ in created.jobs()
            if state in ("PENDING", "RUNNING", "COMPLETING")
        ]
        if left:
            created.slurm.run("scancel", *left)
