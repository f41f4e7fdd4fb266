"""The sections of a configuration file: streams, resources, and what belongs to the whole service."""

from __future__ import annotations

from typing import Any, Final

from headwater.config.fields import (
    any_map,
    anything,
    boolean,
    child,
    children,
    choice,
    duration,
    integer,
    mapping,
    number,
    obj,
    objects,
    processors,
    secret,
    text,
    text_map,
    texts,
)
from headwater.config.spec import ComponentKind, Field
from headwater.yamltext.nodes import Node

RESOURCE_KINDS: Final[tuple[ComponentKind, ...]] = ("input", "processor", "output", "cache", "rate_limit")
"""Kinds that can be shared by label, in the order in which they are read."""

LOG_LEVELS: Final = ("OFF", "FATAL", "ERROR", "WARN", "INFO", "DEBUG", "TRACE", "ALL", "NONE")


def _label_needed(node: Node) -> str | None:
    """Refuse a resource without a label; what is no text is none."""
    if not node.is_mapping:
        return None
    label = node.get("label")
    if label is not None and label.is_text and label.value:
        return None
    return "the label field for resources must be unique and not empty"


def _resources(kind: ComponentKind) -> Field:
    return children(
        kind,
        f"{kind}_resources",
        f"The {kind.replace('_', ' ')}s that are shared by label.",
        default=[],
        lint=_label_needed,
    )


STREAM_FIELDS: Final = (
    child("input", "input", "Where messages come from.", default={"stdin": {}}),
    child("buffer", "buffer", "Where messages wait between input and pipeline.", default={"none": {}}),
    obj(
        "pipeline",
        integer("threads", "How many messages are worked on at once; -1 for one a core.", default=-1),
        processors("processors", "What is done with messages, in order.", default=[]),
        description="What is done with messages on their way.",
    ),
    child("output", "output", "Where messages go.", default={"stdout": {}}),
)
"""What a stream's configuration holds."""

RESOURCE_FIELDS: Final = tuple(_resources(kind) for kind in RESOURCE_KINDS)
"""What a resource file holds."""


def _cors() -> Field:
    return obj(
        "cors",
        boolean("enabled", "Whether other origins may call.", default=False),
        texts("allowed_origins", "Who may call; * for anyone.", default=[]),
        texts("allowed_headers", "Which headers they may send.", default=[], since="1.13.0", dialect="bento"),
        texts(
            "allowed_methods",
            "Which methods they may use.",
            default=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            since="1.13.0",
            dialect="bento",
        ),
        description="Calls from browsers on other sites.",
        advanced=True,
    )


def _basic_auth() -> Field:
    return obj(
        "basic_auth",
        boolean("enabled", "Whether callers must say who they are.", default=False),
        text("realm", "What they are asked for.", default="restricted"),
        text("username", "The user.", default=""),
        secret("password_hash", "The digest of the password in base64.", default=""),
        choice("algorithm", ("md5", "sha256", "bcrypt", "scrypt"), "How it was made.", default="sha256", advisory=True),
        text("salt", "The salt in base64, for scrypt.", default=""),
        description="A user name and a password for every endpoint.",
        advanced=True,
    )


HTTP: Final = obj(
    "http",
    boolean("enabled", "Whether to listen at all.", default=True),
    text("address", "Host and port to listen at.", default="0.0.0.0:4195"),
    text("root_path", "A prefix under which every endpoint is served once more.", default="/benthos"),
    boolean("debug_endpoints", "Whether /debug is served.", default=False),
    text("cert_file", "A TLS certificate.", default="", advanced=True),
    text("key_file", "Its key.", default="", advanced=True),
    choice("server", ("waitress", "uvicorn"), "Which server listens.", optional=True, advanced=True, advisory=True),
    _cors(),
    _basic_auth(),
    description="The API.",
)

