"""Certificates that a server makes for itself."""

from __future__ import annotations

import os
import ssl
import tempfile
from datetime import UTC, datetime, timedelta

from headwater.components.tls import server_context

DAYS = 365


def self_signed_context() -> ssl.SSLContext:
    """The settings of a server with a certificate made for this process. Takes a few milliseconds."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    # Python takes certificates of servers from files only.
    with tempfile.TemporaryDirectory(prefix="headwater-tls-") as folder:
        paths = []
        pems = (
            certificate.public_bytes(serialization.Encoding.PEM),
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            ),
        )
        for file, pem in zip(("cert", "key"), pems, strict=True):
            path = os.path.join(folder, file)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as opened:
                opened.write(pem)
            paths.append(path)
        return server_context(*paths)
