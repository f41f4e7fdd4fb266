"""`headwater blobl`: lines in, lines out; and the page to try mappings."""

from __future__ import annotations

import io
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from headwater.cli import blobl_server, main


class Stdin:
    """Standard input with given bytes."""

    def __init__(self, raw: bytes) -> None:
        self.buffer = io.BytesIO(raw)


def blobl(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, raw: bytes, *words: str) -> tuple[int, bytes, str]:
    """Run the verb; returns status, output and what it says on standard error."""
    monkeypatch.setattr("sys.stdin", Stdin(raw))
    status = main(["blobl", *words])
    captured = capfdbinary.readouterr()
    return status, captured.out, captured.err.decode()


def test_each_line_is_mapped(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    raw = b'{"name":"al","price":1.50}\r\n\n{"name":"bo"}'
    status, out, err = blobl(monkeypatch, capfdbinary, raw, "root = this\nroot.name = this.name.uppercase()")
    assert (status, out, err) == (0, b'{"name":"AL","price":1.50}\n{"name":"BO"}\n', "")


def test_a_deleted_message_prints_nothing(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    raw = b"1\n2\n3\n"
    assert blobl(monkeypatch, capfdbinary, raw, "root = if this == 2 { deleted() } else { this }")[1] == b"1\n3\n"


def test_a_failure_is_named_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    status, out, err = blobl(monkeypatch, capfdbinary, b"1\nnope\n3\n", "root = this")
    assert (status, out) == (1, b"1\n3\n")
    assert "failed assignment (line 1): unable to reference message as structured" in err


def test_a_broken_mapping_says_where(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    status, out, err = blobl(monkeypatch, capfdbinary, b"1\n", "root.a = 1\nroot.b = ")
    assert (status, out) == (1, b"")
    assert "line 2 char 10: expected query" in err


def test_mappings_and_documents_come_from_files(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, tmp_path: Path
) -> None:
    (tmp_path / "maps.blobl").write_text("map up {\n  root = this.uppercase()\n}\n")
    (tmp_path / "main.blobl").write_text('import "./maps.blobl"\nroot.a = this.a.apply("up")')
    (tmp_path / "in.jsonl").write_text('{"a":"x"}\n')
    words = ["-f", str(tmp_path / "main.blobl"), "-i", str(tmp_path / "in.jsonl"), "--pretty"]
    assert blobl(monkeypatch, capfdbinary, b"", *words)[:2] == (0, b'{\n  "a": "X"\n}\n')


@pytest.mark.parametrize(
    ("mapping", "expected"),
    [
        ("root = this", b'{"a": "x"}\nplain \xff\n'),
        ("root = this.length()", b"10\n7\n"),
        ("root.a = this.a", b'{"a":null}\n{"a":null}\n'),
        ("root = this.uppercase().split(\" \").index(0)", b'{"A":\nPLAIN\n'),
        ("root = content()", b'{"a": "x"}\nplain \xff\n'),
        ("let unused = 1", b'{"a": "x"}\nplain \xff\n'),
    ],
)
def test_raw_lines_are_strings(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, mapping: str, expected: bytes
) -> None:
    for flag in ("--raw", "-r"):
        status, out, err = blobl(monkeypatch, capfdbinary, b'{"a": "x"}\nplain \xff\n', flag, mapping)
        assert (status, out, err) == (0, expected, "")


@pytest.mark.parametrize("flags", [(), ("--raw",), ("--threads", "2"), ("--pretty",)])
def test_the_status_tells_of_a_failure(
    monkeypatch: pytest.MonkeyPatch, capfdbinary: Any, flags: tuple[str, ...]
) -> None:
    status, out, err = blobl(monkeypatch, capfdbinary, b"1\n2\n", *flags, 'root = throw("no")')
    assert (status, out) == (1, b"")
    assert err.count("failed to execute map: failed assignment (line 1): no") == 2


def test_threads_keep_the_order(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    raw = b"".join(b"%d\n" % n for n in range(5000))
    assert blobl(monkeypatch, capfdbinary, raw, "--threads", "3", "root = this")[1] == raw


def test_a_line_that_is_too_long_ends_it(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    status, _, err = blobl(monkeypatch, capfdbinary, b"x" * 3_000_000, "--max-token-length", "1000", "root = content()")
    assert status == 1
    assert "--max-token-length" in err


def test_without_a_mapping_it_says_so(monkeypatch: pytest.MonkeyPatch, capfdbinary: Any) -> None:
    status, _, err = blobl(monkeypatch, capfdbinary, b"")
    assert status == 1
    assert "a mapping is missing" in err


# The page


@pytest.fixture
def address() -> Iterator[str]:
    server = blobl_server.make_server("127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def post(address: str, body: bytes) -> Any:
    request = urllib.request.Request(f"{address}/execute", body, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=5) as reply:
        return json.load(reply)


def test_the_page_is_served(address: str) -> None:
    with urllib.request.urlopen(address, timeout=5) as reply:
        assert reply.headers["content-type"].startswith("text/html")
        assert b"<textarea" in reply.read()


def test_a_mapping_is_tried(address: str) -> None:
    answer = post(address, json.dumps({"mapping": "root.b = this.a + 1\nmeta k = 5", "input": '{"a":1}'}).encode())
    assert answer == {"result": '{"b":2}', "metadata": {"k": 5}}


def test_errors_come_with_their_place(address: str) -> None:
    assert post(address, b'{"mapping":"root = 1\\nroot.a = )","input":"1"}') == {
        "parse_error": "line 2 char 10: expected query",
        "line": 2,
        "column": 10,
    }
    answer = post(address, b'{"mapping":"root = this.uppercase()","input":"1"}')
    assert "expected string value, got number" in answer["mapping_error"]


def test_mappings_of_the_page_reach_no_files(address: str) -> None:
    for mapping in ('root = file("/etc/hostname")', 'root = env("HOME")', 'import "/etc/hostname"\nroot = 1'):
        assert "parse_error" in post(address, json.dumps({"mapping": mapping, "input": ""}).encode())


@pytest.mark.parametrize("body", [b"", b"nope", b"[]", b'{"mapping":"root = 1"}'])
def test_a_broken_request_is_refused(address: str, body: bytes) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        post(address, body)
    assert caught.value.code == 400
    caught.value.close()
