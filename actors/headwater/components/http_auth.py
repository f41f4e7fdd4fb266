"""Who an HTTP client says it is: basic, OAuth 1 and 2, JSON web tokens, digest, negotiation."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import time
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, quote, urlsplit

from headwater.components.oserrors import path_error
from headwater.errors import ComponentError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import aiohttp

    from headwater.config.view import Config


class Scheme(Protocol):
    """One way to say who one is."""

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """The value of the `Authorization` header; runs on the event loop. Raises: ComponentError."""


class Authentication:
    """What `basic_auth`, `oauth`, `oauth2`, `jwt`, `digest_auth` and `negotiate` of a configuration ask for.

    Objects that a component's spec does not have are not looked at; of several that are enabled the last one wins.
    """

    def __init__(self, config: Config) -> None:
        self._schemes: list[Scheme] = []
        self._digest: tuple[str, str] | None = None
        names = config.field.index
        makers: tuple[tuple[str, Callable[[Config], Scheme]], ...] = (
            ("oauth", OAuth1),
            ("basic_auth", Basic),
            ("jwt", Jwt),
            ("oauth2", OAuth2),
        )
        for name, make in makers:
            if name in names and config.boolean(f"{name}.enabled"):
                self._schemes.append(make(config.object(name)))
        if "digest_auth" in names and config.boolean("digest_auth.enabled"):
            self._digest = config.text("digest_auth.username"), config.text("digest_auth.password")
        self._negotiate: Negotiate | None = None
        if "negotiate" in names and config.boolean("negotiate.enabled"):
            self._negotiate = Negotiate(config.object("negotiate"))

    @property
    def one_connection(self) -> bool:
        """Whether it is a connection that is trusted and not a request, so that there must be one at a time."""
        return self._negotiate is not None

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """The value of the `Authorization` header, or nothing. Raises: ComponentError."""
        value = ""
        for scheme in self._schemes:
            value = await scheme.header(session, method, url)
        return value

    def session_middlewares(self) -> tuple[Any, ...]:
        """What answers the challenges of servers; made on the event loop."""
        found: list[Any] = []
        if self._digest is not None:
            from aiohttp import DigestAuthMiddleware

            found.append(DigestAuthMiddleware(*self._digest))
        if self._negotiate is not None:
            found.append(self._negotiate)
        return tuple(found)


class Basic:
    """A user name and a password."""

    def __init__(self, config: Config) -> None:
        self._value = basic_header(config.text("username"), config.text("password"))

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """The same for all requests."""
        return self._value


def basic_header(username: str, password: str) -> str:
    """The `Authorization` header of a user name and a password."""
    return "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode()


class OAuth1:
    """Requests signed with HMAC-SHA1 (RFC 5849)."""

    def __init__(self, config: Config) -> None:
        self._consumer = config.text("consumer_key")
        self._consumer_secret = config.text("consumer_secret")
        self._token = config.text("access_token")
        self._token_secret = config.text("access_token_secret")

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """Signed anew for each request."""
        return self.sign(method, url, str(int(time.time())), secrets.token_hex(8))

    def sign(self, method: str, url: str, timestamp: str, nonce: str) -> str:
        """The header of a request; the parameters of its query are signed too."""
        parameters = {
            "oauth_consumer_key": self._consumer,
            "oauth_nonce": nonce,
            "oauth_signature_method": "HMAC-SHA1",
            "oauth_timestamp": timestamp,
            "oauth_version": "1.0",
        }
        if self._token:
            parameters["oauth_token"] = self._token
        parts = urlsplit(url)
        pairs = [*parameters.items(), *parse_qsl(parts.query, keep_blank_values=True)]
        joined = "&".join(sorted(f"{_encoded(key)}={_encoded(value)}" for key, value in pairs))
        address = f"{parts.scheme.lower()}://{parts.netloc.lower()}{parts.path or '/'}"
        base = "&".join((method.upper(), _encoded(address), _encoded(joined)))
        key = f"{_encoded(self._consumer_secret)}&{_encoded(self._token_secret)}"
        digest = hmac.new(key.encode(), base.encode(), hashlib.sha1).digest()
        parameters["oauth_signature"] = base64.b64encode(digest).decode()
        return "OAuth " + ", ".join(f'{name}="{_encoded(value)}"' for name, value in sorted(parameters.items()))


def _encoded(text: str) -> str:
    return quote(text, safe="-._~")


class Jwt:
    """A token of one's own, signed for each request."""

    METHODS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")

    def __init__(self, config: Config) -> None:
        self._file = config.text("private_key_file")
        self._method = config.text("signing_method")
        self._claims = config.map("claims")
        self._headers = config.map("headers")
        self._key: bytes | None = None
        if self._method not in self.METHODS:
            raise ConfigError(f"jwt signing method {self._method} not acceptable. Try with RS256 or EdDSA")

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """The token, for a key that is read once."""
        import jwt

        if self._key is None:
            try:
                with open(self._file, "rb") as file:
                    self._key = file.read()
            except OSError as error:
                raise ComponentError(
                    f"failed to read private key: {path_error('open', self._file, error)}", "configuration"
                ) from None
        try:
            token = jwt.encode(self._claims, self._key, self._method, self._headers or None)
        except (jwt.PyJWTError, ValueError, TypeError) as error:
            raise ComponentError(f"failed to sign jwt: {error}", "configuration") from None
        return f"Bearer {token}"


