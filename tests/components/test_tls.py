"""TLS of clients, against servers with certificates made for the test."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

Deliver = Callable[..., list[str]]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, its key in the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


class Server:
    """Takes connections, keeps what they send, and answers every request head with 200."""

    def __init__(self, certificate: Path, ask_for: Path | None = None) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        if ask_for is not None:
            context.verify_mode = ssl.CERT_REQUIRED
            context.load_verify_locations(ask_for)
        self.received: list[bytes] = []
        self._plain: socket.socket | None = None
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._context = context
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                plain, _ = self._listener.accept()
                self._plain = plain.dup()
            except OSError:
                return
            try:
                with self._context.wrap_socket(plain, server_side=True) as connection:
                    while data := connection.recv(1000):
                        self.received.append(data)
                        if b"HTTP/1.1\r\n" in data:
                            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                continue

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._plain is not None:
            with contextlib.suppress(OSError):
                self._plain.shutdown(socket.SHUT_RDWR)
            self._plain.close()
        self._thread.join(5)


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    made = Server(certificate)
    yield made
    made.close()


def http(server: Server, tls: str) -> str:
    return f"output: {{http_client: {{url: 'https://{server.address}/', retries: 0, {tls}}}}}"


def test_http_trusts_whom_it_is_told_to(deliver: Deliver, server: Server, certificate: Path) -> None:
    assert deliver(http(server, f"tls: {{enabled: true, root_cas_file: '{certificate}'}}"), "a") == [""]
    assert server.received[0].startswith(b"POST / HTTP/1.1\r\n")


def test_http_trusts_nobody_else(deliver: Deliver, server: Server) -> None:
    url = f"https://{server.address}/"
    assert deliver(http(server, "tls: {}"), "a") == [
        f'{url}: Post "{url}": tls: failed to verify certificate: x509: certificate signed by unknown authority'
    ]


def test_http_may_trust_anybody(deliver: Deliver, server: Server) -> None:
    assert deliver(http(server, "tls: {enabled: true, skip_cert_verify: true}"), "a") == [""]


def test_certificates_of_clients(deliver: Deliver, certificate: Path) -> None:
    server = Server(certificate, ask_for=certificate)
    try:
        text = certificate.read_text()
        cert, key = text[: text.index("-----BEGIN PRIVATE")], text[text.index("-----BEGIN PRIVATE") :]
        client = f"client_certs: [{{cert: {json.dumps(cert)}, key: {json.dumps(key)}}}]"
        tls = f"tls: {{enabled: true, root_cas: {json.dumps(cert)}, {client}}}"
        assert deliver(http(server, tls), "a") == [""]
    finally:
        server.close()


def test_certificates_that_are_not_there(deliver: Deliver, server: Server, tmp_path: Path) -> None:
    url = f"https://{server.address}/"
    path = tmp_path / "none.pem"
    assert deliver(http(server, f"tls: {{enabled: true, root_cas_file: '{path}'}}"), "a") == [
        f"{url}: open {path}: no such file or directory"
    ]


def test_sockets(deliver: Deliver, server: Server, certificate: Path, until: Callable[..., object]) -> None:
    tls = f"tls: {{enabled: true, root_cas_file: '{certificate}'}}"
    config = f"output: {{socket: {{network: tcp, address: '{server.address}', {tls}}}}}"
    assert deliver(config, "a", "b") == ["", ""]
    until(lambda: b"".join(server.received) == b"a\nb\n")
