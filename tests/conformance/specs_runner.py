"""Compare the specs of components with what the programs report of theirs: `scripts/conformance specs FILE [flags]`.

The file is `components.json`; the table of components beside it, `components.md`, says which of them belong to the
first tier. Each component and each field of one is a case. What differs and stays so is in `accepted.txt`, with the
reason; components that do not exist here and are not of the first tier are skipped.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ratchet

Record = dict[str, Any]

_INSIDE = {"array": "[].", "2darray": "[][].", "map": ".<name>."}
_FLAGS = ("interpolated", "advanced", "deprecated", "secret", "optional")


def first_tier(table: str) -> set[tuple[str, str]]:
    """Kinds and names in the section of the first tier."""
    found = set()
    kind, inside = "", False
    for line in table.splitlines():
        if line.startswith("## "):
            inside = line.startswith("## Tier 1")
        elif inside and (title := re.match(r"### (\w+) \(", line)):
            kind = title[1]
        elif inside and kind and (row := re.match(r"\| \d+ \| (\w+) \|", line)):
            found.add((kind, row[1]))
    return found


def fields_of(field: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """All fields below a field, by path."""
    for child in field.fields:
        path = f"{prefix}{child.name}"
        yield path, child
        yield from fields_of(child, path + _INSIDE.get(child.shape, "."))


def component_differences(spec: Any, record: Record) -> list[str]:
    """What a component as a whole is told to be, and is not."""
    root = record["root"]
    found = []
    for name, ours, theirs in (
        ("labelled", spec.labelled, root["labelled"]),
        ("status", spec.status, record["status"]),
        ("categories", sorted(spec.categories), sorted(record.get("categories", ()))),
        ("interpolated", bool(spec.root.interpolated), bool(root.get("interpolated"))),
    ):
        if ours != theirs:
            found.append(f"{name} is {ours!r}, not {theirs!r}")
    if root["kind"] != "object" and root.get("required") is not None and spec.root.required != root["required"]:
        found.append(f"required is {spec.root.required!r}, not {root['required']!r}")
    if not spec.summary:
        found.append("there is no summary")
    return found


def field_differences(path: str, ours: Mapping[str, Any], theirs: Record, spec: Any, record: Record) -> list[str]:
    """What a field is told to be, and is not."""
    from headwater.config.spec import NO_DEFAULT

    field = ours[path]
    found = [
        f"{flag} is {getattr(field, flag)}" for flag in _FLAGS if bool(getattr(field, flag)) != bool(theirs.get(flag))
    ]
    shape = theirs.get("kind") if theirs.get("kind") in ("map", "array", "2darray") else "scalar"
    kind = theirs.get("element") or theirs["type"]
    for name, mine, wanted in (
        ("default", None if field.default is NO_DEFAULT else [field.default], _given(theirs, "default")),
        ("options", list(field.options), theirs.get("options", [])),
        ("options_advisory", bool(field.advisory), bool(theirs.get("options_advisory"))),
        ("shape", field.shape, shape),
        ("type", field.type, kind),
        ("bloblang", field.format == "bloblang", theirs.get("format") == "bloblang"),
        ("of Bento alone", _of_a_dialect(path, ours), _below(path, record.get("bento_only_fields", ()))),
    ):
        if mine != wanted:
            found.append(f"{name} is {mine!r}, not {wanted!r}")
    if theirs.get("custom_lint") and not field.lint and not spec.lint:
        found.append("it has no rule of its own")
    if not field.description:
        found.append("there is no description")
    return found


def _given(record: Record, name: str) -> list[Any] | None:
    return [record[name]] if name in record else None


def _below(path: str, paths: Any) -> bool:
    return any(path == each or path.startswith((f"{each}.", f"{each}[")) for each in paths)


def _of_a_dialect(path: str, fields: Mapping[str, Any]) -> bool:
    while path:
        field = fields.get(path)
        if field is not None and field.dialect:
            return True
        path = path.rpartition(".")[0].removesuffix("[]") if "." in path else ""
    return False


def check(kind: str, name: str, catalogue: Any, record: Record | None) -> dict[str, list[str]]:
    """The cases of a component: what differs, by id."""
    whole = f"{kind}/{name}"
    if record is None:
        return {whole: ["it is known here alone"]}
    spec = catalogue.spec(kind, name)
    prefix = "[]." if spec.root.shape == "array" and spec.root.fields else ""
    ours = dict(fields_of(spec.root, prefix))
    theirs = {field["path"]: field for field in record["fields"]}
    cases = {whole: component_differences(spec, record)}
    for path in sorted({*ours, *theirs}):
        if path not in ours:
            cases[f"{whole}/{path}"] = ["it is missing"]
        elif path not in theirs:
            cases[f"{whole}/{path}"] = ["it is known here alone"]
        else:
            cases[f"{whole}/{path}"] = field_differences(path, ours, theirs[path], spec, record)
    return cases


def main() -> int:
    """Run and judge; returns the exit code."""
    from headwater.components.catalogue import Catalogue
    from headwater.config.spec import KINDS

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", metavar="components.json", type=Path)
    parser.add_argument("--failures", action="store_true", help="show also what is accepted")
    args = parser.parse_args()
    records: dict[str, dict[str, Record]] = json.loads(args.file.read_text(encoding="utf-8"))
    tier = first_tier(args.file.with_suffix(".md").read_text(encoding="utf-8"))
    catalogue = Catalogue(entry_points=False)
    reasons = ratchet.accepted("specs")
    outcomes: dict[str, bool | None] = {}
    for kind in KINDS:
        here = set(catalogue.names(kind))
        for name in sorted(here | records.get(kind, {}).keys()):
            if name not in here:
                outcomes[f"{kind}/{name}"] = False if (kind, name) in tier else None
                if (kind, name) in tier:
                    print(f"{kind}/{name}: it is missing")
                continue
            for case, differences in check(kind, name, catalogue, records.get(kind, {}).get(name)).items():
                outcomes[case] = not differences
                if differences and case in reasons:
                    outcomes[case] = None
                if differences and (case not in reasons or args.failures):
                    print(f"{case}: {'; '.join(differences)}")
    for case in sorted(reasons.keys() - {name for name, outcome in outcomes.items() if outcome is None}):
        print(f"{case}: is accepted and does not differ")
        outcomes[case] = False
    print(f"{len(tier)} components of the first tier, {sum(len(catalogue.names(kind)) for kind in KINDS)} here")
    verdict = ratchet.judge("specs", outcomes)
    verdict.print()
    return verdict.exit_code


if __name__ == "__main__":
    sys.exit(main())
