"""JSON Web Tokens and hashed secrets."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa


def _pair(key: Any) -> tuple[str, str]:
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    return private.decode(), public.decode()


@pytest.mark.parametrize("size", ["256", "384", "512"])
@pytest.mark.parametrize("family", ["hs", "rs", "es"])
def test_tokens_come_back(evaluate: Any, family: str, size: str) -> None:
    if family == "hs":
        private = public = "secret"
    elif family == "rs":
        private, public = _pair(rsa.generate_private_key(65537, 2048))
    else:
        curve: Any = {"256": ec.SECP256R1, "384": ec.SECP384R1, "512": ec.SECP521R1}[size]
        private, public = _pair(ec.generate_private_key(curve()))
    name = family + size
    this = {"c": {"sub": "u", "n": 1}, "k": private, "p": public}
    assert evaluate(f"this.c.sign_jwt_{name}(this.k).parse_jwt_{name}(this.p)", this) == {"sub": "u", "n": 1.0}
    changed = f'this.c.sign_jwt_{name}(this.k).re_replace_all("[^.]+$", "AAAA").parse_jwt_{name}(this.p)'
    assert "token signature is invalid" in evaluate(changed, this)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (
            '{}.sign_jwt_hs512("k").parse_jwt_hs256("k")',
            "token is unverifiable: error while executing keyfunc: incorrect signing method: HS512",
        ),
        ('{"exp":5}.sign_jwt_hs256("k").parse_jwt_hs256("k")', "token has invalid claims: token is expired"),
        (
            '{"nbf":99999999999}.sign_jwt_hs256("k").parse_jwt_hs256("k")',
            "token has invalid claims: token is not valid yet",
        ),
        ('{}.sign_jwt_hs256("k").parse_jwt_hs256("other")', "token signature is invalid: signature is invalid"),
        ('"a.b".parse_jwt_hs256("k")', "token is malformed: token contains an invalid number of segments"),
    ],
)
def test_words(evaluate: Any, query: str, words: str) -> None:
    assert evaluate(query) == f"error: failed to parse JWT string: {words}"


def test_a_public_key_is_no_shared_secret(evaluate: Any) -> None:
    private, public = _pair(rsa.generate_private_key(65537, 2048))
    this = {"c": {}, "k": private, "p": public}
    assert "incorrect signing method" in evaluate("this.c.sign_jwt_rs256(this.k).parse_jwt_hs256(this.p)", this)


def test_greedy_hashes_are_refused(evaluate: Any) -> None:
    hashed = "$argon2id$v=19$m=4000000,t=9,p=1$c2FsdHNhbHQ$AAAA"
    assert evaluate("this.s.compare_argon2(this.h)", {"s": "a", "h": hashed}) == "error: invalid argon2 hash"
