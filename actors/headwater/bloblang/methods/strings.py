"""Text: case, trimming, searching, replacing, cutting and joining. Text is bytes: lengths and positions count them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Any

from headwater.bloblang import gotext
from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.goformat import sprintf
from headwater.bloblang.registry import Example, Param, method
from headwater.bloblang.targets import STRING_OR_BYTES, STRINGS, TEXT, bounded, like
from headwater.bloblang.values import decode_text, encode_text, get_text

_SPACE = "\t\n\v\f\r \x85\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200B))) + "\u2028\u2029\u202f\u205f\u3000"
_JOINING = "'.:\xb7\u0387\u2018\u2019\u2024\u2027\ufe13\ufe52\ufe55\uff07\uff0e\uff1a"
"""What may stand within a word."""
_WORDLESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u309f\u3400-\ua4cf\uf900-\ufaff\U00020000-\U0003ffff]"
)
"""Letters of scripts that put nothing between words."""


@method(
    "uppercase",
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Convert all letters to upper case.",
    examples=[Example("", "root.foo = this.foo.uppercase()", ('{"foo":"hello world"}', '{"foo":"HELLO WORLD"}'))],
    inline="{target}.upper() if {target}.isascii() else {call}",
)
def uppercase(target: str | bytes) -> str | bytes:
    return like(target, gotext.upper)


@method(
    "lowercase",
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Convert all letters to lower case.",
    examples=[Example("", "root.foo = this.foo.lowercase()", ('{"foo":"HELLO WORLD"}', '{"foo":"hello world"}'))],
    inline="{target}.lower() if {target}.isascii() else {call}",
)
def lowercase(target: str | bytes) -> str | bytes:
    return like(target, gotext.lower)


@method(
    "capitalize",
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Begin every word with a capital and go on in lower case.",
    examples=[
        Example("", "root.title = this.title.capitalize()", ('{"title":"the foo bar"}', '{"title":"The Foo Bar"}'))
    ],
)
def capitalize(target: str | bytes) -> str | bytes:
    return like(target, _capitalized)


def _capitalized(text: str) -> str:
    # Digits neither begin nor end a word; of what joins words, such as a full stop, two in a row do not.
    out: list[str] = []
    inside = joined = False
    for at, char in enumerate(text):
        joins = char in _JOINING
        if joins and joined:
            inside = False
        joined = joins
        if unicodedata.category(char) in ("Lu", "Ll", "Lt"):
            if not inside:
                out.append(char.title())
            elif char == "\u03a3" and not text[at + 1 : at + 2].isalpha():
                out.append("\u03c2")
            else:
                out.append(gotext.lower(char))
            inside = True
            continue
        out.append(char)
        inside = inside and (joins or _in_words(char))
    return "".join(out)


def _in_words(char: str) -> bool:
    """Whether a character without case may stand within a word: a digit, a mark, a letter of most scripts."""
    if unicodedata.category(char) in ("Lo", "Lm"):
        return not _WORDLESS.match(char)
    return unicodedata.category(char) in ("Nd", "Mn", "Me", "Mc", "Pc", "Cf") and char != "\u200b"


@method(
    "trim",
    Param("cutset", "string", "Characters to remove; white space where it is not given.", optional=True),
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Remove characters from both ends.",
    examples=[
        Example(
            "",
            'root.title = this.title.trim("!?")\nroot.description = this.description.trim()',
            (
                '{"description":"  something happened and its amazing! ","title":"!!!watch out!?"}',
                '{"description":"something happened and its amazing!","title":"watch out"}',
            ),
        )
    ],
)
def trim(target: str | bytes, cutset: str | None) -> str | bytes:
    return like(target, lambda text: text.strip(_SPACE if cutset is None else cutset))


@method(
    "trim_prefix",
    Param("prefix", "string", "What to remove."),
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Remove a prefix once, where it is there.",
    examples=[
        Example(
            "",
            'root.name = this.name.trim_prefix("foobar_")',
            ('{"name":"foobar_blobton"}', '{"name":"blobton"}'),
            ('{"name":"unmatched"}', '{"name":"unmatched"}'),
        )
    ],
    inline="{target}.removeprefix({prefix})",
)
def trim_prefix(target: str | bytes, prefix: str) -> str | bytes:
    return like(target, lambda text: text.removeprefix(prefix))


@method(
    "trim_suffix",
    Param("suffix", "string", "What to remove."),
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Remove a suffix once, where it is there.",
    examples=[
        Example(
            "",
            'root.name = this.name.trim_suffix("_foobar")',
            ('{"name":"blobton_foobar"}', '{"name":"blobton"}'),
            ('{"name":"unmatched"}', '{"name":"unmatched"}'),
        )
    ],
    inline="{target}.removesuffix({suffix})",
)
def trim_suffix(target: str | bytes, suffix: str) -> str | bytes:
    return like(target, lambda text: text.removesuffix(suffix))


@method(
    "has_prefix",
    Param("value", "string", "What to look for."),
    target="string",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Whether a text begins with another.",
    examples=[Example("", 'root.t1 = this.v1.has_prefix("foo")', ('{"v1":"foobar"}', '{"t1":true}'))],
    inline="{target}.startswith({value})",
)
def has_prefix(target: str, value: str) -> bool:
    return target.startswith(value)


@method(
    "has_suffix",
    Param("value", "string", "What to look for."),
    target="string",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Whether a text ends with another.",
    examples=[Example("", 'root.t1 = this.v1.has_suffix("foo")', ('{"v1":"barfoo"}', '{"t1":true}'))],
    inline="{target}.endswith({value})",
)
def has_suffix(target: str, value: str) -> bool:
    return target.endswith(value)


@method(
    "index_of",
    Param("value", "string", "What to look for."),
    target="string",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="The position in bytes at which a text is first found; -1 where it is not.",
    examples=[
        Example("", 'root.index = this.thing.index_of("bar")', ('{"thing":"foobar"}', '{"index":3}')),
        Example("", 'root.index = content().index_of("meow")', ("the cat meowed, the dog woofed", '{"index":8}')),
    ],
)
def index_of(target: str, value: str) -> int:
    if target.isascii():
        return target.find(value)
    return encode_text(target).find(encode_text(value))


def _replace_all(target: str | bytes, old: str, new: str) -> str | bytes:
    size = len(target)
    if len(new) > len(old) and size + size * len(new) > 1_000_000:
        bounded(size + (size + 1 if not old else size // len(old)) * len(new))
    return like(target, lambda text: text.replace(old, new))


for _name, _status in (("replace_all", "stable"), ("replace", "stable")):
    method(
        _name,
        Param("old", "string", "What to replace."),
        Param("new", "string", "What to put in its place."),
        target="stringish",
        category=STRINGS,
        receives=STRING_OR_BYTES,
        status=_status,
        summary="Replace every occurrence of a text with another.",
        examples=[
            Example(
                "",
                f'root.new_value = this.value.{_name}("foo","dog")',
                ('{"value":"The foo ate my homework"}', '{"new_value":"The dog ate my homework"}'),
            )
        ],
    )(_replace_all)


def _replace_all_many(values: list[Any]) -> Callable[[str | bytes], str | bytes]:
    if len(values) % 2:
        shown = sprintf("%v", [values])
        raise BloblangError(
            f"invalid arg, replacements should be in pairs and must therefore be even: {shown}", annotated=True
        )
    texts: list[str] = []
    for index, value in enumerate(values):
        try:
            texts.append(get_text(value))
        except TypeMismatch as error:
            raise BloblangError(f"invalid replacement value at index {index}: {error.text}", annotated=True) from None
    pairs = list(zip(texts[::2], texts[1::2], strict=True))

    def replace(target: str | bytes) -> str | bytes:
        for old, new in pairs:
            target = _replace_all(target, old, new)
        return target

    return replace


for _name, _status in (("replace_all_many", "stable"), ("replace_many", "stable")):
    method(
        _name,
        Param("values", "array", "Pairs, one after the other: what to replace, and what to put in its place."),
        target="stringish",
        constructor=True,
        category=STRINGS,
        receives=STRING_OR_BYTES,
        status=_status,
        summary="Replace all occurrences of several texts, one pair after the other.",
        examples=[
            Example(
                "",
                f'root.new_value = this.value.{_name}(["<b>", "&lt;b&gt;", "</b>", "&lt;/b&gt;"])',
                ('{"value":"Hello <b>World</b>"}', '{"new_value":"Hello &lt;b&gt;World&lt;/b&gt;"}'),
            )
        ],
    )(_replace_all_many)


def _repeat(count: int) -> Callable[[str | bytes], str | bytes]:
    if count < 0:
        raise BloblangError(f"invalid count, must be greater than or equal to zero: {count}", annotated=True)

    def repeat(target: str | bytes) -> str | bytes:
        bounded(len(target) * count)
        return target * count

    return repeat


method(
    "repeat",
    Param("count", "integer", "How often."),
    target="stringish",
    constructor=True,
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="A text several times in a row.",
    examples=[
        Example(
            "",
            "root.repeated = this.name.repeat(3)\nroot.not_repeated = this.name.repeat(0)",
            ('{"name":"bob"}', '{"not_repeated":"","repeated":"bobbobbob"}'),
        )
    ],
)(_repeat)


@method(
    "reverse",
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="The characters of a text, or the bytes of bytes, in reverse order.",
    examples=[
        Example("", "root.reversed = this.thing.reverse()", ('{"thing":"backwards"}', '{"reversed":"sdrawkcab"}'))
    ],
)
def reverse(target: str | bytes) -> str | bytes:
    if isinstance(target, bytes):
        return target[::-1]
    # What is no UTF-8 stands for itself no longer.
    return "".join("\ufffd" if "\udc80" <= char <= "\udcff" else char for char in reversed(target))


@method(
    "split",
    Param("delimiter", "string", "What stands between the pieces; an empty one splits into characters."),
    Param("empty_as_null", "bool", "Give null in place of empty pieces.", default=False),
    target="stringish",
    category=STRINGS,
    receives=STRING_OR_BYTES,
    summary="Cut a text into pieces.",
    examples=[
        Example(
            "",
            'root.new_value = this.value.split(",")',
            ('{"value":"foo,bar,baz"}', '{"new_value":["foo","bar","baz"]}'),
        ),
        Example(
            "",
            'root.new_value = this.value.split(",", true)',
            ('{"value":"foo,,qux"}', '{"new_value":["foo",null,"qux"]}'),
        ),
    ],
)
def split(target: str | bytes, delimiter: str, empty_as_null: bool) -> list[Any]:
    pieces: list[Any]
    if type(target) is bytes:
        raw = encode_text(delimiter)
        pieces = target.split(raw) if raw else [encode_text(c) for c in decode_text(target)]
    elif delimiter:
        pieces = target.split(delimiter)  # type: ignore[arg-type]
    else:
        pieces = list(target)
    if empty_as_null:
        pieces = [piece or None for piece in pieces] or [None]
    return pieces


@method(
    "join",
    Param("delimiter", "string", "What to put between the elements.", optional=True),
    target="array",
    category="Object & Array Manipulation",
    receives=("array", "bytes", "string"),
    summary="One text of an array of texts.",
    examples=[
        Example(
            "",
            "root.joined_words = this.words.join()\n"
            'root.joined_numbers = this.numbers.map_each(this.string()).join(",")',
            (
                '{"numbers":[3,8,11],"words":["hello","world"]}',
                '{"joined_numbers":"3,8,11","joined_words":"helloworld"}',
            ),
        )
    ],
)
def join(target: list[Any], delimiter: str | None) -> str:
    texts: list[str] = []
    for index, item in enumerate(target):
        if type(item) is str:
            texts.append(item)
        elif type(item) is bytes:
            texts.append(decode_text(item))
        else:
            raise BloblangError(f"failed to join element {index}: {TypeMismatch(item, 'string').text}")
    bounded(sum(map(len, texts)) + len(delimiter or "") * len(texts))
    return (delimiter or "").join(texts)


@method(
    "format",
    target="text",
    variadic="any",
    category=STRINGS,
    receives=TEXT,
    summary="Put arguments in the place of the verbs (%v, %s, %d, %.2f, %q ...) of a text.",
    examples=[
        Example(
            "",
            'root.foo = "%s(%v): %v".format(this.name, this.age, this.fingers)',
            ('{"age":37,"fingers":13,"name":"lance"}', '{"foo":"lance(37): 13"}'),
        )
    ],
    textual=True,
)
def format_(target: str, *arguments: Any) -> str:
    return sprintf(target, arguments)


def slice_bounds(size: int, low: int, high: int | None) -> tuple[int, int]:
    """Where a slice of a sequence of `size` begins and ends.

    Raises:
        BloblangError: It begins after its end.
    """
    end = size if high is None else high + size if high < 0 else high
    end = max(min(end, size), 0)
    start = max(low + size, 0) if low < 0 else low
    if start > end:
        raise BloblangError(
            f"lower slice bound {start} must be lower than or equal to upper bound ({end}) and target length ({size})"
        )
    return start, end


def _slice(low: int, high: int | None) -> Callable[[Any], Any]:
    if high is not None and high > 0 and low >= high:
        raise BloblangError(f"lower slice bound {low} must be lower than upper ({high})", annotated=True)

    def cut(target: Any) -> Any:
        kind = type(target)
        if kind is list or kind is bytes or (kind is str and target.isascii()):
            start, end = slice_bounds(len(target), low, high)
            return target[start:end]
        if kind is str:
            raw = encode_text(target)
            start, end = slice_bounds(len(raw), low, high)
            return decode_text(raw[start:end])
        raise TypeMismatch(target, "array", "string")

    return cut


method(
    "slice",
    Param("low", "integer", "Where it begins; a negative number counts from the end."),
    Param(
        "high", "integer", "Where it ends, without the element there; negative ones count from the end.", optional=True
    ),
    target="any",
    constructor=True,
    category=(STRINGS, "Object & Array Manipulation"),
    receives=("array", "bytes", "string"),
    summary="A part of a text, of bytes or of an array.",
    examples=[
        Example(
            "",
            "root.beginning = this.value.slice(0, 2)\nroot.end = this.value.slice(4)",
            ('{"value":"foo bar"}', '{"beginning":"fo","end":"bar"}'),
        ),
        Example(
            "",
            "root.last_chunk = this.value.slice(-2)\nroot.the_rest = this.value.slice(0, -2)",
            (
                '{"value":["foo","bar","baz","buz","bev"]}',
                '{"last_chunk":["buz","bev"],"the_rest":["foo","bar","baz"]}',
            ),
        ),
    ],
)(_slice)


@method(
    "length",
    target="any",
    category=(STRINGS, "Object & Array Manipulation"),
    receives=("array", "bytes", "object", "string"),
    summary="The number of bytes of a text, or of elements of an array or object.",
    examples=[
        Example("", "root.foo_len = this.foo.length()", ('{"foo":"hello world"}', '{"foo_len":11}')),
        Example("", "root.foo_len = this.foo.length()", ('{"foo":["first","second"]}', '{"foo_len":2}')),
    ],
)
def length(target: Any) -> int:
    kind = type(target)
    if kind is str:
        return len(target) if target.isascii() else len(encode_text(target))
    if kind is bytes or kind is list or kind is dict:
        return len(target)
    raise TypeMismatch(target, "string", "array", "object")


@method(
    "split_by",
    Param("predicate", "query", "Tells by each element whether it is a separator."),
    target="any",
    category=("Object & Array Manipulation", STRINGS),
    receives=("array", "bytes", "string"),
    status="experimental",
    summary="Cut an array, a text or bytes (as numbers) at the elements for which a query is true.",
    examples=[
        Example(
            "",
            'root = this.values.split_by(x -> x == "|")',
            ('{"values":["a","b","|","c"]}', '[["a","b"],["c"]]'),
        )
    ],
)
def split_by(target: Any, predicate: Callable[[Any], Any]) -> list[Any]:
    kind = type(target)
    if kind not in (list, str, bytes):
        raise TypeMismatch(target, "string", "array", "bytes")
    pieces: list[Any] = []
    current: list[Any] = []
    for item in target:
        if predicate(item) is True:
            pieces.append(current)
            current = []
        else:
            current.append(item)
    pieces.append(current)
    if kind is str:
        return ["".join(piece) for piece in pieces]
    if kind is bytes:
        return [bytes(piece) for piece in pieces]
    return pieces
