"""A real SLURM on this machine, on loopback only, with everything it writes in one folder.

It runs munged, slurmctld and one slurmd for each node, from Debian's packages, and stops them by process id.
The nodes claim 16 processors and two GPUs each (the GPUs are null devices). To try the pipeline on
it by hand:

    python tests/cluster/local_slurm.py start /tmp/lab && source /tmp/lab/activate
    python tests/cluster/local_slurm.py stop /tmp/lab
"""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

PACKAGES = ("slurmctld", "slurmd", "slurm-client", "munge")
DAEMONS = ("munged", "slurmctld", "slurmd")
CLIENTS = ("srun", "sbatch", "squeue", "scancel", "scontrol", "sinfo", "sacct", "sacctmgr", "sshare")
NODES = ("tn1", "tn2")
HOST = socket.gethostname().split(".")[0]

CONFIGURATION = """\
ClusterName=lab
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={port}
SrunPortRange={first}-{last}
# Without it the daemons listen on every interface.
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
# A requeued job is held until its credential has expired: 10 s instead of 120.
AuthInfo=socket={folder}/run/munge.socket,cred_expire=10
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool/%n
SlurmctldPidFile={folder}/run/slurmctld.pid
SlurmdPidFile={folder}/run/slurmd-%n.pid
SlurmctldLogFile={folder}/log/slurmctld.log
SlurmdLogFile={folder}/log/slurmd-%n.log
MailProg=/bin/true
# No control groups, which containers do not have.
ProctrackType=proctrack/pgid
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/filetxt
JobCompLoc={folder}/log/jobcomp.txt
SchedulerType=sched/backfill
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
EnforcePartLimits=NO
ReturnToService=2
JobRequeue=1
MpiDefault=none
MinJobAge={min_job_age}
MaxJobCount={max_jobs}
SlurmdTimeout=10
SlurmctldTimeout=10
MessageTimeout=5
KillWait=5
InactiveLimit=0
GresTypes=gpu
DefMemPerCPU=256
# Lets a node claim more processors than the machine has.
SlurmdParameters=config_overrides
{nodes}
PartitionName=cpu Nodes=ALL Default=YES MaxTime=60 DefaultTime=5 State=UP PriorityTier=1
PartitionName=gpu Nodes=ALL MaxTime=60 DefaultTime=5 State=UP PriorityTier=1
PartitionName=short Nodes=ALL MaxTime=2 DefaultTime=1 State=UP PriorityTier=1
PartitionName=scavenge Nodes=ALL MaxTime=60 DefaultTime=5 State=UP PriorityTier=1 PreemptMode=CANCEL
PartitionName=high Nodes=ALL MaxTime=60 DefaultTime=5 State=UP PriorityTier=10 PreemptMode=OFF
"""

# In front of every client command. The plugin removes every SLURM_ variable before it calls srun,
# SLURM_CONF too. A file named after a command, in this SLURM's folder or in the working directory, makes
# it fail and is what it says; `lost.sbatch` loses its answer; while there is a `hold.squeue` it has none.
SHIM = """#!/bin/sh
export SLURM_CONF={folder}/etc/slurm.conf
for place in {folder} .; do
    if [ -e $place/fail.{name} ] && [ "$1" != --test-only ]; then
        echo "{name}: error: made to fail by a test" >&2
        cat $place/fail.{name} >&2
        exit 1
    fi
    while [ -e $place/hold.{name} ]; do
        touch $place/held.{name}
        sleep .2
    done
    # Of two that run at a time, the one that takes the file away loses its answer.
    if [ "$1" = --parsable ] && rm $place/lost.{name} 2>/dev/null; then
        {real} "$@" >/dev/null
        echo "{name}: error: Batch job submission failed: Socket timed out on send/recv operation" >&2
        exit 1
    fi
done
exec {real} "$@"
"""


def missing() -> list[str]:
    """Return the programs that are missing here for a SLURM of our own."""
    return [name for name in (*DAEMONS, "sbatch", "squeue", "scontrol") if shutil.which(name) is None]


def free_ports(count: int) -> int:
    """Return the first of a block of ports that nobody listens on.

    Parallel workers of pytest look in different places.
    """
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for first in range(16817 + 3000 * worker, 30000, count):
        probes = [socket.socket() for _ in range(8)]
        try:
            for offset, probe in enumerate(probes):
                probe.bind(("127.0.0.1", first + offset))
        except OSError:
            continue
        else:
            return first
        finally:
            for probe in probes:
                probe.close()
    raise RuntimeError("no free block of ports")


