"""How the figures of a system leave it: an exporter owns the registry that a system counts in.

exporter = open_exporter(component_config, resources)     # from the section `metrics` of a configuration
system = StreamSystem(metrics=exporter.registry)
exporter.start()                                          # for those that push
...
exporter.close()
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headwater.telemetry.metrics import MetricRegistry, Rename

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import ComponentConfig
    from headwater.telemetry.logs import Log


@dataclass(frozen=True)
class Exposition:
    """What is answered to whoever asks for metrics over HTTP."""

    content_type: str
    body: bytes
    compressible: bool = False


class Exporter:
    """Makes the series of a registry known. This one does not."""

    buckets: Sequence[float] = ()
    """Upper bounds in seconds by which timings are counted, where that is needed."""

    serves_http: bool = False
    """Whether `expose` has an answer."""

    registry: MetricRegistry

    def open(self, rename: Rename | None = None) -> None:
        """Make the registry."""
        self.registry = MetricRegistry(rename, buckets=self.buckets)

    def start(self) -> None:
        """Begin to push; called once, when the system runs."""

    def expose(self) -> Exposition:
        """The answer to a scraper."""
        raise NotImplementedError

    def close(self) -> None:
        """Push for the last time and let go of everything."""


class PushingExporter(Exporter):
    """An exporter that pushes at an interval, and once more at the end."""

    interval: float | None = None
    """Seconds between pushes; None pushes at the end only."""

    log: Log

    def __init__(self) -> None:
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def push(self) -> None:
        """Send what there is. May block; what it raises is logged."""
        raise NotImplementedError

    def start(self) -> None:
        """Begin to push."""
        if self.interval:
            self._thread = threading.Thread(target=self._run, name="headwater-metrics", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while not self._over.wait(self.interval):
            self._try()

    def _try(self) -> None:
        try:
            self.push()
        except Exception as error:
            self.log.error(f"Failed to push metrics: {error}")

    def close(self) -> None:
        """Push for the last time."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(5)
        self._try()


def open_exporter(config: ComponentConfig, resources: Resources) -> Exporter:
    """The exporter that a `metrics` section asks for, with its registry.

    Raises:
        ConfigError: The section has values that make no sense.
    """
    exporter: Exporter = config.catalogue.create_class("metrics", config.name)(config.config, resources)
    rename = None
    if config.mapping:
        from headwater.telemetry.rename import metrics_mapping

        rename = metrics_mapping(config.mapping, resources.log)
    exporter.open(rename)
    return exporter
