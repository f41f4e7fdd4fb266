"""Bits that flip and ends that are cut off in a buffer's file: noticed, named, put aside; the other streams run."""

from __future__ import annotations

import shutil
import time

from scripts.tortures.bench import HOST, Bench, Outcome, free_port, stream

PAGE = 4096


def run(bench: Bench) -> Outcome:
    """Damage one copy of a filled buffer after another until the time is up."""
    service = bench.streams("logger: {level: INFO}")
    source = bench.folder / "whole.db"
    config = stream(
        input={"http_server": {"path": "/post"}},
        buffer={"sqlite": {"path": str(source)}},
        output={"http_client": {"url": f"http://{HOST}:{free_port()}/", "retry_period": "1h"}},
    )
    status, answer = service.request("POST", "/streams/fill", config)
    if status != 200:
        return Outcome(failures=[f"the stream was refused: {answer!r}"])
    for number in range(60):
        service.request("POST", "/fill/post", f"{number} ".encode() * 300)
    service.request("DELETE", "/streams/fill?timeout=0s")
    size = source.stat().st_size
    pages = max(1, size // PAGE)
    outcome = Outcome()
    damaged = 0
    other = stream(
        input={"http_server": {"path": "/post"}},
        pipeline={"processors": [{"mapping": "root = content().uppercase()"}]},
        output={"sync_response": {}},
    )
    service.request("POST", "/streams/other", other)
    while bench.left > 2 or not damaged:
        name = f"damaged{damaged}"
        copy = bench.folder / f"{name}.db"
        shutil.copyfile(source, copy)
        page = damaged % pages
        if damaged % 4 == 3:
            with copy.open("r+b") as file:
                file.truncate(page * PAGE + bench.chance.randrange(PAGE))
        else:
            with copy.open("r+b") as file:
                for _ in range(bench.chance.choice((1, 16))):
                    place = min(size - 1, page * PAGE + bench.chance.randrange(PAGE))
                    file.seek(place)
                    byte = file.read(1)[0]
                    file.seek(place)
                    file.write(bytes([byte ^ (1 << bench.chance.randrange(8))]))
        damaged_config = stream(
            input={"http_server": {"path": "/post"}},
            buffer={"sqlite": {"path": str(copy)}},
            output={"drop": {}},
        )
        status, answer = service.request("POST", f"/streams/{name}", damaged_config)
        outcome.require(status in (200, 502), f"page {page}: create answered {status} {answer[:200]!r}")
        if status == 200:
            deadline = time.monotonic() + 5
            taken = 0
            while taken != 200 and time.monotonic() < deadline:
                taken, _ = service.request("POST", f"/{name}/post", "new")
            outcome.require(taken == 200, f"page {page}: a new message was answered with {taken}")
        status, body = service.request("POST", "/other/post", "fine")
        outcome.require((status, body) == (200, b"FINE"), f"the other stream answered {status} {body!r}")
        service.request("DELETE", f"/streams/{name}?timeout=1s")
        damaged += 1
    outcome.require(service.process.poll() is None, "the program died")
    log = service.log()
    named = sum(1 for line in log.splitlines() if "damaged" in line and ("level=error" in line or "level=warn" in line))
    outcome.note = f"{damaged} damaged files of {pages} pages; {named} lines about them"
    outcome.require("Traceback" not in log, "a traceback is in the log")
    outcome.failures = outcome.failures[:10]
    return outcome
