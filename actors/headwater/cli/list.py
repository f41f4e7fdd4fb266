"""`headwater list`: components, functions and methods, with their fields."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

EPILOG: Final = """\
  headwater list                                names, kind by kind
  headwater list inputs outputs                 of these kinds
  headwater list --format markdown generate     the page of a component
  headwater list bloblang-methods               methods of Bloblang
  headwater list --format json-full             all there is to know
"""

_BLOBLANG: Final = ("bloblang-functions", "bloblang-methods")


def add_parser(subparsers: Any) -> None:
    """Describe the verb's flags."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "list", help="list components, functions and methods, with their fields", epilog=EPILOG
    )
    parser.add_argument("what", nargs="*", metavar="KIND|NAME", help="kinds (inputs, ...) or names")
    parser.add_argument(
        "--format", choices=("text", "json", "json-full", "jsonschema", "markdown"), default="text", help="how"
    )
    parser.add_argument("--status", default="", help="only what is stable, beta, experimental or deprecated")


def run(args: argparse.Namespace) -> int:
    """Print what there is; returns 1 where a word is neither a kind nor a name."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.spec import PLURALS

    catalogue = Catalogue()
    chosen = {word.replace("-", "_") for word in args.what}
    kinds = {kind: plural for kind, plural in PLURALS.items() if kind in chosen or plural in chosen}
    words = chosen - set(kinds) - set(kinds.values()) - {word.replace("-", "_") for word in _BLOBLANG}
    bloblang = [word for word in _BLOBLANG if word.replace("-", "_") in chosen]
    if not chosen or (words and not kinds and not bloblang):
        kinds = dict(PLURALS)
    if not chosen:
        bloblang = list(_BLOBLANG)
    found: dict[str, Any] = {
        plural: [name for name in catalogue.names(kind) if not words or name in words]  # type: ignore[arg-type]
        for kind, plural in kinds.items()
    }
    if args.status:
        for kind, plural in kinds.items():
            found[plural] = [n for n in found[plural] if catalogue.spec(kind, n).status == args.status]  # type: ignore[arg-type]
    entries = {word: _bloblang(word, words, args.status) for word in bloblang}
    unknown = words - {name for names in found.values() for name in names} - {n for e in entries.values() for n in e}
    if unknown:
        print(f"headwater list: there is no {', '.join(sorted(unknown))}", file=sys.stderr)
        return 1
    print(_FORMATS[args.format](catalogue, {p: n for p, n in found.items() if n}, entries))
    return 0


def _bloblang(word: str, words: set[str], status: str) -> dict[str, Any]:
    """Functions or methods by name."""
    from headwater.bloblang.registry import Environment

    environment = Environment.default()
    table = environment.functions if word == "bloblang-functions" else environment.methods
    return {
        name: table[name]
        for name in sorted(table)
        if (not words or name in words) and (status or table[name].status) == table[name].status
    }


def _text(catalogue: Any, found: dict[str, list[str]], entries: dict[str, dict[str, Any]]) -> str:
    lines: list[str] = []
    for title, names in (*found.items(), *((word, list(table)) for word, table in entries.items())):
        if names:
            lines += [f"{title.replace('_', ' ').replace('-', ' ').capitalize()}:", *(f"  - {n}" for n in names), ""]
    return "\n".join(lines).rstrip("\n")


def _json(catalogue: Any, found: dict[str, list[str]], entries: dict[str, dict[str, Any]]) -> str:
    return json.dumps({**found, **{word: list(table) for word, table in entries.items()}}, indent=2)


def _specs(catalogue: Any, found: dict[str, list[str]]) -> dict[str, list[Any]]:
    from headwater.config.spec import PLURALS

    singular = {plural: kind for kind, plural in PLURALS.items()}
    return {plural: [catalogue.spec(singular[plural], name) for name in names] for plural, names in found.items()}


def _full(catalogue: Any, found: dict[str, list[str]], entries: dict[str, dict[str, Any]]) -> str:
    from headwater.config.docs import component_record, field_record
    from headwater.config.sections import WHOLE
    from headwater.version import __version__

    record: dict[str, Any] = {"version": __version__, "config": [field_record(field) for field in WHOLE.fields]}
    for plural, specs in _specs(catalogue, found).items():
        record[plural] = [component_record(spec) for spec in specs]
    for word, table in entries.items():
        record[word] = [_entry_record(spec) for spec in table.values()]
    return json.dumps(record, indent=2, ensure_ascii=False, default=str)


def _entry_record(spec: Any) -> dict[str, Any]:
    """What is known of a function or method."""
    params = []
    for param in spec.params:
        entry: dict[str, Any] = {"name": param.name, "type": param.type}
        if param.summary:
            entry["description"] = param.summary
        if not param.required:
            entry["is_optional"] = True
        params.append(entry)
    record: dict[str, Any] = {"name": spec.name, "status": spec.status, "params": params}
    for key in ("summary", "description", "version", "variadic", "impure"):
        if getattr(spec, key):
            record[key] = getattr(spec, key)
    if spec.categories:
        record["categories"] = list(spec.categories)
    if spec.examples:
        record["examples"] = [
            {"summary": each.summary, "mapping": each.mapping, "results": [list(pair) for pair in each.results]}
            for each in spec.examples
        ]
    return record


def _schema(catalogue: Any, found: dict[str, list[str]], entries: dict[str, dict[str, Any]]) -> str:
    from headwater.config.schema import json_schema

    return json.dumps(json_schema(catalogue), indent=2, ensure_ascii=False)


def _markdown(catalogue: Any, found: dict[str, list[str]], entries: dict[str, dict[str, Any]]) -> str:
    from headwater.config.docs import component_markdown

    pages = [component_markdown(spec) for specs in _specs(catalogue, found).values() for spec in specs]
    pages += [_entry_markdown(spec) for table in entries.values() for spec in table.values()]
    return "\n".join(pages).rstrip("\n")


def _entry_markdown(spec: Any) -> str:
    """The section of a function or method."""
    lines = [f"## `{spec.name}`", ""]
    for words in (spec.summary, spec.description):
        if words:
            lines += [words.strip(), ""]
    if spec.params:
        lines += ["| parameter | type | | |", "|---|---|---|---|"]
        lines += [
            f"| `{param.name}` | {param.type} | {'' if param.required else 'optional'} | {param.summary} |"
            for param in spec.params
        ]
        lines.append("")
    for each in spec.examples:
        if each.summary:
            lines += [each.summary, ""]
        lines += [
            "```coffee",
            each.mapping,
            "",
            *(line for i, o in each.results for line in (f"# In:  {i}", f"# Out: {o}")),
        ]
        lines += ["```", ""]
    return "\n".join(lines)


_FORMATS: Final[dict[str, Any]] = {
    "text": _text,
    "json": _json,
    "json-full": _full,
    "jsonschema": _schema,
    "markdown": _markdown,
}
