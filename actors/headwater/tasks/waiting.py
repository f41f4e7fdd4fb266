"""Ways to wait: for time, for a thread, for several things at once, and not for ever."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar, cast

from headwater.errors import TimedOut
from headwater.tasks.task import Cancelled, Future, Task, current_host, spawn

T = TypeVar("T")


async def sleep(seconds: float) -> None:
    """Wait, by the clock of the host."""
    future: Future[None] = Future()
    timer = current_host().clock.after(seconds, future.fire)
    try:
        await future
    finally:
        timer.cancel()


async def blocking(call: Callable[..., T], *args: Any) -> T:
    """Make a call that may block on a thread that belongs to this host; calls of one host run one after the other.

    A cancelled caller goes on at once; the call itself cannot be interrupted and is left to end by itself.
    """
    return cast(T, await current_host().call_blocking(lambda: call(*args)))


async def first(*futures: Future[Any]) -> None:
    """Wait until one of them is settled."""
    if any(future.done() for future in futures):
        return
    signal: Future[None] = Future()

    def fire(_: Future[Any]) -> None:
        signal.fire()

    for future in futures:
        future.add_callback(fire)
    try:
        await signal
    finally:
        # Else futures that live long would collect a callback each time that somebody waits for something beside them.
        for future in futures:
            future.remove_callback(fire)


async def gather(*coroutines: Coroutine[Any, Any, T]) -> list[T]:
    """Run coroutines side by side and wait for all of them.

    The first failure is raised after all have ended; when the caller is cancelled so are they.
    """
    outcomes = await settle(*coroutines)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return cast("list[T]", outcomes)


async def settle(*coroutines: Coroutine[Any, Any, T]) -> list[T | BaseException]:
    """Run coroutines side by side and wait for all; the result of each, or what it failed with."""
    if len(coroutines) == 1:
        try:
            return [await coroutines[0]]
        except Exception as error:
            return [error]
    tasks = [spawn(_outcome(coroutine)) for coroutine in coroutines]
    try:
        return [await task for task in tasks]
    except Cancelled:
        for task in tasks:
            task.cancel()
        raise


async def _outcome(coroutine: Coroutine[Any, Any, T]) -> T | BaseException:
    try:
        return await coroutine
    except Exception as error:
        return error


async def within(seconds: float | None, awaitable: Awaitable[T], text: str = "action timed out") -> T:
    """Wait for something for so long at the most; it is cancelled then.

    Raises:
        TimedOut: It took longer.
    """
    if seconds is None:
        return await awaitable
    task: Task[T] = spawn(_awaiting(awaitable), watched=True)
    if not task.done():
        signal: Future[None] = Future()
        timer = task.host.clock.after(seconds, signal.fire)
        try:
            await first(task, signal)
        except Cancelled:
            task.cancel()
            raise
        finally:
            timer.cancel()
        if not task.done():
            task.cancel()
            raise TimedOut(text)
    return task.result()


async def _awaiting(awaitable: Awaitable[T]) -> T:
    return await awaitable
