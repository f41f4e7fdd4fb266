"""Coroutines inside actors: how a component waits without holding a thread.

A component's methods are coroutines. A stage actor is their `Host`: it runs a coroutine's next step in its own turn, so
that all components of a stage see one thread at a time and need no locks among themselves. While a coroutine waits -
for a timer, a message, another thread - its actor takes other messages, and an idle stream costs no thread at all.

    async def write(self, batch):
        await tasks.sleep(0.5)                      # a timer of the host's clock
        await tasks.blocking(file.write, data)      # a call that may block, on a thread of this host's own
        results = await tasks.gather(*(child.write(batch) for child in children))

Nothing here knows actors: a host is whoever can run a callable in its turn.
"""

from headwater.tasks.group import TaskGroup
from headwater.tasks.sharing import Event, Queue, Semaphore
from headwater.tasks.task import Cancelled, Future, Host, Task, current_host, current_task, spawn, start, turn
from headwater.tasks.waiting import blocking, first, gather, settle, sleep, within

__all__ = [
    "Cancelled",
    "Event",
    "Future",
    "Host",
    "Queue",
    "Semaphore",
    "Task",
    "TaskGroup",
    "blocking",
    "current_host",
    "current_task",
    "first",
    "gather",
    "settle",
    "sleep",
    "spawn",
    "start",
    "turn",
    "within",
]
