"""TLS of clients, from the fields that all of them share (`headwater.config.fields.tls`)."""

from __future__ import annotations

import os
import ssl
import tempfile
from typing import TYPE_CHECKING

from headwater.components.oserrors import path_error
from headwater.errors import ComponentError

if TYPE_CHECKING:
    from headwater.config.view import Config


class ClientTls:
    """The TLS settings of one client; certificates are read when a connection is first wanted.

    Args:
        config: An object of `tls` fields.
        enabled: Whether TLS is used; None to ask the field of that name.
    """

    def __init__(self, config: Config, enabled: bool | None = None) -> None:
        self.enabled = config.boolean("enabled") if enabled is None else enabled
        self.skip_cert_verify = config.boolean("skip_cert_verify")
        self._renegotiate = config.boolean("enable_renegotiation")
        self._root_cas = config.text("root_cas")
        self._root_cas_file = config.text("root_cas_file")
        self._certificates = [
            (item.text("cert"), item.text("key"), item.text("cert_file"), item.text("key_file"), item.text("password"))
            for item in config.objects("client_certs")
        ]
        self._context: ssl.SSLContext | None = None

    def context(self) -> ssl.SSLContext:
        """The settings as Python wants them, made once. Reads files.

        Raises:
            ComponentError: A certificate or key cannot be read or used.
        """
        if self._context is None:
            self._context = self._make()
        return self._context

    def _make(self) -> ssl.SSLContext:
        authorities = self._root_cas
        if self._root_cas_file:
            authorities += "\n" + _read(self._root_cas_file)
        try:
            context = ssl.create_default_context(cadata=authorities or None)
            for cert, key, cert_file, key_file, password in self._certificates:
                _load_certificate(context, cert, key, cert_file, key_file, password)
        except (ssl.SSLError, ValueError) as error:
            raise ComponentError(f"failed to load TLS certificates: {error}", "configuration") from None
        if not self._renegotiate:
            context.options |= ssl.OP_NO_RENEGOTIATION
        if self.skip_cert_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def server_context(cert_file: str, key_file: str) -> ssl.SSLContext:
    """The settings of a server with a certificate. Raises: ComponentError."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(cert_file, key_file)
    except (ssl.SSLError, ValueError) as error:
        raise ComponentError(f"failed to load TLS certificates: {error}", "configuration") from None
    except OSError as error:
        raise ComponentError(path_error("open", error.filename or cert_file, error), "configuration") from None
    return context


def _read(path: str) -> str:
    """The text of a file. Raises: ComponentError."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except OSError as error:
        raise ComponentError(path_error("open", path, error), "configuration") from None


def _load_certificate(
    context: ssl.SSLContext, cert: str, key: str, cert_file: str, key_file: str, password: str
) -> None:
    """Add a client certificate. Python takes them from files only, so inline ones pass through a private folder."""
    if cert and cert_file:
        raise ComponentError("cannot specify both cert_file and cert, only one is permitted", "configuration")
    if not cert and not cert_file:
        raise ComponentError("client certificate is missing: set cert or cert_file", "configuration")
    if cert_file:
        for path in (cert_file, key_file):
            _read(path)
        context.load_cert_chain(cert_file, key_file, password or None)
        return
    with tempfile.TemporaryDirectory(prefix="headwater-tls-") as folder:
        paths = []
        for name, text in (("cert", cert), ("key", key)):
            path = os.path.join(folder, name)
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
                file.write(text)
            paths.append(path)
        context.load_cert_chain(paths[0], paths[1], password or None)
