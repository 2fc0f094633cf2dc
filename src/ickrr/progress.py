"""Report the progress of long work: with a bar in a terminal, with lines and the time left in a log."""

import sys
import time
from collections.abc import Iterator

from tqdm import tqdm


def track(total: int, description: str, start: int = 0, interval: float = 10.0) -> Iterator[int]:
    """Yield ``start .. total-1`` and report progress on stderr.

    Args:
        total: number of steps in all.
        description: words for the work, shown with its progress.
        start: first step, if the work resumes.
        interval: seconds between two lines of a log.
    """
    if sys.stderr.isatty():
        yield from tqdm(range(start, total), initial=start, total=total, desc=description)
        return
    began = last = time.monotonic()
    for step in range(start, total):
        yield step
        now = time.monotonic()
        done = step + 1
        if done == total or now - last >= interval:
            last = now
            left = (now - began) / (done - start) * (total - done)
            print(f"{description}: {done}/{total}, {left:.0f} s left", file=sys.stderr, flush=True)
