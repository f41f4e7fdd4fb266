"""The fields that all HTTP clients share: requests, retries, and every way to say who one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headwater.config.fields import (
    any_map,
    boolean,
    choice,
    duration,
    integer,
    integers,
    interpolated,
    interpolated_map,
    metadata_filter,
    obj,
    secret,
    text,
    texts,
    tls,
    url,
)
from headwater.config.spec import Field

if TYPE_CHECKING:
    from headwater.yamltext.nodes import Node

LOG_LEVELS = ("TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL", "")


def _lists_of_texts(node: Node) -> list[tuple[int, str]]:
    """Refuse endpoint parameters that are no lists of texts."""
    found = []
    for value in dict(node.entries).values() if node.is_mapping else ():
        if not value.is_sequence:
            found.append(f"field must be an object containing arrays of strings, got {_shown(value)}")
            continue
        found += [f"field values must be strings, got {_shown(item)}" for item in value.items if item.tag != "!!str"]
    return [(node.line, text) for text in found]


def _shown(node: Node) -> str:
    """A value and its type, as Bloblang's errors show them."""
    from json import dumps

    types = {"!!str": "string", "!!int": "number", "!!float": "number", "!!bool": "bool", "!!null": "null"}
    kind = "object" if node.is_mapping else "array" if node.is_sequence else types.get(node.tag, "string")
    return f"{dumps(node.plain(), ensure_ascii=False, separators=(',', ':'))} ({kind})"


def oauth() -> Field:
    """OAuth 1 for requests."""
    return obj(
        "oauth",
        boolean("enabled", "Whether to use OAuth 1.", default=False, advanced=True),
        text("consumer_key", "The client's name.", default="", advanced=True),
        secret("consumer_secret", "The client's secret.", default="", advanced=True),
        text("access_token", "The token.", default="", advanced=True),
        secret("access_token_secret", "The token's secret.", default="", advanced=True),
        description="OAuth version 1.",
        optional=True,
        advanced=True,
    )


def oauth2() -> Field:
    """OAuth 2 client credentials for requests."""
    return obj(
        "oauth2",
        boolean("enabled", "Whether to use OAuth 2.", default=False, advanced=True),
        text("client_key", "The client's name.", default="", advanced=True),
        secret("client_secret", "The client's secret.", default="", advanced=True),
        url("token_url", "Where tokens are fetched.", default="", advanced=True),
        texts("scopes", "What is asked for.", default=[], advanced=True),
        any_map(
            "endpoint_params",
            "More parameters of the request for a token, each a list of texts.",
            default={},
            optional=True,
            advanced=True,
            lint=_lists_of_texts,
        ),
        description="OAuth version 2 with client credentials.",
        optional=True,
        advanced=True,
    )


def basic_auth() -> Field:
    """A user name and a password for requests."""
    return obj(
        "basic_auth",
        boolean("enabled", "Whether to use basic authentication.", default=False, advanced=True),
        text("username", "The user.", default="", advanced=True),
        secret("password", "The password.", default="", advanced=True),
        description="Basic authentication.",
        optional=True,
        advanced=True,
    )


def jwt() -> Field:
    """A signed token for requests."""
    return obj(
        "jwt",
        boolean("enabled", "Whether to send a JSON web token.", default=False, advanced=True),
        text("private_key_file", "A PEM file with the key.", default="", advanced=True),
        text("signing_method", "How tokens are signed, such as RS256.", default="", advanced=True),
        any_map("claims", "What the token says.", default={}, advanced=True),
        any_map("headers", "Additional headers of the token.", default={}, advanced=True),
        description="JSON web tokens, signed for each request.",
        advanced=True,
    )


def digest_auth() -> Field:
    """Digest authentication for requests."""
    return obj(
        "digest_auth",
        boolean("enabled", "Whether to use digest authentication.", default=False, advanced=True),
        text("username", "The user.", default="", advanced=True),
        text("password", "The password.", default="", advanced=True),
        description="Digest authentication.",
        optional=True,
        advanced=True,
        dialect="bento",
        since="1.18.0",
    )


def negotiate() -> Field:
    """SPNEGO for requests."""
    return obj(
        "negotiate",
        boolean("enabled", "Whether to negotiate.", default=False, advanced=True),
        choice(
            "api",
            ("sspi", "pure"),
            "Who does the work. Without effect: it is the library that is installed.",
            default="pure",
            advanced=True,
        ),
        boolean(
            "user_only_for_fallback", "Try as the user whom the machine knows first.", default=False, advanced=True
        ),
        obj(
            "user",
            text("domain", "The domain.", default="", advanced=True),
            text("name", "The user.", default="", advanced=True),
            secret("password", "The password.", default="", advanced=True),
            description="Who one is.",
            optional=True,
            advanced=True,
        ),
        obj(
            "kerberos",
            text("config_file_path", "The Kerberos configuration.", default="", advanced=True),
            text("ccname", "The credential cache.", default="", advanced=True),
            description=(
                "Kerberos settings. Without effect: the variables `KRB5_CONFIG` and `KRB5CCNAME` of the process count."
            ),
            optional=True,
            advanced=True,
        ),
        description="Negotiated authentication (SPNEGO). Requests go one after the other, over one connection.",
        optional=True,
        advanced=True,
        dialect="bento",
        since="1.19.0",
    )