@dataclass
class LocalSlurm:
    """A SLURM in a folder.

    Args:
        folder: an empty folder below which everything is kept; world-readable, as munge demands.
        min_job_age: seconds for which squeue shows a finished job.
        max_jobs: jobs that the controller accepts at a time.
    """

    folder: Path
    min_job_age: int = 300
    max_jobs: int = 1000
    nodes: tuple[str, ...] = NODES
    port: int = field(default_factory=lambda: free_ports(200))

    @property
    def unshimmed(self) -> dict[str, str]:
        """Return the environment of the harness's own calls, which no test makes fail."""
        return {**os.environ, "SLURM_CONF": f"{self.folder}/etc/slurm.conf"}

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which the client commands talk to this SLURM."""
        return {**self.unshimmed, "PATH": f"{self.folder}/bin{os.pathsep}{os.environ['PATH']}"}

    def start(self) -> None:
        """Write the configuration, start the daemons, wait until every node is idle."""
        self._write()
        munged = [
            "munged",
            f"--key-file={self.folder}/etc/munge.key",
            f"--seed-file={self.folder}/run/munged.seed",
        ]
        munged += [
            f"--{kind}={self.folder}/run/munge{end}"
            for kind, end in (("socket", ".socket"), ("pid-file", "d.pid"))
        ]
        subprocess.run([*munged, f"--log-file={self.folder}/log/munged.log"], check=True)
        self.start_controller()
        for node in self.nodes:
            self.start_node(node)
        self.wait(lambda: self.node_states() == ["idle"] * len(self.nodes), "idle nodes")

    def stop(self) -> None:
        """Cancel every job and stop the daemons, nodes first."""
        try:
            ids = self.run("squeue", "-h", "-o", "%A").split() if self._alive("slurmctld") else []
            if ids:
                self.run("scancel", *ids)
                self.wait(lambda: not self.run("squeue", "-h"), "an empty queue", 30)
        finally:
            for daemon in (*(f"slurmd-{node}" for node in self.nodes), "slurmctld", "munged"):
                self._stop(daemon)

    def start_controller(self) -> None:
        """Start slurmctld and wait until it answers."""
        subprocess.run(["slurmctld"], env=self.unshimmed, check=True)
        self.wait(lambda: self._alive("slurmctld"), "slurmctld")
        self.wait(lambda: self.answers(), "an answer of slurmctld")

    def stop_controller(self) -> None:
        """Stop slurmctld; jobs continue."""
        self._stop("slurmctld")

    def start_node(self, node: str) -> None:
        """Start the daemon of a node."""
        subprocess.run(["slurmd", "-N", node], env=self.unshimmed, check=True)

    def stop_node(self, node: str) -> None:
        """Stop the daemon of a node; its jobs continue."""
        self._stop(f"slurmd-{node}")

    def crash_node(self, node: str) -> None:
        """Kill the daemon of a node and all that runs there, as a power failure does."""
        daemon = self._pid(f"slurmd-{node}")
        if daemon is not None and self._owns(daemon):
            _kill(daemon, signal.SIGKILL)
        for job in self.run("squeue", "-h", "-w", node, "-t", "R", "-o", "%A").split():
            steps = _processes(lambda line, job=job: line.startswith(f"slurmstepd: [{job}."))
            for process in _descendants([step for step in steps if self._owns(step)]):
                _kill(process, signal.SIGKILL)

    def answers(self) -> bool:
        """Return whether the controller answers."""
        if not self.folder.exists():
            return False  # stopped and taken away; scontrol would look for its settings for a minute
        command = ["scontrol", "ping"]
        return (
            "UP"
            in subprocess.run(command, env=self.unshimmed, capture_output=True, text=True, check=False).stdout
        )

    def node_states(self) -> list[str]:
        """Return the state of each node, in order."""
        return self.run("sinfo", "-h", "-N", "-p", "cpu", "-o", "%T").split()

    def run(self, *command: str) -> str:
        """Run a client command and return what it prints."""
        done = subprocess.run(
            command, env=self.unshimmed, capture_output=True, text=True, timeout=60, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr.strip()}")
        return done.stdout.strip()

    def jobs(self, *options: str) -> list[tuple[str, str, str]]:
        """Return the jobs that the controller knows: id, state, comment (the rule)."""
        listed = self.run("squeue", "-h", "--states=all", "-o", "%A|%T|%k", *options).splitlines()
        return [tuple(line.split("|", 2)) for line in listed]  # type: ignore[misc]

    def wait(self, condition: Callable[[], object], what: str, seconds: float = 20) -> None:
        """Wait until a condition holds, or raise TimeoutError."""
        end = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > end:
                raise TimeoutError(f"no {what} within {seconds:g} s; logs are in {self.folder}/log")
            time.sleep(0.1)

    def _write(self) -> None:
        for name in ("bin", "dev", "etc", "log", "run", "spool", "state"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o755)  # munge refuses a socket below a private folder
        key = self.folder / "etc" / "munge.key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        for number in range(2):
            device = self.folder / "dev" / f"nvidia{number}"
            if not device.exists():
                os.mknod(device, 0o020666, os.makedev(1, 3))
        nodes = "\n".join(
            f"NodeName={node} NodeHostname={HOST} NodeAddr=127.0.0.1 Port={self.port + 3 + i} CPUs=16 "
            "Boards=1 SocketsPerBoard=1 CoresPerSocket=16 ThreadsPerCore=1 RealMemory=32000 "
            "Gres=gpu:h200:2 State=UNKNOWN"
            for i, node in enumerate(self.nodes)
        )
        gres = [
            f"NodeName={node} Name=gpu Type=h200 File={self.folder}/dev/nvidia[0-1]" for node in self.nodes
        ]
        (self.folder / "etc" / "gres.conf").write_text("\n".join(["AutoDetect=off", *gres]) + "\n")
        self.reconfigure_file(nodes)
        for name in CLIENTS:
            # The plugin removes every SLURM_ variable before it calls srun, SLURM_CONF too.
            real = shutil.which(name)
            shim = self.folder / "bin" / name
            shim.write_text(SHIM.format(folder=self.folder, name=name, real=real))
            shim.chmod(0o755)
        (self.folder / "activate").write_text(
            f"export SLURM_CONF={self.folder}/etc/slurm.conf PATH={self.folder}/bin:$PATH\n"
        )

    def reconfigure_file(self, nodes: str) -> None:
        """Write slurm.conf."""
        (self.folder / "etc" / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=HOST,
                folder=self.folder,
                nodes=nodes,
                port=self.port,
                first=self.port + 50,
                last=self.port + 149,
                min_job_age=self.min_job_age,
                max_jobs=self.max_jobs,
            )
        )

    def _owns(self, process: int) -> bool:
        """Return whether a daemon of this SLURM, not of another on this machine, started a process."""
        try:
            seen = [Path(f"/proc/{process}/{name}").read_bytes() for name in ("environ", "cmdline")]
            return any(str(self.folder).encode() in text for text in seen)
        except OSError:
            return False

    def _pid(self, daemon: str) -> int | None:
        path = self.folder / "run" / f"{daemon}.pid"
        return int(path.read_text()) if path.exists() and path.read_text().strip() else None

    def _alive(self, daemon: str) -> bool:
        pid = self._pid(daemon)
        # A daemon that was killed leaves its file behind, and its number goes to somebody else.
        return pid is not None and _alive(pid) and self._owns(pid)

    def _stop(self, daemon: str) -> None:
        pid = self._pid(daemon)
        if pid is None or not self._alive(daemon):
            return
        _kill(pid, signal.SIGTERM)
        try:
            self.wait(lambda: not _alive(pid), f"end of {daemon}", 5)
        except TimeoutError:
            _kill(pid, signal.SIGKILL)
            self.wait(lambda: not _alive(pid), f"end of {daemon}", 5)


def _alive(pid: int) -> bool:
    """Return whether a process runs; one that has ended but was not yet reaped does not."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def _kill(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def _processes(matches: Callable[[str], bool]) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        except OSError:
            continue
        if matches(line):
            found.append(int(path.parent.name))
    return found


def _descendants(roots: list[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found, pending = [], list(roots)
    while pending:
        found.append(pending.pop())
        pending += children.get(found[-1], [])
    return found


def main() -> None:
    """Start or stop a SLURM by hand."""
    if len(sys.argv) != 3 or sys.argv[1] not in ("start", "stop"):
        sys.exit(__doc__)
    slurm = LocalSlurm(Path(sys.argv[2]).resolve())
    if sys.argv[1] == "stop":
        slurm.stop()
        return
    if missing():
        install = f"sudo apt-get install --no-install-recommends {' '.join(PACKAGES)}"
        sys.exit(f"missing: {', '.join(missing())}; {install}")
    slurm.folder.mkdir(parents=True, exist_ok=True)
    slurm.start()
    print(f"source {slurm.folder}/activate")


if __name__ == "__main__":
    main()
