"""How the benchmarks take times and compare two of them."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch


def seconds(work: Callable[[], object], repeats: int) -> list[float]:
    """Wall-clock seconds of each call, after one that is not counted."""
    work()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return times


def compared(
    benchmark: str, peer: str, ours: Sequence[float], theirs: Sequence[float], note: str
) -> dict[str, object]:
    """Return the row of a ratio of medians; its range sets opposite quartiles against each other."""
    low, median, high = statistics.quantiles(theirs, n=4)
    own_low, own_median, own_high = statistics.quantiles(ours, n=4)
    return {
        "benchmark": benchmark,
        "peer": peer,
        "ours_s": own_median,
        "peer_s": median,
        "ratio": median / own_median,
        "ratio_low": low / own_high,
        "ratio_high": high / own_low,
        "note": note,
    }


@contextmanager
def one_thread() -> Iterator[None]:
    """Give torch one thread for as long as the block runs."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
