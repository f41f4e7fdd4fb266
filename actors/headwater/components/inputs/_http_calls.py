"""Requests of `http_server` as messages, and what becomes of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from headwater import tasks
from headwater.acknowledge import Failure
from headwater.clock import Clock, Timer
from headwater.components.http_requests import canonical_header, decode_multipart, media_type
from headwater.endpoints import Request, Response
from headwater.errors import ComponentError
from headwater.message import UNSET, Batch, Context, Message, ResponseStore

if TYPE_CHECKING:
    from headwater.components.inputs._http_responses import SyncResponses

SERVER_CLOSING: Final = "Server closing"
UNAVAILABLE: Final = "Service unavailable"
_PLAIN: Final = (("Content-Type", "text/plain; charset=utf-8"), ("X-Content-Type-Options", "nosniff"))

canonical = lru_cache(maxsize=1024)(canonical_header)

MOST_KEYS: Final = 1024
"""Names of headers whose canonical form is remembered."""


def text_response(status: int, text: str) -> Response:
    """An answer in words."""
    return Response(status, f"{text}\n".encode("utf-8", "surrogateescape"), _PLAIN)


class Call:
    """A sender that waits for his message; answered once.

    Attributes:
        future: The answer.
        batch: The messages.
        store: Where synchronous responses are left.
        decorate: Adds headers to the answer.
    """

    __slots__ = ("_responses", "batch", "decorate", "future", "group", "store")

    def __init__(self, responses: SyncResponses) -> None:
        self._responses = responses
        self.future: tasks.Future[Response] = tasks.Future()
        self.batch: Batch = []
        self.store = ResponseStore()
        self.group: set[Call] | None = None
        self.decorate: Callable[[Response], Response] | None = None

    def done(self) -> bool:
        """Whether it was answered."""
        return self.future.done()

    def answer(self, response: Response) -> None:
        """Answer, unless that was done."""
        if self.group is not None:
            self.group.discard(self)
        if self.decorate is not None:
            response = self.decorate(response)
        self.future.set_result(response)

    def expire(self) -> None:
        """It took too long; the message goes on."""
        self.answer(text_response(408, "Request timed out"))

    def settle(self, failure: Failure | None) -> None:
        """The message was delivered or rejected."""
        if self.future.done():
            return
        if failure is not None:
            self.answer(text_response(502, str(failure)))
        else:
            self.answer(self._responses.response(self.store.batches))

    def payloads(self) -> list[bytes]:
        """What was left as responses."""
        return [message.content() for batch in self.store.batches for message in batch]


class Deadlines:
    """When calls have waited too long: in groups that come within a fiftieth of the time, so that few timers do.

    Safe to use from any thread.

    Args:
        seconds: How long a call may wait.
    """

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._step = max(0.001, seconds / 50)
        self._due = 0.0
        self._group: set[Call] = set()
        self._timers: deque[Timer] = deque()

    # HOT: once a request
    def add(self, call: Call) -> None:
        """Expire a call once its time is over, unless it was answered by then."""
        now = self._clock.now()
        if now >= self._due:
            group: set[Call] = set()
            self._group = group
            self._due = now + self._step
            self._timers.append(self._clock.after(self._seconds + self._step, lambda: self._expire(group)))
        call.group = self._group
        call.group.add(call)

    def _expire(self, group: set[Call]) -> None:
        # Timers of one distance are due in the order in which they were set.
        if self._timers:
            self._timers.popleft()
        for call in tuple(group):
            call.expire()

    def close(self) -> None:
        """Let no call expire any more."""
        while self._timers:
            self._timers.popleft().cancel()


class Requests:
    """Makes messages of requests.

    Args:
        verbs: The methods that are taken.
        traced: Whether messages take along the trace that a request belongs to.
    """

    def __init__(self, verbs: Sequence[str], *, traced: bool = False) -> None:
        self._verbs = frozenset(verbs)
        self._traced = traced
        self._keys: dict[str, str] = {}

    def allowed(self, method: str) -> bool:
        """Whether a method is taken."""
        return method in self._verbs

    # HOT: once a request
    def batch(self, request: Request, call: Call) -> Batch:
        """The messages of a request: one, or one for each part, of which there may be none.

        Raises:
            ComponentError: The body cannot be what it says.
        """
        metadata = self._metadata(request)
        context = Context(call.store, _carrier(request) if self._traced else None)
        content_type = metadata.get("Content-Type", "")
        if content_type[:10].lower() != "multipart/":
            if content_type[:1] == ";":
                raise ComponentError("mime: no media type", "data")
            return [Message(request.body, UNSET, metadata, None, 0, context)]
        parts = decode_multipart(request.body, media_type(content_type)[1].get("boundary", ""), ended=False)
        return [Message(content, UNSET, metadata, None, index, context) for index, (_, content) in enumerate(parts)]

    def single(self, request: Request, call: Call, data: bytes) -> Batch:
        """A payload as a batch of one."""
        context = Context(call.store, _carrier(request) if self._traced else None)
        return [Message(data, UNSET, self._metadata(request), None, 0, context)]

    def _metadata(self, request: Request) -> dict[str, Any]:
        metadata: dict[str, Any] = {
            "http_server_request_path": request.path,
            "http_server_verb": request.method,
        }
        if request.remote:
            metadata["http_server_remote_ip"] = request.remote
        for name, value in request.tls.items():
            metadata[f"http_server_tls_{name}"] = value
        cookies: list[str] = []
        keys = self._keys
        for name, value in request.headers:
            key = keys.get(name)
            if key is None:
                if name == "cookie":
                    cookies.append(value)
                elif name in ("host", "transfer-encoding"):
                    continue
                key = canonical(name)
                if len(keys) < MOST_KEYS and name != "cookie":
                    keys[name] = key
            # The first value of a name counts.
            if key not in metadata:
                metadata[key] = value
        metadata["http_server_user_agent"] = metadata.get("User-Agent", "")
        if request.query:
            # The first value of a name counts.
            metadata.update(reversed(request.query))
        if request.parameters:
            metadata.update(request.parameters)
        for header in cookies:
            for pair in header.split(";"):
                name, found, value = pair.strip().partition("=")
                if found and name:
                    metadata[name] = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        return metadata


def _carrier(request: Request) -> dict[str, str] | None:
    """What a request says of the trace that it belongs to (W3C trace context)."""
    return {name: value for name, value in request.headers if name in ("traceparent", "tracestate")} or None