class OAuth2:
    """Tokens for client credentials (RFC 6749, section 4.4), fetched when there is none that holds on."""

    MARGIN = 10.0

    def __init__(self, config: Config) -> None:
        self._client = config.text("client_key")
        self._secret = config.text("client_secret")
        self._url = config.text("token_url")
        self._form: list[tuple[str, str]] = [("grant_type", "client_credentials")]
        scopes = config.texts("scopes")
        if scopes:
            self._form.append(("scope", " ".join(scopes)))
        for name, values in config.map("endpoint_params").items():
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise ConfigError(f"endpoint_params: field '{name}' must be a list of strings")
            self._form.extend((name, value) for value in values)
        self._value = ""
        self._until = 0.0
        self._in_form = False
        self._fetching: asyncio.Lock | None = None

    async def header(self, session: aiohttp.ClientSession, method: str, url: str) -> str:
        """The token that holds on."""
        if self._fetching is None:
            self._fetching = asyncio.Lock()
        async with self._fetching:
            if not self._value or time.monotonic() >= self._until:
                await self._fetch(session)
            return self._value

    async def _fetch(self, session: aiohttp.ClientSession) -> None:
        status, answer = await self._ask(session)
        if status in (400, 401) and not self._in_form:
            # Some servers want the credentials in the form; which way works is remembered.
            self._in_form = True
            status, answer = await self._ask(session)
        if not 200 <= status <= 299 or not isinstance(answer, dict) or "access_token" not in answer:
            self._in_form = False
            raise ComponentError(f"oauth2: cannot fetch token: {status}\nResponse: {answer}")
        kind = str(answer.get("token_type") or "Bearer")
        self._value = f"{'Bearer' if kind.lower() == 'bearer' else kind} {answer['access_token']}"
        lasts = answer.get("expires_in")
        self._until = time.monotonic() + (float(lasts) - self.MARGIN if lasts else float("inf"))

    async def _ask(self, session: aiohttp.ClientSession) -> tuple[int, Any]:
        import orjson

        form: Sequence[tuple[str, str]] = self._form
        headers = {}
        if self._in_form:
            form = [*form, ("client_id", self._client), ("client_secret", self._secret)]
        else:
            headers["Authorization"] = basic_header(quote(self._client, safe=""), quote(self._secret, safe=""))
        async with session.post(self._url, data=list(form), headers=headers) as response:
            body = await response.read()
            try:
                return response.status, orjson.loads(body)
            except orjson.JSONDecodeError:
                return response.status, body.decode("utf-8", "replace")


class Negotiate:
    """SPNEGO: answers a server's challenge with a token of Kerberos or NTLM. Needs the package `pyspnego`."""

    def __init__(self, config: Config) -> None:
        try:
            import spnego
        except ImportError:
            raise ConfigError("negotiate authentication needs the package pyspnego: pip install pyspnego") from None
        self._spnego = spnego
        domain, name = config.text("user.domain"), config.text("user.name")
        user = (f"{domain}\\{name}" if domain else name) or None
        named = user, config.text("user.password") or None
        self._turn: asyncio.Lock | None = None
        # Without a user it is the one that the machine knows, by a ticket for example.
        self._users = [(None, None), named] if user and config.boolean("user_only_for_fallback") else [named]

    async def __call__(self, request: Any, handler: Any) -> Any:
        """Send a request; where the server asks, send it again with the answer, over the same connection."""
        if self._turn is None:
            self._turn = asyncio.Lock()
        async with self._turn:
            return await self._send(request, handler)

    async def _send(self, request: Any, handler: Any) -> Any:
        response = await handler(request)
        offered = response.headers.getall("WWW-Authenticate", [])
        if response.status != 401 or not any(value.lower().startswith("negotiate") for value in offered):
            return response
        for place, (user, password) in enumerate(self._users, 1):
            last = place == len(self._users)
            try:
                response = await self._answer(request, handler, response, user, password)
            except ComponentError:
                if last:
                    raise
            if response.status != 401:
                break
        return response

    async def _answer(self, request: Any, handler: Any, response: Any, user: str | None, password: str | None) -> Any:
        """Answer a challenge as somebody. Returns: what the server says to that. Raises: ComponentError."""
        try:
            client = self._spnego.client(
                user, password, hostname=request.url.host, service="HTTP", protocol="negotiate"
            )
        except (self._spnego.exceptions.SpnegoError, ValueError) as error:
            raise ComponentError(f"failed to negotiate: {error}") from None
        token: bytes | None = None
        for _ in range(4):
            try:
                answer = await asyncio.to_thread(client.step, token)
            except self._spnego.exceptions.SpnegoError as error:
                raise ComponentError(f"failed to negotiate: {error}") from None
            if answer is None:
                return response
            response.release()
            request.headers["Authorization"] = "Negotiate " + base64.b64encode(answer).decode()
            response = await handler(request)
            if response.status != 401:
                return response
            challenge = next(
                (v for v in response.headers.getall("WWW-Authenticate", []) if v.lower().startswith("negotiate ")), ""
            )
            if not challenge:
                return response
            token = base64.b64decode(challenge.split(" ", 1)[1])
        return response
