"""Input `http_server`: messages that are posted, or sent over websockets; who sends them hears what became of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from headwater import tasks
from headwater.acknowledge import Delivery, Failure
from headwater.components.catalogue import component
from headwater.components.contracts import Input
from headwater.components.http_cors import Cors
from headwater.components.inputs._http_calls import (
    SERVER_CLOSING,
    UNAVAILABLE,
    Call,
    Deadlines,
    Requests,
    text_response,
)
from headwater.components.inputs._http_responses import SyncResponses
from headwater.components.resources import Resources
from headwater.config.fields import (
    duration,
    interpolated,
    interpolated_map,
    metadata_filter,
    obj,
    spec,
    tcp_listener,
    text,
    texts,
)
from headwater.config.http_fields import cors
from headwater.config.view import Config
from headwater.endpoints import Endpoint, Endpoints, Request, Response, Socket
from headwater.errors import ComponentError, ConfigError, EndOfInput
from headwater.message import Batch

SPEC = spec(
    "input",
    "http_server",
    text(
        "address", "An address of its own, such as 0.0.0.0:4196; without one the service's server is used.", default=""
    ),
    text("path", "Where messages are posted.", default="/post"),
    text("ws_path", "Where messages are sent over websockets.", default="/post/ws"),
    text("ws_welcome_message", "Sent to each new websocket.", default="", advanced=True),
    text("ws_rate_limit_message", "Sent over a websocket for each refused message.", default="", advanced=True),
    texts("allowed_verbs", "Methods that are taken.", default=["POST"]),
    duration("timeout", "How long a sender waits for his message to be delivered.", default="5s"),
    text("rate_limit", "A rate limit resource to ask for each request.", default=""),
    text("cert_file", "A certificate for an address of its own.", default="", advanced=True),
    text("key_file", "The key of the certificate.", default="", advanced=True),
    cors(),
    obj(
        "sync_response",
        interpolated("status", "The status of a response.", default="200", advanced=True),
        interpolated_map(
            "headers", "Its headers.", default={"Content-Type": "application/octet-stream"}, advanced=True
        ),
        metadata_filter("metadata_headers", "Which metadata becomes headers."),
        description="How synchronous responses are answered.",
        advanced=True,
    ),
    tcp_listener("Options of the socket."),
    categories=("Network",),
    summary="Receive messages that are posted over HTTP or sent over websockets.",
    description=(
        "A request is answered when its message was delivered: 200, with a synchronous response where there is one; "
        "502 with the reason when it was rejected; 408 after `timeout`. The parts of a multipart request are one "
        "batch. Headers, query and path parameters, cookies and facts of the request are metadata."
    ),
    examples=(
        (
            "An echo",
            "input:\n  http_server:\n    path: /echo\noutput:\n  sync_response: {}\n",
        ),
    ),
)


@component(SPEC)
class HttpServer(Input):
    """Queues what comes in; each request is a call that waits for the settlement of its message."""

    connects = False

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._address = config.text("address")
        self._path = config.text("path")
        self._ws_path = config.text("ws_path")
        self._welcome = config.text("ws_welcome_message")
        self._limit_message = config.text("ws_rate_limit_message")
        self._rate_limit = config.text("rate_limit")
        if self._rate_limit and not resources.has_resource("rate_limit", self._rate_limit):
            raise ConfigError(f"rate limit resource '{self._rate_limit}' was not found")
        certificate = config.text("cert_file"), config.text("key_file")
        if self._address and bool(certificate[0]) != bool(certificate[1]):
            raise ConfigError("both cert_file and key_file must be specified, or neither")
        self._reuse_port = config.boolean("tcp.reuse_port")
        self._certificate = certificate if all(certificate) else None
        self._cors = Cors(config.object("cors")) if self._address else None
        verbs = config.texts("allowed_verbs")
        if not verbs:
            raise ConfigError("must specify at least one allowed verb")
        self._requests = Requests(verbs, traced=resources.tracer is not None)
        self._deadlines = Deadlines(resources.clock, config.duration("timeout"))
        self._responses = SyncResponses(config.object("sync_response"), resources.log)
        self._queue: tasks.Queue[Call] = tasks.Queue()
        self._waiting: set[Call] = set()
        self._sockets: set[tasks.Task[None]] = set()
        self._withdraw: list[Callable[[], None]] = []
        self._listening: tasks.Task[Any] | None = None
        self._host: tasks.Host | None = None
        self._open = False

    async def connect(self) -> None:
        if self._open:
            return
        self._host = tasks.current_host()
        self._open = True  # the first request may come before `listen` is back
        if self._address:
            if self._listening is None:
                # In a task of its own, so that a server that comes up while this is given up is not forgotten.
                listening = self._resources.listen(
                    self._address, self._routes(), self._certificate, reuse_port=self._reuse_port
                )
                self._listening = tasks.spawn(listening, "listen", watched=True)
            try:
                await self._listening
            except BaseException:
                self._open = False
                if self._listening.done():
                    self._listening = None
                raise
            scheme = "http" if self._certificate is None else "https"
            self._resources.log.info(f"Receiving {scheme.upper()} messages at: {scheme}://{self._address}{self._path}")
        else:
            for path, description, handler, socket_handler in self._paths():
                register = self._resources.register_endpoint
                self._withdraw.append(register(path, description, handler, socket_handler))

    def _paths(self) -> list[tuple[str, str, Any, Any]]:
        paths: list[tuple[str, str, Any, Any]] = []
        if self._path:
            paths.append((self._path, "Post a message into Headwater.", self._handle, None))
        if self._ws_path:
            paths.append((self._ws_path, "Post messages via websocket into Headwater.", None, self._handle_socket))
        return paths

    def _routes(self) -> Endpoints:
        routes = Endpoints()
        for path, description, handler, socket_handler in self._paths():
            slashed = path if path.startswith("/") else f"/{path}"
            routes.register(Endpoint(slashed, description, handler, socket_handler, self._resources.stream))
        return routes

    # -- requests, on threads of the server

    # HOT: once a request
    def _handle(self, request: Request) -> tasks.Future[Response]:
        """Take a request; its answer comes when the message is settled."""
        if self._cors is not None and self._cors.enabled:
            answer = self._cors.preflight(request)
            if answer is not None:
                return given(answer)
        if not self._open or self._host is None:
            return given(text_response(503, UNAVAILABLE))
        if not self._requests.allowed(request.method):
            return given(text_response(405, "Incorrect method"))
        call = Call(self._responses)
        if self._cors is not None and self._cors.enabled:
            call.decorate = self._cors.decorator(request)
        if self._rate_limit:
            tasks.start(self._limited(call, request), self._host, "rate limit")
        else:
            self._accept(call, request)
        return call.future

    def _accept(self, call: Call, request: Request) -> None:
        try:
            batch = self._requests.batch(request, call)
        except ComponentError as error:
            self._resources.log.warning(f"Request read failed: {error}")
            call.answer(text_response(400, "Bad request"))
            return
        if not batch:
            call.answer(Response(200))
            return
        call.batch = batch
        self._deadlines.add(call)
        try:
            self._queue.put_now(call)
        except EndOfInput:
            call.answer(text_response(503, SERVER_CLOSING))

    async def _limited(self, call: Call, request: Request) -> None:
        try:
            wait = await self._resources.rate_limit(self._rate_limit).access()
        except ComponentError as error:
            self._resources.log.warning(f"Failed to access rate limit: {error}")
            call.answer(text_response(502, "Server error"))
            return
        if wait > 0:
            answer = text_response(429, "Too Many Requests")
            answer.headers = [*answer.headers, ("Retry-After", str(int(wait)))]
            call.answer(answer)
            return
        self._accept(call, request)

    # -- websockets

    def _handle_socket(self, socket: Socket) -> tasks.Future[None]:
        host = self._host
        if not self._open or host is None:
            socket.close(1001)
            return given(None)
        return tasks.start(self._converse(socket), host, "websocket", watched=True)

    async def _converse(self, socket: Socket) -> None:
        """Take message after message, each once the one before is settled."""
        task = tasks.current_task()
        self._sockets.add(task)
        try:
            if self._welcome:
                await socket.send(self._welcome)
            while self._open:
                frame = await socket.receive()
                if self._rate_limit and not await self._granted():
                    if self._limit_message:
                        await socket.send(self._limit_message)
                    continue
                call = Call(self._responses)
                data = frame.encode("utf-8", "surrogateescape") if isinstance(frame, str) else frame
                call.batch = self._requests.single(socket.request, call, data)
                self._queue.put_now(call)
                response = await call.future
                if response.status >= 300:
                    self._resources.log.debug(
                        f"Message of a websocket was not delivered: {response.body.decode().strip()}"
                    )
                for payload in call.payloads():
                    await socket.send(_frame(payload))
        except (ComponentError, EndOfInput):
            pass
        finally:
            self._sockets.discard(task)
            socket.close(1000 if self._open else 1001)

    async def _granted(self) -> bool:
        try:
            return await self._resources.rate_limit(self._rate_limit).access() <= 0
        except ComponentError as error:
            self._resources.log.warning(f"Failed to access rate limit: {error}")
            return False

    # -- reading

    # HOT: once a chunk
    async def read(self, limit: int) -> Delivery:
        calls: list[Call] = []
        while not calls:
            first = await self._queue.get()
            if not first.done():
                calls.append(first)
        while len(calls) < limit:
            call = self._queue.get_now()
            if call is None:
                break
            if not call.done():
                calls.append(call)
        batches: list[Batch] = [call.batch for call in calls]
        self._waiting.update(calls)

        def settle(indices: Sequence[int] | None, failure: Failure | None) -> None:
            for call in calls if indices is None else [calls[index] for index in indices]:
                self._waiting.discard(call)
                call.settle(failure)

        return Delivery(batches, settle)

    def drain(self) -> None:
        """Take no more; who was not read yet is told so, who was waits on."""
        self._open = False
        for call in self._queue.close(EndOfInput()):
            call.answer(text_response(503, SERVER_CLOSING))

    async def close(self) -> None:
        self.drain()
        for withdraw in self._withdraw:
            withdraw()
        self._deadlines.close()
        for call in tuple(self._waiting):
            call.answer(text_response(503, SERVER_CLOSING))
        self._waiting.clear()
        for socket in tuple(self._sockets):
            socket.cancel()
        listening, self._listening = self._listening, None
        if listening is not None:
            await tasks.first(listening)
            if listening.error() is None:
                await _finished(listening.result().close())


async def _finished(closing: Any) -> None:
    if closing is not None:
        await closing


def given(value: Any) -> tasks.Future[Any]:
    """A future that has its value already."""
    future: tasks.Future[Any] = tasks.Future()
    future.set_result(value)
    return future


def _frame(payload: bytes) -> bytes | str:
    """A payload as a text frame, unless it is no text."""
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return payload
