"""Send spans to OpenTelemetry collectors."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from headwater.components.catalogue import component
from headwater.config.fields import boolean, number, obj, objects, spec, text, text_map, url
from headwater.errors import ConfigError
from headwater.telemetry.tracing import Trace
from headwater.version import __version__

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config

HTTP: Final = "localhost:4318"
GRPC: Final = "localhost:4317"
CLOSE_SECONDS: Final = 3.0
"""How long the last spans may take to be sent."""

SPEC = spec(
    "tracer",
    "open_telemetry_collector",
    objects(
        "http",
        text("address", "Host and port of a collector.", optional=True),
        text("url", "The same.", default=HTTP, advanced=True, deprecated=True),
        boolean("secure", "Whether to use TLS.", default=False),
        description="Collectors that take OTLP over HTTP.",
    ),
    objects(
        "grpc",
        url("address", "Host and port of a collector.", optional=True),
        text("url", "The same.", default=GRPC, advanced=True, deprecated=True),
        boolean("secure", "Whether to use TLS.", default=False),
        description="Collectors that take OTLP over gRPC.",
    ),
    text_map("tags", "Attributes of the service.", default={}, advanced=True),
    obj(
        "sampling",
        boolean("enabled", "Whether only a part of all traces is sent.", default=False),
        number("ratio", "Which part, from 0 to 1.", optional=True),
        description="Sending fewer traces.",
        optional=True,
    ),
    status="experimental",
    summary="Send spans to OpenTelemetry collectors.",
    description=(
        "Needs the extra `headwater[opentelemetry]`. Each message that an input reads begins a trace, unless it brings "
        "one along, as requests to an `http_server` do with the header `traceparent`. Each processor and output adds a "
        "span to it."
    ),
    examples=(
        (
            "A collector on this machine",
            "tracer:\n  open_telemetry_collector:\n    http:\n      - address: localhost:4318\n    grpc: []\n",
        ),
    ),
)


class _Span(Trace):
    """A span of the SDK."""

    __slots__ = ("context", "span")

    def __init__(self, span: Any, context: Any) -> None:
        found = span.get_span_context()
        super().__init__(traceparent=f"00-{found.trace_id:032x}-{found.span_id:016x}-{int(found.trace_flags):02x}")
        if found.trace_state:
            self["tracestate"] = found.trace_state.to_header()
        self.span = span
        self.context = context

    def end(self, error: str = "") -> None:
        if error:
            from opentelemetry.trace import Status, StatusCode

            self.span.set_status(Status(StatusCode.ERROR, error))
            self.span.add_event("event", {"event": "error", "type": error})
        self.span.end()


@component(SPEC)
class OpenTelemetryTracer:
    """One provider with an exporter for each collector, and a thread of the SDK for each of those."""

    def __init__(self, config: Config, resources: Resources) -> None:
        try:
            from opentelemetry import trace
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
            from opentelemetry.sdk.trace.sampling import ALWAYS_ON, Sampler, TraceIdRatioBased
            from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
        except ImportError:
            raise ConfigError(
                "the tracer open_telemetry_collector needs OpenTelemetry: pip install 'headwater[opentelemetry]'"
            ) from None
        sampler: Sampler = ALWAYS_ON
        if config.boolean("sampling.enabled"):
            ratio = config.number("sampling.ratio")
            if not 0 <= ratio <= 1:
                raise ConfigError(f"sampling.ratio is {ratio}, but must be between 0 and 1")
            sampler = TraceIdRatioBased(ratio)
        tags: dict[str, str] = dict(config.map("tags"))
        if "service.name" not in tags:
            tags = {"service.name": "benthos", "service.version": __version__, **tags}
        self._provider = TracerProvider(sampler=sampler, resource=Resource(tags), shutdown_on_exit=False)
        for exporter in _exporters(config):
            self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("headwater", __version__)
        self._extract = TraceContextTextMapPropagator().extract
        self._in_context = trace.set_span_in_context
        self._root: Any = _empty_context()
        # What the SDK has to say of collectors that do not answer belongs into the log.
        self._forward = _Forward(resources)
        logging.getLogger("opentelemetry").addHandler(self._forward)

    # HOT: once a message and step
    def begin(self, name: str, parent: Mapping[str, str] | None) -> Trace:
        """Begin a span."""
        if parent is None:
            context = self._root
        elif type(parent) is _Span:
            context = parent.context
        else:
            context = self._extract(parent, self._root)
        span = self._tracer.start_span(name, context)
        return _Span(span, self._in_context(span, self._root))

    def close(self) -> None:
        """Send what is left; gives up after a while where a collector does not answer."""
        closing = threading.Thread(target=self._provider.shutdown, name="headwater-traces", daemon=True)
        closing.start()
        closing.join(CLOSE_SECONDS)
        if closing.is_alive():
            # It goes on until the end of the process, and so does what it says.
            self._forward.log.error("Failed to send all traces: a collector does not answer")
        else:
            logging.getLogger("opentelemetry").removeHandler(self._forward)


def _empty_context() -> Any:
    from opentelemetry.context import Context

    return Context()


def _exporters(config: Config) -> list[Any]:
    """What sends spans. Raises: ConfigError."""
    found: list[Any] = []
    for collector in config.objects("http"):
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as OverHttp

        scheme = "https" if collector.boolean("secure") else "http"
        found.append(OverHttp(endpoint=f"{scheme}://{_address(collector)}/v1/traces"))
    for collector in config.objects("grpc"):
        from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as OverGrpc

        found.append(OverGrpc(endpoint=_address(collector), insecure=not collector.boolean("secure")))
    return found


def _address(collector: Config) -> str:
    return collector.optional_text("address") or collector.text("url")


class _Forward(logging.Handler):
    """Hands lines of another logger on."""

    def __init__(self, resources: Resources) -> None:
        super().__init__(logging.WARNING)
        self.log = resources.log

    def emit(self, record: logging.LogRecord) -> None:
        self.log.log(record.levelno, record.getMessage())
