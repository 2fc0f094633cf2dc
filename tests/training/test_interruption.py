"""Signals and the clock."""

import os
import signal

from ickrr.training.interruption import EXIT_TRY_AGAIN, SLACK_SECONDS, Interruption


def test_signals_are_remembered_and_handlers_put_back():
    """Fails if SIGTERM or SIGINT kills at once, has another exit code, or stays caught afterwards."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    for number in before:
        with Interruption() as interruption:
            assert interruption.requested() is None
            os.kill(os.getpid(), number)
            assert interruption.requested() == (f"received {number.name}", 128 + number)
    assert before == {number: signal.getsignal(number) for number in before}


def test_clock_leaves_room_for_two_of_the_longest_steps():
    """Fails if training would be killed while it saves, or stops far too early."""
    now = [100.0]
    with Interruption(time_limit=200.0, age=lambda: now[0]) as interruption:
        stopped = None
        for duration in [1.0, 1.0, 12.0] + 200 * [1.0]:
            now[0] += duration
            stopped = interruption.requested()
            if stopped:
                break
    assert stopped == ("reached the time limit of 200 s", EXIT_TRY_AGAIN)
    assert now[0] == 200 - 2 * 12 - SLACK_SECONDS + 1


def test_no_limit_never_stops():
    """Fails if the absence of a limit is read as a limit of zero."""
    with Interruption(age=lambda: 1e9) as interruption:
        assert interruption.requested() is None
