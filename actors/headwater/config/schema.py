"""The JSON schema of configurations, for editors and other tools, made from the specs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from headwater.config.infer import RESERVED
from headwater.config.sections import WHOLE
from headwater.config.spec import KINDS, NO_DEFAULT, ComponentKind, Field, Spec

if TYPE_CHECKING:
    from headwater.components.catalogue import Catalogue

DIALECT: Final = "http://json-schema.org/draft-07/schema#"

_TYPES: Final[dict[str, str]] = {"int": "integer", "float": "number", "bool": "boolean"}
_VARIABLE: Final = {"type": "string", "pattern": r"\$\{"}


def json_schema(catalogue: Catalogue, root: Field = WHOLE) -> dict[str, Any]:
    """The schema of what `root` holds, with a definition for each kind of component and each component."""
    definitions: dict[str, Any] = {}
    for kind in KINDS:
        specs = list(catalogue.specs(kind))
        definitions[kind] = _kind(kind, specs)
        for spec in specs:
            definitions[f"{kind}.{spec.name}"] = _described(_field(spec.root), spec.summary)
    schema = _object(root)
    return {"$schema": DIALECT, "title": "A Headwater configuration", **schema, "definitions": definitions}


def _kind(kind: ComponentKind, specs: list[Spec]) -> dict[str, Any]:
    """An object with the name of one component, and what may stand beside it."""
    properties: dict[str, Any] = {}
    for word in sorted(RESERVED[kind]):
        if word == "type":
            properties[word] = {"type": "string", "enum": [spec.name for spec in specs]}
        elif word == "plugin":
            properties[word] = {}
        elif word == "processors":
            properties[word] = {"type": "array", "items": {"$ref": "#/definitions/processor"}}
        else:
            properties[word] = {"type": "string"}
    for spec in specs:
        properties[spec.name] = {"$ref": f"#/definitions/{kind}.{spec.name}"}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _field(field: Field) -> dict[str, Any]:
    schema = _value(field)
    if field.shape in ("array", "2darray"):
        schema = {"type": "array", "items": schema}
        if field.shape == "2darray":
            schema = {"type": "array", "items": schema}
    elif field.shape == "map":
        schema = {"type": "object", "additionalProperties": schema}
    if field.default is not NO_DEFAULT:
        schema = {**schema, "default": field.default}
    if field.examples:
        schema = {**schema, "examples": list(field.examples)}
    if field.deprecated:
        schema = {**schema, "deprecated": True}
    if field.secret:
        schema = {**schema, "writeOnly": True}
    return _described(schema, field.description)


def _value(field: Field) -> dict[str, Any]:
    if field.type in KINDS:
        return {"$ref": f"#/definitions/{field.type}"}
    if field.fields:
        return _object(field)
    if field.type == "object":
        return {"type": "object"}
    if field.type == "unknown":
        return {}
    if field.type == "string":
        if field.options and not field.advisory:
            return {"anyOf": [{"type": "string", "enum": list(field.options)}, _VARIABLE]}
        return {"type": ["string", "number", "boolean"]}
    return {"anyOf": [{"type": _TYPES[field.type]}, _VARIABLE]}


def _object(field: Field) -> dict[str, Any]:
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {child.name: _field(child) for child in field.fields},
        "additionalProperties": not field.fields,
    }
    if field.leaves:
        schema["required"] = list(field.leaves)
    return schema


def _described(schema: dict[str, Any], description: str) -> dict[str, Any]:
    if not description:
        return schema
    if "$ref" in schema:
        # Draft 7 does not look at what stands beside a reference.
        return {"allOf": [schema], "description": description}
    return {**schema, "description": description}
