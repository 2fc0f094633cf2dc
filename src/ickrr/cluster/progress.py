"""How far a run has come, read from Snakemake's own log; works from any terminal, on any executor.

Time left is the sum over rules of jobs to do times the median time of that rule's finished jobs (of all
finished jobs where it has none yet), over the number of jobs that ran side by side so far.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from ickrr.errors import FileError

LOGS = Path(".snakemake/log")
STAMP = re.compile(r"^\[(\w{3} \w{3} +\d+ \d\d:\d\d:\d\d \d{4})\]")


@dataclass(frozen=True)
class Progress:
    """State of one run.

    Args:
        done: finished jobs of each rule.
        todo: planned jobs of each rule, finished ones included.
        running: jobs that were submitted or started and have not ended.
        failed: jobs that failed for good.
        elapsed: seconds since the run began.
        left: seconds that the rest may take, None while nothing has finished.
        ended: whether the run is over.
    """

    done: Counter[str]
    todo: Counter[str]
    running: int
    failed: Counter[str]
    elapsed: float
    left: float | None
    ended: bool

    def __str__(self) -> str:
        done, total = self.done.total(), self.todo.total()
        state = "ended" if self.ended else f"{self.running} started"
        lines = [f"{done} of {total} jobs done, {state}, {_duration(self.elapsed)} so far"]
        if not self.ended and self.left is not None:
            lines[0] += f", about {_duration(self.left)} left"
        width = max((len(rule) for rule in self.todo), default=0)
        for rule, total in self.todo.items():
            notes = [f"{self.done[rule]:>5} of {total:<5}"]
            notes += [f"{self.failed[rule]} FAILED"] if self.failed[rule] else []
            lines.append(f"{rule:<{width}} {' '.join(notes)}")
        return "\n".join(lines)


def newest_log(folder: Path) -> Path:
    """Find the log of the latest run in a folder.

    Raises:
        FileError: there is none.
    """
    logs = sorted((folder / LOGS).glob("*.snakemake.log"), key=lambda path: path.stat().st_mtime)
    if not logs:
        raise FileError(f"{folder / LOGS}: holds no log; nothing was run here yet")
    return logs[-1]


def read_progress(log: str, now: float | None = None) -> Progress:
    """Read the state of a run from the text of its Snakemake log.

    Args:
        log: the text.
        now: seconds since the epoch, the present by default.
    """
    todo = _planned(log)
    began: dict[str, float] = {}  # job -> when it was started or submitted
    done: Counter[str] = Counter()
    failed: dict[str, str] = {}
    times: dict[str, list[float]] = {}
    stamps: list[float] = []
    error, widest = "", 0
    for line in log.splitlines():
        if stamp := STAMP.match(line):
            stamps.append(datetime.strptime(stamp[1], "%a %b %d %H:%M:%S %Y").timestamp())
            error = ""
        elif header := re.match(r"^Error in rule (\w+):$", line):
            error = header[1]
        elif number := re.match(r"^ *(?:jobid: |Job )(\d+)(?::.*)?$", line):
            if error:
                failed[number[1]] = error
                began.pop(number[1], None)
            else:
                began[number[1]] = stamps[-1] if stamps else 0.0
                failed.pop(number[1], None)
            widest = max(widest, len(began))
        elif finished := re.match(r"^Finished jobid: (\d+) \(Rule: (\w+)\)$", line):
            start = began.pop(finished[1], stamps[-1])
            failed.pop(finished[1], None)
            done[finished[2]] += 1
            times.setdefault(finished[2], []).append(stamps[-1] - start)
    ended = "Complete log" in log or "Exiting because" in log
    now = time.time() if now is None else now
    first = stamps[0] if stamps else now
    elapsed = (stamps[-1] if ended else now) - first
    left = _left(todo, done, times, widest)
    return Progress(done, todo, len(began), Counter(failed.values()), max(0.0, elapsed), left, ended)


def _planned(log: str) -> Counter[str]:
    table = re.search(r"^Job stats:\njob +count\n-+  -+\n((?:\w+ +\d+\n)+)", log, flags=re.MULTILINE)
    rows = re.findall(r"^(\w+) +(\d+)$", table[1] if table else "", flags=re.MULTILINE)
    return Counter({rule: int(count) for rule, count in rows if rule != "total"})


def _left(todo: Counter[str], done: Counter[str], times: dict[str, list[float]], widest: int) -> float | None:
    everything = [seconds for some in times.values() for seconds in some]
    if not everything:
        return None
    typical = median(everything)
    work = sum((count - done[rule]) * median(times.get(rule, [typical])) for rule, count in todo.items())
    return work / max(1, widest)


def _duration(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.0f} s"
