"""The HTTP client of all components that send requests: connections that are kept, retries, authentication.

    client = HttpClient(config, resources)          # config: a body with `http_client_fields`
    messages = await client.send(batch)             # a response's messages, after retries
    stream = await client.open([])                  # a response whose body is read piece by piece
    await client.close()

Requests run on the system's event loop; waits between attempts and for rate limits do not.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar
from urllib.parse import urljoin, urlsplit

from headwater import tasks
from headwater.components.http_auth import Authentication, basic_header
from headwater.components.http_requests import HttpRequest, RequestFactory, response_messages
from headwater.components.http_words import network_words, redacted
from headwater.components.metadata_filter import MetadataFilter
from headwater.components.tls import ClientTls
from headwater.compression import MAX_EXPANDED
from headwater.durations import InvalidDuration, parse_seconds
from headwater.errors import Closed, ComponentError, ConfigError, NotConnected
from headwater.telemetry.tracing import begin_all, end_all

if TYPE_CHECKING:
    import aiohttp
    from yarl import URL

    from headwater.components.resources import Resources
    from headwater.config.view import Config
    from headwater.message import Batch
    from headwater.telemetry.metrics import Counter

T = TypeVar("T")
A = TypeVar("A", "HttpResponse", "HttpStream")

USER_AGENT: Final = "headwater"
REDIRECTS: Final = 10
RATE_LIMIT_PAUSE: Final = 1.0
"""Seconds before a rate limit that failed is asked again."""
FOR_EVER: Final = 365 * 86400.0
REMEMBERED: Final = 256
"""How many URLs are kept parsed."""


class UnexpectedStatus(ComponentError):
    """A server answered with a status that is no success."""

    def __init__(self, url: str, status: int, phrase: str, body: bytes) -> None:
        text = body.decode("utf-8", "replace")
        super().__init__(
            f"{url}: HTTP request returned unexpected response code ({status}): {status} {phrase}, Error: {text}"
        )
        self.status = status


@dataclass(slots=True)
class HttpResponse:
    """A response with all of its body."""

    status: int
    phrase: str
    headers: list[tuple[str, str]]
    body: bytes


@dataclass(slots=True)
class _Target:
    """What a URL means for a request."""

    address: URL
    authorization: str
    proxy: str | None


class HttpStream:
    """A response whose body is still coming."""

    def __init__(self, client: HttpClient, response: aiohttp.ClientResponse) -> None:
        self._client = client
        self._response = response
        self.status = response.status
        self.headers = [(name, value) for name, value in response.headers.items()]
        self.failure: NotConnected | None = None

    async def read(self) -> bytes | None:
        """The next bytes; None at the end, which may be that of a connection that broke (see `failure`)."""

        async def read() -> bytes:
            content = self._response.content
            try:
                return await content.readany()
            except (_client_error(), OSError) as error:
                self.failure = NotConnected(network_words(error))
                # What came before is kept behind the failure, and nothing public hands it out.
                return content._read_nowait(-1)

        if self.failure is not None:
            return None
        return await self._client.on_loop(read) or None

    async def close(self) -> None:
        """Drop the connection."""

        async def close() -> None:
            self._response.close()

        await self._client.on_loop(close)


def _client_error() -> type[Exception]:
    import aiohttp

    return aiohttp.ClientError


class _Statuses:
    """What each status means."""

    def __init__(self, config: Config, follow_redirects: bool) -> None:
        self._drop = frozenset(config.integers("drop_on"))
        self._back_off = frozenset(config.integers("backoff_on"))
        self._fine = frozenset(config.integers("successful_on"))
        self._redirects_are_fine = not follow_redirects

    def verdict(self, status: int) -> str:
        """``fine``, ``again`` for another attempt, ``slower`` for one after a longer wait, ``drop`` for none."""
        if status in self._drop:
            return "drop"
        if status in self._back_off:
            return "slower"
        if status in self._fine or 200 <= status <= 299:
            return "fine"
        if self._redirects_are_fine and 300 <= status <= 399:
            return "fine"
        return "again"


class HttpClient:
    """Sends requests as a configuration with `http_client_fields` says.

    Args:
        config: The body of the component.
        resources: Those of the component.

    Raises:
        ConfigError: A value makes no sense, or a rate limit does not exist.
    """

    def __init__(self, config: Config, resources: Resources) -> None:
        import aiohttp  # noqa: F401  so that the first request does not wait for it

        self._resources = resources
        self._log = resources.log
        self.requests = RequestFactory(config)
        self._authentication = Authentication(config)
        self._tls = ClientTls(config.object("tls"))
        self.extract_headers = MetadataFilter(config.object("extract_headers"))
        self._rate_limit = config.optional_text("rate_limit") or ""
        if self._rate_limit and not resources.has_resource("rate_limit", self._rate_limit):
            raise ConfigError(f"rate limit resource '{self._rate_limit}' was not found")
        self._timeout = config.duration("timeout")
        self._retry_period = config.duration("retry_period")
        self._longest_wait = config.duration("max_retry_backoff")
        self._retries = config.integer("retries")
        self._follow_redirects = config.boolean("follow_redirects")
        self._statuses = _Statuses(config, self._follow_redirects)
        self._proxy = config.optional_text("proxy_url") or ""
        self._dump_level = _LEVELS.get(config.text("dump_request_log_level").upper(), 0)
        transport = config.object("transport")
        self._dial_timeout = transport.duration("dial_context.timeout")
        self._idle = _seconds(transport.text("idle_connection_timeout"), "transport.idle_connection_timeout")
        self._keep_alive = _seconds(transport.text("dial_context.keep_alive"), "transport.dial_context.keep_alive")
        self._latency = resources.metrics.timing("http_request_latency_ns")
        self._codes: dict[int, Counter] = {}
        self._session: aiohttp.ClientSession | None = None
        self._targets: dict[str, _Target] = {}
        self._closed = False

    async def send(self, batch: Batch, *, with_body: bool = True) -> Batch:
        """Send a batch as one request, again where that may help, and return the messages of the response.

        Raises:
            UnexpectedStatus: The last attempt was answered with a status that is no success.
            ComponentError: The last attempt failed.
        """
        response = await self.exchange(batch, with_body=with_body)
        return response_messages(response.status, response.headers, response.body, self.extract_headers)

    async def exchange(self, batch: Batch, *, with_body: bool = True) -> HttpResponse:
        """Send a batch as `send` does, and return the whole response."""
        return await self._traced(batch, with_body, self._exchange_once)

    async def open(self, batch: Batch, *, with_body: bool = True) -> HttpStream:
        """Send a batch as `send` does, and return the response as soon as its headers are there."""
        return await self._traced(batch, with_body, self._open_once)

    async def on_loop(self, call: Callable[[], Awaitable[T]]) -> T:
        """Run a coroutine function on the event loop."""
        return await self._resources.on_loop(call)

    async def close(self) -> None:
        """Drop all connections."""
        self._closed = True
        session = self._session
        self._session = None
        if session is not None:
            await self._resources.on_loop(session.close)

    # -- attempts

    async def _traced(self, batch: Batch, with_body: bool, attempt: Callable[[HttpRequest], Awaitable[A]]) -> A:
        """All attempts, as a step of each message's trace where there are traces."""
        tracer = self._resources.tracer
        if tracer is None:
            return await self._attempts(batch, with_body, attempt)
        traces = begin_all(tracer, "http_request", batch)
        error = "given up"
        try:
            answer = await self._attempts(batch, with_body, attempt)
            error = ""
            return answer
        except ComponentError as failure:
            error = str(failure)
            raise
        finally:
            end_all(traces, error)

    async def _attempts(self, batch: Batch, with_body: bool, attempt: Callable[[HttpRequest], Awaitable[A]]) -> A:
        url = redacted(self.requests.target(batch))
        left = self._retries
        wait = self._retry_period
        retried = False
        while True:
            await self.wait_for_access()
            request = self.requests.create(batch, with_body=with_body)
            slower = False
            started = time.perf_counter_ns()
            try:
                answer = await attempt(request)
                self._observe(started, answer.status)
                return answer
            except UnexpectedStatus as failure:
                self._observe(started, failure.status)
                verdict = self._statuses.verdict(failure.status)
                slower = verdict == "slower"
                if verdict == "drop":
                    left = 0
                error: ComponentError = failure
            except Closed:
                raise
            except ComponentError as failure:
                self._observe(started, 0)
                error = type(failure)(f"{url}: {failure}")
            if left <= 0:
                raise error
            left -= 1
            if slower and retried:
                wait = min(wait * 2, self._longest_wait)
            retried = True
            await tasks.sleep(wait)

    def _observe(self, started: int, status: int) -> None:
        """Measure an attempt, and count how it was answered, if it was."""
        self._latency.observe(time.perf_counter_ns() - started)
        if status:
            tier = status // 100
            counter = self._codes.get(tier)
            if counter is None:
                counter = self._codes[tier] = self._resources.metrics.counter(f"http_request_code_{tier}xx")
            counter.add()

    async def wait_for_access(self) -> None:
        """Wait until the rate limit lets a request go ahead. Raises: Closed."""
        while self._rate_limit:
            try:
                wait = await self._resources.rate_limit(self._rate_limit).access()
            except ComponentError as error:
                self._log.error(f"Rate limit error: {error}")
                wait = RATE_LIMIT_PAUSE
            if wait <= 0:
                return
            await tasks.sleep(wait)

    # -- on the event loop

    async def _exchange_once(self, request: HttpRequest) -> HttpResponse:
        async def exchange() -> HttpResponse:
            reading = False
            try:
                async with asyncio.timeout(self._timeout or None):
                    response = await self._follow(request)
                    reading = True
                    try:
                        body = await _body(response)
                    finally:
                        response.release()
            except TimeoutError:
                what = (
                    "Client.Timeout or context cancellation while reading body"
                    if reading
                    else ("Client.Timeout exceeded while awaiting headers")
                )
                raise ComponentError(f"{_action(request)}: context deadline exceeded ({what})") from None
            except (_client_error(), OSError, ValueError, ssl.SSLError) as error:
                raise ComponentError(f"{_action(request)}: {network_words(error)}") from None
            return _whole(response, body)

        response = await self._resources.on_loop(exchange)
        return self._judged(request, response)

    async def _open_once(self, request: HttpRequest) -> HttpStream:
        async def start() -> HttpStream | HttpResponse:
            try:
                async with asyncio.timeout(self._timeout or None):
                    response = await self._follow(request)
                    if self._statuses.verdict(response.status) != "fine":
                        return _whole(response, await _body(response))
            except TimeoutError:
                raise ComponentError(
                    f"{_action(request)}: context deadline exceeded (Client.Timeout exceeded while awaiting headers)"
                ) from None
            except (_client_error(), OSError, ValueError, ssl.SSLError) as error:
                raise ComponentError(f"{_action(request)}: {network_words(error)}") from None
            return HttpStream(self, response)

        opened = await self._resources.on_loop(start)
        if isinstance(opened, HttpResponse):
            self._judged(request, opened)
            raise AssertionError("a response that is not fine is no stream")
        if self._dump_level:
            self._dump(request, HttpResponse(opened.status, "", opened.headers, b"..."))
        return opened

    def _judged(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """A whole response. Raises: UnexpectedStatus."""
        if self._dump_level:
            self._dump(request, response)
        if self._statuses.verdict(response.status) != "fine":
            raise UnexpectedStatus(redacted(request.url), response.status, response.phrase, response.body)
        return response

    async def _follow(self, request: HttpRequest) -> aiohttp.ClientResponse:
        """Send a request, and those that redirects lead to. Returns: the last response."""
        session = self._open_session()
        method, url, body = request.method, request.url, request.body
        headers = list(request.headers)
        for _ in range(REDIRECTS):
            response = await self._send_one(session, method, url, headers, body)
            location = response.headers.get("Location", "")
            if not self._follow_redirects or response.status not in (301, 302, 303, 307, 308) or not location:
                return response
            await response.read()
            response.release()
            target = urljoin(url, location)
            if response.status in (301, 302, 303):
                # As browsers and Go do: what was sent is not sent again.
                method, body = method if method in ("GET", "HEAD") else "GET", None
                headers = [pair for pair in headers if pair[0] not in ("Content-Type", "Content-Length")]
            if urlsplit(target).netloc != urlsplit(url).netloc:
                headers = [pair for pair in headers if pair[0] not in ("Authorization", "Cookie", "Host")]
            url = target
        raise ValueError(f"stopped after {REDIRECTS} redirects")

    async def _send_one(
        self,
        session: aiohttp.ClientSession,
        method: str,
        url: str,
        headers: Sequence[tuple[str, str]],
        body: bytes | None,
    ) -> aiohttp.ClientResponse:
        from multidict import CIMultiDict

        target = self._targets.get(url)
        if target is None:
            target = self._target(url)
        fields: CIMultiDict[str] = CIMultiDict(headers)
        authorization = await self._authentication.header(session, method, url)
        if authorization:
            fields["Authorization"] = authorization
        elif target.authorization:
            fields.setdefault("Authorization", target.authorization)
        fields.setdefault("User-Agent", USER_AGENT)
        # Waiting for leave to send a body would be for ever where a server does not know of that.
        fields.popall("Expect", None)
        unpack = "Accept-Encoding" not in fields
        if unpack:
            fields["Accept-Encoding"] = "gzip"
        return await session.request(
            method,
            target.address,
            headers=fields,
            data=body if body else None,
            allow_redirects=False,
            auto_decompress=unpack,
            ssl=self._tls.context() if self._tls.enabled else True,
            proxy=target.proxy,
        )

    def _target(self, url: str) -> _Target:
        """What a URL means; remembered. Raises: ValueError."""
        from yarl import URL

        parts = urlsplit(url)
        if parts.scheme not in ("http", "https"):
            raise ValueError(f'unsupported protocol scheme "{parts.scheme}"')
        if not parts.hostname:
            raise ValueError("http: no Host in request URL")
        address = URL(url)
        authorization = ""
        if address.user is not None:
            authorization = basic_header(address.user, address.password or "")
            address = address.with_user(None)
        proxy = self._proxy or _proxy_of_environment(parts.scheme, parts.hostname, parts.port)
        target = _Target(address, authorization, proxy or None)
        if len(self._targets) >= REMEMBERED:
            self._targets.clear()
        self._targets[url] = target
        return target

    def _open_session(self) -> aiohttp.ClientSession:
        """The session, made at the first request; it lives on the event loop."""
        if self._closed:
            raise ComponentError("type was closed")
        if self._session is None:
            import aiohttp

            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=1 if self._authentication.one_connection else 0,
                    keepalive_timeout=self._idle or FOR_EVER,
                    ttl_dns_cache=10,
                    socket_factory=self._socket,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=self._dial_timeout or None),
                middlewares=self._authentication.session_middlewares(),
                skip_auto_headers=("User-Agent", "Content-Type"),
                read_bufsize=2**18,
            )
        return self._session

    def _socket(self, address: tuple[Any, ...]) -> socket.socket:
        """A socket whose other end is asked now and then whether it is still there."""
        made = socket.socket(address[0], address[1], address[2])
        if self._keep_alive > 0:
            seconds = max(1, round(self._keep_alive))
            made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option in ("TCP_KEEPIDLE", "TCP_KEEPINTVL"):
                if hasattr(socket, option):
                    made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), seconds)
        return made

    def _dump(self, request: HttpRequest, response: HttpResponse) -> None:
        """Log what was sent and received; secrets stay out."""
        shown = {name: value for name, value in request.headers if name != "Authorization"}
        self._log.log(
            self._dump_level,
            "HTTP request and response",
            method=request.method,
            url=redacted(request.url),
            request_headers=shown,
            request_body=(request.body or b"").decode("utf-8", "replace"),
            status=response.status,
            response_headers=dict(response.headers),
            response_body=response.body.decode("utf-8", "replace"),
        )


