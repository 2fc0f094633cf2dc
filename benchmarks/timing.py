"""How the benchmarks take times and compare two of them."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import torch


def seconds(
    work: Callable[[], object], repeats: int, clock: Callable[[], float] = time.perf_counter
) -> list[float]:
    """Seconds of each call, after one that is not counted; by the clock on the wall unless told otherwise."""
    work()
    times = []
    for _ in range(repeats):
        start = clock()
        work()
        times.append(clock() - start)
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


def finish(device: torch.device) -> None:
    """Wait until the device has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
