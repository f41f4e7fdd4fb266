"""Encryption by AES: CTR, CBC, OFB and GCM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import ENCODING, STRING_OR_BYTES
from headwater.bloblang.values import decode_text, encode_text

_BLOCK = 16
_PARAMS = (
    Param("scheme", "string", "ctr, gcm, ofb or cbc."),
    Param("key", "string", "The key: 16, 24 or 32 bytes."),
    Param("iv", "string", "The initialisation vector: 16 bytes, for gcm 12."),
)


def _mode(name: str, iv: bytes) -> Any:
    from cryptography.hazmat.primitives.ciphers import modes

    if len(iv) != _BLOCK:
        raise BloblangError(f"cipher.New{name}: IV length must equal block size")
    return modes.CTR(iv) if name == "CTR" else modes.CBC(iv)


def _cipher(key: bytes, mode: Any) -> Any:
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

    return Cipher(algorithms.AES(key), mode)


def _run(context: Any, raw: bytes) -> bytes:
    return context.update(raw) + context.finalize()  # type: ignore[no-any-return]


def _ctr(key: bytes, iv: bytes, raw: bytes) -> bytes:
    return _run(_cipher(key, _mode("CTR", iv)).encryptor(), raw)


def _ofb(key: bytes, iv: bytes, raw: bytes) -> bytes:
    """Output feedback by single blocks: the vector is encrypted over and over, and laid over the text."""
    from cryptography.hazmat.primitives.ciphers import modes

    if len(iv) != _BLOCK:
        raise BloblangError("cipher.NewOFB: IV length must equal block size")
    blocks = _cipher(key, modes.ECB()).encryptor()
    stream = bytearray()
    block = iv
    while len(stream) < len(raw):
        block = blocks.update(block)
        stream += block
    size = len(raw)
    return (int.from_bytes(raw, "big") ^ int.from_bytes(stream[:size], "big")).to_bytes(size, "big")


def _gcm(iv: bytes) -> None:
    if len(iv) != 12:
        raise BloblangError("crypto/cipher: incorrect nonce length given to GCM")


def _encrypt(scheme: str, key: bytes, iv: bytes, raw: bytes) -> bytes:
    if scheme == "ctr":
        return _ctr(key, iv, raw)
    if scheme == "ofb":
        return _ofb(key, iv, raw)
    if scheme == "gcm":
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        _gcm(iv)
        return AESGCM(key).encrypt(iv, raw, None)
    if len(raw) % _BLOCK:
        raise BloblangError("plaintext is not a multiple of the block size")
    return _run(_cipher(key, _mode("CBCEncrypter", iv)).encryptor(), raw)


def _decrypt(scheme: str, key: bytes, iv: bytes, raw: bytes) -> bytes:
    if scheme in ("ctr", "ofb"):
        return _encrypt(scheme, key, iv, raw)
    if scheme == "gcm":
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        _gcm(iv)
        try:
            return AESGCM(key).decrypt(iv, raw, None)
        except InvalidTag:
            raise BloblangError("gcm decrypting failed: cipher: message authentication failed") from None
    if len(raw) % _BLOCK:
        raise BloblangError("ciphertext is not a multiple of the block size")
    return _run(_cipher(key, _mode("CBCDecrypter", iv)).decryptor(), raw)


def _made(
    kind: str, native: Callable[[str, bytes, bytes, bytes], bytes], result: Callable[[bytes], Any]
) -> Callable[[str, str, str], Any]:
    def make(scheme: str, key: str, iv: str) -> Callable[[str | bytes], Any]:
        secret, vector = encode_text(key), encode_text(iv)
        if len(secret) not in (16, 24, 32):
            raise BloblangError(f"crypto/aes: invalid key size {len(secret)}", annotated=True)
        if scheme not in ("ctr", "ofb", "gcm", "cbc"):
            raise BloblangError(f"unrecognized {kind} type: {scheme}", annotated=True)

        def run(target: str | bytes) -> Any:
            raw = target if type(target) is bytes else encode_text(target)  # type: ignore[arg-type]
            return result(native(scheme, secret, vector, raw))

        return run

    return make


method(
    "encrypt_aes",
    *_PARAMS,
    target="stringish",
    constructor=True,
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="Encrypt a text or bytes by AES.",
    examples=[
        Example(
            "",
            'let key = "2b7e151628aed2a6abf7158809cf4f3c".decode("hex")\n'
            'let vector = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff".decode("hex")\n'
            'root.encrypted = this.value.encrypt_aes("ctr", $key, $vector).encode("hex")',
            ('{"value":"hello world!"}', '{"encrypted":"84e9b31ff7400bdf80be7254"}'),
        )
    ],
)(_made("encryption", _encrypt, decode_text))
method(
    "decrypt_aes",
    *_PARAMS,
    target="stringish",
    constructor=True,
    category=ENCODING,
    receives=STRING_OR_BYTES,
    summary="Decrypt what was encrypted by AES.",
    examples=[
        Example(
            "",
            'let key = "2b7e151628aed2a6abf7158809cf4f3c".decode("hex")\n'
            'let vector = "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff".decode("hex")\n'
            'root.decrypted = this.value.decode("hex").decrypt_aes("ctr", $key, $vector).string()',
            ('{"value":"84e9b31ff7400bdf80be7254"}', '{"decrypted":"hello world!"}'),
        )
    ],
)(_made("decryption", _decrypt, bytes))
