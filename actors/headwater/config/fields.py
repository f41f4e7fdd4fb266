"""Terse constructors: a component's spec as one readable literal.

    SPEC = spec(
        "processor",
        "cache",
        text("resource", "The cache to use."),
        choice("operator", ("set", "add", "get", "delete", "exists")),
        interpolated("key"),
        interpolated("value", optional=True),
        interpolated("ttl", optional=True, advanced=True),
        summary="Store and fetch with a cache resource.",
    )

All constructors take the field's name, its description and the attributes of `Field`. A field without `default` and
without `optional=True` is required. A component whose body is no object says so with `root=`: ``root=mapping()``,
``root=processors()``, ``root=objects("", text("check"), processors("processors"))``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from headwater.config.spec import LABELLED, NO_DEFAULT, ComponentKind, Field, Spec


def spec(kind: ComponentKind, name: str, *fields: Field, root: Field | None = None, **attributes: Any) -> Spec:
    """Describe a component by the fields of its body, or by `root` where the body is no plain object."""
    attributes.setdefault("labelled", kind in LABELLED and name != "resource")
    return Spec(kind, name, root if root is not None else Field("", "object", fields=fields), **attributes)


def text(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A text; any scalar is taken as one."""
    return Field(name, "string", description=description, **attributes)


def integer(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A whole number."""
    return Field(name, "int", description=description, **attributes)


def number(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A number."""
    return Field(name, "float", description=description, **attributes)


def boolean(name: str = "", description: str = "", **attributes: Any) -> Field:
    """True or false."""
    return Field(name, "bool", description=description, **attributes)


def duration(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A duration such as ``1h30m``."""
    return Field(name, "string", format="duration", description=description, **attributes)


def mapping(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A Bloblang mapping."""
    return Field(name, "string", format="bloblang", description=description, **attributes)


def interpolated(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A text with ``${! }`` expressions."""
    return Field(name, "string", interpolated=True, description=description, **attributes)


def choice(name: str, options: Sequence[str], description: str = "", **attributes: Any) -> Field:
    """A text out of a few; with `advisory=True` others are taken too."""
    return Field(name, "string", options=tuple(options), description=description, **attributes)


def function(name: str = "function", description: str = "", **attributes: Any) -> Field:
    """The name of a Python function, ``module:function``."""
    return Field(name, "string", format="function", description=description, **attributes)


def url(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A URL; one with a password in it is never shown."""
    return Field(name, "string", format="url", description=description, **attributes)


def secret(name: str, description: str = "", **attributes: Any) -> Field:
    """A text that is never shown."""
    return Field(name, "string", secret=True, description=description, **attributes)


def anything(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A value of any type."""
    return Field(name, "unknown", description=description, **attributes)


def texts(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of texts."""
    return Field(name, "string", "array", description=description, **attributes)


def integers(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of whole numbers."""
    return Field(name, "int", "array", description=description, **attributes)


def numbers(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of numbers."""
    return Field(name, "float", "array", description=description, **attributes)


def text_lists(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of lists of texts."""
    return Field(name, "string", "2darray", description=description, **attributes)


def text_map(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A map from any key to a text."""
    return Field(name, "string", "map", description=description, **attributes)


def interpolated_map(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A map from any key to a text with ``${! }`` expressions."""
    return Field(name, "string", "map", interpolated=True, description=description, **attributes)


def any_map(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A map from any key to a value of any type."""
    return Field(name, "unknown", "map", description=description, **attributes)


def obj(name: str, *fields: Field, description: str = "", **attributes: Any) -> Field:
    """An object."""
    return Field(name, "object", fields=fields, description=description, **attributes)


def objects(name: str, *fields: Field, description: str = "", **attributes: Any) -> Field:
    """A list of objects."""
    return Field(name, "object", "array", fields=fields, description=description, **attributes)


def object_map(name: str, *fields: Field, description: str = "", **attributes: Any) -> Field:
    """A map from any key to an object."""
    return Field(name, "object", "map", fields=fields, description=description, **attributes)


def child(kind: ComponentKind, name: str = "", description: str = "", **attributes: Any) -> Field:
    """A child component."""
    return Field(name, kind, description=description, **attributes)


def children(kind: ComponentKind, name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of child components."""
    return Field(name, kind, "array", description=description, **attributes)


def child_map(kind: ComponentKind, name: str = "", description: str = "", **attributes: Any) -> Field:
    """A map from any key to a child component."""
    return Field(name, kind, "map", description=description, **attributes)


def processors(name: str = "", description: str = "", **attributes: Any) -> Field:
    """A list of child processors."""
    return Field(name, "processor", "array", description=description, **attributes)


def scanner(name: str = "scanner", description: str = "", default: Any = NO_DEFAULT, **attributes: Any) -> Field:
    """The child that cuts a stream of bytes into messages; `default` is such as ``{"lines": {}}``."""
    return Field(
        name, "scanner", default=default, description=description or "How bytes are cut into messages.", **attributes
    )


# Groups that many components share.


def auto_replay_nacks() -> Field:
    """The field of inputs that say whether rejected messages are replayed."""
    return boolean(
        "auto_replay_nacks",
        "Replay messages that were rejected, until they are delivered. With false a rejected message is gone.",
        default=True,
    )


def max_in_flight(default: int = 64, **attributes: Any) -> Field:
    """The field of outputs that bounds how many messages or batches are under way at once."""
    return integer(
        "max_in_flight",
        "How many messages or batches may be under way at once; order is kept only at 1.",
        default=default,
        **attributes,
    )


def _not_negative(node: Any) -> str | None:
    """Refuse a jitter below 0."""
    try:
        return "Cannot set a negative jitter factor" if float(node.value) < 0 else None
    except (TypeError, ValueError):
        return None


def batch_policy(name: str = "batching", description: str = "", *, toggled: bool = False, **attributes: Any) -> Field:
    """When a batch is closed; `toggled` ones have a switch."""
    switch = (boolean("enabled", "Whether messages are batched.", default=False),) if toggled else ()
    return obj(
        name,
        *switch,
        integer("count", "Close a batch at so many messages; 0 switches it off.", default=0),
        integer("byte_size", "Close a batch at so many bytes of content; 0 switches it off.", default=0),
        text("period", "Close a batch that is so old.", default="", examples=("1s", "1m", "500ms")),
        mapping(
            "check",
            "Close a batch after a message for which this is true.",
            default="",
            examples=('this.type == "end_of_transaction"',),
        ),
        processors("processors", "What is done to a batch once it is closed.", optional=True, advanced=True),
        number("jitter", "Add up to this part of `period` at random.", default=0, dialect="bento", lint=_not_negative),
        description=description or "When messages are sent together as a batch.",
        **attributes,
    )


def backoff(
    name: str = "backoff",
    initial_interval: str = "500ms",
    max_interval: str = "3s",
    max_elapsed_time: str = "0s",
    *,
    initial_optional: bool = False,
    **attributes: Any,
) -> Field:
    """How long to wait between attempts."""
    advanced: bool = attributes.setdefault("advanced", True)
    return obj(
        name,
        duration(
            "initial_interval",
            "The first wait.",
            default=initial_interval,
            advanced=advanced,
            optional=initial_optional,
        ),
        duration("max_interval", "The longest wait.", default=max_interval, advanced=advanced),
        duration(
            "max_elapsed_time", "Give up after this long; 0s for never.", default=max_elapsed_time, advanced=advanced
        ),
        description="How long to wait between attempts, growing from one to the next.",
        **attributes,
    )


def tls_fields() -> tuple[Field, ...]:
    """What every TLS object holds beside `enabled`."""
    return (
        boolean("skip_cert_verify", "Take any certificate of the other side.", default=False, advanced=True),
        boolean(
            "enable_renegotiation",
            "Let the other side ask for renegotiation.",
            default=False,
            advanced=True,
            since="1.0.0",
        ),
        text("root_cas", "Certificate authorities to trust, as PEM.", default="", advanced=True, secret=True),
        text("root_cas_file", "A file of certificate authorities to trust.", default="", advanced=True),
        objects(
            "client_certs",
            text("cert", "A certificate as PEM.", default="", advanced=True),
            text("key", "Its key as PEM.", default="", advanced=True, secret=True),
            text("cert_file", "A file with a certificate.", default="", advanced=True),
            text("key_file", "A file with its key.", default="", advanced=True),
            text("password", "The password of an encrypted key.", default="", advanced=True, secret=True),
            description="Certificates to show to the other side.",
            default=[],
            advanced=True,
        ),
    )


def tls(name: str = "tls", *, toggled: bool = True, **attributes: Any) -> Field:
    """TLS of a client; `toggled` ones have a switch."""
    attributes.setdefault("advanced", True)
    switch = (boolean("enabled", "Whether TLS is used.", default=False, advanced=True),) if toggled else ()
    return obj(name, *switch, *tls_fields(), description="TLS settings.", **attributes)


def tcp_listener(description: str) -> Field:
    """How a TCP port is listened at."""
    return obj(
        "tcp",
        boolean(
            "reuse_addr",
            "Take an address again at once after a restart (SO_REUSEADDR); that is done in any case.",
            default=False,
            advanced=True,
        ),
        boolean(
            "reuse_port",
            "Let others listen at the same port who say so too (SO_REUSEPORT); they share the connections.",
            default=False,
            advanced=True,
        ),
        description=description,
        optional=True,
        advanced=True,
    )


def metadata_filter(name: str, description: str = "", **attributes: Any) -> Field:
    """Which metadata keys are taken, by prefix or regular expression."""
    attributes.setdefault("advanced", True)
    return obj(
        name,
        texts("include_prefixes", "Take keys that begin so.", default=[], advanced=True),
        texts("include_patterns", "Take keys that match a regular expression.", default=[], advanced=True),
        description=description or "Which metadata is taken along.",
        **attributes,
    )
