"""Requests to stop: SIGTERM, SIGINT or the end of the allotted time; training then saves and exits."""

import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType, TracebackType
from typing import Self

import psutil

from ickrr.batch_job import seconds_left

EXIT_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h: run it again and it resumes
SLACK_SECONDS = 5.0  # for leaving the interpreter on a busy machine


class TrainingInterrupted(Exception):
    """Training was asked to stop and has saved its state.

    Args:
        message: one line for the person who reads the log.
        exit_code: what the process should exit with.
    """

    def __init__(self, message: str, exit_code: int) -> None:
        super().__init__(message)
        self.exit_code = exit_code


def process_age() -> float:
    """Return the seconds since this process started (imports included, as a cluster counts them)."""
    return time.time() - float(psutil.Process().create_time())


class Interruption:
    """Watches signals and the clock while training runs; use as a context manager in the main thread.

    Args:
        time_limit: seconds from the start of the process at which it will be killed, None for no limit.
        age: seconds since the process started.
    """

    def __init__(self, time_limit: float | None = None, age: Callable[[], float] = process_age) -> None:
        self.time_limit = time_limit
        self._age = age
        self._signal: int | None = None
        self._previous: dict[int, object] = {}
        self._last = self._longest = 0.0

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._previous[number] = signal.signal(number, self._remember)
        self._last = self._age()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)  # type: ignore[arg-type]  # what signal.signal returned

    def requested(self) -> tuple[str, int] | None:
        """Tell whether to stop now; to be called once in every step.

        Time is taken to run out two steps before the limit, each as long as the longest so far (with its
        validation and checkpoint): one for the step under way and one for saving.

        Returns:
            The reason in words and the exit code, or None to go on.
        """
        now = self._age()
        self._longest = max(self._longest, now - self._last)
        self._last = now
        if self._signal is not None:
            return f"received {signal.Signals(self._signal).name}", 128 + self._signal
        if self.time_limit is not None and now + 2 * self._longest + SLACK_SECONDS > self.time_limit:
            return f"reached the time limit of {self.time_limit:g} s", EXIT_TRY_AGAIN
        return None

    def _remember(self, number: int, frame: FrameType | None) -> None:
        self._signal = number


@contextmanager
def exit_in_time(time_limit: float | None) -> Iterator[Interruption]:
    """Watch for requests to stop, and leave the process once training has saved.

    Args:
        time_limit: seconds from the start of the process at which it will be killed; None: at the end of the
            SLURM job that it runs in, if it runs in one.

    Raises:
        SystemExit: training was interrupted; by a signal (128 + its number) or by the time limit (75).
    """
    if time_limit is None and (left := seconds_left()) is not None:
        time_limit = process_age() + left
    with Interruption(time_limit) as interruption:
        try:
            yield interruption
        except TrainingInterrupted as stopped:
            print(f"stopped: {stopped}", file=sys.stderr)
            raise SystemExit(stopped.exit_code) from stopped
