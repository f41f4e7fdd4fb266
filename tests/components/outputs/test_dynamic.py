"""Output `dynamic`: outputs come and go."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from headwater.endpoints import Request, Response
from headwater.system import StreamSystem


def ask(system: StreamSystem, path: str, method: str = "GET", body: str = "") -> Response:
    found = system.endpoints.find(path)
    assert found is not None
    endpoint, parameters = found
    assert endpoint.handler is not None
    return endpoint.handler(Request(method, path, parameters, (), (), body.encode())).wait(5)


def test_outputs_are_managed_over_http(system: StreamSystem, until: Callable[..., Any], tmp_path: Path) -> None:
    config = f"input: {{inproc: in}}\noutput: {{dynamic: {{outputs: {{one: {{file: {{path: '{tmp_path}/one'}}}}}}}}}}"
    system.create("s", config)
    until(lambda: system.endpoints.find("/s/outputs"))
    listed = json.loads(ask(system, "/s/outputs").body)
    assert listed["one"]["config"] == {"file": {"path": f"{tmp_path}/one"}}
    assert listed["one"]["uptime"].endswith("s")
    two = f"file: {{path: '{tmp_path}/two'}}\n"
    assert ask(system, "/s/outputs/two", "POST", two).status == 200
    assert ask(system, "/s/outputs/two").body == two.encode()
    with system.channel("in") as channel:
        channel.send("a", timeout=5)
        assert ask(system, "/s/outputs/one", "DELETE").status == 200
        channel.send("b", timeout=5)
        assert ask(system, "/s/outputs/two", "DELETE").status == 200
        waiting = channel.post("c")
        assert ask(system, "/s/outputs/two/uptime").body == b"stopped"
        assert not waiting.done()
        assert ask(system, "/s/outputs/one", "POST", f"file: {{path: '{tmp_path}/one'}}").status == 200
        waiting.wait(5)
    assert (tmp_path / "one").read_text().split() == ["a", "c"]
    assert (tmp_path / "two").read_text().split() == ["a", "b"]


def test_what_is_wrong_is_told(system: StreamSystem, until: Callable[..., Any]) -> None:
    system.create("s", "input: {inproc: in}\noutput: {dynamic: {prefix: /mine}}")
    until(lambda: system.endpoints.find("/s/mine/outputs"))
    answers = [
        ask(system, "/s/mine/outputs/x", "POST", "nope: {}"),
        ask(system, "/s/mine/outputs/x", "PUT"),
        ask(system, "/s/mine/outputs/x"),
        ask(system, "/s/mine/outputs/x", "DELETE"),
    ]
    assert [(answer.status, answer.body.decode()) for answer in answers] == [
        (502, "Error: (1,1) unable to infer output type from candidates: [nope]\n"),
        (502, "Error: verb not supported: PUT\n"),
        (404, "Dynamic component 'x' is not active\n"),
        (200, ""),
    ]
