"""Mappings beside hand-written Python that does the same work on the same documents.

Each mapping is measured twice: on whole messages (decode, map, encode; the hand-written side uses orjson), and for the mapping
alone on a document that is decoded already. A ratio is time of the mapping by time of the hand-written function: 1.3 means 30 % slower.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import orjson

from headwater.bloblang import compile_mapping
from headwater.message import Message

SMALL = (
    b'{"id":"a1b2c3d4","name":"alice cooper","price":12.5,"quantity":3,"note":null,"internal":"x",'
    b'"tags":["red","green","blue"],"address":{"city":"Ghent","zip":"9000"},"active":true,"score":71,"kind":"order"}'
)
ITEMS = orjson.dumps(
    {"items": [{"sku": f"s{n}", "price": n * 2, "quantity": n % 5, "ok": n % 3 != 0} for n in range(20)]}
)
TEXT = b'{"line":"2024-05-06T07:08:09Z ERROR disk: write failed on /dev/sda1 after 3 tries","host":"web-17"}'

Function = Callable[[Any], Any]
"""Takes a decoded document, returns the new one."""


def rename(this: Any) -> Any:
    root = this.copy()
    root["name"] = this["name"].upper()
    root["title"] = this["kind"]
    root.pop("internal", None)
    return root


def arithmetic(this: Any) -> Any:
    root = this.copy()
    root["total"] = this["score"] * this["quantity"] + 1
    root["half"] = this["score"] / 2
    return root


def coalesce(this: Any) -> Any:
    root = {"note": "none", "id": this["id"]}
    if this.get("note") is not None:
        root["note"] = this["note"]
    address = this.get("address")
    street = address.get("street") if type(address) is dict else None
    root["street"] = street if street is not None else "unknown"
    return root


def filter_sum(this: Any) -> Any:
    return {"total": float(sum([i["price"] * i["quantity"] for i in this["items"] if i["ok"]]))}


def map_each(this: Any) -> Any:
    return {"items": [{"sku": i["sku"].upper(), "total": i["price"] * i["quantity"]} for i in this["items"]]}


def conditional(this: Any) -> Any:
    score = this["score"]
    return {"grade": "a" if score > 90 else "b" if score > 70 else "c" if score > 50 else "d"}


def match(this: Any) -> Any:
    kind = this["kind"]
    if kind == "invoice":
        result = 1
    elif kind == "refund":
        result = 2
    elif kind == "order":
        result = 3
    else:
        result = 0
    return {"kind": result}


def build(this: Any) -> Any:
    address = this["address"]
    return {
        "customer": {"name": this["name"], "city": address["city"], "zip": address["zip"]},
        "order": {"id": this["id"], "lines": [this["quantity"], this["score"]]},
    }


def text(this: Any) -> Any:
    parts = this["line"].split(" ")
    return {
        "time": parts[0],
        "level": parts[1].lower(),
        "host": this["host"].replace("web", "www"),
        "words": len(parts),
    }


def nested(this: Any) -> Any:
    root = this.copy()
    address = dict(this["address"])
    address["country"] = "BE"
    address["label"] = this["name"] + ", " + this["address"]["city"]
    root["address"] = address
    return root


def variables(this: Any) -> Any:
    name = this["name"]
    city = this["address"]["city"]
    return {"label": name + " (" + city + ")", "short": name, "where": city}


def keep_some(this: Any) -> Any:
    return {"id": this["id"], "name": this["name"], "score": this["score"]}


def named_map(this: Any) -> Any:
    def line(i: Any) -> Any:
        return {"sku": i["sku"], "cost": i["price"] * i["quantity"]}

    return {"items": [line(i) for i in this["items"]]}


def catches(this: Any) -> Any:
    name = this["name"]
    try:
        number: Any = float(name)
    except ValueError:
        number = 0
    return {"number": number, "id": this["id"]}


CASES: list[tuple[str, bytes, str, Function, str]] = [
    (
        "upper, rename, delete",
        SMALL,
        "root = this\nroot.name = this.name.uppercase()\nroot.title = this.kind\nroot.internal = deleted()",
        rename,
        "1.3",
    ),
    (
        "arithmetic",
        SMALL,
        "root = this\nroot.total = this.score * this.quantity + 1\nroot.half = this.score / 2",
        arithmetic,
        "2.5",
    ),
    (
        "coalesce",
        SMALL,
        'root.note = this.note | "none"\nroot.id = this.id\nroot.street = this.address.street | "unknown"',
        coalesce,
        "2.5",
    ),
    (
        "filter, multiply, sum of 20",
        ITEMS,
        "root.total = this.items.filter(i -> i.ok).map_each(i -> i.price * i.quantity).sum()",
        filter_sum,
        "2.5",
    ),
    (
        "map_each of 20",
        ITEMS,
        'root.items = this.items.map_each(i -> {"sku": i.sku.uppercase(), "total": i.price * i.quantity})',
        map_each,
        "2.5",
    ),
    (
        "if, else if",
        SMALL,
        'root.grade = if this.score > 90 { "a" } else if this.score > 70 { "b" } else if this.score > 50 { "c" } else { "d" }',
        conditional,
        "2.5",
    ),
    (
        "match",
        SMALL,
        'root.kind = match this.kind {\n  "invoice" => 1\n  "refund" => 2\n  "order" => 3\n  _ => 0\n}',
        match,
        "2.5",
    ),
    (
        "build an object",
        SMALL,
        'root.customer = {"name": this.name, "city": this.address.city, "zip": this.address.zip}\nroot.order = {"id": this.id, "lines": [this.quantity, this.score]}',
        build,
        "2.5",
    ),
    (
        "text",
        TEXT,
        'let parts = this.line.split(" ")\nroot.time = $parts.0\nroot.level = $parts.1.lowercase()\nroot.host = this.host.replace_all("web", "www")\nroot.words = $parts.length()',
        text,
        "2.5",
    ),
    (
        "write below",
        SMALL,
        'root = this\nroot.address.country = "BE"\nroot.address.label = this.name + ", " + this.address.city',
        nested,
        "2.5",
    ),
    (
        "variables",
        SMALL,
        'let name = this.name\nlet city = this.address.city\nroot.label = $name + " (" + $city + ")"\nroot.short = $name\nroot.where = $city',
        variables,
        "2.5",
    ),
    ("keep three fields", SMALL, "root.id = this.id\nroot.name = this.name\nroot.score = this.score", keep_some, "2.5"),
    (
        "named map of 20",
        ITEMS,
        'map line {\n  root.sku = this.sku\n  root.cost = this.price * this.quantity\n}\nroot.items = this.items.map_each(i -> i.apply("line"))',
        named_map,
        "4",
    ),
    ("catch that fires", SMALL, "root.number = this.name.number().catch(0)\nroot.id = this.id", catches, "4"),
]


def once(work: Callable[[], None]) -> float:
    """Seconds of one run."""
    start = time.thread_time()
    work()
    return time.thread_time() - start


def pair(
    first: Callable[[], None], second: Callable[[], None], count: int, runs: int
) -> tuple[list[float], list[float]]:
    """Nanoseconds a piece of two kinds of work, run in turn."""
    a, b = [], []
    for _ in range(runs):
        a.append(once(first) / count * 1e9)
        b.append(once(second) / count * 1e9)
    return a, b


def measure(
    raw: bytes, source: str, function: Function, count: int, runs: int
) -> tuple[list[float], list[float], list[float], list[float]]:
    """Mapping and function alone, then both with decoding and encoding."""
    mapping = compile_mapping(source)
    message = Message(raw)
    document = orjson.loads(raw)
    result = mapping.apply(message)
    assert result is not None
    made = result.content()
    assert made is not None
    expected, got = function(document), orjson.loads(made)
    if orjson.loads(orjson.dumps(expected)) != got:
        raise SystemExit(f"{source}\nhand-written: {expected}\nmapping:      {got}")
    body = mapping.body()
    loads, dumps, sort = orjson.loads, orjson.dumps, orjson.OPT_SORT_KEYS

    def mapped() -> None:
        for _ in range(count):
            body(document)

    def written() -> None:
        for _ in range(count):
            function(document)

    chunk, raws = [message] * 250, [raw] * 250

    def mapped_whole() -> None:
        for _ in range(count // 250):
            mapping.apply_many(chunk)

    def written_whole() -> None:
        for _ in range(count // 250):
            [Message(dumps(function(loads(each)), option=sort)) for each in raws]

    alone = pair(mapped, written, count, runs)
    whole = pair(mapped_whole, written_whole, count, runs)
    return *alone, *whole


def main(words: list[str]) -> int:
    """Measure all and print a table; returns the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/bench bloblang", description=__doc__)
    parser.add_argument("--count", type=int, default=20_000, help="messages a run")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--only", default="", help="only cases whose name contains this")
    options = parser.parse_args(words)
    print(
        f"{'mapping':32} {'alone ns':>9} {'written':>8} {'ratio':>6} {'aim':>4}   {'whole ns':>9} {'written':>8} {'ratio':>6}"
    )
    for name, raw, source, function, aim in CASES:
        if options.only not in name:
            continue
        figures = [statistics.median(each) for each in measure(raw, source, function, options.count, options.runs)]
        a, b, c, d = figures
        print(f"{name:32} {a:9.0f} {b:8.0f} {a / b:6.2f} {aim:>4}   {c:9.0f} {d:8.0f} {c / d:6.2f}")
    compile_times = []
    long = "\n".join(
        source.replace("root", f"root.part{n}")
        for n, (_, _, source, _, _) in enumerate(CASES)
        if "map line" not in source
    )
    lines = "\n".join(long.splitlines()[:20])
    for _ in range(options.runs):
        source = lines + f"\nroot.z = {time.perf_counter_ns()}"
        started = time.thread_time()
        compile_mapping(source)
        compile_times.append((time.thread_time() - started) * 1000)
    print(f"compile 20 lines: {statistics.median(compile_times):.1f} ms (aim: under 10)")
    return 0