def transport() -> Field:
    """The details of connections."""
    since = "1.13.0"
    return obj(
        "transport",
        obj(
            "dial_context",
            duration("timeout", "How long connecting may take.", default="30s", advanced=True, since=since),
            text(
                "keep_alive",
                "The interval of TCP keep-alive probes; below 0 for none.",
                default="30s",
                advanced=True,
                since=since,
            ),
            description="How connections are opened.",
            optional=True,
            advanced=True,
            since=since,
        ),
        boolean(
            "force_http2",
            "Try HTTP/2 with TLS settings of one's own too. Without effect: requests use HTTP/1.1.",
            default=True,
            advanced=True,
            since=since,
        ),
        integer(
            "max_idle_connections",
            "How many idle connections are kept. Without effect: they are closed by age alone.",
            default=100,
            advanced=True,
            since=since,
        ),
        text(
            "idle_connection_timeout",
            "How long idle connections are kept; 0 for ever.",
            default="90s",
            advanced=True,
            since=since,
        ),
        text(
            "tls_handshake_timeout",
            "How long a TLS handshake may take. Without effect: it counts as a part of connecting, see "
            "`dial_context.timeout`.",
            default="10s",
            advanced=True,
            since=since,
        ),
        text(
            "expect_continue_timeout",
            "How long to wait for leave to send a body. Without effect: bodies are sent at once, `Expect` is not.",
            default="1s",
            advanced=True,
            since=since,
        ),
        description="The details of connections.",
        advanced=True,
        dialect="bento",
        since=since,
    )


def cors() -> Field:
    """Which pages of other sites may send requests to a server of its own."""
    return obj(
        "cors",
        boolean("enabled", "Whether other origins may send requests.", default=False, advanced=True),
        texts("allowed_origins", "Which ones; `*` for all.", default=[], advanced=True),
        texts("allowed_headers", "Headers they may use.", default=[], advanced=True, dialect="bento", since="1.13.0"),
        texts(
            "allowed_methods",
            "Methods they may use.",
            default=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            advanced=True,
            dialect="bento",
            since="1.13.0",
        ),
        description="Cross-origin requests, for an address of its own.",
        advanced=True,
        since="1.0.0",
    )


def http_client_fields(verb: str, *, payload_advanced: bool = True) -> tuple[Field, ...]:
    """What every component that sends HTTP requests is told; `verb` is its default method."""
    return (
        interpolated("url", "Where requests go."),
        text("verb", "The method.", default=verb, examples=("POST", "GET", "DELETE")),
        interpolated_map("headers", "Headers of the request.", default={}),
        metadata_filter("metadata", "Which metadata becomes headers.", optional=True),
        choice(
            "dump_request_log_level", LOG_LEVELS, "Log requests and responses at this level.", default="", advanced=True
        ),
        oauth(),
        oauth2(),
        basic_auth(),
        jwt(),
        tls(),
        metadata_filter("extract_headers", "Which headers of the response become metadata."),
        text("rate_limit", "A rate limit resource to ask before each request.", optional=True),
        duration("timeout", "How long a request may take.", default="5s"),
        duration("retry_period", "The first wait between attempts.", default="1s", advanced=True),
        duration("max_retry_backoff", "The longest wait between attempts.", default="300s", advanced=True),
        integer("retries", "How many attempts follow the first.", default=3, advanced=True),
        boolean("follow_redirects", "Whether redirects are followed.", default=True, advanced=True),
        integers("backoff_on", "Status codes that lengthen the wait.", default=[429], advanced=True),
        integers("drop_on", "Status codes that end the attempts at once.", default=[], advanced=True),
        integers("successful_on", "Status codes beside 2xx that are fine.", default=[], advanced=True),
        text("proxy_url", "A proxy to go through.", optional=True, advanced=True),
        boolean("disable_http2", "Keep to HTTP/1.1, which requests do in any case.", default=False, advanced=True),
        interpolated(
            "payload",
            "What is sent instead of the message.",
            optional=True,
            advanced=payload_advanced,
            since="1.16.0" if payload_advanced else "",
            dialect="bento" if payload_advanced else "",
        ),
        digest_auth(),
        negotiate(),
        transport(),
    )
