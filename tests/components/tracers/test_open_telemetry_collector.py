"""Tracer `open_telemetry_collector`: spans, as a collector gets them that really listens."""

from __future__ import annotations

import logging
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast

import pytest
import yaml

from headwater.components.catalogue import Catalogue
from headwater.components.resources import Resources
from headwater.components.tracers import open_telemetry_collector
from headwater.config.infer import infer
from headwater.errors import ComponentError, ConfigError
from headwater.system import StreamSystem
from headwater.telemetry.logs import Log
from headwater.telemetry.metrics import MetricRegistry, Metrics
from headwater.telemetry.tracing import Tracer, open_tracer
from headwater.yamltext.nodes import Node

trace_service = pytest.importorskip("opentelemetry.proto.collector.trace.v1.trace_service_pb2")


class Collector:
    """Takes OTLP requests, over HTTP and over gRPC.

    Attributes:
        spans: All that came.
        services: Attributes of the services they came from.
    """

    def __init__(self) -> None:
        self.spans: list[Any] = []
        self.services: dict[str, str] = {}
        collector = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                assert self.path == "/v1/traces"
                collector.take(trace_service.ExportTraceServiceRequest.FromString(body))
                answer = trace_service.ExportTraceServiceResponse().SerializeToString()
                self.send_response(200)
                self.send_header("Content-Type", "application/x-protobuf")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()
        self.http = f"127.0.0.1:{self._http.server_port}"
        self._grpc: Any = None

    def listen_grpc(self) -> str:
        import grpc
        from opentelemetry.proto.collector.trace.v1 import trace_service_pb2_grpc as service

        collector = self

        class Servicer(service.TraceServiceServicer):  # type: ignore[misc]
            def Export(self, request: Any, context: Any) -> Any:
                collector.take(request)
                return trace_service.ExportTraceServiceResponse()

        self._grpc = grpc.server(futures.ThreadPoolExecutor(1))
        service.add_TraceServiceServicer_to_server(Servicer(), self._grpc)
        port = self._grpc.add_insecure_port("127.0.0.1:0")
        self._grpc.start()
        return f"127.0.0.1:{port}"

    def take(self, request: Any) -> None:
        for resource in request.resource_spans:
            self.services.update({item.key: item.value.string_value for item in resource.resource.attributes})
            for scope in resource.scope_spans:
                self.spans.extend(scope.spans)

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()
        if self._grpc is not None:
            self._grpc.stop(None).wait()


@pytest.fixture
def collector() -> Iterator[Collector]:
    made = Collector()
    yield made
    made.close()


def tracer_of(config: str) -> Tracer:
    component = infer(Node.of(yaml.safe_load(config)), "tracer", "root.tracer", Catalogue())
    made = open_tracer(component, bare_resources())
    assert made is not None
    return made


def bare_resources() -> Resources:
    log = Log(logging.getLogger("headwater"))
    return Resources(cast("Any", None), log=log, metrics=Metrics((MetricRegistry(),), {}))


Run = Callable[..., list[str]]


@pytest.fixture
def run(collector: Collector) -> Run:
    """Send messages through a stream with the tracer, end all, and tell what has come out."""

    def through(config: str, *payloads: str, tracer: str | None = None, outcomes: list[str] | None = None) -> list[str]:
        made = tracer_of(tracer or f"open_telemetry_collector: {{http: [{{address: '{collector.http}'}}], grpc: []}}")
        received = []
        with StreamSystem(tracer=made, stop_timeout=2.0) as system:
            whole = {"input": {"inproc": "in"}, "output": {"inproc": "out"}, **yaml.safe_load(config)}
            system.create("under-test", whole, chilled=True)
            with system.channel("in") as source, system.channel("out") as sink:
                sent = [source.post(payload) for payload in payloads]
                if "output" not in yaml.safe_load(config):
                    for _ in payloads:
                        batch = sink.receive(timeout=5)
                        received.append(batch.batch[0].content().decode())
                        batch.ack()
                for each in sent:
                    try:
                        each.wait(5)
                    except ComponentError as error:
                        if outcomes is None:
                            raise
                        outcomes.append(str(error))
        made.close()
        return received

    return through


