"""What all streams of a system share: threads, time, the catalogue, tables of resources, endpoints and channels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from headwater.clock import Clock
from headwater.components.catalogue import Catalogue
from headwater.endpoints import Endpoints
from headwater.runtime.error_handling import ErrorHandling
from headwater.runtime.lanes import Lanes
from headwater.runtime.loop import EventLoop
from headwater.runtime.pool import Pool
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry
from headwater.telemetry.tracing import Tracer

if TYPE_CHECKING:
    from headwater.components.inproc import Hub
    from headwater.runtime.shared import SharedResources
    from headwater.runtime.workers.pool import WorkerPool

Listener = Callable[..., Any]
"""Serves a table of endpoints: called with an address (host:port), the `Endpoints`, a pair of certificate and key files
or None, and with True where others may listen at the same port, which also have to say so; the result has a `close`
method. Blocks until it is bound; raises `ComponentError` when that fails."""


@dataclass(slots=True)
class Services:
    """One object that the runtime hands around, so that nothing of it has to be global.

    Attributes:
        prefix_endpoints: Whether paths of streams begin with the stream's id.
        listener: Serves components that have an address of their own; None where no HTTP server is installed.
        workers: Processes that pipelines may hand work to; None where there shall be none.
        crash: Ends the whole service for a reason, as the `crash` processor asks.
        error_handling: What happens to messages that processors failed on.
        tracer: Is told what happens to each message; None where nobody wants to know.
    """

    pool: Pool
    clock: Clock
    lanes: Lanes
    loop: EventLoop
    catalogue: Catalogue
    metrics: MetricRegistry
    log: Log
    endpoints: Endpoints
    hub: Hub
    prefix_endpoints: bool = True
    listener: Listener | None = None
    workers: WorkerPool | None = None
    crash: Callable[[str], None] = field(default=lambda reason: None)
    error_handling: ErrorHandling = field(default_factory=ErrorHandling)
    tracer: Tracer | None = None
    shared: SharedResources = field(init=False)
