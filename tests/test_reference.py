"""The reference pages: each example is linted and, where it needs no outside server, run."""

from __future__ import annotations

import gzip
import io
import json
import logging
import os
import re
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgpack
import pytest

from headwater.clock import FakeClock
from headwater.components.catalogue import Catalogue
from headwater.config.docs import component_example
from headwater.config.lint import RUN, Linter
from headwater.config.schema import json_schema
from headwater.config.service import lint_text
from headwater.config.spec import KINDS, Spec
from headwater.testing.stream import StreamUnderTest
from headwater.yamltext.document import parse_document

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference"
RECORDED = ROOT.parent / "shared" / "conformance" / "configs.jsonl"
CATALOGUE = Catalogue(entry_points=False)
SPECS = [spec for kind in KINDS for spec in CATALOGUE.specs(kind)]
EXAMPLES = [
    pytest.param(spec, text, id=f"{spec.kind} {spec.name} {title}") for spec in SPECS for title, text in spec.examples
]
OUTSIDE = {
    "http": "an HTTP server",
    "http_client": "an HTTP server",
    "socket": "a server",
    "websocket": "a server",
    "statsd": "a collector",
    "open_telemetry_collector": "a collector",
    "./store.sh": "a script",
    "tail": "a log",
}
"""What there is outside for those who name this; an example with it is built, and not more."""

DOCUMENT = {
    "id": "o-1",
    "n": 1,
    "name": "ada",
    "type": "order",
    "kind": "log",
    "country": "fr",
    "customer": "c",
    "user": {"id": "u"},
    "user_id": "u",
    "body": "b",
    "items": [1, 2],
    "order": {"price": 1, "count": 2},
    "locations": [{"name": "Seattle", "state": "WA"}],
}


def _tar() -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        entry = tarfile.TarInfo("a.log")
        entry.size = 2
        archive.addfile(entry, io.BytesIO(b"a\n"))
    return data.getvalue()


PAYLOADS: dict[str, Any] = {
    "decompress": gzip.compress(b"a\nb"),
    "grok": 'o-1 5 127.0.0.1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 2326',
    "msgpack": msgpack.packb({"a": 1}),
    "reject": {"type": "foo"},
    "parse_log": "<34>1 2003-10-11T22:14:15.003Z host su - ID47 - failed",
    "processors": {"body": "b"},
    "string_split": "a\nb",
    "try_catch": "a,b\n1,2",
    "unarchive": [1, 2],
    "xml": "<a>1</a>",
}
"""What the examples of a processor work on, where that is no document like any other."""

STDIN = {"csv": b"a\tb\n1\t2\n", "xml_documents": b"<a>1</a>"}
"""What is typed in for a scanner that does not read JSON documents, line by line."""

MARKS = {"processor cache": ["processors failed: operator failed for key 'u': key does not exist"]}
"""What an example marks its message with, by design."""

FILES = {
    "all.json": b"[1,2]",
    "backlog.jsonl": b"{}\n",
    "data.txt": b"a\n",
    "data/a.csv": b"a,b\n1,2\n",
    "doc.json": b"{}",
    "in/ada": b"a\n",
    "log.gz": gzip.compress(b"a\n"),
    "logs.tar.gz": _tar(),
    "logs/a.log": b"a\n",
    "orders.jsonl": b"{}\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with all the files that examples read."""
    monkeypatch.chdir(tmp_path)
    for name, content in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
    for name in ("kept", "cold"):
        (tmp_path / name).mkdir()
    return tmp_path


@pytest.mark.parametrize(("spec", "text"), EXAMPLES)
def test_an_example_is_well_formed(spec: Spec, text: str) -> None:
    assert [str(lint) for lint in lint_text(text.encode(), CATALOGUE, options=RUN)] == []


@pytest.fixture(scope="module")
def validator() -> Any:
    """What an editor holds against a configuration."""
    schema = json_schema(CATALOGUE)
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


@pytest.mark.parametrize(("spec", "text"), EXAMPLES)
def test_editors_find_nothing_wrong_with_an_example(spec: Spec, text: str, validator: Any) -> None:
    assert [error.message for error in validator.iter_errors(parse_document(text).plain())] == []


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.yaml")), ids=lambda path: path.name)
def test_the_examples_are_well_formed(path: Path, validator: Any) -> None:
    text = path.read_bytes()
    assert [str(lint) for lint in lint_text(text, CATALOGUE)] == []
    assert [error.message for error in validator.iter_errors(parse_document(text).plain())] == []


@pytest.mark.skipif(not RECORDED.exists(), reason="there are no recorded configurations beside this folder")
def test_editors_find_nothing_wrong_with_recorded_configurations(validator: Any) -> None:
    looked = 0
    for line in RECORDED.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if not lint_text(row["yaml"].encode(), CATALOGUE, options=RUN, skip_variables=True):
            looked += 1
            assert not list(validator.iter_errors(parse_document(row["yaml"]).plain())), row["id"]
    assert looked > 100


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: f"{spec.kind} {spec.name}")
def test_the_fields_of_a_page_are_well_formed(spec: Spec) -> None:
    for advanced in (False, True):
        text = "\n".join(component_example(spec, advanced=advanced)).replace('label: ""', "label: one")
        linter = Linter(CATALOGUE, RUN)
        linter.component(spec.kind, parse_document(text))
        # A required field has no value yet, which is not for all fields as good as one.
        unset = {number for number, line in enumerate(text.splitlines(), 1) if "(required)" in line}
        assert [str(lint) for lint in linter.lints if lint.line not in unset and "required" not in lint.text] == []


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield str(key)
            yield from _words(value)
    elif isinstance(node, list):
        for item in node:
            yield from _words(item)
    else:
        yield str(node)


