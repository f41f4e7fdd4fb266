"""Mappings that are mutated, over documents that are: never a crash, never a hang, every error one of Bloblang's.

What is mutated are the examples of all functions and methods: cut, doubled, crossed with each other, and with methods
put behind anything. A process of its own runs them, so that one that died or hung would be seen, and named.
"""

from __future__ import annotations

import multiprocessing
import random
import re
import resource
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from typing import Any

from scripts.tortures.bench import Bench, Outcome

from headwater.bloblang import BloblangError, compile_mapping
from headwater.bloblang.registry import Environment
from headwater.message import Message

HANG_SECONDS = 20.0
MEMORY = 4 << 30
PIECES = (
    *'()[]{}.,:;|&!=<>+-*/%$@#"\\\n ',
    *("root", "this", "null", "true", "deleted()", "error()", "meta", "let x = ", "if ", "match ", "=> ", "->", '"""'),
    *("-1", "0", "1e400", "9223372036854775808", "0.1", '"5s"', '"%"', '"(("', '"\\xff"', "[]", "{}", "x -> x", "_"),
)
DOCUMENTS = (
    *(
        b"",
        b"null",
        b"{}",
        b"[]",
        b"0",
        b'"x"',
        b"\xff\xfe",
        b"{",
        b'{"a":{"b":[1,"2",null]}}',
        b"[" * 300 + b"]" * 300,
    ),
    *(b'{"a":1e999}', b'{"a":"' + b"x" * 5000 + b'"}', b"[" + b"1," * 3000 + b"1]", '{"ä":"ü\\u0000"}'.encode()),
)


def run(bench: Bench) -> Outcome:
    """Watch a process that runs them until the time is up."""
    outcome = Outcome()
    note = bench.folder / "case.txt"
    seed = bench.chance.randrange(1 << 31)
    context = multiprocessing.get_context("fork")
    done: Synchronized[int] = context.Value("q", 0)
    errors: Synchronized[int] = context.Value("q", 0)
    until = time.monotonic() + bench.left - 1
    child = context.Process(target=_work, args=(seed, until, bench.rounds, note, done, errors), daemon=True)
    child.start()
    last, since, worked = 0, time.monotonic(), 0.0
    while child.is_alive():
        child.join(0.2)
        if done.value != last:
            last, since, worked = done.value, time.monotonic(), _on_core(child.pid)
        elif last and (_on_core(child.pid) - worked > HANG_SECONDS or time.monotonic() - since > 10 * HANG_SECONDS):
            child.kill()
            child.join()
            outcome.failures.append(f"no end after {HANG_SECONDS:.0f} s: {_shown(note)}")
    if not outcome.failures:
        outcome.require(child.exitcode == 0, f"ended with {child.exitcode}: {_shown(note)}")
    outcome.sent = done.value
    outcome.note = f"{done.value - errors.value} gave a result, {errors.value} an error"
    outcome.require(done.value > errors.value, "nothing gave a result")
    return outcome


def _on_core(pid: int | None) -> float:
    """Seconds that a process has had a core for."""
    stat = Path(f"/proc/{pid}/schedstat")
    return int(stat.read_text().split()[0]) / 1e9 if stat.exists() else 0.0


def _shown(note: Path) -> str:
    return note.read_text(errors="replace")[:2000] if note.exists() else ""


def _work(
    seed: int, until: float, rounds: int | None, note: Path, done: Synchronized[int], errors: Synchronized[int]
) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    chance = random.Random(seed)
    specs = [*Environment.default().functions.values(), *Environment.default().methods.values()]
    examples = [example for spec in specs for example in spec.examples]
    sources = [example.mapping for example in examples]
    calls = sorted({call for source in sources for call in re.findall(r"\.\w+\([^()]*\)", source)})
    documents = [*DOCUMENTS, *(given.encode() for example in examples for given, _ in example.results)]
    with note.open("w") as file:
        while time.monotonic() < until and (rounds is None or done.value < rounds):
            source = _mutated(chance, chance.choice(sources), sources, calls)
            raw = _bent(chance, chance.choice(documents))
            file.seek(0)
            file.truncate()
            file.write(f"{source!r} over {raw[:500]!r}")
            file.flush()
            try:
                mapping = compile_mapping(source)
                for _ in range(2):
                    mapping.apply(Message(raw))
            except BloblangError as error:
                if not error.text:
                    raise
                errors.value += 1
            except Exception as error:
                file.write(f"\n{type(error).__name__}: {error}")
                raise
            done.value += 1


def _mutated(chance: random.Random, source: str, sources: list[str], calls: list[str]) -> str:
    for _ in range(chance.choice((0, 1, 1, 2, 4))):
        start = chance.randrange(len(source) + 1)
        end = min(len(source), start + chance.choice((0, 1, 3, 10)))
        kind = chance.randrange(4)
        if kind == 0:
            put: str = chance.choice(PIECES)
        elif kind == 1:
            ends = [match.end() for match in re.finditer(r"\)|\bthis\b|\w\b", source)] or [0]
            start = end = chance.choice(ends)
            put = chance.choice(calls)
        elif kind == 2:
            other = chance.choice(sources)
            cut = chance.randrange(len(other) + 1)
            put = other[cut : cut + chance.randrange(30)]
        else:
            put = source[start:end] * 2
        source = source[:start] + put + source[end:]
    return source


def _bent(chance: random.Random, raw: bytes) -> Any:
    for _ in range(chance.choice((0, 0, 1, 2))):
        place = chance.randrange(len(raw) + 1)
        raw = raw[:place] + chance.choice((b"", b"0", b"null", b"{}", b'"', b"-", b"\x00", b"[1,")) + raw[place + 1 :]
    return raw
