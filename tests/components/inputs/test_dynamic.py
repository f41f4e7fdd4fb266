"""Input `dynamic`: inputs that come and go over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from headwater.components.catalogue import Catalogue
from headwater.config.stream import read_stream
from headwater.endpoints import Request, Response
from headwater.errors import TimedOut
from headwater.system import StreamSystem

Until = Callable[[Callable[[], Any]], Any]
CONFIG = "input: {dynamic: {inputs: %s, prefix: '%s'}}\noutput: {inproc: out}"
ONE = "{first: {generate: {count: 1, interval: '', mapping: 'root = \"one\"'}}}"


def ask(system: StreamSystem, until: Until, method: str, path: str, body: bytes = b"") -> Response:
    endpoint, parameters = until(lambda: system.endpoints.find(path))
    answer: Response = endpoint.handler(Request(method, path, parameters, (), (), body)).wait(5)
    return answer


def take(system: StreamSystem, count: int) -> list[bytes]:
    found: list[bytes] = []
    with system.channel("out") as sink:
        while len(found) < count:
            received = sink.receive(timeout=5)
            found.extend(received.payloads)
            received.ack()
    return found


def test_inputs_from_the_start(system: StreamSystem, until: Until) -> None:
    system.create("s", CONFIG % (ONE, ""))
    assert take(system, 1) == [b"one"]
    until(lambda: ask(system, until, "GET", "/s/inputs").body == b"{}")
    assert system.read("s").active


def test_inputs_are_added_replaced_and_removed(system: StreamSystem, until: Until) -> None:
    system.create("s", CONFIG % ("{}", ""))
    endless = b"generate: {interval: 1ms, mapping: 'root = \"%s\"'}"
    assert ask(system, until, "POST", "/s/inputs/one", endless % b"a").status == 200
    assert take(system, 2) == [b"a", b"a"]
    shown = orjson.loads(ask(system, until, "GET", "/s/inputs").body)
    assert shown["one"]["config"]["generate"]["interval"] == "1ms"
    assert ask(system, until, "GET", "/s/inputs/one").body == endless % b"a"
    assert ask(system, until, "POST", "/s/inputs/one", endless % b"b").status == 200
    until(lambda: take(system, 1) == [b"b"])
    assert ask(system, until, "DELETE", "/s/inputs/one").status == 200
    assert ask(system, until, "GET", "/s/inputs").body == b"{}"
    with system.channel("out") as sink:
        # It leaves once all that came of it is settled.
        while system._find("s").ring.assembly.inputs:
            try:
                sink.receive(timeout=0.02).ack()
            except TimedOut:
                continue


def test_what_cannot_be_built_is_told(system: StreamSystem, until: Until) -> None:
    system.create("s", CONFIG % ("{}", "pre"))
    answer = ask(system, until, "POST", "/s/pre/inputs/x", b"nope: {}")
    assert (answer.status, answer.body) == (
        502,
        b"Error: (1,1) unable to infer input type from candidates: [nope]\n",
    )


def test_an_input_that_ends_leaves(system: StreamSystem, until: Until) -> None:
    system.create("s", CONFIG % (ONE, ""))
    take(system, 1)
    until(lambda: not system._find("s").ring.assembly.inputs)
    assert ask(system, until, "GET", "/s/inputs/first/uptime").body == b"stopped"


def test_who_adds_an_input_may_run_no_function_that_is_not_listed(system: StreamSystem, until: Until) -> None:
    trusted = read_stream(CONFIG % ("{own: {python: {function: 'os:listdir'}}}", ""), Catalogue())
    system.create("s", trusted)
    answer = ask(system, until, "POST", "/s/inputs/one", b"python: {function: 'os:getcwd'}")
    assert answer.status == 502
    assert b"function os:getcwd is not allowed here: start Headwater with --allow-python os:getcwd" in answer.body
    assert set(orjson.loads(ask(system, until, "GET", "/s/inputs").body)) <= {"own"}