def test_a_message_leaves_a_span_at_each_step(run: Run, collector: Collector) -> None:
    ids = run(
        """
pipeline:
  processors:
    - mapping: 'root = content() + "!"'
    - sleep: {duration: 1ms}
    - mapping: 'root = tracing_id()'
""",
        "a",
    )

    spans = {span.name: span for span in collector.spans}
    assert sorted(span.name for span in collector.spans) == [
        "input_inproc",
        "mapping",
        "mapping",
        "output_inproc",
        "sleep",
    ]
    root = spans["input_inproc"]
    assert root.parent_span_id == b""
    assert {span.trace_id for span in collector.spans} == {root.trace_id} == {bytes.fromhex(ids[0])}
    assert {span.parent_span_id for span in collector.spans if span is not root} == {root.span_id}
    assert all(
        root.start_time_unix_nano <= span.start_time_unix_nano <= span.end_time_unix_nano for span in collector.spans
    )
    assert root.end_time_unix_nano >= spans["output_inproc"].end_time_unix_nano
    assert collector.services["service.name"] == "benthos"


def test_each_message_has_a_trace_of_its_own(run: Run, collector: Collector) -> None:
    ids = run("pipeline: {threads: 1, processors: [{mapping: 'root = tracing_id()'}]}", "a", "b", "c")

    roots = [span for span in collector.spans if span.name == "input_inproc"]
    assert {span.trace_id.hex() for span in roots} == set(ids)
    assert len(set(ids)) == 3


def test_failures_stand_in_the_span_of_the_step(run: Run, collector: Collector) -> None:
    outcomes: list[str] = []
    run(
        """
pipeline: {processors: [{label: bad, mapping: 'root = this.no.uppercase()'}, {mapping: 'root = "fine"'}]}
output: {reject: 'not here'}
""",
        "{}",
        outcomes=outcomes,
    )

    assert outcomes == ["not here"]
    status = {(span.name, span.status.code, span.status.message) for span in collector.spans}
    assert ("output_reject", 2, "not here") in status
    assert ("input_inproc", 2, "not here") in status
    assert ("mapping", 0, "") in status
    failed = next(span for span in collector.spans if span.name == "mapping" and span.status.code == 2)
    assert "uppercase" in failed.status.message or "string" in failed.status.message
    assert [event.name for event in failed.events] == ["event"]


def test_children_of_processors_have_spans_too(run: Run, collector: Collector) -> None:
    run(
        """
pipeline:
  processors:
    - branch:
        request_map: 'root.x = 1'
        processors: [{mutation: 'root.y = 2'}]
        result_map: 'root.z = this.y'
""",
        "{}",
    )

    assert {"branch", "mutation"} <= {span.name for span in collector.spans}


def test_messages_carry_their_trace_on(run: Run, collector: Collector) -> None:
    carriers = run("pipeline: {processors: [{mapping: 'root = tracing_span()'}]}", "a")

    root = next(span for span in collector.spans if span.name == "input_inproc")
    carrier = yaml.safe_load(carriers[0])
    assert set(carrier) == {"traceparent"}
    assert re.fullmatch(f"00-{root.trace_id.hex()}-{root.span_id.hex()}-0[13]", carrier["traceparent"])


