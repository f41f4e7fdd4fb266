"""Basic authentication: whether a request carries the right name and password."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import threading

from headwater_api.answers import Answer, text
from headwater_api.settings import BasicAuthSettings


class BasicAuth:
    """Checks credentials. Those found right are remembered by a keyed digest, since the slow algorithms take long."""

    def __init__(self, settings: BasicAuthSettings) -> None:
        self._settings = settings
        self._refusal = Answer(
            401,
            b"Unauthorized\n",
            (
                ("Content-Type", "text/plain; charset=utf-8"),
                ("X-Content-Type-Options", "nosniff"),
                ("WWW-Authenticate", f'Basic realm="{settings.realm}", charset="UTF-8"'),
            ),
        )
        self._key = hashlib.sha256(repr(id(self)).encode() + binascii.hexlify(_random())).digest()
        self._right: bytes | None = None
        self._lock = threading.Lock()

    def check(self, authorization: str) -> Answer | None:
        """None when the caller may go on, else the refusal."""
        known = hmac.digest(self._key, authorization.encode("latin-1", "replace"), "sha256")
        if self._right is not None and hmac.compare_digest(known, self._right):
            return None
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return self._refusal
        try:
            name, separator, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        except (binascii.Error, ValueError):
            return self._refusal
        right_name = hmac.compare_digest(name, self._settings.username.encode())
        try:
            # The costly check is made one at a time, and also for wrong names, so that its time tells nothing.
            with self._lock:
                right_password = _matches(self._settings, password)
        except ValueError:
            return text(500, "Internal Server Error")
        if not (separator and right_name and right_password):
            return self._refusal
        self._right = known
        return None


def _random() -> bytes:
    import secrets

    return secrets.token_bytes(32)


def _matches(settings: BasicAuthSettings, password: bytes) -> bool:
    """Whether a password is the one that there is a digest of. Raises: ValueError when the settings are unusable."""
    expected = base64.b64decode(settings.password_hash, validate=True)
    if settings.algorithm == "bcrypt":
        import bcrypt

        return bcrypt.checkpw(password[:72], expected)
    if settings.algorithm == "scrypt":
        salt = base64.b64decode(settings.salt, validate=True)
        digest = hashlib.scrypt(password, salt=salt, n=32768, r=8, p=1, dklen=32, maxmem=64 * 1024 * 1024)
    else:
        digest = hashlib.new(settings.algorithm, password).digest()
    return hmac.compare_digest(digest, expected)
