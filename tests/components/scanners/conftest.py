"""Scanners over bytes, in blocks of several sizes: how they are cut must not depend on how they come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from headwater.components.catalogue import Catalogue
from headwater.components.contracts import Scan
from headwater.errors import ComponentError
from headwater.message import Batch
from headwater.system import StreamSystem


def drain(scan: Scan, data: bytes, size: int) -> list[Any]:
    """All that a scan gives: messages, and texts of failures in their places; what fails for ever is told once."""
    found: list[Any] = []

    def step(call: Callable[[], list[Batch]]) -> bool:
        try:
            batches = call()
        except ComponentError as error:
            if found and found[-1] == f"! {error}":
                return False
            found.append(f"! {error}")
            return True
        for batch in batches:
            found.extend(batch)
        return bool(batches)

    for start in range(0, len(data), size):
        block = data[start : start + size]
        failed = len(found)
        step(lambda block=block: scan.feed(block))  # type: ignore[misc]
        while len(found) > failed and isinstance(found[-1], str):
            failed = len(found)
            if not step(lambda: scan.feed(b"")):
                break
    while step(scan.finish):
        pass
    return found


@pytest.fixture
def scan() -> Callable[..., list[Any]]:
    """Cut bytes by a configuration, as texts, failures with a mark in front; the same in blocks of any size."""

    def cut(config: str, data: bytes, name: str = "", sizes: tuple[int, ...] = (1, 2, 7, 100_000)) -> list[Any]:
        results = [_messages(config, data, name, size) for size in sizes]
        texts = [[each if isinstance(each, str) else each.content().decode() for each in result] for result in results]
        assert all(each == texts[0] for each in texts), "it depends on the sizes of blocks"
        return texts[0]

    return cut


def _messages(config: str, data: bytes, name: str = "", size: int = 100_000) -> list[Any]:
    """Messages and failures."""
    return drain(_made(config, name), data, size)


def _made(config: str, name: str = "") -> Scan:
    """A scan by its configuration."""
    from headwater.config.infer import infer
    from headwater.runtime.assembly import Assembly
    from headwater.yamltext.document import parse_document

    with StreamSystem() as system:
        assembly = Assembly(system._services, "", system.metrics.life())
        return assembly.scanner(infer(parse_document(config.encode()), "scanner", "root", Catalogue())).open(name)


@pytest.fixture
def messages() -> Callable[..., list[Any]]:
    """All that a scanner gives for some bytes: messages, and failures as texts with a mark in front."""
    return _messages


@pytest.fixture
def made() -> Callable[..., Scan]:
    """Open a scan by its scanner's configuration."""
    return _made
