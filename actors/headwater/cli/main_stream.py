"""The one stream of run mode, which may follow its file."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from headwater.cli.launch import Launch, Refusal
from headwater.cli.resource_files import ResourceFiles
from headwater.cli.watcher import Watcher
from headwater.config.service import read_service
from headwater.errors import HeadwaterError

if TYPE_CHECKING:
    from headwater.cli.signals import Signals
    from headwater.runtime.events import Event
    from headwater.system import StreamSystem

STOP_SECONDS = 30.0
"""How long the stream may take to stop when its file has changed."""


class MainStream:
    """The stream of the main configuration.

    Args:
        signals: Woken when the stream has come to its end.
    """

    id: ClassVar[str] = ""

    def __init__(self, launch: Launch, system: StreamSystem, signals: Signals) -> None:
        self._launch = launch
        self._log = launch.log
        self._system = system
        self._signals = signals
        self._watcher: Watcher | None = None

    def create(self) -> None:
        """Start it. Raises: Refusal."""
        assert self._launch.service.stream is not None

        def watch(event: Event) -> None:
            if event.kind == "finished":
                self._signals.wake()

        self._system.events.subscribe(watch)
        try:
            self._system.create(self.id, self._launch.service.stream)
        except HeadwaterError as error:
            raise Refusal(f"service closing due to: {error}") from None

    @property
    def active(self) -> bool:
        """Whether it has not come to its end."""
        return self._system.read(self.id).active

    @property
    def failure(self) -> str:
        """Why it came to its end, where something did not work at all."""
        status = self._system.read(self.id)
        return status.reason if status.state == "failed" and not status.active else ""

    def watch(self) -> None:
        """Follow the configuration file and the resource files from now on."""
        resources = ResourceFiles(self._launch, self._system)
        path = self._launch.path

        def paths() -> list[str]:
            return [*([path] if path else []), *resources.paths()]

        def apply(changed: list[str], gone: list[str]) -> None:
            for name in gone:
                if name != path:
                    resources.remove(name)
            for name in changed:
                if name == path:
                    self._update()
                else:
                    resources.update(name)

        self._watcher = Watcher(paths, apply)
        self._watcher.start()

    def _update(self) -> None:
        """Put what the file says now in place of the stream; one that cannot be built leaves the old one running."""
        self._log.info("Main config updated, attempting to update pipeline.")
        args = self._launch.args
        try:
            service = read_service(self._launch.path, self._launch.catalogue, overrides=args.set)
            if self._launch.rejects(service.lints, "main config", ""):
                return
            for component in service.resources:
                self._system.replace_resource(component)
            assert service.stream is not None
            self._system.replace(self.id, service.stream, timeout=STOP_SECONDS)
        except HeadwaterError as error:
            self._log.error(f"Failed to apply updated main config: {error}")
            return
        self._log.info("Updated main config from file.")

    def close(self) -> None:
        """Follow no more."""
        if self._watcher is not None:
            self._watcher.close()
