"""Objects as XML: the reverse of what `headwater.xmldocuments` reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.values import encode_text, json_text, to_text

_MARKUP = {38: "&amp;", 60: "&lt;", 62: "&gt;", 34: "&quot;", 39: "&apos;"}
_NAME = re.compile(r"[^\s<>&\"'/=]+\Z")
_ROOT = "doc"
_TEXT = "#text"


def format_xml(value: dict[str, Any], indent: str | None) -> str:
    """An object as an XML element, which its only key names, or ``doc`` where there are more.

    Args:
        value: Keys with a hyphen in front are attributes, ``#text`` is the text, arrays are repeated elements.
        indent: What a level is indented by; None for no line breaks.

    Raises:
        BloblangError: A key cannot be a name, or the object is nested too deeply.
    """
    out: list[str] = []
    try:
        if len(value) == 1:
            ((name, inner),) = value.items()
            if type(inner) is not list and not name.startswith("-") and name != _TEXT:
                _element(name, inner, indent, 0, out.append)
                return "".join(out)
        _element(_ROOT, value, indent, 0, out.append)
    except RecursionError:
        raise BloblangError("object is nested too deeply to be formatted as XML") from None
    return "".join(out)


def _element(name: str, value: Any, indent: str | None, level: int, put: Callable[[str], None]) -> None:
    if not _NAME.match(name):
        raise BloblangError(f"{name!r} cannot be the name of an XML element")
    line = "" if indent is None else "\n" + indent * level
    if type(value) is dict:
        attributes = "".join(
            f' {key[1:]}="{_text(value[key])}"' for key in _sorted(value) if key.startswith("-") and len(key) > 1
        )
        children = [key for key in _sorted(value) if not key.startswith("-") and key != _TEXT]
        text = _text(value[_TEXT]) if value.get(_TEXT) is not None else ""
        if not children:
            put(f"<{name}{attributes}>{text}</{name}>" if text else f"<{name}{attributes}/>")
            return
        put(f"<{name}{attributes}>{text}")
        for key in children:
            inner = value[key]
            for item in inner if type(inner) is list else [inner]:
                if indent is not None:
                    put(line + indent)
                    if not line:
                        put("\n")
                _element(key, item, indent, level + 1, put)
        put(f"{line}</{name}>")
    elif value is None or value == "":
        put(f"<{name}/>")
    else:
        put(f"<{name}>{_text(value)}</{name}>")


def _sorted(value: dict[str, Any]) -> list[str]:
    return sorted(value, key=encode_text)


def _text(value: Any) -> str:
    text = json_text(value, escape_html=False) if type(value) in (list, dict) else to_text(value)
    return text.translate(_MARKUP)
