"""JSON Web Tokens: signing, and parsing with verification. Words of failures are those of Go's jwt library."""

from __future__ import annotations

import base64
import binascii
import hmac
import time
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.methods.parsing import parse_json
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import TEXT, TOKENS
from headwater.bloblang.values import encode_text, json_text

_HASHES = {"256": "sha256", "384": "sha384", "512": "sha512"}
_CURVES = {"256": ("secp256r1", 32), "384": ("secp384r1", 48), "512": ("secp521r1", 66)}
_NO_PEM = "invalid key: Key must be a PEM encoded PKCS1 or PKCS8 key"
_ALGORITHMS = frozenset(
    f"{family}{size}" for family in ("HS", "RS", "ES", "PS") for size in _HASHES
) | {"none", "EdDSA"}  # fmt: skip
_SECRET = Param("signing_secret", "string", "The secret, or the key in PEM form.")

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], None]


class _Unverified(Exception):
    """Why a signature is not accepted."""


def _segment(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def _hash(size: str) -> Any:
    from cryptography.hazmat.primitives import hashes

    made: dict[str, Any] = {"256": hashes.SHA256, "384": hashes.SHA384, "512": hashes.SHA512}
    return made[size]()


# Keys ----------------------------------------------------------------------------------------------------------------


def _private_key(secret: str, family: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if "-----BEGIN " not in secret:
        raise BloblangError(f"failed to decode signing_secret: {_NO_PEM}", annotated=True)
    try:
        key = load_pem_private_key(encode_text(secret), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BloblangError(f"failed to decode signing_secret: {error}", annotated=True) from None
    kind: Any = rsa.RSAPrivateKey if family == "RS" else ec.EllipticCurvePrivateKey
    if not isinstance(key, kind):
        name = "RSA" if family == "RS" else "ECDSA"
        raise BloblangError(f"failed to decode signing_secret: key is not a valid {name} private key", annotated=True)
    return key


def _public_key(secret: str, family: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_public_key
    from cryptography.x509 import load_pem_x509_certificate

    if "-----BEGIN " not in secret:
        raise BloblangError(_NO_PEM, annotated=True)
    raw = encode_text(secret)
    try:
        certificate = "-----BEGIN CERTIFICATE-----" in secret
        key: Any = load_pem_x509_certificate(raw).public_key() if certificate else load_pem_public_key(raw)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise BloblangError(str(error), annotated=True) from None
    kind: Any = rsa.RSAPublicKey if family == "RS" else ec.EllipticCurvePublicKey
    if not isinstance(key, kind):
        name = "RSA" if family == "RS" else "ECDSA"
        raise BloblangError(f"key is not a valid {name} public key", annotated=True)
    return key


def _signer(family: str, size: str, secret: str) -> Sign:
    if family == "HS":
        key = encode_text(secret)
        return lambda message: hmac.digest(key, message, _HASHES[size])
    private = _private_key(secret, family)
    if family == "RS":
        from cryptography.hazmat.primitives.asymmetric import padding

        return lambda message: private.sign(message, padding.PKCS1v15(), _hash(size))
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    curve, width = _CURVES[size]

    def sign(message: bytes) -> bytes:
        if private.curve.name != curve:
            raise BloblangError("failed to sign token: key is invalid")
        r, s = decode_dss_signature(private.sign(message, ec.ECDSA(_hash(size))))
        return r.to_bytes(width, "big") + s.to_bytes(width, "big")

    return sign


def _verifier(family: str, size: str, secret: str) -> Verify:
    from cryptography.exceptions import InvalidSignature

    if family == "HS":
        key = encode_text(secret)

        def check(message: bytes, signature: bytes) -> None:
            if not hmac.compare_digest(hmac.digest(key, message, _HASHES[size]), signature):
                raise _Unverified("signature is invalid")

        return check
    public = _public_key(secret, family)
    if family == "RS":
        from cryptography.hazmat.primitives.asymmetric import padding

        def check_rsa(message: bytes, signature: bytes) -> None:
            try:
                public.verify(signature, message, padding.PKCS1v15(), _hash(size))
            except InvalidSignature:
                raise _Unverified("crypto/rsa: verification error") from None

        return check_rsa
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    width = _CURVES[size][1]

    def check_ec(message: bytes, signature: bytes) -> None:
        if len(signature) != 2 * width:
            raise _Unverified("crypto/ecdsa: verification error")
        r, s = int.from_bytes(signature[:width], "big"), int.from_bytes(signature[width:], "big")
        try:
            public.verify(encode_dss_signature(r, s), message, ec.ECDSA(_hash(size)))
        except InvalidSignature:
            raise _Unverified("crypto/ecdsa: verification error") from None

    return check_ec


# Tokens --------------------------------------------------------------------------------------------------------------


def _sign(family: str, size: str) -> Callable[[str], Callable[[dict[str, Any]], str]]:
    def make(signing_secret: str) -> Callable[[dict[str, Any]], str]:
        sign = _signer(family, size, signing_secret)
        header = _segment(f'{{"alg":"{family}{size}","typ":"JWT"}}'.encode())

        def run(target: dict[str, Any]) -> str:
            message = f"{header}.{_segment(encode_text(json_text(target)))}"
            return f"{message}.{_segment(sign(message.encode()))}"

        return run

    return make


def _failure(text: str) -> BloblangError:
    return BloblangError(f"failed to parse JWT string: {text}")


def _decoded(segment: str, what: str) -> bytes:
    try:
        if not segment.isascii() or len(segment) % 4 == 1 or set(segment) & set("+/=\n\r "):
            raise binascii.Error
        return base64.b64decode(
            segment.encode().translate(bytes.maketrans(b"-_", b"+/")) + b"=" * (-len(segment) % 4), validate=True
        )
    except binascii.Error:
        at = next(
            (i for i, c in enumerate(segment) if not (c.isascii() and c.isalnum()) and c not in "-_"),
            len(segment) // 4 * 4,
        )
        raise _failure(
            f"token is malformed: could not base64 decode {what}: illegal base64 data at input byte {at}"
        ) from None


def _document(raw: bytes, what: str) -> dict[str, Any]:
    try:
        document = parse_json(raw, None)
    except BloblangError as error:
        reason = error.text.removeprefix("failed to parse value as JSON: ").replace(
            "unexpected EOF", "unexpected end of JSON input"
        )
        raise _failure(f"token is malformed: could not JSON decode {what}: {reason}") from None
    if type(document) is not dict:
        raise _failure(f"token is malformed: could not JSON decode {what}: json: cannot unmarshal value into an object")
    return document


def _parse(family: str, size: str) -> Callable[[str], Callable[[str], dict[str, Any]]]:
    algorithm = family + size

    def make(signing_secret: str) -> Callable[[str], dict[str, Any]]:
        verify = _verifier(family, size, signing_secret)

        def run(target: str) -> dict[str, Any]:
            parts = target.split(".")
            if len(parts) != 3:
                raise _failure("token is malformed: token contains an invalid number of segments")
            header = _document(_decoded(parts[0], "header"), "header")
            claims = _document(_decoded(parts[1], "claim"), "claim")
            method_name = header.get("alg")
            if type(method_name) is not str:
                raise _failure("token is unverifiable: signing method (alg) is unspecified")
            if method_name not in _ALGORITHMS:
                raise _failure("token is unverifiable: signing method (alg) is unavailable")
            signature = _decoded(parts[2], "signature")
            if method_name != algorithm:
                raise _failure(
                    f"token is unverifiable: error while executing keyfunc: incorrect signing method: {method_name}"
                )
            try:
                verify(f"{parts[0]}.{parts[1]}".encode(), signature)
            except _Unverified as error:
                raise _failure(f"token signature is invalid: {error}") from None
            _check_times(claims)
            return claims

        return run

    return make


def _check_times(claims: dict[str, Any]) -> None:
    now = time.time()
    problems: list[str] = []
    for name, words, sign in (("exp", "token is expired", 1), ("nbf", "token is not valid yet", -1)):
        value = claims.get(name)
        if value is None:
            continue
        if type(value) is not float:
            problems.append(f"invalid type for claim: {name} is invalid")
        elif (now - value) * sign >= 0 and value != 0:
            problems.append(words)
    if problems:
        raise _failure(f"token has invalid claims: {', '.join(problems)}")


for _family in ("HS", "RS", "ES"):
    for _size in _HASHES:
        _name = f"{_family}{_size}".lower()
        _plain = _family == "HS"
        _round = f'root.claims = this.sign_jwt_{_name}("secret").parse_jwt_{_name}("secret")'
        _refused = f'root.claims = "a.b.c".parse_jwt_{_name}(this.key).catch("refused")'
        method(
            f"sign_jwt_{_name}",
            _SECRET,
            target="object",
            bare=True,
            constructor=True,
            category=TOKENS,
            receives=("object",),
            summary=f"A token with the claims of an object, signed by {_family}{_size}.",
            examples=[
                Example("", _round, ('{"sub":"user"}', '{"claims":{"sub":"user"}}'))
                if _plain
                else Example(
                    "",
                    f'root.token = this.sign_jwt_{_name}(this.key).catch("no key")',
                    ('{"key":"k"}', '{"token":"no key"}'),
                )
            ],
        )(_sign(_family, _size))
        method(
            f"parse_jwt_{_name}",
            _SECRET,
            target="text",
            bare=True,
            constructor=True,
            category=TOKENS,
            receives=TEXT,
            summary=f"The claims of a token that was signed by {_family}{_size} and is valid now.",
            examples=[
                Example("", _round, ('{"sub":"user"}', '{"claims":{"sub":"user"}}'))
                if _plain
                else Example("", _refused, ('{"key":"k"}', '{"claims":"refused"}'))
            ],
        )(_parse(_family, _size))