LOGGER: Final = obj(
    "logger",
    choice("level", LOG_LEVELS, "What is logged.", default="INFO", advisory=True),
    choice("format", ("json", "logfmt"), "How lines look.", default="logfmt"),
    boolean("add_timestamp", "Whether lines carry the time.", default=True),
    text("level_name", "The key of the level.", default="level", advanced=True),
    text("timestamp_name", "The key of the time.", default="time", advanced=True),
    text("message_name", "The key of the message.", default="msg", advanced=True),
    text_map("static_fields", "What every line carries.", default={"@service": "benthos"}),
    obj(
        "file",
        text("path", "A file to write to instead of the console.", default=""),
        boolean("rotate", "Whether the file is begun anew every day.", default=False),
        integer("rotate_max_age_days", "How long old files are kept; 0 for ever.", default=0),
        description="Logging to a file.",
        advanced=True,
    ),
    boolean("log_all_errors", "Log errors of processors as errors.", default=False, dialect="bento", since="1.4.0"),
    description="The log.",
)


def _no_share(node: Node) -> str | None:
    """Refuse a part that is less than nothing or more than all."""
    share = node.plain()
    return (
        None if not isinstance(share, int | float) or 0 <= share <= 1 else "batch_proportion should be between 0 and 1."
    )


ERROR_HANDLING: Final = obj(
    "error_handling",
    choice(
        "strategy", ("none", "reject", "retry"), "What happens to failed messages.", default="none", dialect="bento"
    ),
    obj(
        "log",
        boolean("enabled", "Whether failed messages are logged.", default=False),
        boolean("add_payload", "Whether with their content.", default=False),
        number("sampling_ratio", "Which part of them.", default=1.0, lint=_no_share),
        description="Logging of failed messages.",
    ),
    description="What happens to messages that processors failed on.",
    advanced=True,
)

_INPUT_MESSAGE: Final = (
    text("content", "The payload.", optional=True),
    anything("json_content", "The payload as a document.", optional=True),
    text("file_content", "A file with the payload.", optional=True),
    any_map("metadata", "The metadata.", optional=True),
)

_CONDITIONS: Final = (
    mapping("bloblang", "A query that must be true.", optional=True),
    text("content_equals", "What the payload must be.", optional=True),
    text("content_matches", "A regular expression that the payload must match.", optional=True),
    any_map("metadata_equals", "What metadata must be there.", optional=True),
    text("file_equals", "A file that the payload must equal.", optional=True),
    text("file_json_equals", "A file that the document must equal.", optional=True),
    anything("json_equals", "What the document must be.", optional=True),
    anything("json_contains", "What the document must have.", optional=True),
    text("file_json_contains", "A file with what the document must have.", optional=True),
)


def _lists_of(field: Field) -> Field:
    """A list of lists of a field's objects."""
    return Field(field.name, "object", "2darray", fields=field.fields, optional=True, description=field.description)


TESTS: Final = objects(
    "tests",
    text("name", "What the case is called."),
    text_map("environment", "Environment variables of the case.", optional=True),
    text("target_processors", "What is tested: a label or a JSON pointer.", default="/pipeline/processors"),
    text("target_mapping", "A mapping file that is tested instead.", default=""),
    any_map("mocks", "Processors that stand in for others.", optional=True),
    objects("input_batch", *_INPUT_MESSAGE, description="The messages of one batch.", optional=True),
    _lists_of(objects("input_batches", *_INPUT_MESSAGE, description="The messages of several batches.")),
    _lists_of(objects("output_batches", *_CONDITIONS, description="What must come out.")),
    description="Unit tests of this configuration.",
    optional=True,
)

SERVICE_FIELDS: Final = (
    HTTP,
    LOGGER,
    child("metrics", "metrics", "How metrics are offered.", default={"prometheus": {}}),
    child("tracer", "tracer", "Where traces go.", default={"none": {}}),
    duration("shutdown_delay", "How long to go on after a signal.", default="0s"),
    duration("shutdown_timeout", "How long stopping may take.", default="20s"),
    ERROR_HANDLING,
    TESTS,
)
"""What belongs to the whole service."""


def _root(*fields: Any) -> Field:
    return Field("", "object", fields=tuple(fields))


STREAM: Final = _root(*STREAM_FIELDS)
"""A stream's configuration, as a file or a body of the API."""

RESOURCES: Final = _root(*RESOURCE_FIELDS, TESTS)
"""A resource file."""

SERVICE: Final = _root(*SERVICE_FIELDS, *RESOURCE_FIELDS)
"""The configuration of a service that runs many streams."""

WHOLE: Final = _root(HTTP, *STREAM_FIELDS, *RESOURCE_FIELDS, *SERVICE_FIELDS[1:])
"""The configuration of a service with one stream in it."""
