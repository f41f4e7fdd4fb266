"""What schemathesis is told beside the description: ids that meet each other, and configurations that are ones.

Loaded by schemathesis itself, as `SCHEMATHESIS_HOOKS` says; see `api_fuzz.py`.
"""

from __future__ import annotations

import atexit
import os
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import schemathesis

IDS = ("a", "b", "c", "with space", "Ünï", "dots..", "ready", "streams", "-", "x" * 300)
CONFIGS: tuple[Any, ...] = (
    {"input": {"generate": {"mapping": "root = {}", "interval": "1h"}}, "output": {"drop": {}}},
    {"input": {"inproc": "x"}, "output": {"inproc": "y"}},
    {"input": {"http_server": {"path": "/post"}}, "output": {"sync_response": {}}},
    {"input": {"inproc": "x"}, "buffer": {"memory": {}}, "output": {"drop": {}}},
    {"input": {"inproc": "x"}, "output": {"drop": {}}, "nonsense": 1},
    {"input": {"no_such_input": {}}, "output": {"drop": {}}},
    {"input": {"inproc": "x"}, "output": {"cache": {"target": "nope", "key": "a"}}},
    {"pipeline": {"threads": 2}},
    {"pipeline": {"processors": [{"mapping": "root ="}]}},
    {"label": "a", "memory": {}},
    {"memory": {"default_ttl": "60s"}},
    {"local": {"count": 5, "interval": "1s"}},
)
answers: Counter[str] = Counter()


def _pick(value: Any, choices: tuple[Any, ...]) -> Any:
    """One that the value decides, so that runs can be repeated."""
    return choices[zlib.crc32(repr(value).encode("utf-8", "surrogatepass")) % len(choices)]


@schemathesis.hook
def map_path_parameters(context: Any, path_parameters: dict[str, Any]) -> dict[str, Any]:
    """Use few ids, mostly."""
    if path_parameters and "id" in path_parameters and zlib.crc32(repr(path_parameters).encode()) % 8:
        return {**path_parameters, "id": _pick(path_parameters["id"], IDS)}
    return path_parameters


@schemathesis.hook
def map_query(context: Any, query: dict[str, Any]) -> dict[str, Any]:
    """Let nobody wait long."""
    return {**query, "timeout": "300ms"} if query and "timeout" in query else query


@schemathesis.hook
def map_body(context: Any, body: Any) -> Any:
    """Use configurations, every other time."""
    chance = zlib.crc32(repr(body).encode("utf-8", "surrogatepass"))
    if chance % 2 or not isinstance(body, dict):
        return body
    if context.operation.path == "/streams":
        return {name: _pick((body, name), CONFIGS) for name in IDS[: chance // 2 % 4]}
    return _pick(body, CONFIGS)


@schemathesis.hook
def after_call(context: Any, case: Any, response: Any) -> None:
    """Count answers."""
    answers[str(response.status_code)] += 1


@atexit.register
def _tell() -> None:
    if path := os.environ.get("TORTURE_ANSWERS"):
        Path(path).write_text("".join(f"{status} {count}\n" for status, count in sorted(answers.items())))
