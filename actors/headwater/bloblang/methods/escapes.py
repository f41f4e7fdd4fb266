"""Escapes of other languages: HTML, URLs, quoted literals; and what is left of a text without its HTML."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

from headwater.bloblang import gotext
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.gourl import UrlError, unescape
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRING_OR_BYTES, STRINGS, TEXT, like
from headwater.bloblang.values import encode_text, get_text

_HTML = {38: "&amp;", 39: "&#39;", 60: "&lt;", 62: "&gt;", 34: "&#34;"}
_PATH_SAFE = "$&+=:@"


@method(
    "escape_html",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Write the characters < > & ' \" as HTML entities.",
    examples=[
        Example("", "root.escaped = this.value.escape_html()", ('{"value":"foo & bar"}', '{"escaped":"foo &amp; bar"}'))
    ],
)
def escape_html(target: str) -> str:
    return target.translate(_HTML)


@method(
    "unescape_html",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Resolve HTML entities.",
    examples=[
        Example(
            "",
            "root.unescaped = this.value.unescape_html()",
            ('{"value":"foo &amp; bar"}', '{"unescaped":"foo & bar"}'),
        )
    ],
)
def unescape_html(target: str) -> str:
    return html.unescape(target)


@method(
    "escape_url_query",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Escape a text for the query of a URL.",
    examples=[
        Example(
            "", "root.escaped = this.value.escape_url_query()", ('{"value":"foo & bar"}', '{"escaped":"foo+%26+bar"}')
        )
    ],
)
def escape_url_query(target: str) -> str:
    return quote_plus(encode_text(target))


@method(
    "unescape_url_query",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Resolve the escapes of a URL's query.",
    examples=[
        Example(
            "",
            "root.unescaped = this.value.unescape_url_query()",
            ('{"value":"foo+%26+bar"}', '{"unescaped":"foo & bar"}'),
        )
    ],
)
def unescape_url_query(target: str) -> str:
    try:
        return unescape(target, plus=True)
    except UrlError as error:
        raise BloblangError(str(error)) from None


@method(
    "escape_url_path",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Escape a text for a segment of a URL's path.",
    examples=[
        Example(
            "",
            "root.escaped = this.value.escape_url_path()",
            ('{"value":"foo & bar/baz"}', '{"escaped":"foo%20&%20bar%2Fbaz"}'),
        )
    ],
)
def escape_url_path(target: str) -> str:
    return quote(encode_text(target), safe=_PATH_SAFE)


@method(
    "unescape_url_path",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Resolve the escapes of a URL's path segment.",
    examples=[
        Example(
            "",
            "root.unescaped = this.value.unescape_url_path()",
            ('{"value":"foo%20&%20bar%2Fbaz"}', '{"unescaped":"foo & bar/baz"}'),
        )
    ],
)
def unescape_url_path(target: str) -> str:
    try:
        return unescape(target)
    except UrlError as error:
        raise BloblangError(str(error)) from None


@method(
    "quote",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Write a text as a literal in double quotes.",
    examples=[
        Example("", "root.quoted = this.thing.quote()", (r'{"thing":"foo\nbar"}', r'{"quoted":"\"foo\\nbar\""}'))
    ],
)
def quote_(target: str) -> str:
    return gotext.quote(target)


@method(
    "unquote",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="The text that a quoted literal stands for.",
    examples=[
        Example("", "root.unquoted = this.thing.unquote()", (r'{"thing":"\"foo\\nbar\""}', r'{"unquoted":"foo\nbar"}'))
    ],
)
def unquote(target: str) -> str:
    try:
        return gotext.unquote(target)
    except ValueError as error:
        raise BloblangError(str(error)) from None


# HTML ----------------------------------------------------------------------------------------------------------------

_MARKUP = re.compile(
    r"""<!--.*?(?:-->|\Z) | <!\[CDATA\[.*?(?:\]\]>|\Z) | <[!?][^>]*(?:>|\Z)
      | <(?P<close>/?)(?P<name>[a-zA-Z][^\s/>]*)(?P<rest>(?:"[^"]*"|'[^']*'|[^>"'])*)>""",
    re.VERBOSE | re.DOTALL,
)
_HIDDEN = ("script", "style")
_UNFINISHED = re.compile(r"<[a-zA-Z/!?].*\Z", re.DOTALL)


def _without_markup(text: str, preserve: frozenset[str]) -> str:
    out: list[str] = []
    at = 0
    while at < len(text):
        found = _MARKUP.search(text, at)
        if found is None:
            out.append(_plain(_UNFINISHED.sub("", text[at:])))
            break
        out.append(_plain(text[at : found.start()]))
        at = found.end()
        name = (found["name"] or "").lower()
        if name in preserve:
            out.append(f"<{found['close']}{name}>")
        elif name in _HIDDEN and not found["close"]:
            end = re.compile(rf"</{name}\s*>", re.IGNORECASE).search(text, at)
            at = end.end() if end else len(text)
    return "".join(out)


