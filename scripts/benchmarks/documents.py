"""The job that most workloads do, in every language it is done in, and the files it is done on."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import orjson
from scripts.benchmarks.process import Failed
from scripts.benchmarks.workload import Bench

MAPPING = """\
root = this
root.name = this.name.uppercase()
root.total = this.price * this.quantity
root.note = this.note | "none"
root.internal = deleted()
"""

FUNCTION = """\
import orjson
loads, dumps = orjson.loads, orjson.dumps

def change(line):
    doc = loads(line)
    doc["name"] = doc["name"].upper()
    doc["total"] = doc["price"] * doc["quantity"]
    note = doc.get("note")
    doc["note"] = note if note is not None else "none"
    doc.pop("internal", None)
    return dumps(doc)
"""
"""The job as a Python function from line to line: the loop, Bytewax and Pathway have this one."""

LOOP = (
    FUNCTION
    + """
import sys

def main():
    with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
        for line in source:
            target.write(change(line) + b"\\n")

main()
"""
)
"""The hand-written loop."""

COPY = """\
import sys

def main():
    with open(sys.argv[1], "rb") as source, open(sys.argv[2], "wb") as target:
        for line in source:
            target.write(line.rstrip(b"\\n") + b"\\n")

main()
"""
"""The loop that only splits lines."""

JQ = '.name |= ascii_upcase | .total = .price * .quantity | .note = (.note // "none") | del(.internal)'

DIFFERENT = 1000
"""So many lines of a file differ in more than their number."""


def source(bench: Bench, count: int, size: int = 200) -> Path:
    """A file of so many JSON lines of about so many bytes; made once."""
    path = bench.path(f"in-{size}-{count}.jsonl")
    if not path.exists():
        rng = random.Random(7)
        bodies = [orjson.dumps(_document(rng, size))[1:] for _ in range(DIFFERENT)]
        with open(path, "wb") as file:
            for number in range(count):
                file.write(b'{"id":%d,%b\n' % (number, bodies[number % DIFFERENT]))
    return path


def _document(rng: random.Random, size: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": f"customer {rng.randrange(10**6)}",
        "price": rng.randrange(1, 1000),
        "quantity": rng.randrange(1, 20),
        "tags": ["alpha", "beta", "gamma"],
        "address": {"street": f"{rng.randrange(500)} Long Road", "city": "Bristol", "zip": "BS1 4DJ"},
        "internal": "x" * 12,
    }
    if size > 200:
        document["lines"] = lines = []
        length = len(orjson.dumps(document))
        while length < size - 40:
            line = {"sku": f"sku-{rng.randrange(10**6)}", "price": rng.randrange(1, 1000), "ok": rng.random() < 0.5}
            length += len(orjson.dumps(line)) + 1
            lines.append(line)
    return document


def check(made: Path, given: Path, count: int, *, mapped: bool, field: str = "") -> None:
    """See that a file holds what should have become of another: all lines, some of them looked into.

    Args:
        mapped: Whether the job was done, or the lines only copied.
        field: Of the result, which holds a line as text; the result is the line itself where it is empty.

    Raises:
        Failed: It does not.
    """
    names: dict[str, Any] = {}
    exec(FUNCTION, names)
    step = max(1, count // 100)
    found: dict[int, Any] = {}
    total = 0
    with open(made, "rb") as file:
        for line in file:
            total += 1
            if total <= 1000 or not total % step:
                document = orjson.loads(orjson.loads(line)[field]) if field else orjson.loads(line)
                found[document["id"]] = document
    if total != count:
        raise Failed(f"{made.name} has {total} lines, not {count}")
    with open(given, "rb") as file:
        for number, line in enumerate(file):
            document = found.pop(number, None)
            if document is None:
                continue
            expected = orjson.loads(names["change"](line) if mapped else line)
            if document != expected:
                raise Failed(f"{made.name}: {document} where {expected} was expected")
    if found:
        raise Failed(f"{made.name} has documents that were not given: {list(found)[:5]}")
