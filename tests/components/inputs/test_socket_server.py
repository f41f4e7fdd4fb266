"""Input `socket_server`: peers of the test's own at the other end."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from headwater.errors import BuildError
from headwater.system import StreamSystem

Until = Callable[[Callable[[], Any]], Any]


class Reading:
    """A stream that reads a socket, and what comes out of it."""

    def __init__(self, system: StreamSystem, until: Until, caplog: pytest.LogCaptureFixture) -> None:
        self.system = system
        self.until = until
        self.caplog = caplog
        self.address = ""

    def start(self, network: str, address: str = "127.0.0.1:0", **fields: Any) -> str:
        self.caplog.set_level("INFO", "headwater")
        body = {"network": network, "address": address, **fields}
        self.system.create("s", {"input": {"socket_server": body}, "output": {"inproc": "out"}}, chilled=True)
        found: re.Match[str] = self.until(lambda: re.search(r"messages from address: (\S+)", self.caplog.text))
        self.address = found[1]
        return self.address

    def connect(self) -> socket.socket:
        host, _, port = self.address.rpartition(":")
        return socket.create_connection((host, int(port)), 5)

    def take(self, count: int) -> list[bytes]:
        found: list[bytes] = []
        with self.system.channel("out") as sink:
            while len(found) < count:
                received = sink.receive(timeout=5)
                found.extend(received.payloads)
                received.ack()
        return found


@pytest.fixture
def reading(system: StreamSystem, until: Until, caplog: pytest.LogCaptureFixture) -> Reading:
    return Reading(system, until, caplog)


def test_lines_over_tcp(reading: Reading) -> None:
    reading.start("tcp")
    with reading.connect() as peer:
        peer.sendall(b"a\nb\nhalf")
    assert reading.take(3) == [b"a", b"b", b"half"]


def test_each_connection_is_cut_by_itself(reading: Reading) -> None:
    reading.start("tcp")
    with reading.connect() as one, reading.connect() as two:
        one.sendall(b"first ")
        two.sendall(b"second ")
        one.sendall(b"one\n")
        two.sendall(b"two\n")
        assert sorted(reading.take(2)) == [b"first one", b"second two"]


def test_a_silent_peer_keeps_nobody(reading: Reading) -> None:
    reading.start("tcp")
    with reading.connect(), reading.connect() as talking:
        talking.sendall(b"a\n")
        assert reading.take(1) == [b"a"]


def test_a_peer_that_cannot_be_understood_is_dropped(reading: Reading) -> None:
    reading.start("tcp", scanner={"lines": {"max_buffer_size": 10}})
    with reading.connect() as peer:
        peer.sendall(b"a\n" + b"x" * 50)
        assert reading.take(2) == [b"a", b"x" * 10]
        peer.sendall(b"more\n")
        reading.until(lambda: "Connection dropped due to: bufio.Scanner: token too long" in reading.caplog.text)
        peer.settimeout(5)
        assert peer.recv(10) == b""
    with reading.connect() as other:
        other.sendall(b"b\n")
        assert reading.take(1) == [b"b"]


def test_unix_sockets_and_their_path(reading: Reading, tmp_path: Path) -> None:
    path = str(tmp_path / "s.sock")
    reading.start("unix", path)
    with socket.socket(socket.AF_UNIX) as peer:
        peer.connect(path)
        peer.sendall(b"a\n")
        assert reading.take(1) == [b"a"]
    reading.system.delete("s")
    assert not Path(path).exists()


def test_datagrams(reading: Reading) -> None:
    host, _, port = reading.start("udp").rpartition(":")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"a\nb\n", (host, int(port)))
        assert reading.take(2) == [b"a", b"b"]
        peer.sendto(b"no newline", (host, int(port)))
        assert reading.take(1) == [b"no newline"]


def test_datagrams_over_unix_sockets(reading: Reading, tmp_path: Path) -> None:
    path = str(tmp_path / "d.sock")
    reading.start("unixgram", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as peer:
        peer.sendto(b"a\n", path)
        assert reading.take(1) == [b"a"]


def test_tls_with_a_certificate_of_its_own(reading: Reading) -> None:
    reading.start("tls", tls={"self_signed": True})
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with context.wrap_socket(reading.connect(), server_hostname="localhost") as peer:
        peer.sendall(b"secret\n")
        assert reading.take(1) == [b"secret"]


def test_the_address_is_told_to_a_cache(reading: Reading, system: StreamSystem) -> None:
    system.set_resource("cache", "known", "memory: {}")
    address = reading.start("tcp", address_cache="known")
    system.create(
        "look",
        "input: {generate: {count: 1, interval: '', mapping: 'root = \"\"'}}\n"
        "pipeline: {processors: [{cache: {resource: known, operator: get, key: socket_server_address}}]}\n"
        "output: {inproc: found}",
    )
    with system.channel("found") as channel:
        received = channel.receive(timeout=5)
        assert received.payloads == [address.encode()]
        received.ack()


def test_the_port_is_free_again_after_the_stream(reading: Reading, system: StreamSystem) -> None:
    address = reading.start("tcp")
    system.delete("s")
    host, _, port = address.rpartition(":")
    with socket.create_server((host, int(port))) as taken:
        assert taken.getsockname()[1] == int(port)


def test_an_address_that_is_taken(reading: Reading, system: StreamSystem, until: Until) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    address = f"127.0.0.1:{taken.getsockname()[1]}"
    body = {"network": "tcp", "address": address}
    system.create("s", {"input": {"socket_server": body}, "output": {"drop": {}}})
    assert until(lambda: f"listen tcp {address}: bind: address already in use" in reading.caplog.text)
    taken.close()


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"network": "sctp"}, "socket network 'sctp' is not supported by this input"),
        ({"network": "tls"}, "must specify either a certificate file or enable self signed"),
        ({"network": "tcp", "address_cache": "nope"}, "cache resource 'nope' was not found"),
    ],
)
def test_what_makes_no_sense_is_refused(system: StreamSystem, fields: dict[str, Any], text: str) -> None:
    body = {"address": "127.0.0.1:0", **fields}
    with pytest.raises(BuildError, match=text):
        system.create("s", {"input": {"socket_server": body}, "output": {"drop": {}}}, chilled=True)


def test_several_may_listen_at_one_port_where_all_say_so(reading: Reading, system: StreamSystem, until: Until) -> None:
    address = reading.start("tcp", tcp={"reuse_port": True})
    body = {"network": "tcp", "address": address, "tcp": {"reuse_port": True}}
    system.create("other", {"input": {"socket_server": body}, "output": {"drop": {}}})
    assert until(lambda: system.stream_ready("other")[0]["connected"])


@pytest.mark.parametrize("reuse", [False, True])
def test_an_address_can_be_had_again_at_once(reading: Reading, system: StreamSystem, reuse: bool) -> None:
    address = reading.start("tcp", tcp={"reuse_addr": reuse})
    with reading.connect() as peer:
        peer.sendall(b"a\n")
        assert reading.take(1) == [b"a"]
        system.delete("s")  # closes first, so that the connection lingers in TIME_WAIT
        assert peer.recv(1) == b""
    reading.caplog.clear()
    assert reading.start("tcp", address, tcp={"reuse_addr": reuse}) == address
