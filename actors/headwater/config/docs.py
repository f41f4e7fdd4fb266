"""Documentation made from specs: examples in YAML, pages in Markdown, records for other tools."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

import yaml

from headwater.config.spec import KINDS, NO_DEFAULT, Field, Spec

_REQUIRED: Final = "  # No default (required)"
_OPTIONAL: Final = "  # optional"


def flow(value: Any) -> str:
    """A value as YAML in one line."""
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, width=1 << 30, allow_unicode=True)
    text = text.removesuffix("...\n").strip()
    # Texts of several lines have one line as JSON, which is YAML too.
    return json.dumps(value, ensure_ascii=False) if "\n" in text else text


def example(field: Field, *, advanced: bool, indent: str = "") -> list[str]:
    """Lines of YAML that show what an object holds: defaults, and remarks where there is none."""
    lines: list[str] = []
    for child in field.fields:
        if child.deprecated or child.dialect or (child.advanced and not advanced):
            continue
        lines += _example_field(child, advanced, indent)
    return lines


def _example_field(field: Field, advanced: bool, indent: str) -> list[str]:
    key = f"{indent}{flow(field.name)}:"
    if field.type == "object" and field.shape == "scalar" and field.fields:
        inner = example(field, advanced=advanced, indent=indent + "  ")
        return [key, *inner] if any(not line.lstrip().startswith("#") for line in inner) else []
    if field.default is not NO_DEFAULT:
        if field.type in KINDS and isinstance(field.default, dict) and field.default:
            return [key, *(f"{indent}  {line}" for line in _block(field.default))]
        if field.option_set and str(field.default).lower() not in field.option_set:
            return [f"{key} {flow(field.options[0])}"]
        return [f"{key} {flow(field.default)}"]
    if not field.required:
        return [f"{indent}# {flow(field.name)}: {_placeholder(field)}{_OPTIONAL}"]
    return [f"{key} {_placeholder(field)}{_REQUIRED}"]


def _placeholder(field: Field) -> str:
    """A value that stands where there is no default."""
    if field.examples and field.shape == "scalar" and field.type in ("string", "int", "float", "bool"):
        return flow(field.examples[0])
    if field.options and field.shape == "scalar":
        return flow(field.options[0])
    if field.shape in ("array", "2darray"):
        return "[]"
    if field.shape == "map" or (field.type == "object" and field.shape == "scalar"):
        return "{}"
    return {"string": '""', "int": "0", "float": "0.0", "bool": "false"}.get(field.type, "null")


def _block(value: Any) -> list[str]:
    text: str = yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=1 << 30)
    return text.rstrip("\n").split("\n")


def component_example(spec: Spec, *, advanced: bool, indent: str = "") -> list[str]:
    """Lines of YAML that show a component, with its label where it may have one."""
    label = [f'{indent}label: ""'] if spec.labelled else []
    root = spec.root
    if root.shape != "scalar" or root.type != "object":
        if root.default is not NO_DEFAULT:
            return [*label, f"{indent}{spec.name}: {flow(root.default)}"]
        remark = _REQUIRED if root.required else ""
        return [*label, f"{indent}{spec.name}: {_placeholder(root)}{remark}"]
    inner = example(root, advanced=advanced, indent=indent + "  ")
    filled = any(not line.lstrip().startswith("#") for line in inner)
    return [*label, f"{indent}{spec.name}:{'' if filled else ' {}'}", *(inner if filled else ())]


def component_markdown(spec: Spec) -> str:
    """A component's page."""
    kind = spec.kind
    lines = [f"# {spec.name}", ""]
    if spec.status != "stable":
        lines += [f"*Status: {spec.status}*", ""]
    for words in (spec.summary, spec.description):
        if words:
            lines += [words.strip(), ""]
    common = component_example(spec, advanced=False, indent="  ")
    full = component_example(spec, advanced=True, indent="  ")
    lines += ["```yaml", f"{kind}:", *common, "```", ""]
    if full != common:
        lines += ["With all fields:", "", "```yaml", f"{kind}:", *full, "```", ""]
    for title, text in spec.examples:
        lines += [f"## {title}", "", "```yaml", text.strip("\n"), "```", ""]
    fields = list(walk(spec.root))
    if fields:
        lines += ["## Fields", ""]
        for path, field in fields:
            lines += _field_markdown(path, field)
    return "\n".join(lines).rstrip("\n") + "\n"


def walk(field: Field, prefix: str = "") -> Iterable[tuple[str, Field]]:
    """All fields under a field, each with its path: ``batching.count``, ``cases[].check``, ``a.<name>.b``."""
    inner = {"array": f"{prefix}[]", "2darray": f"{prefix}[][]", "map": f"{prefix}.<name>"}.get(field.shape, prefix)
    for child in field.fields:
        path = f"{inner}.{child.name}" if inner else child.name
        yield path, child
        yield from walk(child, path)


def _field_markdown(path: str, field: Field) -> list[str]:
    lines = [f"### `{path}`", ""]
    if field.description:
        lines += [field.description, ""]
    lines.append(f"Type: {type_words(field)}  ")
    if field.default is not NO_DEFAULT:
        lines.append(f"Default: `{flow(field.default)}`  ")
    elif field.required:
        lines.append("Required.  ")
    if field.options:
        lines.append(f"Options: {', '.join(f'`{option}`' for option in field.options)}  ")
    notes = [
        words
        for flag, words in (
            (field.interpolated, "holds `${! }` expressions, worked out for each message"),
            (field.secret, "a secret: it is never shown"),
            (field.advanced, "advanced"),
            (field.deprecated, "deprecated"),
            (bool(field.dialect), "known to Bento, not to Benthos"),
        )
        if flag
    ]
    if notes:
        lines.append(f"Notes: {', '.join(notes)}  ")
    if field.examples:
        lines += ["", "```yaml", *(f"{field.name}: {flow(value)}" for value in field.examples), "```"]
    return [*lines, ""]


def type_words(field: Field) -> str:
    """What a field holds, in words."""
    name = {"unknown": "anything", "int": "integer", "bool": "boolean"}.get(field.type, field.type)
    if field.format == "bloblang":
        name = "Bloblang mapping"
    elif field.format:
        name = f"{name} ({field.format})"
    return {"array": f"list of {name}", "2darray": f"list of lists of {name}", "map": f"map of {name}"}.get(
        field.shape, name
    )


def component_record(spec: Spec) -> dict[str, Any]:
    """Everything that a spec says, for other tools."""
    record: dict[str, Any] = {"name": spec.name, "type": spec.kind, "status": spec.status}
    for key, value in (
        ("summary", spec.summary),
        ("description", spec.description),
        ("version", spec.since),
        ("categories", list(spec.categories)),
    ):
        if value:
            record[key] = value
    record["config"] = field_record(spec.root)
    return record


def field_record(field: Field) -> dict[str, Any]:
    """Everything that a field says, for other tools."""
    record: dict[str, Any] = {"name": field.name, "type": field.type, "kind": field.shape}
    for key, value in (
        ("description", field.description),
        ("format", field.format),
        ("options", list(field.options)),
        ("examples", list(field.examples)),
        ("version", field.since),
        ("is_optional", field.optional),
        ("is_advanced", field.advanced),
        ("is_deprecated", field.deprecated),
        ("is_secret", field.secret),
        ("interpolated", field.interpolated),
    ):
        if value:
            record[key] = value
    if field.default is not NO_DEFAULT:
        record["default"] = field.default
    if field.fields:
        record["children"] = [field_record(child) for child in field.fields]
    return record