def _whole(config: dict[str, Any]) -> dict[str, Any]:
    """An example, with something that uses a resource where it holds nothing else."""
    used = {"input", "buffer", "pipeline", "output"} & config.keys()
    if not used:
        ((key, (first, *_)),) = list(config.items())[:1]
        label, kind = first["label"], key.removesuffix("_resources")
        use = {
            "cache": {"cache": {"resource": label, "operator": "set", "key": "k", "value": "v"}},
            "rate_limit": {"rate_limit": {"resource": label}},
            "processor": {"resource": label},
        }[kind]
        config["pipeline"] = {"processors": [use]}
    return config


@pytest.fixture
def typed(spec: Spec, folder: Path) -> Iterator[None]:
    """Put something into standard input."""
    path = folder / "stdin"
    path.write_bytes(STDIN.get(spec.name, b'{"a":1}\n{"a":2}\n'))
    before = os.dup(0)
    with open(path, "rb") as file:
        os.dup2(file.fileno(), 0)
    yield
    os.dup2(before, 0)
    os.close(before)


@pytest.mark.usefixtures("typed")
@pytest.mark.parametrize(("spec", "text"), EXAMPLES)
def test_an_example_runs(spec: Spec, text: str, caplog: pytest.LogCaptureFixture) -> None:
    if spec.kind in ("metrics", "tracer"):
        pytest.skip("belongs to the service, not to a stream")
    text = re.sub(r"(?<=[a-z1]):\d{4}$", ":0", text.replace("/var/lib/", "./"), flags=re.MULTILINE)
    config = _whole(parse_document(text).plain())
    name = f"{spec.kind} {spec.name}"
    words = set(_words(config))
    outside = words & OUTSIDE.keys()
    if "jq" in words and spec.name == "command" and shutil.which("jq") is None:
        outside.add("jq")
    keep = {"keep_input": "input" in config, "keep_output": "output" in config and spec.kind != "input"}
    caplog.set_level(logging.ERROR, "headwater")
    with StreamUnderTest(config, clock=FakeClock(), catalogue=CATALOGUE, **keep) as stream:
        if outside:
            return
        if keep["keep_input"]:
            stream.advance(2)
        else:
            sent = stream.send(PAYLOADS.get(spec.name, DOCUMENT))
            stream.advance(120)
            served = words & {"http_server", "sync_response", "dynamic"} or "inproc" in words
            assert sent.acked or served, sent.rejected
            assert [message.error for message in stream.received() if message.error] == MARKS.get(name, [])
        assert stream.system.read("test").restarts == 0
    assert len(caplog.messages) <= 2 * len(MARKS.get(name, [])), caplog.messages


def test_every_component_has_a_page_with_an_example() -> None:
    for spec in SPECS:
        assert spec.examples, f"{spec.kind} {spec.name}"
        assert list(REFERENCE.glob(f"*/{spec.name}.md")), spec.name
