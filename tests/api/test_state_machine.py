"""The API against a model: random changes, and after each what is listed and read is what the model says."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from headwater import StreamSystem
from headwater_api import create_app

_spec = importlib.util.spec_from_file_location("api_clients", Path(__file__).with_name("conftest.py"))
assert _spec is not None
assert _spec.loader is not None
clients = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(clients)

GOOD: dict[str, dict[str, Any]] = {
    "idle": {"input": {"generate": {"mapping": "root = {}", "interval": "1h"}}, "output": {"drop": {}}},
    "inproc": {"input": {"inproc": "x"}, "output": {"inproc": "y"}},
    "served": {"input": {"http_server": {"path": "/post"}}, "output": {"sync_response": {}}},
}
LINTED = {"input": {"inproc": "x"}, "output": {"drop": {}}, "nonsense": 1}
UNKNOWN = {"input": {"no_such_input": {}}, "output": {"drop": {}}}
UNBUILDABLE = {"input": {"inproc": "x"}, "output": {"cache": {"target": "nope", "key": "a"}}}

names = st.sampled_from(["a", "b", "Stream.3", "with space"])
good = st.sampled_from(sorted(GOOD)).map(GOOD.__getitem__)


class StreamsApi(RuleBasedStateMachine):
    """Creates, replaces, patches, deletes and sets streams, rightly and wrongly."""

    def __init__(self) -> None:
        super().__init__()
        self.system = StreamSystem(threads=4, stop_timeout=2.0)
        self.client = clients.WsgiClient(create_app(self.system))
        self.model: dict[str, Any] = {}

    def teardown(self) -> None:
        self.system.close()

    def ask(self, method: str, name: str, body: Any = None) -> Any:
        path = "/streams/" + name.replace(" ", "%20")
        return self.client.ask(method, path, body=b"" if body is None else json.dumps(body))

    @rule(name=names, config=good)
    def create(self, name: str, config: Any) -> None:
        answer = self.ask("POST", name, config)
        if name in self.model:
            assert (answer.status_code, answer.text) == (400, "Stream already exists\n")
        else:
            assert (answer.status_code, answer.content) == (200, b"")
            self.model[name] = config

    @rule(name=names, config=good)
    def replace(self, name: str, config: Any) -> None:
        answer = self.ask("PUT", name, config)
        if name in self.model:
            assert answer.status_code == 200
            self.model[name] = config
        else:
            assert (answer.status_code, answer.text) == (404, "Stream not found\n")

    @rule(name=names, threads=st.integers(1, 4))
    def patch(self, name: str, threads: int) -> None:
        answer = self.ask("PATCH", name, {"pipeline": {"threads": threads}})
        if name in self.model:
            assert answer.status_code == 200
            self.model[name] = {**self.model[name], "pipeline": {"threads": threads}}
        else:
            assert answer.status_code == 404

    @rule(name=names)
    def delete(self, name: str) -> None:
        answer = self.ask("DELETE", name)
        assert answer.status_code == (200 if name in self.model else 404)
        self.model.pop(name, None)

    @rule(config=st.dictionaries(names, good, max_size=3))
    def set_all(self, config: dict[str, Any]) -> None:
        answer = self.client.post("/streams", body=json.dumps(config))
        assert (answer.status_code, answer.content) == (200, b"")
        self.model = dict(config)

    @rule(name=names, method=st.sampled_from(["POST", "PUT"]))
    def lint(self, name: str, method: str) -> None:
        answer = self.ask(method, name, LINTED)
        assert answer.status_code == 400
        assert answer.json == {"lint_errors": ["(1,1) field nonsense not recognised"]}

    @rule(name=names, method=st.sampled_from(["POST", "PUT"]))
    def unknown(self, name: str, method: str) -> None:
        answer = self.ask(method, name, UNKNOWN)
        assert answer.status_code == 400
        assert answer.text.startswith("Error: (1,1) unable to infer input type from candidates: [no_such_input]")

    @rule(name=names, method=st.sampled_from(["POST", "PUT", "PATCH"]))
    def unbuildable(self, name: str, method: str) -> None:
        patch = {"output": {"type": "cache", **UNBUILDABLE["output"]}}
        answer = self.ask(method, name, patch if method == "PATCH" else UNBUILDABLE)
        known = name in self.model
        if method == "POST":
            assert answer.status_code == (400 if known else 502)
        else:
            assert answer.status_code == (502 if known else 404)

    @rule(name=names)
    def stage_dies(self, name: str) -> None:
        if name in self.model:
            supervisor = self.system._registry.snapshot[name]
            supervisor.ring.actors["output"].crashed(RuntimeError("killed by a test"))

    @invariant()
    def listed(self) -> None:
        assert set(self.client.get("/streams").json) == set(self.model)

    @invariant()
    def read(self) -> None:
        for name, config in self.model.items():
            answer = self.ask("GET", name)
            assert answer.status_code == 200
            assert answer.json["active"] is True
            assert answer.json["config"] == config


TestStreamsApi = StreamsApi.TestCase
TestStreamsApi.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
