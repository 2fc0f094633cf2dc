"""Keep in files what one Snakemake run knows of its SLURM jobs: which it submitted, and how each ended.

Each job writes its own end, so that it is known even if the controller has forgotten the job or there is no
accounting.
"""

import json
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

MESSAGES = Path("logs/cluster.log")
RECORDS = Path(".snakemake/slurm_guard")


def note(message: str) -> None:
    """Add a line to the log of the cluster, which the running Snakemake shows (see `Follower`)."""
    MESSAGES.parent.mkdir(parents=True, exist_ok=True)
    with MESSAGES.open("a", encoding="utf-8") as log:
        log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {message}\n")


def say(message: str) -> None:
    """Print a message at this process's terminal, and note it."""
    note(message)
    print(f"cluster: {message}", file=sys.stderr, flush=True)


class Follower:
    """Shows what is noted from now on at this process's terminal.

    The guards cannot do so themselves, as Snakemake does not show what they print.
    """

    def __init__(self, path: Path = MESSAGES) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._position = path.stat().st_size if path.exists() else 0

    def start(self, every: float = 1.0) -> None:
        """Look for new lines in the background until the process ends."""

        def follow() -> None:
            while True:
                time.sleep(every)
                self.catch_up()

        threading.Thread(target=follow, name="cluster-log", daemon=True).start()

    def catch_up(self) -> None:
        """Show the lines that are new now."""
        with self._lock:
            if not self._path.exists():
                return
            with self._path.open(encoding="utf-8") as log:
                log.seek(self._position)
                new = log.read()
                self._position = log.tell()
        for line in new.splitlines():
            print(f"cluster: {line.split(' ', 2)[-1]}", file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Journal:
    """The journal of one run.

    Args:
        run: id of the Snakemake run, which is the name of all its jobs.
        folder: folder of the journals.
    """

    run: str
    folder: Path = RECORDS

    @property
    def path(self) -> Path:
        """Return the file of the jobs that were submitted, with one JSON object on each line."""
        return self.folder / f"{self.run}.jobs"

    def submitted(self, job: str, comment: str) -> None:
        """Note a submission, by one short append so that the lines of two submitters do not mix."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("a", encoding="utf-8") as handle:
            handle.write(json.dumps({"id": job, "comment": comment}) + "\n")

    def jobs(self) -> dict[str, str]:
        """Return the comments of all jobs submitted so far, by id."""
        if not self.path.exists():
            return {}
        lines = self.path.read_text(encoding="utf-8").splitlines()
        entries = [json.loads(line) for line in lines if line.endswith("}")]
        return {entry["id"]: entry["comment"] for entry in entries}

    def ending(self, script: str, comment: str) -> str:
        """Return the batch script with a last line that notes its exit code and its comment."""
        folder = self.folder.resolve()
        return (
            f"{script}\ncode=$?; mkdir -p {quote(str(folder))}; "
            f"printf '%s\\n' $code {quote(comment)} > {quote(str(folder / self.run))}.$SLURM_JOB_ID.exit; "
            "exit $code"
        )

    def exit_code(self, job: str) -> int | None:
        """Return the exit code that a job noted, or None if it noted none (it runs, or was killed)."""
        try:
            code, _, _ = (self.folder / f"{self.run}.{job}.exit").read_text(encoding="utf-8").partition("\n")
            return int(code)
        except (OSError, ValueError):
            return None

    def ended(self) -> dict[str, str]:
        """Return the comments of all jobs that noted their end, by id; some may have got no answer."""
        found = {}
        for path in sorted(self.folder.glob(f"{self.run}.*.exit")):
            _, _, comment = path.read_text(encoding="utf-8").partition("\n")
            job = path.name.removeprefix(f"{self.run}.").removesuffix(".exit")
            found[job] = comment.removesuffix("\n")
        return found

    def first_seen(self, what: str, now: float | None = None) -> float:
        """Return the seconds since something was first noted; 0 the first time."""
        path = self.folder / f"{self.run}.{what}"
        now = time.time() if now is None else now
        if not path.exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            path.write_text(str(now), encoding="utf-8")
            return 0.0
        return now - float(path.read_text(encoding="utf-8"))

    def forget(self, what: str) -> bool:
        """Remove a note, and return whether there was one."""
        path = self.folder / f"{self.run}.{what}"
        existed = path.exists()
        path.unlink(missing_ok=True)
        return existed