def _plain(text: str) -> str:
    return (
        html.unescape(text).translate(_HTML)
        if "&" in text or "<" in text or '"' in text or "'" in text or ">" in text
        else text
    )


def _strip_html(preserve: list[Any] | None) -> Callable[[str | bytes], str | bytes]:
    names: list[str] = []
    for index, item in enumerate(preserve or ()):
        try:
            names.append(get_text(item).lower())
        except TypeMismatch as error:
            raise BloblangError(f"invalid arg at index {index}: {error.text}", annotated=True) from None
    kept = frozenset(names)
    return lambda target: like(target, lambda text: _without_markup(text, kept))


method(
    "strip_html",
    Param("preserve", "array", "Names of elements whose tags stay.", optional=True),
    target="stringish",
    constructor=True,
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Remove HTML tags, and what scripts and style sheets hold.",
    examples=[
        Example(
            "",
            "root.stripped = this.value.strip_html()",
            ('{"value":"<p>the plain <strong>old text</strong></p>"}', '{"stripped":"the plain old text"}'),
        ),
        Example(
            "",
            'root.stripped = this.value.strip_html(["article"])',
            (
                '{"value":"<article><p>the plain <strong>old text</strong></p></article>"}',
                '{"stripped":"<article>the plain old text</article>"}',
            ),
        ),
    ],
)(_strip_html)


# Slugs ---------------------------------------------------------------------------------------------------------------

_WORDS: dict[str, dict[str, str]] = {
    "de": {"&": " und ", "@": " an ", "ä": "ae", "Ä": "Ae", "ö": "oe", "Ö": "Oe", "ü": "ue", "Ü": "Ue", "ß": "ss"},
    "en": {"&": " and ", "@": " at "},
    "es": {"&": " y ", "@": " en "},
    "fi": {"&": " ja ", "@": " at "},
    "fr": {"&": " et ", "@": " a "},
    "gr": {"&": " kai "},
    "hu": {"&": " es "},
    "id": {"&": " dan "},
    "it": {"&": " e ", "@": " chiocciola "},
    "kz": {"&": " jane "},
    "nb": {"&": " og ", "@": " at ", "æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"},
    "nl": {"&": " en ", "@": " at "},
    "nn": {"&": " og ", "@": " at ", "æ": "ae", "ø": "oe", "å": "aa", "Æ": "Ae", "Ø": "Oe", "Å": "Aa"},
    "pl": {"&": " i ", "@": " na "},
    "pt": {"&": " e ", "@": " em "},
    "ro": {"&": " si ", "@": " la "},
    "sl": {"&": " in ", "Đ": "DZ", "đ": "dz"},
    "sv": {"&": " och ", "@": " snabel a "},
    "tr": {
        "&": " ve ",
        "@": " et ",
        "ş": "s",
        "Ş": "S",
        "ü": "u",
        "Ü": "U",
        "ö": "o",
        "Ö": "O",
        "İ": "I",
        "ı": "i",
        "ğ": "g",
        "Ğ": "G",
        "ç": "c",
        "Ç": "C",
    },
}
_LANGUAGES = {
    "ces": "en", "cs": "en", "deu": "de", "eng": "en", "fin": "fi", "fra": "fr", "el": "gr", "ell": "gr", "hun": "hu",
    "idn": "id", "ita": "it", "kk": "kz", "kaz": "kz", "nob": "nb", "nld": "nl", "nno": "nn", "pol": "pl", "por": "pt",
    "ron": "ro", "slv": "sl", "spa": "es", "swe": "sv", "tur": "tr",
}  # fmt: skip
_MARKS = {"'": "", "\u2019": "", '"': "", "\u2012": "-", "\u2013": "-", "\u2014": "-", "\u2015": "-"}
_LOGOGRAMS = re.compile(r"([\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff])")


def _slug(lang: str) -> Callable[[str], str]:
    words = _WORDS.get(_LANGUAGES.get(lang.lower(), lang.lower()), _WORDS["en"])
    table = str.maketrans({**_MARKS, **words})

    def make(target: str) -> str:
        from anyascii import anyascii

        text = _LOGOGRAMS.sub(r"\1 ", target.strip().translate(table))
        text = re.sub(r"[^a-z0-9\-_]", "-", anyascii(text).lower())
        return re.sub(r"-+", "-", text).strip("-_")

    return make


method(
    "slug",
    Param("lang", "string", "The language whose words stand for & and @.", default="en"),
    target="text",
    constructor=True,
    category=STRINGS,
    receives=TEXT,
    status="beta",
    summary="A text that can stand in a URL: lower case, ASCII, hyphens between the words.",
    examples=[
        Example(
            "",
            "root.slug = this.value.slug()",
            ('{"value":"Gopher & Benthos"}', '{"slug":"gopher-and-benthos"}'),
        ),
        Example(
            "",
            'root.slug = this.value.slug("fr")',
            ('{"value":"Gaufre & Poisson d\'Eau Profonde"}', '{"slug":"gaufre-et-poisson-deau-profonde"}'),
        ),
    ],
)(_slug)
