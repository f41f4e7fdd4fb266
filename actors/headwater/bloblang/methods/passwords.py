"""Secrets against their hashes: bcrypt and Argon2."""

from __future__ import annotations

import base64
import binascii
import hmac
import re

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRINGS, TEXT
from headwater.bloblang.values import encode_text

_BCRYPT_SIZE = 59
_BCRYPT_LONGEST = 72
_ARGON2 = re.compile(r"\$(argon2(?:id|i|d))\$v=19\$m=(\d{1,10}),t=(\d{1,10}),p=(\d{1,3})\$([^$]+)\$([^$]+)\Z", re.ASCII)
_MOST_MEMORY = 1 << 20
"""KiB that a hash may ask for; those of common programs ask for 64 MiB at most."""
_MOST_WORK = 1 << 26
"""KiB times passes that a hash may ask for."""


@method(
    "compare_bcrypt",
    Param("hashed_secret", "string", "The hash."),
    target="text",
    bare=True,
    category=STRINGS,
    receives=TEXT,
    summary="Whether a secret is the one that a bcrypt hash was made of.",
    examples=[
        Example(
            "",
            'root.match = this.secret.compare_bcrypt("$2y$10$Dtnt5NNzVtMCOZONT705tOcS8It6krJX8bEjnDJnwxiFKsz1C.3Ay")',
            ('{"secret":"there-are-many-blobs-in-the-sea"}', '{"match":true}'),
        )
    ],
)
def compare_bcrypt(target: str, hashed_secret: str) -> bool:
    import bcrypt

    hashed = encode_text(hashed_secret)
    _check_bcrypt(hashed_secret, len(hashed))
    try:
        return bcrypt.checkpw(encode_text(target)[:_BCRYPT_LONGEST], hashed)
    except ValueError as error:
        raise BloblangError(f"crypto/bcrypt: {error}") from None


def _check_bcrypt(hashed: str, size: int) -> None:
    prefix = "crypto/bcrypt: "
    if size < _BCRYPT_SIZE:
        raise BloblangError(prefix + "hashedSecret too short to be a bcrypted password")
    if hashed[0] != "$":
        raise BloblangError(f"{prefix}bcrypt hashes must start with '$', but hashedSecret started with '{hashed[0]}'")
    if hashed[1] > "2":
        raise BloblangError(
            f"{prefix}bcrypt algorithm version '{hashed[1]}' requested is newer than current version '2'"
        )
    found = re.match(r"\$2[a-z]?\$(\d\d)", hashed, re.ASCII)
    if found is None:
        raise BloblangError(f"{prefix}hashedSecret is no bcrypt hash")
    if not 4 <= int(found[1]) <= 31:
        raise BloblangError(f"{prefix}cost {int(found[1])} is outside allowed inclusive range 4..31")


@method(
    "compare_argon2",
    Param("hashed_secret", "string", "The hash, as ``$argon2id$v=19$m=...,t=...,p=...$salt$hash``."),
    target="text",
    bare=True,
    category=STRINGS,
    receives=TEXT,
    summary="Whether a secret is the one that an Argon2 hash was made of.",
    examples=[
        Example(
            "",
            "root.match = this.secret.compare_argon2("
            '"$argon2id$v=19$m=4096,t=3,p=1$c2FsdHktbWNzYWx0ZmFjZQ$RMUMwgtS32/mbszd+ke4o4Ej1jFpYiUqY6MHWa69X7Y")',
            ('{"secret":"there-are-many-blobs-in-the-sea"}', '{"match":true}'),
            ('{"secret":"will-i-ever-find-love"}', '{"match":false}'),
        )
    ],
)
def compare_argon2(target: str, hashed_secret: str) -> bool:
    if not target:
        return False
    found = _ARGON2.match(hashed_secret)
    if found is None:
        raise BloblangError("invalid argon2 hash")
    memory, passes, lanes = int(found[2]), int(found[3]), int(found[4])
    if memory > _MOST_MEMORY or memory * passes > _MOST_WORK or not passes or not lanes:
        raise BloblangError("invalid argon2 hash")
    try:
        salt, expected = _unpadded(found[5]), _unpadded(found[6])
        made = _argon2(found[1], encode_text(target), salt, len(expected), memory, passes, lanes)
    except (ValueError, binascii.Error):
        raise BloblangError("invalid argon2 hash") from None
    return hmac.compare_digest(made, expected)


def _unpadded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _argon2(kind: str, secret: bytes, salt: bytes, size: int, memory: int, passes: int, lanes: int) -> bytes:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.kdf import argon2

    algorithm = getattr(argon2, {"argon2id": "Argon2id", "argon2i": "Argon2i", "argon2d": "Argon2d"}[kind], None)
    if algorithm is None:
        raise BloblangError(f"{kind} is not supported by the version of cryptography that is installed")
    try:
        made: bytes = algorithm(salt=salt, length=size, iterations=passes, lanes=lanes, memory_cost=memory).derive(
            secret
        )
    except UnsupportedAlgorithm as error:
        raise BloblangError(str(error)) from None
    return made
