"""What the verbs of a resource do, as data: the resources say it beside their code, `openapi.py` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

Schema = Mapping[str, Any]

TEXT: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
ANY_TEXT: Final[Schema] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: when it is given, and what its body is by media type (none at all where there is no body)."""

    summary: str
    content: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Operation:
    """A verb of a resource.

    Attributes:
        replies: By status.
        query: Parameters of the query by name, each with what it is for and its schema.
        body: What the body holds, and its schema; None where there is none.
    """

    summary: str
    replies: Mapping[int, Reply]
    query: Mapping[str, tuple[str, Schema]] = field(default_factory=dict)
    body: tuple[str, Schema] | None = None


Operations = Mapping[str, Operation]
"""What a resource does, by verb."""


def plain(summary: str) -> Reply:
    """An answer in words."""
    return Reply(summary, {TEXT: ANY_TEXT})


def ref(name: str) -> Schema:
    """A schema of `SCHEMAS`."""
    return {"$ref": f"#/components/schemas/{name}"}


DONE: Final = Reply("It is done.")
NO_STREAM: Final = plain("There is no such stream, or no such page.")
NO_PAGE: Final = plain("There is no such page.")
REFUSED: Final = Reply(
    "The configuration is refused: it cannot be read, or it does not pass the linter.",
    {TEXT: ANY_TEXT, JSON: ref("LintErrors")},
)
TOO_LARGE: Final = plain("The body is larger than this server takes.")
FAILED: Final = plain("It cannot be built, started or stopped.")

CHILLED: Final = {"chilled": ("Overlook what the linter says.", {"type": "boolean"})}
TIMEOUT: Final = {
    "timeout": (
        "Within how long the stream that is replaced must have stopped, such as `5s`.",
        {"type": "string", "examples": ["5s", "300ms"]},
    )
}
"""What is no duration is overlooked, so any text will do."""

SCHEMAS: Final[Mapping[str, Schema]] = {
    "StreamConfig": {
        "type": "object",
        "description": "A stream. `headwater list --format jsonschema` has the schema of all its components.",
        "properties": {
            "input": {"type": "object"},
            "buffer": {"type": "object"},
            "pipeline": {
                "type": "object",
                "properties": {
                    "threads": {"type": "integer"},
                    "processors": {"type": "array", "items": {"type": "object"}},
                },
            },
            "output": {"type": "object"},
        },
    },
    "StreamConfigs": {
        "type": "object",
        "description": "Streams by id.",
        "additionalProperties": ref("StreamConfig"),
    },
    "StreamStatus": {
        "type": "object",
        "required": ["active", "uptime", "uptime_str"],
        "properties": {
            "active": {"type": "boolean", "description": "It has not terminated."},
            "uptime": {"type": "number", "description": "Seconds."},
            "uptime_str": {"type": "string"},
        },
    },
    "Stream": {
        "allOf": [ref("StreamStatus")],
        "required": ["config"],
        "properties": {"config": {"description": "As it was submitted."}},
    },
    "LintErrors": {
        "type": "object",
        "required": ["lint_errors"],
        "properties": {"lint_errors": {"type": "array", "items": {"type": "string"}}},
    },
    "Connections": {
        "type": "object",
        "required": ["statuses"],
        "properties": {
            "error": {"type": "string"},
            "statuses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["label", "path", "connected"],
                    "properties": {
                        "label": {"type": "string"},
                        "path": {"type": "string"},
                        "connected": {"type": "boolean"},
                        "error": {"type": "string"},
                    },
                },
            },
        },
    },
}
"""Bodies that several operations have."""
