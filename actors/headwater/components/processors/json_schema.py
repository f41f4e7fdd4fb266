"""Processor `json_schema`: messages checked by a schema."""

from __future__ import annotations

from urllib.parse import urlsplit
from urllib.request import url2pathname

from headwater.components.catalogue import component
from headwater.components.contracts import Processor
from headwater.components.oserrors import path_error
from headwater.components.payloads import one_by_one, structured
from headwater.components.resources import Resources
from headwater.config.fields import spec, text
from headwater.config.view import Config
from headwater.errors import ComponentError, ConfigError
from headwater.jsonschemas import Schema, SchemaError, Violation
from headwater.message import Message

SPEC = spec(
    "processor",
    "json_schema",
    text("schema", "The schema.", optional=True),
    text("schema_path", "Where to read the schema from: a `file://` or `http://` address.", optional=True),
    categories=("Mapping",),
    summary="Check messages by a JSON schema.",
    description=(
        "A message that the schema does not allow is marked as failed, with a line for each thing that is wrong. "
        "Payloads "
        "are never changed."
    ),
    examples=(
        (
            "Drop what is not as it should be",
            'pipeline:\n  processors:\n    - json_schema:\n        schema: \'{"type": "object", "required": ["id"]}\'\n'
            "    - catch:\n        - mapping: root = deleted()\n",
        ),
    ),
)

_LOAD_SECONDS = 10.0


@component(SPEC)
class JsonSchema(Processor):
    """Checks documents."""

    def __init__(self, config: Config, resources: Resources) -> None:
        path = config.text("schema_path") if config.has("schema_path") else ""
        schema = config.text("schema") if config.has("schema") else ""
        try:
            if path:
                if not path.startswith(("file://", "http://")):
                    raise ConfigError("invalid schema_path provided, must start with file:// or http://")
                self._schema = Schema(_load(path), path, _load)
            elif schema:
                self._schema = Schema(schema.encode(), "", _load)
            else:
                raise ConfigError("either schema or schema_path must be provided")
        except SchemaError as error:
            raise ConfigError(f"failed to load JSON schema definition: {error}") from None
        self.each = one_by_one(resources, self._check)

    def _check(self, message: Message) -> Message:
        found = self._schema.violations(structured(message))
        if found:
            raise ComponentError("\n".join(map(_line, found)), "data")
        return message


def _line(violation: Violation) -> str:
    """What is wrong, as one line. The property stands before the text as in Benthos, even where that makes no sense."""
    if violation.property is None:
        return f"{violation.field} {violation.text}"
    rest = violation.text.removeprefix(violation.property.lower())
    return f"{violation.field} {violation.property}{rest}"


def _load(address: str) -> bytes:
    """Read a document behind an address.

    Raises:
        SchemaError: It cannot be read.
    """
    if address.startswith(("http://", "https://")):
        from urllib.error import URLError
        from urllib.request import urlopen

        try:
            with urlopen(address, timeout=_LOAD_SECONDS) as response:
                content: bytes = response.read()
                return content
        except (URLError, OSError, ValueError) as error:
            raise SchemaError(f"could not read schema from HTTP, response status is {error}") from None
    parts = urlsplit(address)
    name = (parts.netloc + url2pathname(parts.path)) if parts.scheme == "file" else address
    try:
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        raise SchemaError(path_error("open", name, error)) from None