_LEVELS: Final = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}


def _seconds(text: str, name: str) -> float:
    try:
        return parse_seconds(text) if text else 0.0
    except InvalidDuration as error:
        raise ConfigError(f"failed to parse '{name}' as a duration string: {error}") from None


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """All of a body, unpacked where it came compressed. Raises: ValueError for one that is beyond all measure."""
    pieces: list[bytes] = []
    left = MAX_EXPANDED
    async for piece in response.content.iter_any():
        left -= len(piece)
        if left < 0:
            response.close()
            raise ValueError(f"response body exceeds the limit of {MAX_EXPANDED} bytes")
        pieces.append(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _whole(response: aiohttp.ClientResponse, body: bytes) -> HttpResponse:
    phrase = response.reason or _phrase(response.status)
    return HttpResponse(response.status, phrase, list(response.headers.items()), body)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _action(request: HttpRequest) -> str:
    """How Go begins what it says of a request, such as ``Post "http://a/"``."""
    return f'{request.method[:1].upper()}{request.method[1:].lower()} "{redacted(request.url)}"'


def _proxy_of_environment(scheme: str, host: str, port: int | None) -> str:
    """The proxy that the environment names for a host; none for this machine itself."""
    from urllib import request as environment  # not all of it is in the type stubs

    if host in ("localhost", "127.0.0.1", "::1"):
        return ""
    proxies = environment.getproxies_environment()
    found = proxies.get(scheme, "")
    bypass: Callable[[str, dict[str, str]], bool] = vars(environment)["proxy_bypass_environment"]
    if not found or bypass(f"{host}:{port}" if port else host, proxies):
        return ""
    return found
