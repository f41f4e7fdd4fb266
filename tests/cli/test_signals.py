"""Signals that end the program: none is missed, whenever it comes."""

from __future__ import annotations

import os
import signal
import threading
import time

from headwater.cli.signals import Signals


def test_one_that_came_before_the_wait_ends_it() -> None:
    with Signals() as signals:
        os.kill(os.getpid(), signal.SIGTERM)
        assert signals.wait(10) is signal.SIGTERM
        # What it left in the pipe ends no later wait.
        started = time.monotonic()
        assert signals.wait(0.1) is None
        assert time.monotonic() - started >= 0.1


def test_one_that_another_thread_takes_ends_the_wait_of_the_main_thread() -> None:
    with Signals() as signals:
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        try:
            released = threading.Event()

            def take() -> None:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
                os.kill(os.getpid(), signal.SIGTERM)
                released.wait(10)

            other = threading.Thread(target=take)
            other.start()
            assert signals.wait(10) is signal.SIGTERM
            released.set()
            other.join(10)
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])


def test_it_can_be_woken_without_one() -> None:
    with Signals() as signals:
        threading.Thread(target=signals.wake).start()
        assert signals.wait(10) is None


def test_what_was_set_before_is_set_again() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with Signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before
