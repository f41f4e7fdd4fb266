"""URLs by the rules and in the words of Go's ``net/url``."""

from __future__ import annotations

import re
from typing import NamedTuple

from headwater.bloblang.gotext import quote
from headwater.bloblang.values import decode_text, encode_text

_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+\-.]*")


class UrlError(ValueError):
    """A text is no URL, or its escapes are broken; the text is Go's."""


def unescape(text: str, plus: bool = False) -> str:
    """Resolve percent escapes; `plus` makes spaces of plus signs.

    Raises:
        UrlError: A percent sign does not begin an escape.
    """
    if plus:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    broken = _ESCAPE.search(text)
    if broken is not None:
        raise UrlError(f"invalid URL escape {quote(_bytes_slice(text, broken.start()))}")
    pieces = encode_text(text).split(b"%")
    out = [pieces[0]]
    for piece in pieces[1:]:
        out.append(bytes((int(piece[:2], 16),)) + piece[2:])
    return decode_text(b"".join(out))


def _bytes_slice(text: str, start: int) -> str:
    return decode_text(encode_text(text[start:])[:3])


class Url(NamedTuple):
    """The parts of a URL."""

    scheme: str
    opaque: str
    user: tuple[str, str | None] | None
    host: str
    path: str
    raw_path: str
    raw_query: str
    fragment: str
    raw_fragment: str


def parse_url(text: str) -> Url:
    """Take a URL apart.

    Raises:
        UrlError: It is none.
    """
    front, mark, fragment = text.partition("#")
    shown = front
    try:
        url = _parse(front)
        shown = text
        if not mark:
            return url
        plain = unescape(fragment)
        raw = "" if _escape_fragment(plain) == fragment else fragment
        return url._replace(fragment=plain, raw_fragment=raw)
    except UrlError as error:
        raise UrlError(f"parse {quote(shown)}: {error}") from None


def _parse(text: str) -> Url:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise UrlError("net/url: invalid control character in URL")
    if text == "*":
        return Url("", "", None, "", "*", "", "", "", "")
    scheme, rest = _scheme(text)
    rest, mark, query = rest.partition("?")
    if not mark:
        query = ""
    if not rest.startswith("/"):
        if scheme:
            return Url(scheme, rest, None, "", "", "", query, "", "")
        first = rest.partition("/")[0]
        if ":" in first:
            raise UrlError("first path segment in URL cannot contain colon")
    user: tuple[str, str | None] | None = None
    host = ""
    if (scheme or not rest.startswith("///")) and rest.startswith("//"):
        authority, slash, rest = rest[2:].partition("/")
        rest = slash + rest
        user, host = _authority(authority)
    path = unescape(rest)
    raw_path = "" if _escape_path(path) == rest else rest
    return Url(scheme, "", user, host, path, raw_path, query, "", "")


def _scheme(text: str) -> tuple[str, str]:
    for at, char in enumerate(text):
        if char.isascii() and char.isalpha():
            continue
        if char in "0123456789+-.":
            if at == 0:
                return "", text
        elif char == ":":
            if at == 0:
                raise UrlError("missing protocol scheme")
            return text[:at].lower(), text[at + 1 :]
        else:
            return "", text
    return "", text


_USER_ALLOWED = re.compile(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*\Z")


def _authority(authority: str) -> tuple[tuple[str, str | None] | None, str]:
    info, mark, host = authority.rpartition("@")
    host = _host(host)
    if not mark:
        return None, host
    if not _USER_ALLOWED.match(info):
        raise UrlError("net/url: invalid userinfo")
    name, colon, password = info.partition(":")
    if not colon:
        return (unescape(name), None), host
    return (unescape(name), unescape(password)), host


def _host(host: str) -> str:
    if host.startswith("["):
        close = host.rfind("]")
        if close < 0:
            raise UrlError("missing ']' in host")
        if not _valid_port(host[close + 1 :]):
            raise UrlError(f"invalid port {quote(host[close + 1 :])} after host")
        zone = host.find("%25", 0, close)
        if zone >= 0:
            return _unescape_host(host[:zone]) + unescape(host[zone:close]) + _unescape_host(host[close:])
    elif ":" in host:
        port = host[host.rfind(":") :]
        if not _valid_port(port):
            raise UrlError(f"invalid port {quote(port)} after host")
    return _unescape_host(host)


def _valid_port(port: str) -> bool:
    return port == "" or (port[0] == ":" and (port[1:] == "" or (port[1:].isascii() and port[1:].isdigit())))


_HOST_REFUSED = re.compile(r"[\x00-\x20\x7f\\^`{|}]")


def _unescape_host(host: str) -> str:
    for found in re.finditer(r"%(.{0,2})", host):
        escape = found[0]
        if not re.fullmatch(r"%[0-9a-fA-F]{2}", escape):
            raise UrlError(f"invalid URL escape {quote(_bytes_slice(host, found.start()))}")
        if int(escape[1], 16) < 8 and escape != "%25":
            raise UrlError(f"invalid URL escape {quote(escape)}")
    refused = _HOST_REFUSED.search(host)
    if refused is not None:
        raise UrlError(f"invalid character {quote(refused[0])} in host name")
    return unescape(host)


_PATH_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@")
_FRAGMENT_PLAIN = _PATH_PLAIN | frozenset(b"?!()*")


def _escape_path(path: str) -> str:
    return "".join(chr(b) if b in _PATH_PLAIN else f"%{b:02X}" for b in encode_text(path))


def _escape_fragment(fragment: str) -> str:
    return "".join(chr(b) if b in _FRAGMENT_PLAIN else f"%{b:02X}" for b in encode_text(fragment))


def parse_query(query: str) -> dict[str, list[str]]:
    """The values of a form or query by key.

    Raises:
        UrlError: A semicolon separates, or an escape is broken; the first such thing counts.
    """
    values: dict[str, list[str]] = {}
    failure: UrlError | None = None
    for pair in query.split("&"):
        if ";" in pair:
            failure = failure or UrlError("invalid semicolon separator in query")
            continue
        if not pair:
            continue
        key, _, value = pair.partition("=")
        try:
            key, value = unescape(key, plus=True), unescape(value, plus=True)
        except UrlError as error:
            failure = failure or error
            continue
        values.setdefault(key, []).append(value)
    if failure is not None:
        raise failure
    return values
