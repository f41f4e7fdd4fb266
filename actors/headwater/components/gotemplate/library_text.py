"""Template functions for texts, of the library that Benthos templates come with."""

from __future__ import annotations

import base64
import hashlib
import json
import posixpath
import re
import textwrap
import zlib
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from headwater.bloblang.errors import BloblangError
from headwater.bloblang.gotext import quote, title
from headwater.bloblang.regexps import Regexp, compile_regexp
from headwater.components.gotemplate.values import Unfit, plain, shown, to_json
from headwater.documents import decode_document
from headwater.errors import DocumentError

LONGEST: Final = 64 * 1024 * 1024
"""Most characters that one call may make."""

_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def text(value: Any) -> str:
    """A value as text."""
    return shown(value, top=isinstance(value, bytes)) if value is not None else ""


def bounded(size: int) -> None:
    """Refuse a result that would be too large."""
    if size > LONGEST:
        raise Unfit(f"result of {size} characters exceeds the limit of {LONGEST}")


def _repeat(count: Any, value: Any) -> str:
    count = int(plain(count))
    if count < 0:
        raise Unfit("strings: negative Repeat count")
    bounded(count * len(text(value)))
    repeated: str = text(value) * count
    return repeated


def _substr(start: int, end: int, value: str) -> str:
    size = len(value)
    if start < 0:
        return value[:end] if end >= 0 else ""
    return value[start:] if end < 0 or end > size else value[start:end]


def _trunc(count: int, value: str) -> str:
    if count < 0 and len(value) + count > 0:
        return value[len(value) + count :]
    return value[:count] if 0 <= count < len(value) else value


def _abbrev(width: int, value: str) -> str:
    return value if width < 4 or len(value) <= width else value[: width - 3] + "..."


def _indent(count: int, value: str) -> str:
    bounded((value.count("\n") + 1) * count + len(value))
    pad = " " * count
    return pad + value.replace("\n", "\n" + pad)


def _plural(one: str, many: str, count: int) -> str:
    return one if count == 1 else many


def _words(value: str) -> list[str]:
    return [found[0] for found in _WORDS.finditer(value)]


