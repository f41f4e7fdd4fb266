"""Addresses to listen at: read, and bound before a server takes them over."""

from __future__ import annotations

import os
import socket

from headwater.errors import ConfigError


def split_address(address: str) -> tuple[str, int]:
    """Host and port of ``host:port``, ``:port`` or ``[host]:port``; an empty host means all interfaces.

    Raises:
        ConfigError: It is none of these.
    """
    host, separator, port = address.strip().rpartition(":")
    if not separator:
        raise ConfigError(f"listen tcp: address {address}: missing port in address")
    if not port.isdecimal() or int(port) > 65535:
        raise ConfigError(f"listen tcp: address {address}: invalid port")
    return host.removeprefix("[").removesuffix("]"), int(port)


def bind(address: str, backlog: int = 1024, *, reuse_port: bool = False) -> socket.socket:
    """A socket that listens at an address; others may too, where all of them reuse the port.

    Raises:
        ConfigError: The address is none, or cannot be had; the text says which and why.
    """
    host, port = split_address(address)
    try:
        if not host:
            return _everywhere(port, backlog, reuse_port)
        family, kind, protocol, _, target = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        return _listening(socket.socket(family, kind, protocol), target, backlog, reuse_port)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror or str(error)
        raise ConfigError(f"listen tcp {address}: bind: {reason.lower()}") from None


def _everywhere(port: int, backlog: int, reuse_port: bool) -> socket.socket:
    """All interfaces, IPv6 as well where there is any."""
    if socket.has_dualstack_ipv6():
        try:
            made = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            return _listening(made, ("::", port), backlog, reuse_port)
        except OSError as error:
            if error.errno not in (97, 99):  # no IPv6 on this machine after all
                raise
    return _listening(socket.socket(socket.AF_INET, socket.SOCK_STREAM), ("0.0.0.0", port), backlog, reuse_port)


def _listening(made: socket.socket, target: object, backlog: int, reuse_port: bool) -> socket.socket:
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if reuse_port:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(target)  # type: ignore[arg-type]
        made.listen(backlog)
        made.setblocking(False)
    except BaseException:
        made.close()
        raise
    return made


def shown(listening: socket.socket) -> str:
    """The address of a bound socket as ``host:port``."""
    host, port = listening.getsockname()[:2]
    if host == "::":
        host = "0.0.0.0"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
