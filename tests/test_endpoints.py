"""The table of paths that components answer for."""

from __future__ import annotations

from headwater import endpoints as module
from headwater.endpoints import Endpoint, Endpoints, Request, Response
from headwater.tasks import Future


def _handler(request: Request) -> Future[Response]:
    return Future()


def _endpoint(path: str, owner: str = "") -> Endpoint:
    return Endpoint(path, "", _handler, None, owner)


def test_exact_named_and_prefix_paths() -> None:
    table = Endpoints()
    for path in ("/a/b", "/a/{id}/x", "/t/"):
        table.register(_endpoint(path))
    assert table.find("/a/b") is not None
    found = table.find("/a/7/x")
    assert found is not None
    assert found[1] == {"id": "7"}
    assert table.find("/t/anything/below") is not None
    assert table.find("/t/") is None
    assert table.find("/a/7/y") is None


def test_the_one_before_has_its_path_again_when_the_last_goes() -> None:
    table = Endpoints()
    first, second = _endpoint("/x", "one"), _endpoint("/x", "two")
    table.register(first)
    table.register(second)
    table.withdraw(second)
    found = table.find("/x")
    assert found is not None
    assert found[0] is first
    table.withdraw(first)
    found = table.find("/x")
    assert found is not None
    assert found[0].disabled


def test_one_that_went_while_another_had_its_path_does_not_come_back() -> None:
    table = Endpoints()
    first, second = _endpoint("/x", "one"), _endpoint("/x", "two")
    table.register(first)
    table.register(second)
    table.withdraw(first)
    found = table.find("/x")
    assert found is not None
    assert found[0] is second
    table.withdraw(second)
    found = table.find("/x")
    assert found is not None
    assert found[0] is second
    assert second.disabled


def test_a_path_that_is_taken_again_is_open_again() -> None:
    table = Endpoints()
    old = _endpoint("/x")
    table.register(old)
    table.withdraw(old)
    new = _endpoint("/x")
    table.register(new)
    found = table.find("/x")
    assert found is not None
    assert found[0] is new
    assert [each.disabled for each in table] == [False]


def test_refused_paths_are_forgotten_in_time() -> None:
    table = Endpoints()
    for number in range(module.REFUSED + 10):
        endpoint = _endpoint(f"/{number}")
        table.register(endpoint)
        table.withdraw(endpoint)
    assert len(list(table)) == module.REFUSED
    assert table.find("/0") is None
