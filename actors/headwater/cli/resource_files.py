"""Watched resource files: their components follow them under running streams."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.config.lint import RUN
from headwater.config.sections import RESOURCES
from headwater.config.service import expand, find_resources, read_file, read_source
from headwater.errors import ConfigError, HeadwaterError

if TYPE_CHECKING:
    from headwater.cli.launch import Launch
    from headwater.config.view import ComponentConfig
    from headwater.system import StreamSystem


class ResourceFiles:
    """The files of ``--resources``, and what each of them held when it was last read."""

    def __init__(self, launch: Launch, system: StreamSystem) -> None:
        self._launch = launch
        self._log = launch.log
        self._system = system
        self._held = {path: self._read(path)[0] for path in self.paths()}

    def paths(self) -> list[str]:
        """The files that there are now."""
        return expand(self._launch.args.resources)

    def _read(self, path: str) -> tuple[list[ComponentConfig], list[str]]:
        source = read_source(read_file(path), path, RESOURCES, self._launch.catalogue, options=RUN)
        return find_resources(source.node, self._launch.catalogue), [str(lint) for lint in source.lints]

    def update(self, path: str) -> None:
        """Follow a new or changed file; one that cannot be used leaves all as it was."""
        self._log.info(f"Resource {path} config updated, attempting to update resources.")
        try:
            components, lints = self._read(path)
        except ConfigError as error:
            self._log.error(f"Failed to read updated resource config: {error}")
            return
        if self._launch.rejects(lints, f"resource {path}", path):
            return
        for component in components:
            try:
                self._system.replace_resource(component)
            except HeadwaterError as error:
                self._log.error(f"Failed to apply updated resource {component.label} config: {error}")
            else:
                self._log.info(f"Updated resource {component.label} config from file.")
        kept = {(component.kind, component.label) for component in components}
        for component in self._held.get(path, ()):
            if (component.kind, component.label) not in kept:
                self._system.remove_resource(component.kind, component.label)
        self._held[path] = components

    def remove(self, path: str) -> None:
        """Take away the resources of a file that is gone."""
        self._log.info(f"Resource {path} config deleted, attempting to remove resources.")
        for component in self._held.pop(path, ()):
            self._system.remove_resource(component.kind, component.label)