def _camel_case(value: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[\s_-]+", value))


def _title(value: str) -> str:
    return re.sub(r"(^|[^\w'])(\w)", lambda found: found[1] + title(found[2]), value)


def _split(separator: str, value: str) -> dict[str, str]:
    return {f"_{place}": part for place, part in enumerate(_parts(separator, value))}


def _splitn(separator: str, count: int, value: str) -> dict[str, str]:
    parts = value.split(separator, count - 1) if separator and count > 0 else _parts(separator, value)
    return {f"_{place}": part for place, part in enumerate(parts)}


def _parts(separator: str, value: str) -> list[str]:
    return value.split(separator) if separator else list(value)


def _join(separator: str, values: Any) -> str:
    return separator.join(strings(values))


def strings(values: Any) -> list[str]:
    """A list of texts out of a list, or of a single value."""
    if isinstance(values, list | tuple):
        return [text(value) for value in values if value is not None]
    return [] if values is None else [text(values)]


def _wrap(width: int, value: str, separator: str = "\n", breaks: bool = False) -> str:
    wrapped = textwrap.wrap(value, max(1, width), break_long_words=breaks, break_on_hyphens=False, drop_whitespace=True)
    return separator.join(wrapped)


def _regexp(pattern: str) -> Regexp:
    try:
        return compile_regexp(pattern)
    except BloblangError as error:
        raise Unfit(str(error)) from None


def _matches(pattern: str, value: str) -> list[re.Match[str]]:
    import re2

    _regexp(pattern)
    found: list[re.Match[str]] = list(re2.compile(pattern).finditer(value))
    return found


def _regex_find_all(pattern: str, value: str, count: int) -> list[str]:
    found = [each[0] for each in _matches(pattern, value)]
    return found if count < 0 else found[:count]


def _regex_replace(pattern: str, value: str, replacement: str, literal: bool = False) -> str:
    pieces: list[str] = []
    at = 0
    for found in _matches(pattern, value):
        pieces.append(value[at : found.start()])
        pieces.append(replacement if literal else _expanded(replacement, found))
        at = found.end()
    pieces.append(value[at:])
    bounded(sum(map(len, pieces)))
    return "".join(pieces)


def _expanded(template: str, found: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        if reference[0] == "$$":
            return "$"
        name = reference[1] or reference[2]
        try:
            return str(found[int(name) if name.isdigit() else name] or "")
        except (IndexError, KeyError):
            return ""

    return re.sub(r"\$\$|\$\{(\w+)\}|\$(\w+)", group, template)


def _regex_split(pattern: str, value: str, count: int) -> list[str]:
    if count == 0:
        return []
    parts: list[str] = []
    at = 0
    for found in _matches(pattern, value):
        if 0 < count == len(parts) + 1:
            break
        if found.end() == found.start() and found.start() in (0, len(value)):
            continue
        parts.append(value[at : found.start()])
        at = found.end()
    return [*parts, value[at:]]


def _from_json(value: str) -> Any:
    try:
        return decode_document(value.encode("utf-8", "surrogateescape"))
    except DocumentError as error:
        return str(error)


def _decoded(decode: Callable[[bytes], bytes]) -> Callable[[str], str]:
    def run(value: str) -> str:
        try:
            return decode(value.encode()).decode("utf-8", "surrogateescape")
        except (ValueError, TypeError) as error:
            return str(error)

    return run


def _encoded(encode: Callable[[bytes], bytes]) -> Callable[[Any], str]:
    return lambda value: encode(text(value).encode("utf-8", "surrogateescape")).decode("ascii")


def _hashed(name: str) -> Callable[[Any], str]:
    return lambda value: hashlib.new(name, text(value).encode("utf-8", "surrogateescape")).hexdigest()


def _url_parse(value: str) -> dict[str, Any]:
    parts = urlsplit(value)
    user = parts.netloc.rpartition("@")[0]
    return {
        "scheme": parts.scheme,
        "userinfo": user,
        "host": parts.netloc.rpartition("@")[2],
        "hostname": parts.hostname or "",
        "path": parts.path,
        "query": parts.query,
        "opaque": "",
        "fragment": parts.fragment,
    }


def _url_join(parts: dict[str, Any]) -> str:
    user = text(parts.get("userinfo"))
    host = text(parts.get("host"))
    place = f"{user}@{host}" if user else host
    return urlunsplit(
        (
            text(parts.get("scheme")),
            place,
            text(parts.get("path")),
            text(parts.get("query")),
            text(parts.get("fragment")),
        )
    )


def _cat(*values: Any) -> str:
    return " ".join(text(value) for value in values if value is not None)


TEXT_FUNCTIONS: Final[dict[str, Callable[..., Any]]] = {
    "abbrev": _abbrev,
    "adler32sum": lambda value: str(zlib.adler32(text(value).encode())),
    "b32dec": _decoded(lambda raw: base64.b32decode(raw)),
    "b32enc": _encoded(base64.b32encode),
    "b64dec": _decoded(lambda raw: base64.b64decode(raw, validate=True)),
    "b64enc": _encoded(base64.b64encode),
    "base": lambda value: posixpath.basename(value.rstrip("/")) or ("/" if value else "."),
    "camelcase": _camel_case,
    "cat": _cat,
    "clean": lambda value: posixpath.normpath(value) if value else ".",
    "contains": lambda part, value: part in value,
    "dir": lambda value: posixpath.dirname(value) or ".",
    "ext": lambda value: posixpath.splitext(value)[1],
    "fromJson": _from_json,
    "hasPrefix": lambda part, value: value.startswith(part),
    "hasSuffix": lambda part, value: value.endswith(part),
    "indent": _indent,
    "initials": lambda value: "".join(word[0] for word in value.split()),
    "isAbs": lambda value: value.startswith("/"),
    "join": _join,
    "kebabcase": lambda value: "-".join(_words(value)).lower(),
    "lower": lambda value: value.lower(),
    "md5sum": _hashed("md5"),
    "mustFromJson": lambda value: json.loads(value),
    "mustRegexFind": lambda pattern, value: next((each[0] for each in _matches(pattern, value)), ""),
    "mustRegexMatch": lambda pattern, value: bool(_matches(pattern, value)),
    "mustToJson": lambda value: to_json(value),
    "nindent": lambda count, value: "\n" + _indent(count, value),
    "nospace": lambda value: "".join(value.split()),
    "plural": _plural,
    "quote": lambda *values: " ".join(quote(text(value)) for value in values if value is not None),
    "regexFind": lambda pattern, value: next((each[0] for each in _matches(pattern, value)), ""),
    "regexFindAll": _regex_find_all,
    "regexMatch": lambda pattern, value: bool(_matches(pattern, value)),
    "regexQuoteMeta": lambda value: re.sub(r"([\\.+*?()|\[\]{}^$])", r"\\\1", value),
    "regexReplaceAll": _regex_replace,
    "regexReplaceAllLiteral": lambda pattern, value, other: _regex_replace(pattern, value, other, True),
    "regexSplit": _regex_split,
    "repeat": _repeat,
    "replace": lambda old, new, value: value.replace(old, new),
    "sha1sum": _hashed("sha1"),
    "sha256sum": _hashed("sha256"),
    "sha512sum": _hashed("sha512"),
    "snakecase": lambda value: "_".join(_words(value)).lower(),
    "split": _split,
    "splitList": _parts,
    "splitn": _splitn,
    "squote": lambda *values: " ".join(f"'{text(value)}'" for value in values if value is not None),
    "substr": _substr,
    "swapcase": lambda value: value.swapcase(),
    "title": _title,
    "toJson": lambda value: to_json(value),
    "toPrettyJson": lambda value: to_json(value, "  "),
    "toRawJson": lambda value: to_json(value, escape_html=False),
    "toString": text,
    "toStrings": strings,
    "trim": lambda value: value.strip(),
    "trimAll": lambda part, value: value.strip(part),
    "trimPrefix": lambda part, value: value.removeprefix(part),
    "trimSuffix": lambda part, value: value.removesuffix(part),
    "trimall": lambda part, value: value.strip(part),
    "trunc": _trunc,
    "untitle": lambda value: re.sub(r"(^|\s)(\w)", lambda found: found[1] + found[2].lower(), value),
    "upper": lambda value: value.upper(),
    "urlJoin": _url_join,
    "urlParse": _url_parse,
    "wrap": lambda width, value: _wrap(width, value),
    "wrapWith": lambda width, separator, value: _wrap(width, value, separator, True),
}
"""Name to function."""
