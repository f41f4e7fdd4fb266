"""What goes wrong with HTTP and other connections of the event loop, in the words of Go's `net/http`."""

from __future__ import annotations

import re
import ssl

from headwater.components.oserrors import dial_error, reason

_PASSWORD = re.compile(r"^([^/?#]*//[^/?#@:]*:)[^/?#@]*@")
_REFUSED = re.compile(r"Connect call failed \('(.*)', (\d+)")


def redacted(url: str) -> str:
    """A URL without the password in it."""
    if "@" not in url:
        return url
    return _PASSWORD.sub(r"\1xxxxx@", url, count=1)


def network_words(error: BaseException) -> str:
    """What Go's `net/http` would say."""
    import aiohttp

    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return f"dial tcp: lookup {error.host}: no such host"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"tls: failed to verify certificate: x509: {_certificate_words(error.certificate_error)}"
    if isinstance(error, aiohttp.ClientConnectorSSLError):
        return f"tls: {error.os_error}"
    if isinstance(error, aiohttp.ClientConnectorError):
        inner = error.os_error
        found = _REFUSED.search(str(inner))
        host, port = found.groups() if found else (error.host, error.port)
        address = f"[{host}]:{port}" if ":" in str(host) else f"{host}:{port}"
        return dial_error("tcp", address, inner)
    if isinstance(error, aiohttp.ServerDisconnectedError):
        return "EOF"
    if isinstance(error, aiohttp.ClientPayloadError):
        return "unexpected EOF"
    if isinstance(error, aiohttp.InvalidURL):
        return f'parse "{error.url}": invalid URL'
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError):
        return reason(error)
    return str(error) or type(error).__name__


def _certificate_words(error: BaseException) -> str:
    text = str(getattr(error, "verify_message", "") or error)
    if "self-signed" in text or "unable to get local issuer" in text:
        return "certificate signed by unknown authority"
    return text