def test_a_request_goes_on_with_the_trace_that_it_names(collector: Collector) -> None:
    import urllib.request

    from headwater_api.servers.waitress import Waitress

    made = tracer_of(f"open_telemetry_collector: {{http: [{{address: '{collector.http}'}}], grpc: []}}")
    with StreamSystem(tracer=made, stop_timeout=2.0) as system:
        system.create(
            "s",
            """
input: {http_server: {path: /post}}
pipeline: {processors: [{mapping: 'root = tracing_id()'}]}
output: {sync_response: {}}
""",
        )
        server = Waitress(system, {"address": "127.0.0.1:0"})
        address = server.start()
        try:
            request = urllib.request.Request(f"http://{address}/s/post", b"x")
            request.add_header("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
            with urllib.request.urlopen(request, timeout=5) as response:
                assert response.read() == b"0af7651916cd43dd8448eb211c80319c"
        finally:
            server.stop(1.0)
    made.close()

    root = next(span for span in collector.spans if span.name == "input_http_server")
    assert root.trace_id.hex() == "0af7651916cd43dd8448eb211c80319c"
    assert root.parent_span_id.hex() == "b7ad6b7169203331"


def test_requests_of_processors_are_steps(run: Run, collector: Collector, stub: Any) -> None:
    run(
        f"""
pipeline:
  processors:
    - http: {{url: '{stub.url}', headers: {{traceparent: '${{! tracing_span().traceparent }}'}}}}
""",
        "a",
    )

    assert {"http", "http_request"} <= {span.name for span in collector.spans}
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-0[13]", stub.requests[0][2]["traceparent"])


def test_grpc_tags_and_the_older_names(run: Run, collector: Collector) -> None:
    address = collector.listen_grpc()
    run(
        "{}",
        "a",
        tracer=f"""
open_telemetry_collector:
  http: [{{url: '{collector.http}'}}]
  grpc: [{{address: '{address}', secure: false}}]
  tags: {{service.name: mine, team: blue}}
""",
    )

    assert sorted(span.name for span in collector.spans) == ["input_inproc"] * 2 + ["output_inproc"] * 2
    assert collector.services["service.name"] == "mine"
    assert collector.services["team"] == "blue"
    assert "service.version" not in collector.services


@pytest.mark.parametrize(("ratio", "count"), [(0.0, 0), (1.0, 2)])
def test_sampling(run: Run, collector: Collector, ratio: float, count: int) -> None:
    run(
        "{}",
        "a",
        tracer=f"""
open_telemetry_collector:
  http: [{{address: '{collector.http}'}}]
  grpc: []
  sampling: {{enabled: true, ratio: {ratio}}}
""",
    )

    assert len(collector.spans) == count


def test_sampling_takes_a_part_of_all_traces_and_all_of_each() -> None:
    with pytest.raises(ConfigError, match=r"sampling\.ratio is 1\.5, but must be between 0 and 1"):
        tracer_of("open_telemetry_collector: {http: [], grpc: [], sampling: {enabled: true, ratio: 1.5}}")


@pytest.mark.parametrize("protocol", ["http", "grpc"])
def test_a_collector_that_is_not_there_holds_nobody_up(
    run: Run, protocol: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(open_telemetry_collector, "CLOSE_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        addresses = {"http": "[]", "grpc": "[]", protocol: f"[{{address: '127.0.0.1:{silent.getsockname()[1]}'}}]"}
        tracer = f"open_telemetry_collector: {{http: {addresses['http']}, grpc: {addresses['grpc']}}}"
        started = time.monotonic()
        assert run("{}", "a", "b", tracer=tracer) == ["a", "b"]
        assert time.monotonic() - started < 5
    assert "Failed to send all traces" in caplog.text
    logging.getLogger("opentelemetry").handlers.clear()


def test_buffers_and_batches_keep_the_trace(run: Run, collector: Collector) -> None:
    ids = run(
        """
buffer: {memory: {}}
pipeline: {processors: [{archive: {format: lines}}, {mapping: 'root = tracing_id()'}]}
""",
        "a",
    )

    root = next(span for span in collector.spans if span.name == "input_inproc")
    assert ids == [root.trace_id.hex()]


def test_without_the_extra_the_error_tells_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)

    with pytest.raises(ConfigError, match=r"pip install 'headwater\[opentelemetry\]'"):
        tracer_of("open_telemetry_collector: {http: [], grpc: []}")
