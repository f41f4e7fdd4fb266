"""Paths of files, as texts."""

from __future__ import annotations

from typing import Any

from headwater.bloblang.errors import BloblangError, TypeMismatch
from headwater.bloblang.registry import Example, method
from headwater.bloblang.targets import STRINGS, TEXT
from headwater.bloblang.values import get_text

_PATH_ELEMENT = "path element {}: {}"


@method(
    "filepath_join",
    target="array",
    category=STRINGS,
    receives=("array",),
    summary="One clean file path of its elements.",
    examples=[
        Example(
            "",
            "root.path = this.path_elements.filepath_join()",
            (r'{"path_elements":["/foo/","bar.txt"]}', '{"path":"/foo/bar.txt"}'),
        )
    ],
)
def filepath_join(target: list[Any]) -> str:
    parts: list[str] = []
    for index, item in enumerate(target):
        try:
            parts.append(get_text(item))
        except TypeMismatch as error:
            raise BloblangError(_PATH_ELEMENT.format(index, error.text)) from None
    path = "/".join(part for part in parts if part)
    return clean_path(path) if path else ""


def clean_path(path: str) -> str:
    """The shortest path to the same file, worked out from the text alone."""
    rooted = path.startswith("/")
    kept: list[str] = []
    for part in path.split("/"):
        if part in ("", "."):
            continue
        if part == ".." and kept and kept[-1] != "..":
            kept.pop()
        elif part != ".." or not rooted:
            kept.append(part)
    return ("/" if rooted else "") + "/".join(kept) or "."


@method(
    "filepath_split",
    target="text",
    category=STRINGS,
    receives=TEXT,
    summary="Cut a file path after its last slash: directory and file name.",
    examples=[
        Example(
            "",
            "root.path_sep = this.path.filepath_split()",
            ('{"path":"/foo/bar.txt"}', '{"path_sep":["/foo/","bar.txt"]}'),
            ('{"path":"baz.txt"}', '{"path_sep":["","baz.txt"]}'),
        )
    ],
)
def filepath_split(target: str) -> list[Any]:
    cut = target.rfind("/") + 1
    return [target[:cut], target[cut:]]
