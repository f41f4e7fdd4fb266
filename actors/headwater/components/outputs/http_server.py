"""Output `http_server`: messages for whoever asks for them over HTTP."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.components.catalogue import component
from headwater.components.contracts import Output
from headwater.components.http_cors import Cors
from headwater.components.http_requests import OCTETS, encode_multipart
from headwater.config.fields import choice, duration, spec, text, texts
from headwater.config.http_fields import cors
from headwater.endpoints import Endpoint, Endpoints, Handler, Request, Response, Socket
from headwater.errors import Closed, ComponentError, ConfigError, TimedOut

if TYPE_CHECKING:
    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch

SPEC = spec(
    "output",
    "http_server",
    text("address", "An address of this output's own; otherwise the service's is used.", default=""),
    text("path", "Where one message at a time is fetched.", default="/get"),
    text(
        "stream_path",
        "Where messages come one after the other, for as long as the caller stays.",
        default="/get/stream",
    ),
    text("ws_path", "Where messages come over a websocket.", default="/get/ws"),
    texts("allowed_verbs", "The methods that are answered at `path` and `stream_path`.", default=["GET"]),
    duration("timeout", "How long a caller waits for a message.", default="5s", advanced=True),
    text("cert_file", "A certificate for TLS, with an address of its own.", default="", advanced=True),
    text("key_file", "The certificate's key.", default="", advanced=True),
    cors(),
    choice(
        "stream_format",
        ("raw_bytes", "event_source"),
        "How messages are told apart at `stream_path`: by newlines, or as server-sent events.",
        default="raw_bytes",
        dialect="bento",
    ),
    duration(
        "heartbeat",
        "How often a sign of life is sent at `stream_path`; 0s for never.",
        default="0s",
        advanced=True,
        dialect="bento",
    ),
    choice(
        "ws_message_type",
        ("binary", "text"),
        "The kind of websocket frames.",
        default="binary",
        dialect="bento",
        since="1.6.0",
    ),
    duration(
        "write_wait", "How long a websocket frame may take to be sent.", default="10s", advanced=True, dialect="bento"
    ),
    duration("pong_wait", "How long a websocket peer may be silent.", default="60s", advanced=True, dialect="bento"),
    duration(
        "ping_period",
        "How often a websocket peer is asked for a sign of life.",
        default="54s",
        advanced=True,
        dialect="bento",
    ),
    categories=("Network",),
    summary="Offer messages over HTTP to whoever asks.",
    description=(
        "A message waits until somebody takes it, and counts as delivered then. A batch comes as a multipart body. "
        "When the stream is stopped callers get the status 503."
    ),
    examples=(("One at a time", "output:\n  http_server:\n    path: /jobs/next\n    timeout: 30s\n"),),
)

CLOSED: Final = Response(503, b"Server closed\n")
_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")


class _Parcel:
    """A batch that waits for a caller."""

    __slots__ = ("batch", "done")

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.done: tasks.Future[None] = tasks.Future()


@component(SPEC)
class HttpServerOutput(Output):
    """A queue between the stream and its callers, first come, first served."""

    max_in_flight = 1

    def __init__(self, config: Config, resources: Resources) -> None:
        self._resources = resources
        self._address = config.text("address")
        self._paths = config.text("path"), config.text("stream_path"), config.text("ws_path")
        self._verbs = frozenset(config.texts("allowed_verbs"))
        if not self._verbs:
            raise ConfigError("must specify at least one allowed verb")
        self._timeout = config.duration("timeout")
        cert_file, key_file = config.text("cert_file"), config.text("key_file")
        self._tls = (cert_file, key_file) if cert_file or key_file else None
        self._cors = Cors(config.object("cors")) if self._address else None
        self._events = config.text("stream_format") == "event_source"
        self._heartbeat = config.duration("heartbeat")
        self._as_text = config.text("ws_message_type") == "text"
        self._write_wait = config.duration("write_wait")
        self._parcels: tasks.Queue[_Parcel] = tasks.Queue()
        self._host: tasks.Host | None = None
        self._closed = False
        self._withdrawals: list[Callable[[], None]] = []
        self._listener: Any = None

    async def connect(self) -> None:
        if self._host is not None:
            return
        self._host = tasks.current_host()
        path, stream_path, socket_path = self._paths
        if not self._address:
            register = self._resources.register_endpoint
            if path:
                self._withdrawals.append(register(path, "Read a single message from the output.", self._get))
            if stream_path:
                self._withdrawals.append(register(stream_path, "Read a continuous stream of messages.", self._stream))
            if socket_path:
                self._withdrawals.append(register(socket_path, "Read messages over a websocket.", None, self._socket))
            return
        table = Endpoints()
        for where, handler in ((path, self._get), (stream_path, self._stream)):
            if where:
                table.register(Endpoint(_slashed(where), "", self._cross_origin(handler)))
        if socket_path:
            table.register(Endpoint(_slashed(socket_path), "", None, self._socket))
        try:
            self._listener = await self._resources.listen(self._address, table, self._tls)
        except ComponentError:
            self._host = None
            raise
        scheme = "http" if self._tls is None else "https"
        self._resources.log.info(
            f"Serving messages through {scheme.upper()} GET request at: {scheme}://{self._address}{path}"
        )

    def _cross_origin(self, handler: Handler) -> Handler:
        """A handler that also answers browsers which ask from pages of other sites."""
        cors = self._cors
        if cors is None or not cors.enabled:
            return handler

        def handle(request: Request) -> tasks.Future[Response]:
            first = cors.preflight(request)
            if first is not None:
                return _settled(first)
            answer = handler(request)
            decorate = cors.decorator(request)
            if decorate is None:
                return answer
            told: tasks.Future[Response] = tasks.Future()

            def tell(done: tasks.Future[Response]) -> None:
                error = done.error()
                if error is not None:
                    told.set_exception(error)
                else:
                    told.set_result(decorate(done.result()))

            answer.add_callback(tell)
            return told

        return handle

    async def write(self, batch: Batch) -> None:
        parcel = _Parcel(batch)
        self._parcels.put_now(parcel)
        try:
            await parcel.done
        except tasks.Cancelled:
            # Who finds it in the queue leaves it there.
            parcel.done.set_exception(Closed())
            raise

    async def _next(self) -> _Parcel:
        while True:
            parcel = await self._parcels.get()
            if not parcel.done.done():
                return parcel

    # -- one message

    def _get(self, request: Request) -> tasks.Future[Response]:
        refusal = self._refusal(request)
        if refusal is not None or self._host is None:
            return _settled(refusal or CLOSED)
        return tasks.start(self._answer(), self._host, "get", watched=True)

    def _refusal(self, request: Request) -> Response | None:
        """What a caller gets who cannot be served."""
        if self._closed:
            return CLOSED
        if request.method not in self._verbs:
            return Response(405, b"Incorrect method\n", (_TEXT,))
        return None

    async def _answer(self) -> Response:
        try:
            parcel = await tasks.within(self._timeout, self._next())
        except TimedOut:
            return Response(408, b"Timed out waiting for message\n", (_TEXT,))
        except Closed:
            return CLOSED
        parcel.done.set_result(None)
        batch = parcel.batch
        if len(batch) == 1:
            content = batch[0].content()
            return Response(200, content, (("Content-Type", OCTETS),))
        boundary = secrets.token_hex(30)
        body = encode_multipart([((("Content-Type", OCTETS),), message.content()) for message in batch], boundary)
        return Response(200, body, (("Content-Type", f"multipart/form-data; boundary={boundary}"),))

    # -- one message after the other

    def _stream(self, request: Request) -> tasks.Future[Response]:
        refusal = self._refusal(request)
        if refusal is not None or self._host is None:
            return _settled(refusal or CLOSED)
        reading = _Reading(self._parcels, self._next, self._frame, self._heartbeat, b":\n\n" if self._events else b"\n")
        host = self._host

        def chunks() -> tasks.Future[bytes | None]:
            if self._closed:
                return _settled(None)
            return tasks.start(reading.chunk(), host, "stream", watched=True)

        kind = "text/event-stream" if self._events else OCTETS
        return _settled(Response(200, b"", (("Content-Type", kind),), chunks, lambda: host.wake(reading.abandon)))

    def _frame(self, batch: Batch) -> bytes:
        """A batch as it comes at `stream_path`."""
        contents = [message.content() for message in batch]
        if self._events:
            return b"".join(
                b"".join(b"data: " + line + b"\n" for line in content.split(b"\n")) + b"\n" for content in contents
            )
        if len(contents) == 1:
            return contents[0] + b"\n"
        return b"\n".join(contents) + b"\n\n"

    # -- websockets

    def _socket(self, socket: Socket) -> tasks.Future[None]:
        if self._closed or self._host is None:
            return _settled(None)
        return tasks.start(self._send_over(socket), self._host, "websocket", watched=True)

    async def _send_over(self, socket: Socket) -> None:
        listening = tasks.spawn(_until_gone(socket), watched=True)
        try:
            while not listening.done():
                taking = tasks.spawn(self._next(), watched=True)
                await tasks.first(taking, listening)
                if not taking.done():
                    taking.cancel()
                    return
                try:
                    parcel = taking.result()
                except Closed:
                    socket.close(1001, "Server closed")
                    return
                try:
                    for message in parcel.batch:
                        content = message.content()
                        frame: bytes | str = content.decode("utf-8", "replace") if self._as_text else content
                        await tasks.within(self._write_wait or None, socket.send(frame))
                except ComponentError:
                    self._parcels.put_back(parcel)
                    return
                parcel.done.set_result(None)
        finally:
            listening.cancel()

    async def close(self) -> None:
        self._closed = True
        for withdraw in self._withdrawals:
            withdraw()
        for parcel in self._parcels.close(Closed()):
            parcel.done.set_exception(Closed())
        if self._listener is not None:
            listener, self._listener = self._listener, None
            await listener.close()


class _Reading:
    """One caller at `stream_path`. A batch counts as delivered when the piece after it is asked for."""

    def __init__(
        self,
        parcels: tasks.Queue[_Parcel],
        take: Callable[[], Any],
        frame: Callable[[Batch], bytes],
        heartbeat: float,
        sign: bytes,
    ) -> None:
        self._parcels = parcels
        self._take = take
        self._frame = frame
        self._heartbeat = heartbeat or None
        self._sign = sign
        self._pending: _Parcel | None = None
        self._taking: tasks.Task[_Parcel] | None = None
        self._gone = False

    async def chunk(self) -> bytes | None:
        """The next piece; None when the output is closed."""
        if self._pending is not None:
            self._pending.done.set_result(None)
            self._pending = None
        if self._taking is None:
            self._taking = tasks.spawn(self._take(), watched=True)
        taking = self._taking
        if not taking.done():
            if self._heartbeat is None:
                await tasks.first(taking)
            else:
                timer = tasks.spawn(tasks.sleep(self._heartbeat), watched=True)
                await tasks.first(taking, timer)
                timer.cancel()
                if not taking.done():
                    return self._sign
        self._taking = None
        try:
            self._pending = taking.result()
        except (Closed, tasks.Cancelled):
            return None
        if self._gone:
            self.abandon()
            return None
        return self._frame(self._pending.batch)

    def abandon(self) -> None:
        """The caller is gone: what it did not get is for somebody else."""
        self._gone = True
        if self._taking is not None:
            self._taking.cancel()
        if self._pending is not None:
            parcel, self._pending = self._pending, None
            try:
                self._parcels.put_back(parcel)
            except ComponentError as error:
                parcel.done.set_exception(error)


async def _until_gone(socket: Socket) -> None:
    """Wait until a peer is gone; what it says until then is not asked for."""
    try:
        while True:
            await socket.receive()
    except ComponentError:
        return


def _settled(value: Any) -> tasks.Future[Any]:
    future: tasks.Future[Any] = tasks.Future()
    future.set_result(value)
    return future


def _slashed(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"
