"""The one place that knows all stages of a stream and how they stand to each other. Nothing else starts them."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from headwater.components.contracts import Buffer, Input, Output
from headwater.config.stream import StreamConfig
from headwater.runtime.assembly import Assembly
from headwater.runtime.chain import ProcessorChain
from headwater.runtime.messages import Address, Start, tell
from headwater.runtime.services import Services
from headwater.runtime.stages.base import Setting, Stage
from headwater.runtime.stages.buffer import BufferStage
from headwater.runtime.stages.input import InputStage
from headwater.runtime.stages.output import OutputStage
from headwater.runtime.stages.pipeline import PipelineStage
from headwater.telemetry.metrics import MetricRegistry

if TYPE_CHECKING:
    from headwater.runtime.workers.crew import Crew


@dataclass(slots=True)
class Ring:
    """The stages of one life of a stream: built (no I/O yet), then started output first.

    Attributes:
        stages: Names and addresses of those that were started, input first.
    """

    services: Services
    config: StreamConfig
    stream: str
    assembly: Assembly
    input: Input
    buffer: Buffer | None
    chain: ProcessorChain
    output: Output
    metrics: MetricRegistry
    stages: dict[str, Address] = field(default_factory=dict)
    actors: dict[str, Stage] = field(default_factory=dict)

    @classmethod
    def build(cls, stream: str, config: StreamConfig, services: Services) -> Ring:
        """Make all components. Raises: ConfigError; nothing is left behind then, since making does no I/O."""
        metrics = services.metrics.life()
        assembly = Assembly(services, stream, metrics)
        try:
            return cls(
                services,
                config,
                stream,
                assembly,
                input=assembly.input(config.input),
                buffer=None if config.buffer.name == "none" else assembly.buffer(config.buffer),
                chain=assembly.chain(config.processors),
                output=assembly.output(config.output),
                metrics=metrics,
            )
        except BaseException:
            metrics.close()
            raise

    @property
    def threads(self) -> int:
        """How many transactions may wait in processors at once."""
        return self.config.threads if self.config.threads > 0 else os.cpu_count() or 1

    def _crew(self) -> Crew | None:
        """The pipeline's workers, where the system has any and the processors can run there."""
        workers, config = self.services.workers, self.config
        if workers is None or not self.chain.portable or self.services.catalogue.bloblang is not None:
            return None
        if workers.asked_for and (config.threads == 1 or not config.asks_for_threads):
            return None
        from headwater.runtime.workers.crew import Crew

        return Crew(
            workers, self.chain, config.processors, workers.limit, self.stream, self.metrics, self.services.log
        )

    def start(self, supervisor: Address) -> None:
        """Start all stages, each connected to its neighbours, output first."""

        def setting(name: str) -> Setting:
            services = self.services
            log = services.log.having(stream=self.stream)
            return Setting(services.pool, services.clock, services.lanes, supervisor, name, self.stream, log)

        assembly = self.assembly
        output = OutputStage.start(setting("output"), self.output, assembly.opens, assembly.flushes)
        source = InputStage.start(setting("input"), self.input, assembly.drains)
        pipeline = (
            PipelineStage.start(setting("pipeline"), self.chain, self.threads, self._crew())
            if self.chain.links
            else None
        )
        buffer = BufferStage.start(setting("buffer"), self.buffer) if self.buffer is not None else None

        #         stage      from                          to
        before = {
            "output": pipeline or buffer or source,
            "pipeline": buffer or source,
            "buffer": source,
        }
        behind = {
            "input": buffer or pipeline or output,
            "buffer": pipeline or output,
            "pipeline": output,
        }
        found = {"input": source, "buffer": buffer, "pipeline": pipeline, "output": output}
        self.stages = {name: address for name, address in found.items() if address is not None}
        for name, address in self.stages.items():
            actor = address._actor_weakref()
            assert actor is not None
            self.actors[name] = actor
            ends = [ends[name] for ends in (before, behind) if name in ends]
            actor.connect_to(*ends)
        for address in reversed(self.stages.values()):
            tell(address, Start())
