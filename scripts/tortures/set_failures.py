"""POST /streams of a set in which one stream fails at each place: the others are as asked, nothing is half there."""

from __future__ import annotations

import json
from typing import Any

from scripts.tortures.bench import Bench, Outcome

SIZE = 100


def run(bench: Bench) -> Outcome:
    """Let the stream at one place fail to be built, after another, until the time is up."""
    service = bench.streams("logger: {level: NONE}")
    outcome = Outcome()
    good: dict[str, Any] = {"input": {"http_server": {"path": "/post"}}, "output": {"drop": {}}}
    bad: dict[str, Any] = {
        "input": {"http_server": {"path": "/post"}},
        "output": {"cache": {"target": "nope", "key": "a"}},
    }
    rounds = 0
    step = max(1, SIZE // 10)
    for place in range(0, SIZE, step):
        if bench.left < 1 and rounds:
            break
        for existing in (False, True):
            status, _ = service.request("POST", "/streams", "{}", timeout=60)
            outcome.require(status == 200, f"emptying the set answered {status}")
            names = [f"s{number:03}" for number in range(SIZE)]
            failing = names[place]
            if existing:
                status, _ = service.request("POST", f"/streams/{failing}", json.dumps(good))
                outcome.require(status == 200, f"create answered {status}")
            body = json.dumps({name: bad if name == failing else good for name in names})
            status, answer = service.request("POST", "/streams", body, timeout=60)
            outcome.require(status == 400, f"place {place}: answered {status} {answer[:200]!r}")
            verb = b"failed to update stream" if existing else b"failed to create stream"
            outcome.require(verb in answer, f"place {place}: {answer[:200]!r}")
            status, listed = service.request("GET", "/streams")
            wanted = set(names) if existing else set(names) - {failing}
            outcome.require(set(json.loads(listed)) == wanted, f"place {place}: the wrong streams are there")
            status, _ = service.request("POST", f"/{failing}/post", "x")
            if existing:
                outcome.require(status == 200, f"place {place}: the old stream answered {status}")
            else:
                outcome.require(status in (404, 503), f"place {place}: a path of the failed stream answered {status}")
            rounds += 1
    outcome.note = f"{rounds} sets of {SIZE}"
    outcome.failures = outcome.failures[:10]
    return outcome
