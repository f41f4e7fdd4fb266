"""The table of paths that components answer for."""

from __future__ import annotations

from headwater import tasks
from headwater.endpoints import DISABLED, Endpoint, Endpoints, Request, Response


def handler(request: Request) -> tasks.Future[Response]:
    future: tasks.Future[Response] = tasks.Future()
    future.set_result(Response(503))
    return future


def found(table: Endpoints, path: str) -> str | None:
    hit = table.find(path)
    return None if hit is None else hit[0].description


def test_exact_paths_come_before_patterns_and_prefixes() -> None:
    table = Endpoints()
    for path in ("/a/{x}", "/a/b", "/a/", "/a/c/"):
        table.register(Endpoint(path, path, handler))
    assert found(table, "/a/b") == "/a/b"
    assert found(table, "/a/z") == "/a/{x}"
    assert found(table, "/a/c/d") == "/a/c/"
    assert found(table, "/a/y/z") == "/a/"
    assert found(table, "/a/") is None
    assert found(table, "/a") is None


def test_parameters_are_the_named_segments() -> None:
    table = Endpoints()
    table.register(Endpoint("/in/{kind}/of/{id}", "", handler))
    hit = table.find("/in/two words/of/7")
    assert hit is not None
    assert dict(hit[1]) == {"kind": "two words", "id": "7"}


def test_the_last_to_register_a_path_has_it_and_keeps_it_when_the_other_goes() -> None:
    table = Endpoints()
    first, second = Endpoint("/x", "first", handler), Endpoint("/x", "second", handler)
    table.register(first)
    table.register(second)
    table.withdraw(first)
    table.remove(first)
    assert found(table, "/x") == "second"
    assert not second.disabled
    table.remove(second)
    assert found(table, "/x") is None


def test_stopped_paths_are_remembered_up_to_a_bound() -> None:
    table = Endpoints()
    for index in range(DISABLED + 10):
        endpoint = Endpoint(f"/s{index}/post", "", handler)
        table.register(endpoint)
        table.withdraw(endpoint)
    assert len(list(table)) == DISABLED
    assert table.find("/s0/post") is None
    assert table.find(f"/s{DISABLED}/post") is not None


def test_a_path_that_came_back_outlives_its_predecessor() -> None:
    table = Endpoints()
    first = Endpoint("/x", "first", handler)
    table.register(first)
    table.withdraw(first)
    table.register(Endpoint("/x", "second", handler))
    for index in range(DISABLED + 1):
        endpoint = Endpoint(f"/s{index}/post", "", handler)
        table.register(endpoint)
        table.withdraw(endpoint)
    assert found(table, "/x") == "second"
