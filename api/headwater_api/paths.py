"""Rules for paths: what is cleaned, and what stands before them."""

from __future__ import annotations

import posixpath
from urllib.parse import quote

# What a URL's path keeps as it is.
_PLAIN = "/:@!$&'()*+,;=~-._"


def cleaned(path: str) -> str | None:
    """The path without doubled slashes and dot segments; None when it has none of them."""
    if path.startswith("/") and "//" not in path and "/." not in path:
        return None
    tidy = posixpath.normpath("/" + path.lstrip("/"))
    if path.endswith(("/", "/.", "/..")) and tidy != "/" and not path.endswith(("/.", "/..")):
        tidy += "/"
    return None if tidy == path else tidy


def location(path: str, query: str) -> str:
    """A path and a query as a redirect names them."""
    target = quote(path, safe=_PLAIN)
    return f"{target}?{query}" if query else target


def without_root(path: str, root: str) -> str:
    """The path without the root path, where it has that in front."""
    if root and path.startswith(root) and path[len(root) : len(root) + 1] == "/":
        return path[len(root) :]
    return path
